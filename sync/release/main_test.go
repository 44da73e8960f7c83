package release_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"liveops/datarepo"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// world is two environments on a real MariaDB and a branch of commits.
type world struct {
	*testing.T
	pipeline release.Pipeline
	dbs      map[string]*sql.DB
	branch   []string // the commits of the default branch, oldest first
}

func newWorld(t *testing.T, ddl ...string) *world {
	t.Helper()
	w := &world{T: t, dbs: map[string]*sql.DB{}}
	w.pipeline.Log = slog.New(slog.DiscardHandler)
	w.pipeline.Wait = func(context.Context, time.Duration) error { return nil }
	after := ""
	for _, name := range []string{"staging", "production"} {
		dsn := mariadb.NewDatabase(t)
		db, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		for _, q := range ddl {
			if _, err := db.Exec(q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
		store, err := mysqlstore.Open(t.Context(), name, dsn, mysqlstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		w.dbs[name] = db
		w.pipeline.Targets = append(w.pipeline.Targets, release.Target{Name: name, After: after, Store: store})
		after = name
	}
	return w
}

func (w *world) store(environment string) *mysqlstore.Store {
	for _, t := range w.pipeline.Targets {
		if t.Name == environment {
			return t.Store
		}
	}
	return nil
}

func (w *world) exec(environment, query string) {
	w.Helper()
	if _, err := w.dbs[environment].Exec(query); err != nil {
		w.Fatal(err)
	}
}

func (w *world) text(environment, query string) string {
	w.Helper()
	var s sql.NullString
	if err := w.dbs[environment].QueryRow(query).Scan(&s); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
	return s.String
}

// Between answers for the world's branch.
func (w *world) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	f, t := slices.Index(w.branch, from), slices.Index(w.branch, to)
	switch {
	case from == to:
		return datarepo.Same, nil, nil
	case from != "" && f < 0:
		return datarepo.Diverged, nil, nil
	case f > t:
		return datarepo.Behind, nil, nil
	}
	if from == "" {
		f = t - 1
	}
	var list []datarepo.Summary
	for _, c := range w.branch[f+1 : t+1] {
		list = append(list, datarepo.Summary{ID: c})
	}
	return datarepo.Ahead, list, nil
}

const config = "timezone: Asia/Seoul\nenvironments:\n  - name: staging\n  - name: production\n    after: staging\n"

// commit reads files, with the world's configuration, as the next commit of the branch.
func (w *world) commit(id string, files map[string][]byte) *release.Desired {
	w.Helper()
	return w.commitWith(id, config, files)
}

// commitWith is commit with another liveops.yaml.
func (w *world) commitWith(id, config string, files map[string][]byte) *release.Desired {
	w.Helper()
	w.branch = append(w.branch, id)
	fsys := fstest.MapFS{"liveops.yaml": {Data: []byte(config)}}
	for path, data := range files {
		fsys[path] = &fstest.MapFile{Data: data}
	}
	d, err := release.Read(w.Context(), id, fsys)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// run takes a commit through the pipeline; reviewed is the digest by environment, nil for no review.
func (w *world) run(d *release.Desired, reviewed map[string]string) *release.Progress {
	w.Helper()
	p, err := w.pipeline.Run(w.Context(), release.Request{Desired: d, Commit: release.Commit{ID: d.Commit}, History: w, Actor: "mina", Reviewed: reviewed})
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// plan plans one environment.
func (w *world) plan(environment string, d *release.Desired) *release.Plan {
	w.Helper()
	snap, err := w.store(environment).Snapshot(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	defer snap.Close()
	p, err := release.MakePlan(w.Context(), d, environment, snap, nil)
	if err != nil {
		w.Fatal(err)
	}
	return p
}

// book is a workbook of sheets.
func book(t testing.TB, sheets ...xlsx.Sheet) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := xlsx.Write(&b, sheets); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// items is the sheet of table item, one row for each price.
func items(prices ...int) xlsx.Sheet {
	s := xlsx.Sheet{Name: "item", Header: []string{"id", "name", "price"}}
	for i, p := range prices {
		s.Rows = append(s.Rows, []any{i + 1, fmt.Sprintf("검 %d", i+1), p})
	}
	return s
}

const itemDDL = "CREATE TABLE item (id INT NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL, price INT NOT NULL) CHARACTER SET utf8mb4"

// states are the steps of a progress: "staging applied, production skipped".
func states(p *release.Progress) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, s.Environment+" "+string(s.State))
	}
	return strings.Join(out, ", ")
}
