package release_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"liveops/sync/release"
)

// game is the rows of shopConfig's sheets, by workbook: of each row the key, and what stands beside it.
type game map[string]map[int]any

// workbooks are the files; sheet and column of a workbook follow from its path.
func (g game) workbooks(t *testing.T) map[string][]byte {
	files := map[string][]byte{}
	for path, rows := range g {
		var list [][2]any
		for id, v := range rows {
			list = append(list, [2]any{id, v})
		}
		slices.SortFunc(list, func(a, b [2]any) int { return a[0].(int) - b[0].(int) })
		sheet := map[string][2]string{"item": {"item", "price"}, "shop": {"shop", "item_id"}, "bundle": {"bundle", "shop_id"}, "sword": {"Sword", "kind"},
			"bow": {"Bow", "kind"}, "spread/a": {"spread", "n"}, "spread/b": {"spread", "n"}, "spread/c": {"spread", "n"}, "alone": {"alone", "n"}}[path]
		s := pairs(sheet[0], sheet[1], list...)
		if path == "item" {
			s.Header = []string{"id", "price", "name"}
			for i := range s.Rows {
				s.Rows[i] = append(s.Rows[i], "검")
			}
		}
		files["datasheets/"+path+".xlsx"] = book(t, s)
	}
	return files
}

// change changes a row or two of some workbooks, now and then so that a reference has nothing to refer to.
func (g game) change(r *rand.Rand) {
	for range r.IntN(3) {
		paths := []string{"item", "shop", "bundle", "sword", "bow", "spread/a", "spread/b", "spread/c", "alone"}
		path := paths[r.IntN(len(paths))]
		if rows := g[path]; rows == nil || path == "spread/c" && r.IntN(2) == 0 {
			if delete(g, path); rows == nil {
				g[path] = map[int]any{3000: r.IntN(9)}
			}
			continue
		}
		id := r.IntN(6)
		values := map[string]any{"item": r.IntN(100), "shop": r.IntN(6), "bundle": r.IntN(6), "sword": "S", "bow": "B"}
		switch path {
		case "bow", "spread/b":
			id += 1000
		case "spread/c":
			id += 3000
		}
		v, ok := values[path]
		if !ok {
			v = r.IntN(9)
		}
		if _, there := g[path][id]; there && len(g[path]) > 1 && r.IntN(2) == 0 {
			delete(g[path], id)
		} else {
			g[path][id] = v
		}
	}
}

func (g game) clone() game {
	c := game{}
	for path, rows := range g {
		c[path] = map[int]any{}
		for id, v := range rows {
			c[path][id] = v
		}
	}
	return c
}

// Where nobody else has changed a row, comparing what a commit touches finds what comparing everything does: the same
// digest, the same changes, the same problems. The merges in between are made from such plans, and leave every table as
// its sheets say.
func TestPlanSinceIsThePlanOfEverything(t *testing.T) {
	const rounds = 60
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	w, h := newWorld(t, shopDDL...), history{}
	w.pipeline.Targets = w.pipeline.Targets[:1]
	g := game{"item": {0: 1, 1: 1, 2: 1, 3: 1}, "shop": {0: 0, 1: 1, 2: 1}, "bundle": {0: 1}, "sword": {1: "S"}, "bow": {1001: "B"}, "spread/a": {1: 1}, "spread/b": {1001: 1}, "alone": {1: 1}}
	if p := w.release(h.commit(w, "c0", shopConfig, g.workbooks(t)), h.Files); states(p) != "staging applied" {
		t.Fatal(states(p), p.Stopped())
	}
	wrong, parts, released := 0, 0, 0
	for round := range rounds {
		next := g.clone()
		next.change(r)
		d := h.commit(w, fmt.Sprintf("c%d", round+1), shopConfig, next.workbooks(t))
		p, whole := w.planSince("staging", d, h.Files), w.plan("staging", d)
		if p.Digest != whole.Digest || !reflect.DeepEqual(p.Problems, whole.Problems) || !reflect.DeepEqual(changes(p), changes(whole)) {
			t.Fatalf("round %d: plan %q %v %v, whole %q %v %v (%+v)", round, p.Digest, changes(p), p.Problems, whole.Digest, changes(whole), whole.Problems, p.Part)
		}
		if p.Part != nil {
			parts++
		}
		if len(p.Problems) > 0 {
			wrong++
			continue // such a commit is not merged
		}
		if progress := w.release(d, h.Files); progress.Steps[0].State == release.Stopped {
			t.Fatalf("round %d: %s", round, progress.Steps[0].Reason)
		}
		released++
		if left := w.plan("staging", d); left.Count().Total() > 0 {
			t.Fatalf("round %d: after the merge %v is left to do", round, changes(left))
		}
		g = next
	}
	if wrong == 0 || parts < rounds/2 || released < rounds/4 {
		t.Errorf("the test tests little: %d rounds with problems, %d of a part, %d released", wrong, parts, released)
	}
}

// changes are what a plan does, by table.
func changes(p *release.Plan) map[string]any {
	all := map[string]any{}
	for _, t := range p.Changed() {
		all[t.Schema.Name] = t.Changes
	}
	return all
}

// What the base owes is told apart without reading more than the plan did.
func TestOwed(t *testing.T) {
	w, h := newWorld(t, shopDDL...), history{}
	w.release(h.commit(w, "c1", shopConfig, shopFiles(t)), h.Files)
	w.exec("staging", "UPDATE alone SET n = 5") // by hand
	base := h.commit(w, "c2", shopConfig, baseFiles(t))
	files := baseFiles(t)
	files["datasheets/item.xlsx"] = book(t, items(11, 21, 30))
	files["datasheets/alone.xlsx"] = book(t, pairs("alone", "n", [2]any{1, 1}, [2]any{2, 2}))
	merged := h.commit(w, "c3", shopConfig, files)
	snap, err := w.store("staging").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	for _, c := range []struct {
		name  string
		files release.Files
		want  map[string]int
		cells []string
	}{
		// The row of alone was changed by hand: the base owes it nothing, since it says nothing new of the table.
		{"a part", h.Files, map[string]int{"item": 1}, []string{"datasheets/item.xlsx"}},
		{"everything", nil, map[string]int{"item": 1, "alone": 1}, []string{"datasheets/alone.xlsx", "datasheets/item.xlsx"}},
	} {
		p, err := release.MakePlanSince(t.Context(), merged, "staging", snap, c.files)
		if err != nil {
			t.Fatal(err)
		}
		if n := p.Count(); n.Total() != 4 {
			t.Fatalf("%s: the plan changes %+v", c.name, n)
		}
		if err := release.Owed(t.Context(), p, merged, base, snap, c.files); err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, table := range p.Pending {
			got[table.Schema.Name] = len(table.Changes)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: owed %v, want %v", c.name, got, c.want)
		}
		if cells := h["c2"].read(2); !slices.Equal(cells, c.cells) {
			t.Errorf("%s: cells of the base were read of %v, want %v", c.name, cells, c.cells)
		}
		base = h.commit(w, "c2", shopConfig, baseFiles(t))
	}
}

// baseFiles are shopFiles with one price changed.
func baseFiles(t *testing.T) map[string][]byte {
	files := shopFiles(t)
	files["datasheets/item.xlsx"] = book(t, items(11, 20, 30))
	return files
}
