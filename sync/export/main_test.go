package export_test

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// snapshot is of a new database after some statements.
func snapshot(t *testing.T, statements ...string) *mysqlstore.Snapshot {
	t.Helper()
	dsn := mariadb.NewDatabase(t)
	store, err := mysqlstore.Open(t.Context(), "staging", dsn, mysqlstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	db, err := sql.Open("mysql", dsn+"?time_zone=%27%2B00%3A00%27&charset=utf8mb4")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // one session, whose settings hold for all statements
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	snap, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(snap.Close)
	return snap
}

// write is the workbook of sheets.
func write(t *testing.T, sheets ...xlsx.Sheet) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := xlsx.Write(&b, sheets); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkNothingToDo plans a workbook and wants no change of so many rows.
func checkNothingToDo(t *testing.T, snap *mysqlstore.Snapshot, timezone string, book []byte, rows int) {
	t.Helper()
	desired, err := release.Read(t.Context(), "", fstest.MapFS{
		"liveops.yaml":           {Data: []byte("timezone: " + timezone + "\nenvironments: [{name: staging}]\n")},
		"datasheets/tables.xlsx": {Data: book},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := release.MakePlan(t.Context(), desired, "staging", snap, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range append(desired.Problems, p.Problems...) {
		t.Error(problem.Error())
	}
	got := 0
	for _, table := range p.Tables {
		got += table.Rows
		for _, c := range table.Changes[:min(len(table.Changes), 5)] {
			t.Errorf("%s: %s %s", table.Schema.Name, c.Op, cellsOf(table, &c))
		}
	}
	if n := p.Count().Total(); n > 0 || got != rows {
		t.Errorf("%d changes of %d rows; want none of %d", n, got, rows)
	}
}

// cellsOf is what an update changes, or the whole row.
func cellsOf(t *plan.Table, c *plan.Change) string {
	var b strings.Builder
	for i := range t.Managed {
		switch {
		case c.Op != plan.Update:
			b.WriteString(" " + t.Column(i).Name + "=" + c.Row()[i].Text())
		case c.Before[i] != c.After[i]:
			b.WriteString(" " + t.Column(i).Name + ": " + c.Before[i].Text() + " → " + c.After[i].Text())
		}
	}
	return b.String()
}

func openDB(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", dsn+"?time_zone=%27%2B00%3A00%27&charset=utf8mb4")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// hasOpenpyxl and hasLibreOffice say whether the programs are there.
func hasOpenpyxl() bool {
	return exec.Command("/usr/bin/python3", "-c", "import openpyxl").Run() == nil
}

func hasLibreOffice() bool {
	_, err := exec.LookPath("soffice")
	return err == nil
}

func throughOpenpyxlIfThere(t *testing.T, book []byte) []byte {
	if !hasOpenpyxl() {
		return book
	}
	return throughOpenpyxl(t, book)
}

func throughLibreOfficeIfThere(t *testing.T, book []byte) []byte {
	if !hasLibreOffice() {
		return book
	}
	return throughLibreOffice(t, book)
}

// throughOpenpyxl loads a workbook with openpyxl and saves it.
func throughOpenpyxl(t *testing.T, book []byte) []byte {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import openpyxl").Run(); err != nil {
		t.Skipf("there is no openpyxl (Debian's python3-openpyxl): %v", err)
	}
	return through(t, book, func(dir, from, to string) *exec.Cmd {
		return exec.Command(python, "-c", "import sys, openpyxl; openpyxl.load_workbook(sys.argv[1]).save(sys.argv[2])", from, to)
	})
}

// throughLibreOffice loads a workbook with LibreOffice and saves it.
func throughLibreOffice(t *testing.T, book []byte) []byte {
	t.Helper()
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skipf("there is no LibreOffice (Debian's libreoffice-calc-nogui): %v", err)
	}
	return through(t, book, func(dir, from, to string) *exec.Cmd {
		return exec.Command(office, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless",
			"--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", filepath.Dir(to), from)
	})
}

// through runs a program that makes one workbook of another, of the same name in another folder.
func through(t *testing.T, book []byte, program func(dir, from, to string) *exec.Cmd) []byte {
	t.Helper()
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in", "book.xlsx"), filepath.Join(dir, "out", "book.xlsx")
	for _, p := range []string{from, to} {
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(from, book, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := program(dir, from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	saved, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return saved
}
