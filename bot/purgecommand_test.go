package bot_test

import (
	"strings"
	"testing"

	"liveops/sandbox/couchbase"
)

// The commands about purges, as an engineer on call says them.
func TestPurgeCommands(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.unset["production"] = true
	w := newWorld(t, options{users: u, more: strings.Replace(permissions, "confirm:", "purge: [maintain], confirm:", 1)})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.say(n, "jun", "/liveops purge run cookie staging").refused("The default branch has no purge `cookie`")
	w.merge(n)
	w.settle()
	w.say(n, "jun", "/liveops purge plan cookie production").refused("`LIVEOPS_PRODUCTION_COUCHBASE_URL` is not set")
	w.say(n, "jun", "/liveops purge status cookie production").refused("was never run in production")
	u.mu.Lock()
	u.unset["production"] = false
	u.mu.Unlock()
	w.say(n, "mina", "/liveops purge run cookie production").refused("maintain")
	w.say(n, "jun", "/liveops purge resume cookie production").refused("was never run in production")
	w.say(n, "jun", "/liveops purge plan cookie production").done("3 documents would be changed", "@@ user-0 @@", "not: m@x.kr")
	w.equal("production", u.holders("production"), allHolders)
	w.say(n, "jun", "/liveops purge run cookie production").done("Purge `cookie` is done, 3 documents changed, by `jun`.")
	w.equal("production", u.holders("production"), "")
	w.say(n, "jun", "/liveops purge run cookie production").refused("is done here and is not run again")
	w.say(n, "jun", "/liveops purge pause cookie staging\n/liveops purge cancel cookie staging").refused("is done here")
	w.say(n, "jun", "/liveops purge status cookie staging").done("Purge `cookie` is done, 3 documents changed")
	u.server.Bucket("staging").DefaultCollection().Put("user-1", cookieOf(`{"email":"n@x.kr","inventory":[]}`))
	w.say(n, "jun", "/liveops purge undo cookie staging").refused("2 documents brought back, 1 left as they are", "- `user-1`: it was", "not: n@x.kr")
	w.equal("staging", u.holders("staging"), "user-0 user-2")
	w.say(n, "jun", "/liveops purge undo cookie production").done("3 documents brought back, 0 left")
	w.equal("production", u.holders("production"), allHolders)
}

// One account gets back what a purge took; the purge stays done for all others, and an undo of all leaves that one alone.
func TestPurgeCommandUndoesOneAccount(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: strings.Replace(permissions, "confirm:", "purge: [maintain], confirm:", 1)})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.merge(n)
	w.settle()
	w.say(n, "mina", "/liveops purge undo cookie production user-1").refused("maintain")
	w.equal("production", u.holders("production"), "")
	w.say(n, "jun", "/liveops purge undo cookie production user-1").done("in production: 1 document brought back, 0 left as they are. The purge is done there.")
	w.equal("production", u.holders("production"), "user-1")
	w.say(n, "jun", "/liveops purge undo cookie production user-1 user-3").refused("0 documents brought back, 1 left as they are, 1 brought back before", "- `user-3`: the purge did not change it")
	w.say(n, "jun", "/liveops purge status cookie production").done("Purge `cookie` is done, 3 documents changed, 1 brought back, by `jun`.")
	w.say(n, "jun", "/liveops purge run cookie production").refused("is done here and is not run again")
	next := w.planned("levels", files{levelsPath: levels(10, 20, 32)})
	w.merge(next)
	w.settle()
	w.says(w.told(next), "is live in staging and production", "not: purge")
	w.equal("after the next merge", u.holders("production"), "user-1")
	w.equal("staging", u.holders("staging"), "")
	u.server.Bucket("production").DefaultCollection().Put("user-1", cookieOf(withoutCookie)) // they eat it
	w.say(n, "jun", "/liveops purge undo cookie production").done("2 documents brought back, 0 left as they are. The purge is undone there.")
	w.equal("production", u.holders("production"), "user-0 user-2")
	w.envs["production"].exec(t, "UPDATE liveops_purges SET state = 'running', updated = UTC_TIMESTAMP(6)")
	w.say(n, "jun", "/liveops purge undo cookie production user-0").refused("Purge cookie is running here; pause it before you bring single documents back")
}

