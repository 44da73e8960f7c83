package release_test

import (
	"strings"
	"testing"

	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func (w *world) prices(environment string) string {
	w.Helper()
	return w.text(environment, "SELECT GROUP_CONCAT(price ORDER BY id) FROM item")
}

func (w *world) items(id string, prices ...int) *release.Desired {
	w.Helper()
	return w.commit(id, map[string][]byte{"datasheets/items.xlsx": book(w, items(prices...))})
}

func TestStagingThenProduction(t *testing.T) {
	w := newWorld(t, itemDDL)
	p := w.run(w.items("c1", 10, 20), nil)
	if got := states(p); got != "staging applied, production applied" || !p.Done() || p.Stopped() != nil {
		t.Errorf("%s: %+v", got, p.Steps)
	}
	for _, e := range []string{"staging", "production"} {
		if got := w.prices(e); got != "10,20" {
			t.Errorf("%s has %s", e, got)
		}
	}
	if got := states(w.run(w.items("c2", 10, 20), nil)); got != "staging same, production same" {
		t.Errorf("a commit that changes nothing: %s", got)
	}
	if st, err := w.store("production").State(t.Context()); err != nil || st.Commit != "c2" {
		t.Errorf("and yet it is released: %+v, %v", st, err)
	}
}

func TestRunAgainGoesOnWhereItEnded(t *testing.T) {
	w := newWorld(t, itemDDL)
	d := w.items("c1", 10)
	first := w.run(d, nil)
	again := w.run(d, nil)
	if got := states(again); got != "staging applied, production applied" {
		t.Errorf("%s", got)
	}
	if again.Steps[1].Release != first.Steps[1].Release || again.Steps[1].Count.Inserted != 1 {
		t.Errorf("the second run tells of release %d with %+v", again.Steps[1].Release, again.Steps[1].Count)
	}
	if n := w.text("production", "SELECT COUNT(*) FROM liveops_releases"); n != "1" {
		t.Errorf("%s releases", n)
	}
}

func TestFailureStopsTheChainAndHolds(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(w *world)
		where string // "staging stopped, …"
		says  string
	}{
		{"staging refuses", func(w *world) { w.exec("staging", "ALTER TABLE item ADD CHECK (price < 100)") },
			"staging stopped, production skipped", "the database refuses"},
		{"production refuses", func(w *world) { w.exec("production", "ALTER TABLE item ADD CHECK (price < 100)") },
			"staging applied, production stopped", "the database refuses"},
		{"production has another schema", func(w *world) { w.exec("production", "ALTER TABLE item DROP COLUMN price") },
			"staging applied, production stopped", "1 problems in the files"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, itemDDL)
			w.run(w.items("c1", 10), nil)
			tt.spoil(w)
			before := w.text("production", "SELECT COUNT(*) FROM item")
			d := w.items("c2", 10, 200)
			p := w.run(d, nil)
			if got := states(p); got != tt.where || !strings.Contains(p.Stopped().Reason, tt.says) {
				t.Fatalf("%s: %+v", got, p.Stopped())
			}
			stopped := p.Stopped()
			if got := w.text("production", "SELECT COUNT(*) FROM item"); got != before {
				t.Errorf("production has %s rows, had %s", got, before)
			}
			st, err := w.store(stopped.Environment).State(t.Context())
			if err != nil || st.Hold == nil || st.Commit != "c1" || !strings.Contains(st.Hold.Reason, "stopped") {
				t.Errorf("%s is at %+v, %v", stopped.Environment, st, err)
			}
			rs, err := w.store(stopped.Environment).Releases(t.Context(), 1)
			if err != nil || rs[0].State != mysqlstore.Failed || rs[0].Commit != "c2" || rs[0].Error == "" {
				t.Errorf("the ledger says %+v, %v", rs, err)
			}
			// Nothing passes the hold, neither this commit nor a later one.
			if got := states(w.run(w.items("c3", 10), nil)); !strings.Contains(got, stopped.Environment+" stopped") {
				t.Errorf("the next commit: %s", got)
			}
		})
	}
}

