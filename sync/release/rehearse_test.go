package release_test

import (
	"strings"
	"testing"

	"liveops/sync/release"
)

// rehearsed plans an environment and rehearses the plan.
func (w *world) rehearsed(environment string, d *release.Desired) *release.Plan {
	w.Helper()
	p := w.plan(environment, d)
	if err := release.Rehearse(w.Context(), p, d, w.store(environment), nil); err != nil {
		w.Fatal(err)
	}
	return p
}

// withTest is a commit of items and one data test.
func (w *world) withTest(id, test string, prices ...int) *release.Desired {
	w.Helper()
	return w.commit(id, map[string][]byte{"datasheets/items.xlsx": book(w, items(prices...)), "checks/prices.sql": []byte(test)})
}

const fairPrices = "-- Nothing costs more than 100\nSELECT id, price FROM item WHERE price > 100"

func TestRehearse(t *testing.T) {
	tests := []struct {
		name   string
		prices []int
		test   string
		spoil  func(w *world) // before the plan
		meddle func(w *world) // between plan and rehearsal
		want   string         // problems, "busy …" or "fine"
	}{
		{"all is well", []int{10, 30}, fairPrices, nil, nil, "fine"},
		{"only the tests have something to do", []int{10}, fairPrices, nil, nil, "fine"},
		{"a data test fails", []int{10, 200}, fairPrices, nil, nil, `checks/prices.sql:2 the data test "Nothing costs more than 100" finds 1 row where there must be none: id=2, price=200`},
		{"a data test that cannot run", []int{10, 20}, "SELECT id FROM items", nil, nil, `checks/prices.sql:1 the data test "prices" is refused by the database`},
		{"the database refuses", []int{10, 20}, fairPrices, func(w *world) { w.exec("staging", "ALTER TABLE item ADD CHECK (price < 15)") }, nil,
			"datasheets/items.xlsx › item rehearsed, this is refused: item: the database refuses: "},
		{"a row has moved", []int{11, 20}, fairPrices, nil, func(w *world) { w.exec("staging", "UPDATE item SET price = 9") }, "busy 1 rows of staging have changed since the plan was made: item id=1"},
		{"a release came between", []int{11, 20}, fairPrices, nil, func(w *world) { w.run(w.items("c9", 10), nil) }, "busy staging has changed since the plan was made"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, itemDDL)
			w.run(w.items("c1", 10), nil)
			if tt.spoil != nil {
				tt.spoil(w)
			}
			d := w.withTest("c2", tt.test, tt.prices...)
			p := w.plan("staging", d)
			if tt.meddle != nil {
				tt.meddle(w)
			}
			before := w.prices("staging") + w.text("staging", "SELECT CONCAT(epoch, commit_id) FROM liveops_environment")
			if err := release.Rehearse(t.Context(), p, d, w.store("staging"), nil); err != nil {
				t.Fatal(err)
			}
			got := ""
			switch {
			case p.Unrehearsed != "":
				got = "busy " + p.Unrehearsed
			case len(p.Problems) > 0:
				got = p.Problems[0].At.String() + " " + p.Problems[0].Text
			case p.Rehearsal != nil && p.Rehearsal.Tests == 1 && p.Rehearsal.Rows == p.Count():
				got = "fine"
			}
			if !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s\nwant %s", got, tt.want)
			}
			if hasDigest := p.Digest != ""; hasDigest != (len(p.Problems) == 0) {
				t.Errorf("digest %q with problems %v", p.Digest, p.Problems)
			}
			if after := w.prices("staging") + w.text("staging", "SELECT CONCAT(epoch, commit_id) FROM liveops_environment"); after != before {
				t.Errorf("staging is at %s, was at %s", after, before)
			}
		})
	}
}

// What a pull request shows is what its merge meets: a failing data test stops it on staging, and a mended one lets it go.
func TestDataTestsFromReviewToProduction(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c1", 10), nil)
	bad := w.withTest("c2", fairPrices, 10, 200)
	if p := w.rehearsed("staging", bad); len(p.Problems) != 1 {
		t.Fatalf("%+v", p.Problems)
	}
	stopped := w.run(bad, nil) // merged all the same
	if got := states(stopped); got != "staging stopped, production skipped" {
		t.Fatal(got)
	}
	if s := stopped.Stopped(); len(s.Problems) != 1 || !strings.Contains(s.Reason, "1 data test failed: checks/prices.sql") || w.prices("staging") != "10" {
		t.Errorf("%+v", s)
	}
	if _, err := w.store("staging").LiftHold(t.Context(), "jun"); err != nil {
		t.Fatal(err)
	}
	good := w.withTest("c3", fairPrices, 10, 20)
	reviewed := map[string]string{"staging": w.rehearsed("staging", good).Digest, "production": w.plan("production", good).Digest}
	if got := states(w.run(good, reviewed)); got != "staging applied, production applied" || w.prices("production") != "10,20" {
		t.Errorf("%s, production has %s", got, w.prices("production"))
	}
}

