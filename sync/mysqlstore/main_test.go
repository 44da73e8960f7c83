package mysqlstore_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"database/sql"
	"fmt"
	"io"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sandbox/mariadb"
	"liveops/sandbox/mysql"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// server is a kind of server that the conformance suite runs on, and what it can be held to.
type server struct {
	name     string
	database func(t *testing.T) (dsn string)

	// What a stand-in may lack. MariaDB has all of it.
	locksRows  bool // a row lock keeps only that row from others
	triggers   bool // a trigger that changes the row being written works
	collations bool // a primary key of text is unique under its collation
	limitsTime bool // a SELECT is ended when its time is over
}

var servers = []server{
	{name: "MariaDB", database: func(t *testing.T) string { return mariadb.NewDatabase(t) }, locksRows: true, triggers: true, collations: true, limitsTime: true},
	{name: "embedded", database: embedded},
}

func embedded(t *testing.T) string {
	s, err := mysql.Start(t.Context(), "game")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.DSN("game")
}

// onEach runs a test on every server, with a database that has the given tables.
func onEach(t *testing.T, ddl []string, test func(t *testing.T, g *game)) {
	for _, s := range servers {
		t.Run(s.name, func(t *testing.T) { test(t, newGame(t, s, ddl)) })
	}
}

// game is a database under test: the store, and a connection beside it, as the game's servers have one.
type game struct {
	*testing.T
	server
	dsn   string
	store *mysqlstore.Store
	db    *sql.DB
}

func newGame(t *testing.T, s server, ddl []string) *game {
	t.Helper()
	g := &game{T: t, server: s, dsn: s.database(t)}
	var err error
	if g.db, err = sql.Open("mysql", g.dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.db.Close() })
	for _, q := range ddl {
		g.exec(q)
	}
	g.store = g.open("staging")
	return g
}

func (g *game) open(environment string) *mysqlstore.Store {
	g.Helper()
	s, err := mysqlstore.Open(g.Context(), environment, g.dsn, mysqlstore.Options{})
	if err != nil {
		g.Fatal(err)
	}
	g.Cleanup(func() { s.Close() })
	return s
}

func (g *game) exec(query string, args ...any) {
	g.Helper()
	if _, err := g.db.Exec(query, args...); err != nil {
		g.Fatalf("%s: %v", query, err)
	}
}

// rows reads a query's rows as text, one line each, NULL as ∅.
func (g *game) rows(query string) string {
	g.Helper()
	rows, err := g.db.Query(query)
	if err != nil {
		g.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		g.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			g.Fatal(err)
		}
		var line []string
		for _, v := range values {
			if !v.Valid {
				v.String = "∅"
			}
			line = append(line, v.String)
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		g.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// sheet is what a table is to hold: its columns, then its rows as a designer would type them; "" is an empty
// cell.
type sheet struct {
	table   string
	columns string
	rows    []string // cells separated by "|"
}

// plan compares sheets with the database, as release.MakePlan does with workbooks.
func (g *game) plan(sheets ...sheet) ([]*plan.Table, mysqlstore.State) {
	g.Helper()
	tables, st, err := planSheets(g.Context(), g.store, sheets)
	if err != nil {
		g.Fatal(err)
	}
	return tables, st
}

func planSheets(ctx context.Context, store *mysqlstore.Store, sheets []sheet) ([]*plan.Table, mysqlstore.State, error) {
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return nil, mysqlstore.State{}, err
	}
	defer snap.Close()
	var out []*plan.Table
	for _, s := range sheets {
		t := snap.Tables[s.table]
		if t == nil {
			return nil, snap.State, fmt.Errorf("no table %s", s.table)
		}
		managed := t.Key
		names := strings.Split(s.columns, ",")
		for _, n := range names {
			if i := t.Column(n); i < 0 {
				return nil, snap.State, fmt.Errorf("no column %s", n)
			} else if !t.IsKey(i) {
				managed = append(managed[:len(managed):len(managed)], i)
			}
		}
		d := plan.NewDiffer(t, managed, []plan.Origin{{Source: plan.Source{Path: "game.xlsx", Sheet: s.table}, KeyColumn: 1}})
		if err := snap.Rows(ctx, t, managed, d.Have); err != nil {
			return nil, snap.State, err
		}
		for r, line := range s.rows {
			cells := map[string]string{}
			for i, c := range strings.Split(line, "|") {
				cells[names[i]] = c
			}
			var packed []byte
			for _, m := range managed {
				c := &t.Columns[m]
				cell := datasheets.Cell{Kind: datasheets.Text, Text: []byte(cells[c.Name])}
				if cells[c.Name] == "" {
					cell.Kind = datasheets.Empty
				}
				var wrong *datasheets.Mismatch
				if packed, wrong = c.AppendCell(packed, cell, &datasheets.Options{}); wrong != nil {
					return nil, snap.State, fmt.Errorf("%s %s: %w", c.Name, cells[c.Name], wrong)
				}
			}
			if problem, err := d.Want(packed, 0, r+2); err != nil || problem != nil {
				return nil, snap.State, fmt.Errorf("row %d: %v %v", r, problem, err)
			}
		}
		table, problems, err := d.Table(ctx, snap)
		if err != nil || len(problems) > 0 {
			return nil, snap.State, fmt.Errorf("%v %w", problems, err)
		}
		out = append(out, table)
	}
	return out, snap.State, nil
}

// apply plans sheets and applies them as a commit.
func (g *game) apply(commit string, sheets ...sheet) (mysqlstore.Release, error) {
	g.Helper()
	tables, st := g.plan(sheets...)
	return g.store.Apply(g.Context(), mysqlstore.Request{Commit: commit, Digest: "d-" + commit, Actor: "mina", Pull: 7, Epoch: st.Epoch, Tables: tables})
}

// applied is apply where it must succeed.
func (g *game) applied(commit string, sheets ...sheet) mysqlstore.Release {
	g.Helper()
	r, err := g.apply(commit, sheets...)
	if err != nil {
		g.Fatal(err)
	}
	return r
}

// images reads the images of a release as a person would with UNCOMPRESS, which the embedded server lacks.
func (g *game) images(release int64) string {
	g.Helper()
	var piece []byte
	if err := g.db.QueryRow("SELECT piece FROM liveops_images WHERE release_id = ?", release).Scan(&piece); err != nil {
		g.Fatal(err)
	}
	z, err := zlib.NewReader(bytes.NewReader(piece[4:]))
	if err != nil {
		g.Fatal(err)
	}
	lines, err := io.ReadAll(z)
	if err != nil {
		g.Fatal(err)
	}
	if g.name == "MariaDB" {
		if sql := g.rows("SELECT UNCOMPRESS(piece) FROM liveops_images"); sql != string(lines) {
			g.Errorf("to the server the images are %s", sql)
		}
	}
	return string(lines)
}