func TestHoldLiftedTakesWhatWaits(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c1", 10), nil)
	if _, err := w.store("production").SetHold(t.Context(), "event", "jun"); err != nil {
		t.Fatal(err)
	}
	p := w.run(w.items("c2", 20), nil)
	if got := states(p); got != "staging applied, production stopped" || p.Stopped().Hold.Reason != "event" {
		t.Fatalf("%s %+v", got, p.Stopped())
	}
	if _, err := w.store("production").LiftHold(t.Context(), "jun"); err != nil {
		t.Fatal(err)
	}
	p = w.run(w.items("c3", 30), nil)
	if got := states(p); got != "staging applied, production applied" {
		t.Fatalf("%s", got)
	}
	if commits := p.Steps[1].Commits; len(commits) != 2 || commits[0].ID != "c2" || commits[1].ID != "c3" {
		t.Errorf("the release of production brings %v", commits)
	}
	if got := w.prices("production"); got != "30" {
		t.Errorf("production has %s", got)
	}
}

func TestOrderOfTheBranch(t *testing.T) {
	w := newWorld(t, itemDDL)
	first, second := w.items("c1", 10), w.items("c2", 20)
	w.run(second, nil)
	p := w.run(first, nil)
	if got := states(p); got != "staging same, production same" || !strings.Contains(p.Steps[0].Reason, "later commit") {
		t.Errorf("an earlier commit: %s %+v", got, p.Steps[0])
	}
	if got := w.prices("staging"); got != "20" {
		t.Errorf("staging went back to %s", got)
	}
	w.branch = nil // the branch was rewritten
	p = w.run(w.items("c9", 90), nil)
	if got := states(p); got != "staging stopped, production skipped" || !strings.Contains(p.Stopped().Reason, "rewritten") {
		t.Errorf("a rewritten branch: %s %+v", got, p.Stopped())
	}
}

func TestProductionWaitsForStaging(t *testing.T) {
	w := newWorld(t, itemDDL)
	d := w.items("c1", 10)
	p, err := w.pipeline.Run(t.Context(), release.Request{Desired: d, Commit: release.Commit{ID: "c1"}, History: w, Only: "production"})
	if err != nil || states(p) != "production stopped" || !strings.Contains(p.Stopped().Reason, "staging has not taken") {
		t.Errorf("%+v, %v", p, err)
	}
	if n := w.text("production", "SELECT COUNT(*) FROM item"); n != "0" {
		t.Errorf("production has %s rows", n)
	}
}

func TestOnlyWhatWasReviewed(t *testing.T) {
	tests := []struct {
		name     string
		meddle   func(w *world) // between review and merge
		reviewed func(r map[string]string)
		want     string
		says     string
	}{
		{"nothing moved", func(*world) {}, func(map[string]string) {}, "staging applied, production applied", ""},
		{"a row of staging moved", func(w *world) { w.exec("staging", "UPDATE item SET price = 11") }, func(map[string]string) {},
			"staging stopped, production skipped", "not the one that the pull request showed"},
		{"a row of production moved", func(w *world) { w.exec("production", "UPDATE item SET price = 11") }, func(map[string]string) {},
			"staging applied, production stopped", "not the one that the pull request showed"},
		{"there was no review", func(*world) {}, func(r map[string]string) { r["staging"] = "" },
			"staging stopped, production skipped", "showed no plan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, itemDDL)
			w.run(w.items("c1", 10), nil)
			d := w.items("c2", 20)
			reviewed := map[string]string{}
			for _, e := range []string{"staging", "production"} {
				reviewed[e] = w.plan(e, d).Digest
			}
			tt.reviewed(reviewed)
			tt.meddle(w)
			p := w.run(d, reviewed)
			if got := states(p); got != tt.want {
				t.Fatalf("%s: %+v", got, p.Stopped())
			}
			if s := p.Stopped(); s != nil {
				if !strings.Contains(s.Reason, tt.says) || s.Plan == nil || s.Hold == nil {
					t.Errorf("stopped: %+v", s)
				}
			}
		})
	}
}

// The digest is of what a plan does: not of the commit, but of the environment, the rows and their types.
func TestDigest(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c1", 10), nil)
	a := w.plan("staging", w.items("c2", 20)).Digest
	if b := w.plan("staging", w.items("c3", 20)).Digest; a != b || len(a) != 64 {
		t.Errorf("another commit with the same rows: %s and %s", a, b)
	}
	if b := w.plan("production", w.items("c4", 20)).Digest; a == b {
		t.Error("two environments have one digest")
	}
	if b := w.plan("staging", w.items("c5", 21)).Digest; a == b {
		t.Error("two values have one digest")
	}
	w.exec("staging", "ALTER TABLE item MODIFY price BIGINT NOT NULL")
	if b := w.plan("staging", w.items("c6", 20)).Digest; a == b {
		t.Error("two types have one digest")
	}
}

