package bot_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"liveops/sandbox/couchbase"
)

const purgePermissions = "permissions: {plan: [write], apply: [write], lock: [maintain], confirm: [maintain], purge: [maintain]}\n"

// More documents than the limit match when the purge runs: it stops before the next, with a hold, and goes on once a second
// person has confirmed as many.
func TestPurgePassesTheLimitAsItRuns(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: purgePermissions + "limits: {purgedDocuments: 3}\n"})
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	w.says(w.plan(n), "not: Past a limit")
	var once sync.Once
	u.server.Before(func(o couchbase.Operation) { // the game gives somebody a cookie as the purge begins
		if o.Op == couchbase.MutateIn && o.Bucket == "staging" {
			once.Do(func() { u.server.Bucket("staging").DefaultCollection().Put("user-3", cookieOf(withCookie)) })
		}
	})
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at staging", "purge cookie: more than 3 documents match purge cookie, and neither `limits.purgedDocuments` nor a second person allows more",
		"once a second person has said `/liveops confirm`", "On hold", "purge `cookie` paused, 3 documents changed", "| production | not reached")
	w.status(merged, "failure")
	w.equal("staging", u.holders("staging"), "user-3")
	w.say(n, "jun", "/liveops unlock staging").done()
	w.say(n, "jun", "/liveops purge resume cookie staging").refused("More than 3 documents match purge cookie, and neither")
	w.say(n, "jun", "/liveops apply staging").refused("more than 3 documents match")
	w.equal("staging", u.holders("staging"), "user-3")
	w.say(n, "jun", "/liveops purge plan cookie staging").done("1 document would be changed", "3 changed by it already")
	w.say(n, "jun", "/liveops confirm").done("Confirmed for staging (plan `", "`, 4 user documents)")
	w.say(n, "jun", "/liveops unlock staging").done()
	w.say(n, "jun", "/liveops apply staging").done("staging has it")
	w.says(w.told(n), "is live in staging and production", "- staging: purge `cookie` done, 4 documents changed", "- production: purge `cookie` done, 3 documents changed")
	w.equal("staging", u.holders("staging"), "")
	w.equal("production", u.holders("production"), "")
}

// The limit is of all purges of a release together: one of which nothing matched when it was planned may change nothing where
// another has used it up.
func TestPurgesShareTheLimit(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: purgePermissions + "limits: {purgedDocuments: 3}\n"})
	n := w.planned("cookie", files{cookiePath: []byte(cookie), "purges/egg.yaml": []byte(strings.ReplaceAll(cookie, "santa_cookie", "egg"))})
	var once sync.Once
	u.server.Before(func(o couchbase.Operation) {
		if o.Op == couchbase.MutateIn && o.Bucket == "staging" {
			once.Do(func() {
				u.server.Bucket("staging").DefaultCollection().Put("user-3", cookieOf(`{"inventory":[{"item":"egg"}]}`))
			})
		}
	})
	w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at staging", "purge egg: more than 0 documents match purge egg", "purge `cookie` done, 3 documents changed", "purge `egg` paused, 0 documents changed")
	w.say(n, "jun", "/liveops confirm").done(", 4 user documents)")
	w.say(n, "jun", "/liveops unlock staging").done()
	w.say(n, "jun", "/liveops apply staging").done("staging has it")
	w.says(w.told(n), "is live in staging and production", "- staging: purge `egg` done, 1 document changed")
}

// What was confirmed is a number of documents: more of them are asked about anew. What is paused goes on up to that.
func TestPurgeOfMoreThanWasConfirmed(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: purgePermissions + "limits: {purgedDocuments: 1}\n"})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.say(n, "jun", "/liveops confirm").done(", 3 user documents)")
	w.says(w.plan(n), "not: was 3 user documents")
	u.server.Bucket("production").DefaultCollection().Put("user-3", cookieOf(withCookie))
	w.say(n, "mina", "/liveops plan").done()
	w.says(w.plan(n), "purges 4 user documents (the limit is 1)", "What `jun` confirmed was 3 user documents.")
	w.merge(n)
	w.settle()
	w.says(w.told(n), "waits at production", "a second person must confirm it; what jun confirmed was 3 user documents")
	w.equal("staging", u.holders("staging"), "")
	w.equal("production", u.holders("production"), allHolders+" user-3")
	w.say(n, "jun", "/liveops confirm").done("Confirmed for production (plan `", ", 4 user documents)")
	w.says(w.told(n), "is live in staging and production")
	w.equal("production", u.holders("production"), "")

	// as if it had been paused after the first document
	w.envs["production"].exec(t, "UPDATE liveops_purges SET state = 'paused', done = 1")
	w.envs["production"].exec(t, "DELETE FROM liveops_purge_images WHERE document_id <> 'user-0'")
	for i := 1; i < 4; i++ {
		u.server.Bucket("production").DefaultCollection().Put(fmt.Sprintf("user-%d", i), cookieOf(withCookie))
	}
	w.say(n, "jun", "/liveops purge resume cookie production").done("4 documents changed")
}

// A purge that has failed is not taken up in a freeze, by a release nor by a command, and goes on by itself at its end.
func TestFailedPurgeWaitsForAFreeze(t *testing.T) {
	t.Parallel()
	from := time.Now().UTC().Add(time.Hour).Truncate(time.Minute)
	stamp := func(d time.Duration) string { return from.Add(d).Format("2006-01-02T15:04") }
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: fmt.Sprintf("    freeze: [{from: %s, to: %s, reason: the event}]\n", stamp(0), stamp(2*time.Hour)) + purgePermissions})
	u.server.Bucket("production").DefaultCollection().Put("user-3", cookieOf(`{"inventory":7}`))
	n := w.planned("cookie", files{cookiePath: []byte(cookie), levelsPath: levels(10, 20, 31)})
	w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at production", "1 of its documents could not be judged or changed")
	u.server.Bucket("production").DefaultCollection().Put("user-3", cookieOf(withCookie))
	w.pass(90 * time.Minute)
	w.say(n, "jun", "/liveops unlock production").done()
	w.say(n, "jun", "/liveops purge resume cookie production").refused("Production is frozen (the event) until", "--despite-freeze")
	w.say(n, "jun", "/liveops apply production").refused("production has the rows; it waits.", "production is frozen (the event), and purge cookie is failed")
	w.says(w.told(n), "waits at production", "purge `cookie` failed, 3 documents changed")
	w.equal("production", u.holders("production"), "user-3")
	w.pass(2 * time.Hour)
	w.says(w.told(n), "is live in staging and production", "- production: purge `cookie` done, 4 documents changed")
	w.equal("production", u.holders("production"), "")
	if got := w.envs["production"].hold(t); strings.Contains(got, "purge") {
		t.Errorf("production is on hold: %s", got)
	}
}
