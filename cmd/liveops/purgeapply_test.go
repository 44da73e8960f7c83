package main

import "testing"

// A plan shows what the new purges would do, and apply runs them once.
func TestPurgeByApply(t *testing.T) {
	p := newPurging(t, "staging")
	p.put("staging", "user-1", `{"coins":100}`)
	for _, name := range []string{"URL", "USER", "PASSWORD", "CA"} {
		delete(p.set, "LIVEOPS_STAGING_COUCHBASE_"+name)
	}
	const purge = "description: d\nselect: {ids: [user-1]}\nupdate: .coins -= 10\n"
	p.commit("purges/before.yaml", purge)
	p.commit("liveops.yaml", "environments: [{name: staging}]\n")
	p.liveops(0, "staging", "apply", "--yes")
	p.commit("purges/coins.yaml", purge)
	p.liveops(0, "purge coins is not planned, nor run: LIVEOPS_STAGING_COUCHBASE_URL is not set", "plan", "--committed")
	p.tell("staging")
	delete(p.set, "LIVEOPS_STAGING_COUCHBASE_PASSWORD")
	p.liveops(2, "LIVEOPS_STAGING_COUCHBASE_PASSWORD is not set", "plan", "--committed")
	p.tell("staging")
	p.liveops(1, "staging: 1 purge of 1 document", "plan", "--committed")
	p.liveops(1, `"matches": 1`, "plan", "--committed", "--format", "json")
	p.liveops(0, "purge coins done, 1 document changed", "apply", "--yes")
	p.liveops(0, "purge coins done, 1 document changed", "apply", "--yes")
	p.liveops(0, "before: past", "purge", "status")
	if got := p.body("staging", "user-1"); got != `{"coins":90}` {
		t.Errorf("user-1 is %s", got)
	}
	p.liveops(0, "staging: nothing to do", "plan")
}
