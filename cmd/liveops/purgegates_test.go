package main

import (
	"strings"
	"testing"
)

// A purge that is run by itself is held to what liveops.yaml asks of releases; what is passed over is in the audit.
func TestPurgeRunGates(t *testing.T) {
	p := newPurging(t, "staging", "production")
	for _, e := range []string{"staging", "production"} {
		for _, id := range []string{"user-1", "user-2", "user-3"} {
			p.put(e, id, withCookie)
		}
	}
	const file = "description: d\nselect: {ids: [user-1, user-2, user-3]}\n"
	p.commit("purges/cookie.yaml", file+cookieRule, "liveops.yaml", `environments:
  - name: staging
  - name: production
    after: staging
    requires: [approval]
    freeze: [{from: 2020-01-01T00:00, to: 2099-01-01T00:00, reason: the event}]
limits: {purgedDocuments: 2}
`)
	run := func(code int, want string, args ...string) {
		t.Helper()
		p.liveops(code, want, append([]string{"purge", "run", "cookie", "--yes", "--env"}, args...)...)
	}
	run(2, "production is frozen (the event); --despite-freeze REASON passes over it\nliveops: production takes nothing without approval; --despite-approval REASON passes over it\n"+
		"liveops: staging comes before production, and has not done purge cookie yet; --despite-order REASON passes over it", "production")
	run(2, "say why: --despite-freeze REASON", "production", "--despite-freeze", " ")
	run(2, "it purges 3 user documents (the limit is 2): have it merged, where a second person confirms it, or go on with --over-limit", "staging")
	if got := p.body("staging", "user-1"); got != withCookie {
		t.Errorf("a refused purge changed %s", got)
	}
	run(0, "cookie: done, 3 documents changed", "staging", "--over-limit")
	p.liveops(0, "purge cookie: over the limits", "status", "--env", "staging", "--audit", "5")
	run(2, "it purges 3 user documents", "production", "--despite-freeze", "they sell them on", "--despite-approval", "all agree")
	run(0, "cookie: done, 3 documents changed", "production", "--despite-freeze", "they sell them on", "--despite-approval", "all agree", "--over-limit")
	p.liveops(0, "purge cookie: despite the freeze: they sell them on; despite the approval: all agree; over the limits", "status", "--env", "production", "--audit", "5")
	if got := p.body("production", "user-3"); got != withoutCookie {
		t.Errorf("user-3 is %s", got)
	}
}

// One that has begun waits for a freeze alone, and goes on up to the limit.
func TestPurgeGoesOnGated(t *testing.T) {
	p := newPurging(t, "staging")
	p.put("staging", "user-1", `{"inventory":7}`)
	p.put("staging", "user-2", withCookie)
	const file = "description: d\nselect: {ids: [user-1, user-2, user-3]}\n"
	p.commit("purges/cookie.yaml", file+cookieRule, "liveops.yaml", "environments: [{name: staging}]\nlimits: {purgedDocuments: 2}\n")
	p.liveops(2, "cookie: failed, 1 document changed", "purge", "run", "cookie", "--yes", "--env", "staging")
	for _, id := range []string{"user-1", "user-3"} {
		p.put("staging", id, withCookie)
	}
	p.commit("liveops.yaml", "environments: [{name: staging, requires: [approval], freeze: [{from: 2020-01-01T00:00, to: 2099-01-01T00:00}]}]\nlimits: {purgedDocuments: 2}\n")
	p.liveops(2, "staging is frozen; --despite-freeze REASON passes over it\n", "purge", "run", "cookie", "--yes", "--env", "staging")
	p.liveops(2, "more than 2 documents match purge cookie, and neither limits.purgedDocuments nor a second person allows more", "purge", "run", "cookie", "--yes", "--env", "staging", "--despite-freeze", "now")
	if a, b := p.body("staging", "user-1"), p.body("staging", "user-3"); !strings.Contains(a, "santa") && !strings.Contains(b, "santa") {
		t.Errorf("three were changed: %s %s", a, b)
	}
	p.liveops(0, "cookie: done, 3 documents changed", "purge", "run", "cookie", "--yes", "--env", "staging", "--despite-freeze", "now", "--over-limit")
}
