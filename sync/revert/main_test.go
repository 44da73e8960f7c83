package revert_test

import (
	"bytes"
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
	"liveops/datasheets/workbook"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/revert"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

const tables = `CREATE TABLE item (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, price INT NOT NULL) CHARACTER SET utf8mb4;
CREATE TABLE skill (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL) CHARACTER SET utf8mb4`

// world is an environment on a real MariaDB and a branch of commits, each the files of the one before with changes.
type world struct {
	*testing.T
	store  *mysqlstore.Store
	db     *sql.DB
	branch []string
	trees  map[string]fstest.MapFS
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dsn := mariadb.NewDatabase(t)
	w := &world{T: t, trees: map[string]fstest.MapFS{"": {"liveops.yaml": {Data: []byte("environments: [{name: production}]\n")}}}}
	var err error
	if w.db, err = sql.Open("mysql", dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	for _, q := range strings.Split(tables, ";\n") {
		w.exec(q)
	}
	if w.store, err = mysqlstore.Open(t.Context(), "production", dsn, mysqlstore.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	return w
}

func (w *world) exec(query string) {
	w.Helper()
	if _, err := w.db.Exec(query); err != nil {
		w.Fatal(err)
	}
}

// commit adds a commit: content "" deletes a file.
func (w *world) commit(id string, changes map[string]string) {
	w.Helper()
	last := ""
	if n := len(w.branch); n > 0 {
		last = w.branch[n-1]
	}
	tree := maps.Clone(w.trees[last])
	for path, content := range changes {
		if tree[path] = (&fstest.MapFile{Data: []byte(content)}); content == "" {
			delete(tree, path)
		}
	}
	w.branch, w.trees[id] = append(w.branch, id), tree
}

// Between answers for the world's branch.
func (w *world) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	f, t := slices.Index(w.branch, from), slices.Index(w.branch, to)
	switch {
	case from == to:
		return datarepo.Same, nil, nil
	case f > t:
		return datarepo.Behind, nil, nil
	}
	return datarepo.Ahead, []datarepo.Summary{{ID: to}}, nil
}

// release takes a commit to the environment and returns the number of its release.
func (w *world) release(id string) int64 {
	w.Helper()
	d, err := release.Read(w.Context(), id, w.trees[id])
	if err != nil {
		w.Fatal(err)
	}
	pipeline := release.Pipeline{Targets: []release.Target{{Name: "production", Store: w.store}}, Log: slog.New(slog.DiscardHandler)}
	p, err := pipeline.Run(w.Context(), release.Request{Desired: d, Commit: release.Commit{ID: id}, History: w, Actor: "mina"})
	if err != nil {
		w.Fatal(err)
	}
	if s := p.Stopped(); s != nil {
		w.Fatalf("%s: %s %v", id, s.Reason, s.Problems)
	}
	return p.Steps[0].Release
}

func (w *world) rollback(id int64, through bool) mysqlstore.Rollback {
	w.Helper()
	back, err := w.store.Rollback(w.Context(), mysqlstore.RollbackRequest{Release: id, Through: through, Actor: "jun"})
	if err != nil {
		w.Fatal(err)
	}
	return back
}

// of computes the revert of a rollback at the newest commit, twice: it must be the same.
func (w *world) of(back mysqlstore.Rollback) *revert.Revert {
	w.Helper()
	var last *revert.Revert
	for range 2 {
		snap, err := w.store.Snapshot(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		files := func(id string) (fs.FS, error) { return w.trees[id], nil }
		r, err := revert.Of(w.Context(), &back, files, w.trees[w.branch[len(w.branch)-1]], "production", snap)
		snap.Close()
		if err != nil {
			w.Fatal(err)
		}
		if last != nil && !reflect.DeepEqual(last.Changes, r.Changes) {
			w.Error("computed twice, it is another thing")
		}
		last = r
	}
	return last
}

// told is the changes as lines: path, how, and a content as the name that it has in names.
func told(r *revert.Revert, names map[string]string) string {
	var lines []string
	for _, c := range r.Changes {
		line := c.Path + ": " + string(c.How)
		for name, content := range names {
			if c.Content != nil && string(c.Content) == content {
				line += " " + name
			}
		}
		if c.Delete {
			line += " deleted"
		}
		if c.Why != "" {
			line += " (" + c.Why + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// sheet is a sheet of rows, cells separated by "|".
func sheet(name, header string, rows ...string) xlsx.Sheet {
	s := xlsx.Sheet{Name: name, Header: strings.Split(header, "|")}
	for _, row := range rows {
		var cells []any
		for _, c := range strings.Split(row, "|") {
			if n, err := strconv.Atoi(c); err == nil {
				cells = append(cells, n)
			} else {
				cells = append(cells, c)
			}
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

func items(rows ...string) xlsx.Sheet  { return sheet("item", "id|name|price|#memo", rows...) }
func skills(rows ...string) xlsx.Sheet { return sheet("skill", "id|name", rows...) }

// book is a workbook.
func book(t *testing.T, sheets ...xlsx.Sheet) string {
	t.Helper()
	var b bytes.Buffer
	if err := xlsx.Write(&b, sheets); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// cells is a sheet of a workbook, a line each row.
func cells(t *testing.T, path string, content []byte, name string) string {
	t.Helper()
	b, err := workbook.Open(path, content)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range b.Sheets {
		if s.Name != name {
			continue
		}
		for row, err := range s.Rows {
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, c := range row.Cells {
				texts = append(texts, string(c.Text))
			}
			lines = append(lines, strings.Join(texts, "|"))
		}
	}
	return strings.Join(lines, "\n")
}
