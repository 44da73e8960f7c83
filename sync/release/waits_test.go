package release_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// policyWorld is a world whose production has a policy, with five items in both environments.
func policyWorld(t *testing.T, production, file string) (*world, *release.Policy) {
	t.Helper()
	w := newWorld(t, itemDDL)
	w.run(w.items("c0", 10, 20, 30, 40, 50), nil)
	d := w.commitWith("policy", "timezone: Asia/Seoul\nenvironments:\n  - name: staging\n  - name: production\n    after: staging\n"+production+file, nil)
	if d.Config == nil {
		t.Fatal(d.Problems)
	}
	w.branch = w.branch[:len(w.branch)-1]
	return w, release.PolicyOf(d.Config)
}

// runFor is run under a policy, for pull request 7.
func (w *world) runFor(d *release.Desired, p *release.Policy, change func(*release.Request)) *release.Progress {
	w.Helper()
	q := release.Request{Desired: d, Commit: release.Commit{ID: d.Commit}, History: w, Actor: "mina", Policy: p, Pull: 7, Repository: "studio/game"}
	if change != nil {
		change(&q)
	}
	progress, err := w.pipeline.Run(w.Context(), q)
	if err != nil {
		w.Fatal(err)
	}
	return progress
}

// waits is what the paused steps wait for: "production freeze approval".
func waits(p *release.Progress) string {
	var out []string
	for _, s := range p.Paused() {
		out = append(out, s.Environment)
		for _, w := range s.Waits {
			out = append(out, string(w.Kind))
		}
	}
	return strings.Join(out, " ")
}

// untouched fails where production is not as the first release left it, or the ledger has more than that.
func (w *world) untouched(p *release.Progress) {
	w.Helper()
	if got := w.prices("production"); got != "10,20,30,40,50" {
		w.Errorf("production has %s", got)
	}
	st, err := w.store("production").State(w.Context())
	if err != nil || st.Hold != nil || st.Commit != "c0" {
		w.Errorf("production is at %+v, %v", st, err)
	}
	if n := w.text("production", "SELECT COUNT(*) FROM liveops_releases"); n != "1" {
		w.Errorf("the ledger has %s releases", n)
	}
	if !p.Done() || p.Stopped() != nil {
		w.Errorf("done %t, stopped %+v", p.Done(), p.Stopped())
	}
}

func TestFreezeWaits(t *testing.T) {
	w, policy := policyWorld(t, "    freeze: [{from: 2030-01-01T00:00, to: 2030-01-02T09:00, reason: winter event}]\n", "")
	now := time.Date(2029, 12, 31, 15, 0, 0, 0, time.UTC) // midnight in Seoul
	w.pipeline.Now = func() time.Time { return now }
	d := w.items("c1", 11, 20, 30, 40, 50)
	p := w.runFor(d, policy, nil)
	if got := states(p); got != "staging applied, production paused" || waits(p) != "production freeze" {
		t.Fatalf("%s: %+v", got, p.Steps)
	}
	s := p.Paused()[0]
	end := time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)
	if s.Reason != "production is frozen (winter event)" || !s.Until().Equal(end) || !p.Again(now).Equal(end) || s.Plan == nil || p.Zone.String() != "Asia/Seoul" {
		t.Errorf("%+v", s)
	}
	w.untouched(p)

	// What stops for good elsewhere only waits here: a freeze is no time to mend things in.
	p = w.runFor(d, policy, func(q *release.Request) { q.Reviewed = map[string]string{"production": "another"} })
	if got := states(p); got != "staging applied, production paused" {
		t.Errorf("a plan that is not the reviewed one: %s", got)
	}
	w.untouched(p)

	// A commit that changes no row is noted down all the same.
	if got := states(w.runFor(w.items("c2", 10, 20, 30, 40, 50), policy, nil)); !strings.HasSuffix(got, "production same") {
		t.Errorf("nothing to change: %s", got)
	}
	now = end
	if got := states(w.runFor(w.items("c3", 12, 20, 30, 40, 50), policy, nil)); got != "staging applied, production applied" {
		t.Errorf("after the freeze: %s", got)
	}
}

