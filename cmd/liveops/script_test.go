package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"liveops/sandbox/mariadb"
)

var update = flag.Bool("update", false, "write what the scripts compare with anew")

// TestMain makes this test binary the liveops command for the scripts, and lends all tests one MariaDB.
func TestMain(m *testing.M) {
	testscript.Main(lending{m}, map[string]func(){"liveops": main})
}

// lending runs the tests with a MariaDB of their own, where none is lent to them already.
type lending struct{ *testing.M }

func (l lending) Run() (code int) {
	if os.Getenv(mariadb.DSNVariable) != "" {
		return l.M.Run()
	}
	server, err := mariadb.Start(context.Background(), "")
	if err == nil {
		err = os.Setenv(mariadb.DSNVariable, server.DSN(""))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stop MariaDB:", err)
			code = max(code, 1)
		}
	}()
	return l.M.Run()
}

// TestScripts runs testdata/script: the commands as people type them, on two databases of a real MariaDB.
//
// Besides the commands of testscript there are `sql staging|production|both QUERY|FILE.sql` (prints rows, | between
// the columns), `xlsx FILE.txt FILE.xlsx` (see workbook_test.go), `commit DIR SUBJECT` (all files of a data repo),
// `code N` (the exit code of the command that follows) and `cut FILE N` (keeps the first N bytes).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setUp,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sql": sqlCommand, "xlsx": xlsxCommand, "commit": commitCommand, "code": codeCommand, "cut": cutCommand,
		},
		RequireUniqueNames: true,
		UpdateScripts:      *update,
	})
}

// setUp gives a script its databases, and a git that knows nothing of the person who runs the test.
func setUp(e *testscript.Env) error {
	t, ok := e.T().(testing.TB)
	if !ok {
		return errors.New("the scripts were not started by testing")
	}
	e.Setenv("LIVEOPS_STAGING_MYSQL_DSN", mariadb.NewDatabase(t))
	e.Setenv("LIVEOPS_PRODUCTION_MYSQL_DSN", mariadb.NewDatabase(t))
	e.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		e.Setenv("GIT_"+who+"_NAME", "Mina Kim")
		e.Setenv("GIT_"+who+"_EMAIL", "mina@example.com")
		e.Setenv("GIT_"+who+"_DATE", "2024-03-01T12:00:00Z")
	}
	return nil
}

func sqlCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql staging|production|both QUERY|FILE.sql")
	}
	environments := []string{args[0]}
	if args[0] == "both" {
		environments = []string{"staging", "production"}
	}
	queries := []string{args[1]}
	if strings.HasSuffix(args[1], ".sql") {
		queries = strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), ";\n")
	}
	for _, e := range environments {
		db, err := sql.Open("mysql", ts.Getenv(environmentSetting(e, "MYSQL_DSN")))
		ts.Check(err)
		for _, q := range queries {
			if err := printRows(ts.Stdout(), db, q); err != nil {
				db.Close()
				ts.Fatalf("%s: %s: %v", e, q, err)
			}
		}
		ts.Check(db.Close())
	}
}

func printRows(w io.Writer, db *sql.DB, query string) error {
	rows, err := db.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		texts := make([]string, len(columns))
		for i, v := range values {
			if texts[i] = v.String; !v.Valid {
				texts[i] = "NULL"
			}
		}
		fmt.Fprintln(w, strings.Join(texts, "|"))
	}
	return rows.Err()
}

func xlsxCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: xlsx FILE.txt FILE.xlsx")
	}
	book, err := workbookOf(ts.ReadFile(args[0]))
	ts.Check(err)
	to := ts.MkAbs(args[1])
	ts.Check(os.MkdirAll(filepath.Dir(to), 0o755))
	ts.Check(os.WriteFile(to, book, 0o644))
}

func commitCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: commit DIR SUBJECT")
	}
	for _, git := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "--allow-empty", "-m", args[1]}} {
		ts.Check(ts.Exec("git", append([]string{"-C", ts.MkAbs(args[0])}, git...)...))
	}
}

// codeCommand runs a command and holds it to its exit code.
func codeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got := fmt.Sprint(code); got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

func cutCommand(ts *testscript.TestScript, neg bool, args []string) {
	var n int64
	if _, err := fmt.Sscan(args[len(args)-1], &n); neg || len(args) != 2 || err != nil {
		ts.Fatalf("usage: cut FILE BYTES")
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}
