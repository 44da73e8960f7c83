package release_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
	"liveops/datasheets/xlsx"
	"liveops/sync/release"
)

// tree is the files of a commit, which know their contents by ids. It counts how often each is read.
type tree struct {
	fstest.MapFS
	reads map[string]int
}

func (t *tree) ReadFile(name string) ([]byte, error) {
	t.reads[name]++
	return t.MapFS.ReadFile(name)
}

func (t *tree) ContentID(name string) (string, error) {
	f, ok := t.MapFS[name]
	if !ok {
		return "", fs.ErrNotExist
	}
	return fmt.Sprintf("%x", sha256.Sum256(f.Data)), nil
}

// read are the workbooks that were read so many times: once for the names of their sheets, and again for cells.
func (t *tree) read(times int) []string {
	var paths []string
	for path, n := range t.reads {
		if n == times && strings.HasPrefix(path, "datasheets/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// history is the trees of commits, by id.
type history map[string]*tree

// Files is a release.Files.
func (h history) Files(_ context.Context, commit string) (fs.FS, error) {
	if t, ok := h[commit]; ok {
		return t, nil
	}
	return nil, fmt.Errorf("read %s: %w", commit, datarepo.ErrNotFound)
}

// commit adds a commit of the branch to the history.
func (h history) commit(w *world, id, config string, files map[string][]byte) *release.Desired {
	w.Helper()
	t := &tree{fstest.MapFS{"liveops.yaml": {Data: []byte(config)}}, map[string]int{}}
	for path, data := range files {
		t.MapFS[path] = &fstest.MapFile{Data: data}
	}
	h[id] = t
	if !slices.Contains(w.branch, id) {
		w.branch = append(w.branch, id)
	}
	d, err := release.Read(w.Context(), id, t)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// planSince plans as a pull request is planned.
func (w *world) planSince(environment string, d *release.Desired, files release.Files) *release.Plan {
	w.Helper()
	snap, err := w.store(environment).Snapshot(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	defer snap.Close()
	p, err := release.MakePlanSince(w.Context(), d, environment, snap, files)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// release takes a commit through the environments as the bot does, held to what was planned.
func (w *world) release(d *release.Desired, files release.Files) *release.Progress {
	w.Helper()
	reviewed := map[string]string{}
	for _, t := range w.pipeline.Targets {
		reviewed[t.Name] = w.planSince(t.Name, d, files).Digest
	}
	p, err := w.pipeline.Run(w.Context(), release.Request{Desired: d, Commit: release.Commit{ID: d.Commit}, History: w, Actor: "mina", Reviewed: reviewed, Released: files})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// selected are the game's tables that the server was asked for rows of while do ran.
func (w *world) selected(do func()) []string {
	w.Helper()
	db := w.dbs["staging"]
	exec := func(query string) {
		w.Helper()
		if _, err := db.Exec(query); err != nil {
			w.Skipf("the server's log cannot be had: %v", err)
		}
	}
	exec("SET GLOBAL log_output = 'TABLE'")
	exec("TRUNCATE mysql.general_log")
	exec("SET GLOBAL general_log = 1")
	do()
	exec("SET GLOBAL general_log = 0")
	rows, err := db.Query("SELECT DISTINCT REGEXP_SUBSTR(CONVERT(argument USING utf8mb4), 'FROM `t[0-9]{3}`') FROM mysql.general_log WHERE argument REGEXP '^SELECT.*FROM `t[0-9]{3}`'")
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			w.Fatal(err)
		}
		tables = append(tables, strings.Trim(strings.TrimPrefix(s, "FROM "), "`"))
	}
	slices.Sort(tables)
	return tables
}

func numbered(name string, prices ...int) xlsx.Sheet {
	s := items(prices...)
	s.Name = name
	return s
}

// A pull request that touches one workbook of two hundred reads one workbook and one table, and so does its merge. What
// has changed in another table besides is neither shown nor brought back; comparing everything shows it.
func TestPlanSinceReadsOneWorkbookOfMany(t *testing.T) {
	const n = 200
	var ddl []string
	files := map[string][]byte{}
	for i := range n {
		name := fmt.Sprintf("t%03d", i)
		ddl = append(ddl, "CREATE TABLE "+name+strings.TrimPrefix(itemDDL, "CREATE TABLE item"))
		files["datasheets/"+name+".xlsx"] = book(t, numbered(name, 100, i))
	}
	w, h := newWorld(t, ddl...), history{}
	if p := w.release(h.commit(w, "c1", config, files), h.Files); states(p) != "staging applied, production applied" {
		t.Fatal(states(p))
	}
	w.exec("staging", "UPDATE t007 SET price = 77 WHERE id = 1")
	files = maps.Clone(files)
	files["datasheets/t042.xlsx"] = book(t, numbered("t042", 100, 43))
	d := h.commit(w, "c2", config, files)
	h["c1"].reads = map[string]int{}

	var p *release.Plan
	if got := w.selected(func() { p = w.planSince("staging", d, h.Files) }); !slices.Equal(got, []string{"t042"}) {
		t.Errorf("rows were read of %v", got)
	}
	one := []string{"datasheets/t042.xlsx"}
	if got := h["c2"].read(2); !slices.Equal(got, one) || len(h["c2"].read(1)) != n-1 {
		t.Errorf("cells were read of %v, the sheets' names of %d more", got, len(h["c2"].read(1)))
	}
	if got := slices.Sorted(maps.Keys(h["c1"].reads)); !slices.Equal(got, one) {
		t.Errorf("opened of the released commit: %v", got)
	}
	if want := (release.Part{Compared: 1, Of: n, Release: 1, Commit: "c1"}); p.Part == nil || *p.Part != want {
		t.Errorf("got %+v, want %+v", p.Part, want)
	}
	if len(p.Tables) != 1 || p.Count().Total() != 1 {
		t.Errorf("%d tables, %+v", len(p.Tables), p.Count())
	}
	if whole := w.plan("staging", d); whole.Part != nil || len(whole.Tables) != n || whole.Count().Total() != 2 {
		t.Errorf("compared whole: %+v, %d tables, %+v", whole.Part, len(whole.Tables), whole.Count())
	}
	if p, whole := w.planSince("production", d, h.Files), w.plan("production", d); p.Digest == "" || p.Digest != whole.Digest || p.Part == nil {
		t.Errorf("without any drift the digest is %q, whole %q, %+v", p.Digest, whole.Digest, p.Part)
	}

	h["c2"].reads = map[string]int{}
	if p := w.release(h.commit(w, "c2", config, files), h.Files); states(p) != "staging applied, production applied" {
		t.Fatal(states(p), p.Stopped())
	}
	if got := w.text("staging", "SELECT CONCAT((SELECT price FROM t042 WHERE id = 2), ' ', (SELECT price FROM t007 WHERE id = 1))"); got != "43 77" {
		t.Errorf("after the merge: %s", got)
	}
	if got := h["c2"].read(1); len(got) != n-1 {
		t.Errorf("the merge read more workbooks than the one that it brings: %d were left alone", len(got))
	}
}

// Where the environment's commit does not tell what its rows are, everything is compared.
func TestPlanSinceComparesEverything(t *testing.T) {
	otherZone := strings.Replace(config, "Asia/Seoul", "Asia/Tokyo", 1)
	for _, c := range []struct {
		name   string
		config string
		before func(w *world, h history)
		whole  bool
	}{
		{"nothing came between", config, func(*world, history) {}, false},
		{"a comment in liveops.yaml", "# ours\n" + config, func(*world, history) {}, false},
		{"another time zone", otherZone, func(*world, history) {}, true},
		{"the commit is not to be had", config, func(_ *world, h history) { delete(h, "c1") }, true},
		{"liveops.yaml was broken", config, func(_ *world, h history) { h["c1"].MapFS["liveops.yaml"].Data = []byte("tables: [") }, true},
		{"a workbook of it cannot be read", config, func(_ *world, h history) { h["c1"].MapFS["datasheets/item.xlsx"].Data = []byte("no zip") }, true},
		{"a rollback", config, func(w *world, _ history) {
			w.exec("staging", "UPDATE liveops_releases SET kind = 'rollback'")
		}, true},
		{"a release that was stopped", config, func(w *world, _ history) {
			w.exec("staging", `INSERT INTO liveops_releases (id, kind, commit_id, previous_commit, previous_release, digest, actor, pull, state, undoes, deleted, inserted, updated, error, started, finished) SELECT id + 1, kind, 'c9', commit_id, 1, '', '', 0, 'failed', 0, 0, 0, 0, 'x', started, finished FROM liveops_releases`)
		}, true},
		{"a promotion", config, func(w *world, _ history) {
			w.exec("staging", `INSERT INTO liveops_releases (id, kind, commit_id, previous_commit, previous_release, digest, actor, pull, state, undoes, deleted, inserted, updated, error, started, finished) SELECT id + 1, 'promote', commit_id, commit_id, 1, '', '', 0, 'applied', 0, 0, 0, 0, '', started, finished FROM liveops_releases`)
			w.exec("staging", "UPDATE liveops_environment SET release_id = 2")
		}, false},
		{"a stopped release and a promotion", config, func(w *world, _ history) {
			w.exec("staging", `INSERT INTO liveops_releases (id, kind, commit_id, previous_commit, previous_release, digest, actor, pull, state, undoes, deleted, inserted, updated, error, started, finished) SELECT id + 1, kind, 'c9', commit_id, 1, '', '', 0, 'failed', 0, 0, 0, 0, 'x', started, finished FROM liveops_releases`)
			w.exec("staging", `INSERT INTO liveops_releases (id, kind, commit_id, previous_commit, previous_release, digest, actor, pull, state, undoes, deleted, inserted, updated, error, started, finished) SELECT id + 1, 'promote', commit_id, commit_id, 1, '', '', 0, 'applied', 0, 0, 0, 0, '', started, finished FROM liveops_releases WHERE id = 2`)
		}, true},
		{"another commit in the state", config, func(w *world, _ history) { w.exec("staging", "UPDATE liveops_environment SET commit_id = 'c0'") }, true},
		{"no ledger", config, func(w *world, _ history) { w.exec("staging", "DROP TABLE liveops_releases, liveops_environment") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, h := newWorld(t, itemDDL, "CREATE TABLE other (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, price INT NOT NULL)"), history{}
			files := map[string][]byte{"datasheets/item.xlsx": book(t, items(1)), "datasheets/other.xlsx": book(t, numbered("other", 5))}
			w.release(h.commit(w, "c1", config, files), h.Files)
			c.before(w, h)
			files["datasheets/item.xlsx"] = book(t, items(2))
			p := w.planSince("staging", h.commit(w, "c2", c.config, files), h.Files)
			if whole := p.Part == nil; whole != c.whole || len(p.Problems) > 0 || p.Changed()[0].Schema.Name != "item" {
				t.Errorf("whole: %t, %+v, problems %v", whole, p.Part, p.Problems)
			}
		})
	}
	w, h := newWorld(t, itemDDL), history{}
	files := map[string][]byte{"datasheets/item.xlsx": book(t, items(1))}
	w.run(w.commit("c1", files), nil)
	h.commit(w, "c1", config, files)
	if p := w.planSince("staging", w.commit("c2", files), h.Files); p.Part != nil {
		t.Errorf("files without ids: %+v", p.Part)
	}
}

// A database that cannot tell now is no reason to compare something else than the pull request showed.
func TestPlanSinceFailsWhereTheCommitCannotBeReadNow(t *testing.T) {
	w, h := newWorld(t, itemDDL), history{}
	files := map[string][]byte{"datasheets/item.xlsx": book(t, items(1))}
	w.release(h.commit(w, "c1", config, files), h.Files)
	snap, err := w.store("staging").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	d := h.commit(w, "c2", config, files)
	_, err = release.MakePlanSince(t.Context(), d, "staging", snap, func(context.Context, string) (fs.FS, error) { return nil, datarepo.ErrStalled })
	if err == nil || !strings.Contains(err.Error(), datarepo.ErrStalled.Error()) {
		t.Errorf("got %v", err)
	}
}

const shopConfig = config + `tables:
  shop:
    columns:
      item_id: {references: item.id}
  stuff:
    sheets:
      Sword: {kind: {in: [S]}}
      Bow: {kind: {in: [B]}}
  spread: {workbooks: [datasheets/spread/*.xlsx]}
`

var shopDDL = []string{itemDDL,
	"CREATE TABLE shop (id INT NOT NULL PRIMARY KEY, item_id INT NOT NULL)",
	"CREATE TABLE bundle (id INT NOT NULL PRIMARY KEY, shop_id INT NOT NULL, FOREIGN KEY (shop_id) REFERENCES shop (id))",
	"CREATE TABLE stuff (id INT NOT NULL PRIMARY KEY, kind CHAR(1) NOT NULL)",
	"CREATE TABLE spread (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
	"CREATE TABLE alone (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"}

func pairs(sheet, second string, rows ...[2]any) xlsx.Sheet {
	s := xlsx.Sheet{Name: sheet, Header: []string{"id", second}}
	for _, r := range rows {
		s.Rows = append(s.Rows, []any{r[0], r[1]})
	}
	return s
}

func shopFiles(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"datasheets/item.xlsx":     book(t, items(10, 20, 30)),
		"datasheets/shop.xlsx":     book(t, pairs("shop", "item_id", [2]any{1, 1}, [2]any{2, 3})),
		"datasheets/bundle.xlsx":   book(t, pairs("bundle", "shop_id", [2]any{1, 2})),
		"datasheets/sword.xlsx":    book(t, pairs("Sword", "kind", [2]any{1, "S"})),
		"datasheets/bow.xlsx":      book(t, pairs("Bow", "kind", [2]any{2, "B"})),
		"datasheets/spread/a.xlsx": book(t, pairs("spread", "n", [2]any{1, 1})),
		"datasheets/spread/b.xlsx": book(t, pairs("spread", "n", [2]any{2, 2})),
		"datasheets/alone.xlsx":    book(t, pairs("alone", "n", [2]any{1, 1})),
	}
}

// What belongs together is looked at together: all sheets of a table, and the sheets that refer to what changes.
func TestPlanSinceLooksAtWhatBelongsTogether(t *testing.T) {
	w, h := newWorld(t, shopDDL...), history{}
	if p := w.release(h.commit(w, "c1", shopConfig, shopFiles(t)), h.Files); states(p) != "staging applied, production applied" {
		t.Fatal(states(p), p.Stopped())
	}
	for _, c := range []struct {
		name    string
		change  map[string][]byte // nil leaves a workbook out
		cells   string            // the workbooks whose cells were read
		part    release.Part
		count   string
		problem string
	}{
		{"nothing", nil, "", release.Part{Of: 6}, "+0 -0 ~0", ""},
		{"a note of the team's own", map[string][]byte{"README.md": []byte("x")}, "", release.Part{Of: 6}, "+0 -0 ~0", ""},
		{"a table that nothing refers to", map[string][]byte{"datasheets/alone.xlsx": book(t, pairs("alone", "n", [2]any{1, 2}))}, "alone", release.Part{Compared: 1, Of: 6}, "+0 -0 ~1", ""},
		{"one sheet of two", map[string][]byte{"datasheets/bow.xlsx": book(t, pairs("Bow", "kind", [2]any{3, "B"}))}, "bow sword", release.Part{Compared: 1, Of: 6}, "+1 -1 ~0", ""},
		{"a workbook of several is gone", map[string][]byte{"datasheets/spread/b.xlsx": nil}, "spread/a", release.Part{Compared: 1, Of: 6}, "+0 -1 ~0", ""},
		{"a workbook of several is renamed", map[string][]byte{"datasheets/spread/b.xlsx": nil, "datasheets/spread/c.xlsx": shopFiles(t)["datasheets/spread/b.xlsx"]}, "spread/a spread/c",
			release.Part{Compared: 1, Of: 6}, "+0 -0 ~0", ""},
		{"a sheet becomes a note", map[string][]byte{"datasheets/spread/b.xlsx": book(t, pairs("#spread", "n", [2]any{2, 2}))}, "spread/a", release.Part{Compared: 1, Of: 6}, "+0 -1 ~0", ""},
		{"a row that is referred to changes", map[string][]byte{"datasheets/item.xlsx": book(t, items(11, 20, 30))}, "item shop", release.Part{Compared: 1, Checked: 1, Of: 6}, "+0 -0 ~1", ""},
		{"a row that is referred to goes", map[string][]byte{"datasheets/item.xlsx": book(t, items(10, 20))}, "item shop", release.Part{Compared: 1, Checked: 1, Of: 6}, "+0 -1 ~0", "datasheets/shop.xlsx"},
		{"one that a foreign key refers to goes", map[string][]byte{"datasheets/shop.xlsx": book(t, pairs("shop", "item_id", [2]any{1, 1}))}, "bundle shop", release.Part{Compared: 1, Checked: 1, Of: 6}, "+0 -1 ~0", "datasheets/bundle.xlsx"},
		{"a row refers to one that is there", map[string][]byte{"datasheets/shop.xlsx": book(t, pairs("shop", "item_id", [2]any{1, 2}, [2]any{2, 3}))}, "bundle shop", release.Part{Compared: 1, Checked: 1, Of: 6}, "+0 -0 ~1", ""},
		{"a row refers to one that is not", map[string][]byte{"datasheets/shop.xlsx": book(t, pairs("shop", "item_id", [2]any{1, 9}, [2]any{2, 3}))}, "bundle shop", release.Part{Compared: 1, Checked: 1, Of: 6}, "+0 -0 ~1", "datasheets/shop.xlsx"},
		{"both change", map[string][]byte{"datasheets/item.xlsx": book(t, items(10, 20, 30, 40)), "datasheets/shop.xlsx": book(t, pairs("shop", "item_id", [2]any{1, 4}, [2]any{2, 3}))}, "bundle item shop",
			release.Part{Compared: 2, Checked: 1, Of: 6}, "+1 -0 ~1", ""},
		{"a sheet more", map[string][]byte{"datasheets/zz.xlsx": book(t, pairs("nosuch", "n", [2]any{1, 2}))}, "", release.Part{Compared: 1, Of: 7}, "+0 -0 ~0", "datasheets/zz.xlsx"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := shopFiles(t)
			for path, data := range c.change {
				if files[path] = data; data == nil {
					delete(files, path)
				}
			}
			d := h.commit(w, "c2", shopConfig, files)
			p := w.planSince("staging", d, h.Files)
			var cells []string
			for _, path := range h["c2"].read(2) {
				cells = append(cells, strings.TrimSuffix(strings.TrimPrefix(path, "datasheets/"), ".xlsx"))
			}
			if got := strings.Join(cells, " "); got != c.cells {
				t.Errorf("cells were read of %q, want %q", got, c.cells)
			}
			c.part.Release, c.part.Commit = 1, "c1"
			if p.Part == nil || *p.Part != c.part {
				t.Errorf("got %+v, want %+v", p.Part, c.part)
			}
			if n := p.Count(); fmt.Sprintf("+%d -%d ~%d", n.Inserted, n.Deleted, n.Updated) != c.count {
				t.Errorf("got %+v, want %s", n, c.count)
			}
			if (c.problem == "") != (len(p.Problems) == 0) || c.problem != "" && p.Problems[0].At.Path != c.problem {
				t.Errorf("problems %v, want one of %q", p.Problems, c.problem)
			}
			if whole := w.plan("staging", d); whole.Digest != p.Digest || !reflect.DeepEqual(whole.Problems, p.Problems) {
				t.Errorf("whole, the plan is %q with %v, and %q with %v", whole.Digest, whole.Problems, p.Digest, p.Problems)
			}
		})
	}
	w.exec("staging", "DROP TABLE alone")
	if p := w.planSince("staging", h.commit(w, "c2", shopConfig, shopFiles(t)), h.Files); len(p.Problems) != 1 || p.Problems[0].At.Sheet != "alone" {
		t.Errorf("a table that is gone: %v", p.Problems)
	}
}
