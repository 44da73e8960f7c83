package bot_test

import (
	"strings"
	"testing"
)

const allHolders = "user-0 user-1 user-2"

// A pull request shows whom a purge hits in each environment, without writing.
func TestPurgeInPullRequest(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.server.Bucket("production").DefaultCollection().Delete("user-3")
	w := newWorld(t, options{users: u})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.says(w.plan(n), "### liveops: 1 purge\n", "purge `cookie` in staging: 3 documents would be changed, in about 1 s; 5 candidates read, 1 without a match, 1 without a document.",
		"purge `cookie` in production: 3 documents would be changed, in about 1 s; 5 candidates read, 2 without a document.",
		"<summary><code>cookie</code> in staging: the first 3 documents</summary>", "@@ user-0 @@", "-       \"item\": \"santa_cookie\"", "•••", "not: m@x.kr")
	w.status(w.repo.Tip("cookie"), "success", "staging", "1 purge of 3 documents")
	w.equal("staging", u.holders("staging"), allHolders)
	w.equal("production", u.holders("production"), allHolders)

	w.commit("cookie", "Too narrow", files{cookiePath: []byte(cookie + "limits: {documents: 2}\n")})
	w.settle()
	w.says(w.plan(n), "**That is 1 more than its limit of 2**")
	w.commit("cookie", "Nobody", files{cookiePath: []byte(strings.ReplaceAll(cookie, `"santa_cookie"`, `"egg"`))})
	w.settle()
	w.says(w.plan(n), "purge `cookie` in staging: **no document matches**; 5 candidates read", "not: <details")
}

// An environment that has no Couchbase says so; a pull request without purges says nothing of it.
func TestPurgeWithoutCouchbase(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.unset["production"] = true
	w := newWorld(t, options{users: u})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.says(w.plan(n), "purge `cookie` in staging: 3 documents", "purge `cookie` is **not planned** in production, nor run: `LIVEOPS_PRODUCTION_COUCHBASE_URL` is not set.")
	w.says(w.plan(w.planned("levels", files{levelsPath: levels(10, 20, 31)})), "not: purge")
}

// A merge runs a purge on staging, then on production, once each; nothing is done again.
func TestPurgeOnMerge(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u})
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "- staging: purge `cookie` done, 3 documents changed", "- production: purge `cookie` done, 3 documents changed")
	w.status(merged, "success", "staging applied, production applied")
	w.equal("staging", u.holders("staging"), "")
	w.equal("production", u.holders("production"), "")
	w.equal("actor", w.envs["production"].text(t, "SELECT CONCAT(actor, ' ', commit_id) FROM liveops_purges"), "jun "+merged)

	for _, e := range []string{"staging", "production"} { // the game gives somebody another cookie
		u.server.Bucket(e).DefaultCollection().Put("user-3", cookieOf(withCookie))
	}
	w.repeatMerge(n, "again")
	w.says(w.told(n), "is live in staging and production", "- production: purge `cookie` done, 3 documents changed")
	w.equal("staging", u.holders("staging"), "user-3")
	next := w.planned("levels", files{levelsPath: levels(10, 20, 32)})
	w.says(w.plan(next), "not: purge")
	w.merge(next)
	w.settle()
	w.says(w.told(next), "is live in staging and production", "not: purge")
	w.equal("staging", u.holders("staging"), "user-3")
	w.equal("production", u.holders("production"), "user-3")

	changed := w.planned("changed", files{cookiePath: []byte(strings.ReplaceAll(cookie, `"santa_cookie"`, `"egg"`))})
	w.says(w.plan(changed), "1 problem", "purge cookie is not the one that was released under this name", "write a new file")
	w.status(w.repo.Tip("changed"), "failure")
	moved := w.planned("moved", files{cookiePath: nil, "purges/2013/cookie.yaml": []byte("# as it was\n" + cookie)})
	w.says(w.plan(moved), "not: purge", "not: problem")
}

// repeatMerge has the bot work off a merge as if it had not said yet what came of it.
func (w *world) repeatMerge(n int, delivery string) {
	w.Helper()
	for _, c := range w.comments(n, mergeMarker) {
		w.must(w.repo.DeleteComment(c.ID, "jun"))
	}
	closed := w.closedDeliveries()
	w.send(closed[len(closed)-1], delivery)
	w.settle()
}