// A data test holds each environment by itself: production may have rows that staging has not.
func TestDataTestsOfProduction(t *testing.T) {
	w := newWorld(t, itemDDL, "CREATE TABLE player (id INT NOT NULL PRIMARY KEY, item INT NOT NULL)")
	w.run(w.items("c1", 10, 20), nil)
	w.exec("production", "INSERT INTO player VALUES (7, 2)")
	p := w.run(w.withTest("c2", "-- No player has an item that does not exist\nSELECT p.id FROM player p LEFT JOIN item i ON i.id = p.item WHERE i.id IS NULL", 10), nil)
	if got := states(p); got != "staging applied, production stopped" {
		t.Fatal(got)
	}
	if s := p.Stopped(); !strings.Contains(s.Reason, "finds 1 row where there must be none; they are not shown") || w.prices("production") != "10,20" {
		t.Errorf("%+v", s)
	}
}

// A data test that was changed, added or dropped since the review makes another plan.
func TestDigestCoversDataTests(t *testing.T) {
	w := newWorld(t, itemDDL)
	w.run(w.items("c1", 10), nil)
	seen := map[string]string{}
	for name, d := range map[string]*release.Desired{
		"none": w.items("c2", 20), "one": w.withTest("c3", fairPrices, 20), "laxer": w.withTest("c4", strings.ReplaceAll(fairPrices, "100", "900"), 20),
	} {
		digest := w.plan("staging", d).Digest
		if other := seen[digest]; other != "" || digest == "" {
			t.Errorf("%s and %s have the digest %s", name, other, digest)
		}
		seen[digest] = name
	}
	a, b := w.plan("staging", w.withTest("c5", fairPrices, 20)).Digest, w.plan("staging", w.withTest("c6", strings.ReplaceAll(fairPrices, "\n", "\r\n"), 20)).Digest
	if a != b {
		t.Error("another system's line ends make another plan")
	}
	reviewed := map[string]string{"staging": w.plan("staging", w.withTest("c7", fairPrices, 20)).Digest, "production": ""}
	if p := w.run(w.items("c8", 20), reviewed); states(p) != "staging stopped, production skipped" {
		t.Errorf("applied without the test that was reviewed: %s", states(p))
	}
}

// What is wrong with a data test itself is told with the files' other problems, before a database is asked.
func TestProblemsOfDataTests(t *testing.T) {
	w := newWorld(t, itemDDL)
	d := w.withTest("c1", "SELECT SLEEP(10)", 10)
	if len(d.Problems) != 1 || d.Problems[0].At.String() != "checks/prices.sql:1:8" || len(d.Tests) != 0 {
		t.Fatalf("%+v %+v", d.Problems, d.Tests)
	}
	p := w.rehearsed("staging", d)
	if p.Rehearsal != nil || p.Digest != "" || states(w.run(d, nil)) != "staging stopped, production skipped" {
		t.Errorf("%+v", p)
	}
}

// Of a table whose rows sheets own in part, a data test's rows are not shown while there are others.
func TestDataTestsOfTablesOwnedInPart(t *testing.T) {
	w := newWorld(t, itemDDL)
	files := map[string][]byte{
		"liveops.yaml":          []byte(config + "tables:\n  item:\n    sheets:\n      item: {price: {in: [10, 200]}}\n"),
		"datasheets/items.xlsx": book(t, items(10, 200)), "checks/prices.sql": []byte(fairPrices),
	}
	for _, tt := range []struct{ name, insert, want string }{
		{"all rows are the sheet's", "", "finds 1 row where there must be none: id=2, price=200"},
		{"one row is not", "INSERT INTO item VALUES (9, 'secret', 999)", "finds 2 rows where there must be none; they are not shown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.insert != "" {
				w.exec("staging", tt.insert)
			}
			p := w.rehearsed("staging", w.commit("c"+tt.name, files))
			if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, tt.want) {
				t.Errorf("%+v", p.Problems)
			}
		})
	}
}