func TestDespiteFreezeIsAudited(t *testing.T) {
	w, policy := policyWorld(t, "    freeze: [{days: [sun, mon, tue, wed, thu, fri, sat], from: \"00:00\", to: \"24:00\"}]\n    soak: 1h\n    guard: g\n", "guards: {g: {url: https://game.example/health}}\n")
	w.pipeline.Guard = guardFunc(func(string) error { return errors.New("it answers 503") })
	d := w.items("c1", 11, 20, 30, 40, 50)
	p := w.runFor(d, policy, nil)
	if waits(p) != "production freeze soak" || !p.Paused()[0].Until().IsZero() {
		t.Fatalf("%s %+v", waits(p), p.Paused())
	}
	p = w.runFor(d, policy, func(q *release.Request) {
		q.Despite = map[release.WaitKind]string{release.Frozen: "hotfix for the login", release.Soaking: "no time"}
	})
	if waits(p) != "production guard" {
		t.Fatalf("%s %+v", waits(p), p.Paused())
	}
	w.untouched(p)
	p = w.runFor(d, policy, func(q *release.Request) {
		q.Despite = map[release.WaitKind]string{release.Frozen: "hotfix for the login", release.Soaking: "no time", release.Unhealthy: "it is what this mends"}
	})
	if got := states(p); got != "staging applied, production applied" {
		t.Fatalf("%s %+v", got, p.Steps)
	}
	want := "despite the freeze: hotfix for the login; despite the soak: no time; despite the guard: it is what this mends"
	if got := w.text("production", "SELECT detail FROM liveops_audit WHERE action = 'override'"); got != want {
		t.Errorf("the audit says %q", got)
	}
}