// A release that died between the rows and the purges goes on with those that were reviewed, and with no others.
func TestPurgeGoesOn(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u})
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	w.merge(n)
	w.settle()
	for _, e := range []string{"staging", "production"} {
		w.envs[e].exec(t, "DELETE FROM liveops_purges")
		u.server.Bucket(e).DefaultCollection().Put("user-3", cookieOf(withCookie))
	}
	w.envs["production"].exec(t, "UPDATE liveops_releases SET digest = REPEAT('0', 64)") // of a plan without the purge
	w.repeatMerge(n, "again")
	w.says(w.told(n), "- staging: purge `cookie` done, 1 document changed", "not: - production: purge")
	w.equal("staging", u.holders("staging"), "")
	w.equal("production", u.holders("production"), "user-3")
}

// A purge alone goes to the environments as rows do, also where nothing matches.
func TestPurgeAlone(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u})
	n := w.planned("egg", files{"purges/egg.yaml": []byte(strings.ReplaceAll(cookie, `"santa_cookie"`, `"egg"`))})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "- staging: purge `egg` done, 0 documents changed")
	w.status(merged, "success")
	w.equal("staging", u.holders("staging"), allHolders)
	w.equal("recorded", w.envs["production"].text(t, "SELECT state FROM liveops_purges"), "done")
}

// What stops a purge stops the release: the next environment is not touched. It goes on once the cause is removed.
func TestPurgeStops(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: permissions})
	u.server.Bucket("staging").DefaultCollection().Put("user-3", cookieOf(`{"inventory":7}`))
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	w.says(w.plan(n), "1 cannot be judged")
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at staging", "**Stopped** at staging, which has the rows: purge cookie: 1 of its documents could not be judged or changed, the first `user-3`", "**✗ stopped at a purge**", "On hold", "purge `cookie` failed, 3 documents changed", "| production | not reached")
	w.status(merged, "failure", "staging stopped")
	w.equal("production", u.holders("production"), allHolders)
	w.says(w.envs["staging"].hold(t), "purge cookie")

	u.server.Bucket("staging").DefaultCollection().Put("user-3", cookieOf(withCookie))
	w.say(n, "jun", "/liveops unlock staging").done()
	w.say(n, "jun", "/liveops apply staging").done()
	w.says(w.told(n), "is live in staging and production", "purge `cookie` done, 4 documents changed")
	w.equal("staging", u.holders("staging"), "")
	w.equal("production", u.holders("production"), "")
}

// A purge that the pull request did not show is not run.
func TestPurgeNotShown(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.unset["staging"] = true
	w := newWorld(t, options{users: u})
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	u.mu.Lock()
	u.unset["staging"] = false
	u.mu.Unlock()
	w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at staging", "the plan is not the one that the pull request showed", "which is as it was")
	w.equal("staging", u.holders("staging"), allHolders)
}

// A purge that an environment's first release brings along from before is past: it is never run.
func TestPurgesOfThePast(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, files: map[string][]byte{cookiePath: []byte(cookie)}})
	n := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
	w.says(w.plan(n), "not: purge")
	w.merge(n)
	w.settle()
	w.says(w.told(n), "is live in staging and production", "not: purge")
	w.equal("staging", u.holders("staging"), allHolders)
	w.equal("recorded", w.envs["production"].text(t, "SELECT state FROM liveops_purges"), "past")
	w.says(w.plan(w.planned("more", files{levelsPath: levels(10, 20, 32)})), "not: purge")
}

// A purge of more documents than the limit waits for a second person.
func TestPurgePastALimit(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: permissions + "limits: {purgedDocuments: 2}\n"})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.says(w.plan(n), "**Past a limit:**", "purges 3 user documents (the limit is 2)")
	w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at staging", "purges 3 user documents")
	w.equal("staging", u.holders("staging"), allHolders)
	w.say(n, "jun", "/liveops confirm").done("Confirmed for staging")
	w.says(w.told(n), "is live in staging and production")
	w.equal("production", u.holders("production"), "")
}