func TestPending(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c1", 10, 20), nil)
	base, merged := w.items("c2", 10, 21), w.items("c3", 11, 21)
	p := w.plan("staging", merged)
	pending := release.Pending(p, w.plan("staging", base))
	if len(pending) != 1 || len(pending[0].Changes) != 1 || pending[0].Changes[0].After[0].Text() != "2" {
		t.Errorf("pending %+v", pending)
	}
	if n := p.Count().Updated; n != 2 {
		t.Errorf("the plan has %d updates", n)
	}
}

// What is left of a plan once its base is released is known beforehand, whatever the two do to one row.
func TestOwnDigest(t *testing.T) {
	for _, test := range []struct {
		name         string
		base, merged []int // prices, by number of the item
		own          bool
	}{
		{"other rows", []int{10, 21, 30}, []int{11, 21, 30}, true},
		{"a row that the base changes is changed again", []int{10, 21, 30}, []int{10, 22, 30}, true},
		{"a row that the base adds is changed", []int{10, 20, 30, 40}, []int{11, 20, 30, 41}, true},
		{"a row that the base adds is removed", []int{10, 20, 30, 40}, []int{11, 20, 30}, true},
		{"a row that the base removes is added again", []int{10}, []int{10, 25}, true},
		{"a row that the base changes is changed back", []int{10, 21, 30}, []int{11, 20, 30}, true},
		{"the base owes nothing", []int{10, 20, 30}, []int{11, 20, 30}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, itemDDL)
			w.run(w.items("c1", 10, 20, 30), nil)
			base, merged := w.items("c2", test.base...), w.items("c3", test.merged...)
			p := w.plan("staging", merged)
			snap, err := w.store("staging").Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer snap.Close()
			if err := release.Owed(t.Context(), p, merged, base, snap, nil); err != nil {
				t.Fatal(err)
			}
			if !test.own {
				if p.Own != "" {
					t.Errorf("the own digest is %s", p.Own)
				}
				return
			}
			w.run(base, nil)
			if after := w.plan("staging", merged).Digest; p.Own != after || p.Own == p.Digest {
				t.Errorf("the own digest is %s of %s, and after the base's release it is %s", p.Own, p.Digest, after)
			}
		})
	}
}

// A row that cannot be read is neither deleted nor changed, and a header's fault hides no fault of the rows.
func TestProblemsAllAtOnce(t *testing.T) {
	w := newWorld(t, itemDDL, "CREATE TABLE shop (id INT NOT NULL PRIMARY KEY, price INT NOT NULL)")
	w.run(w.items("c1", 10, 20), nil)
	bad := items(10, 20)
	bad.Rows[1][2] = "cheap"
	shop := xlsx.Sheet{Name: "shop", Header: []string{"id", "pryce", "price"}, Rows: [][]any{{1, 5, 1}, {2, 5, "much"}}}
	d := w.commit("c2", map[string][]byte{"datasheets/items.xlsx": book(t, bad, shop), "datasheets/broken.xlsx": []byte("no workbook"), "datasheets/other.xlsx": book(t, xlsx.Sheet{Name: "itm", Header: []string{"id"}})})
	p := w.plan("staging", d)
	if n := p.Count().Total(); n != 0 {
		t.Errorf("%d changes", n)
	}
	var at []string
	for _, problem := range p.Problems {
		at = append(at, problem.At.String())
	}
	want := "datasheets/broken.xlsx, datasheets/items.xlsx › item › C3, datasheets/items.xlsx › shop › B1, datasheets/items.xlsx › shop › C3, datasheets/other.xlsx › itm"
	if got := strings.Join(at, ", "); got != want || p.Digest != "" {
		t.Errorf("problems at\n%s\nwant\n%s", got, want)
	}
	if got := states(w.run(d, nil)); got != "staging stopped, production skipped" {
		t.Errorf("applied all the same: %s", got)
	}
}
