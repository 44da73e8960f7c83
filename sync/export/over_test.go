package export_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// mapped is a liveops.yaml with all that a mapping can say of a table.
const mapped = `timezone: Asia/Seoul
environments: [{name: staging}, {name: production, after: staging}]
tables:
  stuff:
    sheets:
      Weapons: {kind: {in: [W]}}
      Others: {kind: {in: [A, M]}}
    header: 2
    skip: 1
    columns:
      name: {from: "name[ko]"}
      grade: {aliases: {전설: 4, 희귀: 3}, default: 1}
      tags: {list: "|", aliases: {없음: none}}
      season: {constant: 2024}
    ignore: ["name[ja]"]
  settings:
    sheets: {Settings: {}}
    vertical: true
`

const mappedTables = `CREATE TABLE stuff (id INT NOT NULL PRIMARY KEY, kind VARCHAR(4) NOT NULL, name VARCHAR(40) NULL, grade INT NOT NULL, tags JSON NULL, season INT NOT NULL,
	price INT NULL, since DATETIME NULL) CHARACTER SET utf8mb4;
CREATE TABLE settings (id INT NOT NULL PRIMARY KEY, max_level INT NOT NULL, motto VARCHAR(80) NULL, opens DATE NOT NULL) CHARACTER SET utf8mb4;
INSERT INTO settings VALUES (1, 99, NULL, '2024-05-01')`

// mappedWorld is a database with the tables, a store of it, and what liveops.yaml says.
type mappedWorld struct {
	*testing.T
	dsn    string
	files  fstest.MapFS
	random *rand.Rand
}

func newMappedWorld(t *testing.T) *mappedWorld {
	w := &mappedWorld{T: t, dsn: mariadb.NewDatabase(t), random: rand.New(rand.NewPCG(3, 5)), files: fstest.MapFS{"liveops.yaml": {Data: []byte(mapped)}}}
	for _, q := range strings.Split(mappedTables, ";\n") {
		w.exec(q)
	}
	return w
}

func (w *mappedWorld) exec(query string, args ...any) {
	w.Helper()
	db := openDB(w.T, w.dsn)
	defer db.Close()
	if _, err := db.Exec(query, args...); err != nil {
		w.Fatalf("%s: %v", query, err)
	}
}

// put writes a row of random values, as the game or a person does. season is what the sheets say, but for rows of a kind
// that no sheet owns.
func (w *mappedWorld) put(id int) {
	w.Helper()
	pick := func(values ...any) any { return values[w.random.IntN(len(values))] }
	w.exec("REPLACE INTO stuff VALUES (?, ?, ?, ?, ?, 2024, ?, ?)", id, pick("W", "W", "A", "M", "GM"), pick("검", "", nil, "=1+1", "001", "TRUE", " x "), pick(1, 3, 4, 7),
		pick(nil, "[]", `["none"]`, `["a", "b", 3]`, `["없", 1.50]`), pick(nil, id*10, id*20, 0), pick(nil, "2024-05-01 10:00:00", "1900-01-01 00:00:00"))
}

// snapshot is of the database as it stands.
func (w *mappedWorld) snapshot() *mysqlstore.Snapshot {
	w.Helper()
	store, err := mysqlstore.Open(w.Context(), "staging", w.dsn, mysqlstore.Options{})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { store.Close() })
	snap, err := store.Snapshot(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(snap.Close)
	return snap
}

func (w *mappedWorld) read() *release.Desired {
	w.Helper()
	d, err := release.Read(w.Context(), "", w.files)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// settled wants the sheets to say what the database holds, whoever reads them.
func (w *mappedWorld) settled(snap *mysqlstore.Snapshot) {
	w.Helper()
	for _, environment := range []string{"staging", "production"} {
		p, err := release.MakePlan(w.Context(), w.read(), environment, snap, nil)
		if err != nil {
			w.Fatal(err)
		}
		if n := p.Count().Total(); n > 0 || len(p.Problems) > 0 || len(p.Tables) != 2 {
			w.Fatalf("%s: %d changes, problems %v", environment, n, p.Problems)
		}
	}
}

func (w *mappedWorld) reading(d *release.Desired) export.Reading {
	return export.Reading{Scope: d.Scope("staging"), Location: d.Location()}
}

// A table is written as the sheets that its mapping describes, and a plan of them has nothing to do. Then, over and
// over, rows change in the database and are written over the workbook as other programs have saved it.
func TestMappedSheets(t *testing.T) {
	w := newMappedWorld(t)
	for id := range 60 {
		w.put(id + 1)
	}
	snap := w.snapshot()
	config, problems := datarepo.LoadConfig(w.files)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := export.Reading{Scope: datasheets.Scope{Environment: "staging", Environments: []string{"staging", "production"}}, Location: config.Timezone}
	var tables []*export.Exported
	unowned := 0
	for i := range config.Tables {
		e, err := export.Sheets(t.Context(), snap, snap.Tables[config.Tables[i].Table], &config.Tables[i], r)
		if err != nil {
			t.Fatal(err)
		}
		tables, unowned = append(tables, e), unowned+e.Unowned
	}
	if unowned == 0 {
		t.Error("no row is unowned, though there are some of GM")
	}
	var book bytes.Buffer
	var sheets []xlsx.Sheet
	for _, e := range tables {
		sheets = append(sheets, e.Sheets...)
	}
	if err := xlsx.Write(&book, sheets); err != nil {
		t.Fatal(err)
	}
	const path = "datasheets/stuff.xlsx"
	w.files[path] = &fstest.MapFile{Data: book.Bytes()}
	w.settled(snap)

	for round := range 12 {
		for range 1 + w.random.IntN(8) {
			w.put(1 + w.random.IntN(80))
		}
		w.exec("DELETE FROM stuff WHERE id = ?", 1+w.random.IntN(80))
		w.exec("UPDATE settings SET max_level = ?, motto = ?", round, fmt.Sprint("#", round))
		switch round % 4 {
		case 1:
			w.files[path].Data = throughOpenpyxlIfThere(t, w.files[path].Data)
		case 3:
			w.files[path].Data = throughLibreOfficeIfThere(t, w.files[path].Data)
		}
		snap := w.snapshot()
		d := w.read()
		var targets []export.Target
		for i := range d.Tables {
			targets = append(targets, export.Target{Mapping: d.Tables[i].Mapping, Sheets: d.Tables[i].Sheets})
		}
		written, err := export.Over(t.Context(), snap, targets, w.reading(d), func(p string) ([]byte, error) { return w.files[p].Data, nil })
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range written {
			w.files[b.Path] = &fstest.MapFile{Data: b.Data}
		}
		w.settled(snap)
		again, err := export.Over(t.Context(), snap, targetsOf(w.read()), w.reading(d), func(p string) ([]byte, error) { return w.files[p].Data, nil })
		if err != nil || len(again) > 0 {
			t.Fatalf("written twice: %v, %v", again, err)
		}
	}
}

func targetsOf(d *release.Desired) (targets []export.Target) {
	for i := range d.Tables {
		targets = append(targets, export.Target{Mapping: d.Tables[i].Mapping, Sheets: d.Tables[i].Sheets})
	}
	return targets
}