func TestSoakWaits(t *testing.T) {
	w, policy := policyWorld(t, "    soak: 1h30m\n", "")
	d := w.items("c1", 11, 20, 30, 40, 50)
	p := w.runFor(d, policy, nil)
	if got := states(p); got != "staging applied, production paused" || waits(p) != "production soak" {
		t.Fatalf("%s: %+v", got, p.Steps)
	}
	w.untouched(p)
	r, err := w.store("staging").Releases(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	over := r[0].Finished.Add(90 * time.Minute)
	if s := p.Paused()[0]; !s.Until().Equal(over) || s.Reason != "staging must have had the commit for 1h30m before production takes it" {
		t.Errorf("%+v, want until %v", s, over)
	}
	// A later commit that staging takes does not begin the time anew for this one.
	later := w.items("c2", 12, 20, 30, 40, 50)
	w.pipeline.Now = func() time.Time { return over.Add(-time.Microsecond) }
	if p := w.runFor(later, policy, nil); waits(p) != "production soak" || !p.Paused()[0].Until().After(over) {
		t.Errorf("the later commit: %+v", p.Steps)
	}
	if p := w.runFor(d, policy, nil); waits(p) != "production soak" || !p.Paused()[0].Until().Equal(over) {
		t.Errorf("just before: %+v", p.Steps)
	}
	w.pipeline.Now = func() time.Time { return over }
	if got := states(w.runFor(d, policy, nil)); got != "staging same, production applied" {
		t.Errorf("when it is over: %s", got)
	}
}

// guardFunc is a guard made of a function.
type guardFunc func(name string) error

func (f guardFunc) Healthy(_ context.Context, name string) error { return f(name) }

func TestGuardWaits(t *testing.T) {
	w, policy := policyWorld(t, "    guard: game-health\n", "guards: {game-health: {url: https://game.example/health}}\n")
	sick := errors.New("it answers 503")
	asked := 0
	w.pipeline.Guard = guardFunc(func(name string) error {
		if asked++; name != "game-health" {
			t.Errorf("asked %q", name)
		}
		return sick
	})
	d := w.items("c1", 11, 20, 30, 40, 50)
	p := w.runFor(d, policy, nil)
	if got := states(p); got != "staging applied, production paused" || waits(p) != "production guard" || asked != 1 {
		t.Fatalf("%s: %+v, asked %d times", got, p.Steps, asked)
	}
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if s := p.Paused()[0]; s.Reason != "the guard `game-health` is not healthy: it answers 503" || !s.Until().IsZero() || !p.Again(now).Equal(now.Add(time.Minute)) {
		t.Errorf("%+v, again %v", s, p.Again(now))
	}
	w.untouched(p)
	sick = nil
	if got := states(w.runFor(d, policy, nil)); got != "staging applied, production applied" {
		t.Errorf("when it is well: %s", got)
	}
}

func TestApproval(t *testing.T) {
	w, policy := policyWorld(t, "    requires: [approval]\n", "")
	d := w.items("c1", 11, 20, 30, 40, 50)
	p := w.runFor(d, policy, nil)
	if got := states(p); got != "staging applied, production paused" || waits(p) != "production approval" || !p.Again(time.Now()).IsZero() {
		t.Fatalf("%s: %+v", got, p.Steps)
	}
	w.untouched(p)
	if err := p.SaveShown(t.Context(), func(_ context.Context, e string) (*mysqlstore.Store, error) { return w.store(e), nil }, "studio/game", 7); err != nil {
		t.Fatal(err)
	}
	shown, err := w.store("production").Shown(t.Context(), "studio/game", 7)
	if err != nil || shown == nil || shown.Digest != w.plan("production", d).Digest || shown.Commit != "c1" {
		t.Fatalf("shown %+v, %v", shown, err)
	}
	if s, err := w.store("staging").Shown(t.Context(), "studio/game", 7); err != nil || s != nil {
		t.Errorf("staging did not wait: %+v, %v", s, err)
	}
	approve := func(c mysqlstore.Confirmation) {
		t.Helper()
		c.Digest, c.By = shown.Digest, "jun"
		if err := w.store("production").SaveConfirmation(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	// Neither another kind's, nor another pull request's.
	approve(mysqlstore.Confirmation{Kind: mysqlstore.Limits, Repository: "studio/game", Pull: 7})
	approve(mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: "studio/game", Pull: 8})
	approve(mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: "studio/other", Pull: 7})
	if p := w.runFor(d, policy, nil); waits(p) != "production approval" {
		t.Fatalf("%s", states(p))
	}
	approve(mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: "studio/game", Pull: 7})
	// It dies with any change of what it was given to.
	w.exec("production", "UPDATE item SET price = 1 WHERE id = 1")
	p = w.runFor(d, policy, nil)
	if waits(p) != "production approval" || !strings.Contains(p.Paused()[0].Reason, "; what jun approved was another plan (`"+release.ShortDigest(shown.Digest)+"`), it has changed since") {
		t.Fatalf("%s: %+v", states(p), p.Paused())
	}
	w.exec("production", "UPDATE item SET price = 10 WHERE id = 1")
	if got := states(w.runFor(d, policy, nil)); got != "staging applied, production applied" {
		t.Errorf("approved: %s", got)
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		name, limits string
		keep         []int
		want         string // "" for not past them
	}{
		{"as many rows as may be", "deletedRows: 2", []int{10, 20, 30}, ""},
		{"one more", "deletedRows: 2", []int{10, 20}, "the plan deletes 3 rows (the limit is 2): a second person must confirm it"},
		{"as great a share as may be", "deletedShare: 0.4", []int{10, 20, 30}, ""},
		{"a greater one", "deletedShare: 0.4", []int{10, 20}, "the plan deletes 3 of 5 rows of `item`, 60 percent (the limit is 40): a second person must confirm it"},
		{"both", "deletedRows: 0, deletedShare: 0.1", []int{10, 20, 30, 40}, "the plan deletes 1 row (the limit is 0), and deletes 1 of 5 rows of `item`, 20 percent (the limit is 10): a second person must confirm it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, policy := policyWorld(t, "", "limits: {"+tt.limits+"}\n")
			d := w.items("c1", tt.keep...)
			p := w.runFor(d, policy, nil)
			if tt.want == "" {
				if got := states(p); got != "staging applied, production applied" {
					t.Errorf("%s: %+v", got, p.Steps)
				}
				return
			}
			if got := states(p); got != "staging paused, production queued" || p.Steps[0].Reason != tt.want || p.Steps[1].Reason != "comes after staging, which waits" {
				t.Fatalf("%s: %+v", got, p.Steps)
			}
			w.untouched(p)
			for _, e := range []string{"staging", "production"} {
				c := mysqlstore.Confirmation{Kind: mysqlstore.Limits, Repository: "studio/game", Pull: 7, Digest: w.plan(e, d).Digest, By: "jun"}
				if err := w.store(e).SaveConfirmation(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if got := states(w.runFor(d, policy, nil)); got != "staging applied, production applied" {
				t.Errorf("confirmed: %s", got)
			}
		})
	}
}

// An environment that waits keeps only those from the commit that come after it.
func TestOthersGoOn(t *testing.T) {
	w, _ := policyWorld(t, "", "")
	d := w.commitWith("c1", "environments:\n  - name: staging\n    requires: [approval]\n  - name: production\n", map[string][]byte{"datasheets/items.xlsx": book(t, items(1, 2, 3, 4, 5))})
	w.pipeline.Targets[1].After = ""
	if got := states(w.runFor(d, release.PolicyOf(d.Config), nil)); got != "staging paused, production applied" {
		t.Errorf("%s", got)
	}
}