// A removal that got no answer is brought back when told to.
func TestPurgeCommandUndoesWhatIsUnsure(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	w := newWorld(t, options{users: u, more: purgePermissions})
	u.server.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Remove}, Failure: couchbase.DropAfter, Times: 1, Match: func(o couchbase.Operation) bool { return o.Bucket == "production" }})
	n := w.planned("cookie", files{cookiePath: []byte("description: d\nselect: {ids: [user-1]}\ndelete: true\n")})
	w.merge(n)
	w.settle()
	w.says(w.told(n), "- production: purge `cookie` done, 1 document changed")
	w.equal("production", u.holders("production"), "user-0 user-2")
	w.say(n, "jun", "/liveops purge undo cookie production user-1").refused("- `user-1`: it was gone when the run lost its connection, and the game may have removed it")
	w.say(n, "jun", "/liveops purge undo cookie production user-1 --unsure").done("1 document brought back")
	w.equal("production", u.holders("production"), allHolders)
}

// A purge in a repository with a limit, that no release brought, is not a way around it.
func TestPurgeCommandPastALimit(t *testing.T) {
	t.Parallel()
	u := newUsers(t)
	u.unset["staging"], u.unset["production"] = true, true
	w := newWorld(t, options{users: u, more: strings.Replace(permissions, "confirm:", "purge: [maintain], confirm:", 1) + "limits: {purgedDocuments: 2}\n"})
	n := w.planned("cookie", files{cookiePath: []byte(cookie)})
	w.merge(n)
	w.settle()
	u.mu.Lock()
	clear(u.unset)
	u.mu.Unlock()
	w.say(n, "jun", "/liveops purge run cookie staging").refused("purges 3 user documents (the limit is 2)")
	w.equal("staging", u.holders("staging"), allHolders)
}

// A command begins no purge where a release would wait.
func TestPurgeCommandWaits(t *testing.T) {
	t.Parallel()
	begin := func(t *testing.T, more string) (*users, *world, int) {
		t.Helper()
		u := newUsers(t)
		u.unset["staging"], u.unset["production"] = true, true
		w := newWorld(t, options{users: u, more: more + strings.Replace(permissions, "confirm:", "purge: [maintain], confirm:", 1)})
		n := w.planned("cookie", files{cookiePath: []byte(cookie)})
		w.merge(n)
		w.settle()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.unset["staging"], u.unset["production"] = false, false
		return u, w, n
	}
	tests := map[string]struct{ more, refused string }{
		"a freeze":               {"    freeze: [{from: 2020-01-01T00:00, to: 2099-01-01T00:00}]\n", "Production is frozen. Wait for its end"},
		"approval":               {"    requires: [approval]\n", "Production takes nothing without approval"},
		"the environment before": {"", "Staging comes before production, and has not done purge `cookie` yet"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			u, w, n := begin(t, tt.more)
			w.say(n, "jun", "/liveops purge run cookie production").refused(tt.refused)
			w.equal("production", u.holders("production"), allHolders)
			w.say(n, "jun", "/liveops purge run cookie staging").done("3 documents changed")
			if tt.more == "" {
				w.say(n, "jun", "/liveops purge undo cookie staging").done("3 documents brought back")
				w.say(n, "jun", "/liveops purge run cookie production").refused("purge `cookie` is undone there")
				w.equal("production", u.holders("production"), allHolders)
				w.envs["staging"].exec(t, "UPDATE liveops_purges SET state = 'done'")
				w.say(n, "jun", "/liveops purge run cookie production").done("3 documents changed")
			}
		})
	}
}
