package main

import (
	"context"
	"database/sql"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
)

// The size of the plan: sheets × rows × the twelve columns of benchTable.
const (
	benchSheets = 20
	benchRows   = 20_000
	benchRuns   = 3
)

// benchTable is one game table.
const benchTable = `(id INT NOT NULL PRIMARY KEY, code VARCHAR(32) NOT NULL, name VARCHAR(64) NOT NULL, description VARCHAR(255) NOT NULL,
	category VARCHAR(16) NOT NULL, level INT NOT NULL, price INT NOT NULL, weight DOUBLE NOT NULL, drop_rate DOUBLE NOT NULL,
	start_at DATETIME NOT NULL, end_at DATETIME NOT NULL, enabled TINYINT(1) NOT NULL) CHARACTER SET utf8mb4`

// benchColumns are the columns of benchTable.
var benchColumns = []string{"id", "code", "name", "description", "category", "level", "price", "weight", "drop_rate", "start_at", "end_at", "enabled"}

// benchPlan times `liveops plan` of 400,000 equal rows, the whole process, beside the script that did it before,
// beside its two inputs read alone, and beside the server's own client reading the same rows.
func benchPlan(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &planBench{repo: filepath.Join(dir, "data"), binary: filepath.Join(dir, "liveops"), server: server}
	if err := prepare(ctx, server.DSN(""), b.repo); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/liveops").CombinedOutput(); err != nil {
		return fmt.Errorf("build liveops: %w\n%s", err, out)
	}
	took := map[string][]cost{}
	for run := range benchRuns {
		for _, c := range []struct {
			name string
			make func(context.Context) *exec.Cmd
		}{{"plan", b.plan}, {"sheets", b.sheets}, {"rows", b.rows}, {"client", b.client}, {"script", b.script}} {
			if c.name == "script" && (run > 0 || !hasPython(ctx)) {
				continue // it takes as long as all others together
			}
			k, n, err := timed(c.make(ctx)) // a plan's exit code 0: nothing to do, all rows were equal
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("%s said nothing", c.name)
			}
			took[c.name] = append(took[c.name], k)
		}
	}
	b.print(took)
	return nil
}

// planBench is the data repo and the database that hold the same rows.
type planBench struct {
	repo, binary string
	server       *mariadb.Server
}

func (b *planBench) plan(ctx context.Context) *exec.Cmd {
	c := exec.CommandContext(ctx, b.binary, "plan", "--repo", b.repo, "--format", "json")
	c.Env = append(os.Environ(), "LIVEOPS_STAGING_MYSQL_DSN="+b.server.DSN("game"))
	return c
}

func (b *planBench) workbook() string { return filepath.Join(b.repo, "datasheets", "game.xlsx") }

// sheets only reads the workbook, one sheet after another as the plan does.
func (b *planBench) sheets(ctx context.Context) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], b.workbook())
	c.Env = append(os.Environ(), readerSetting+"=liveops-one")
	return c
}

// rows only reads the snapshot.
func (b *planBench) rows(ctx context.Context) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], b.server.DSN("game"))
	c.Env = append(os.Environ(), readerSetting+"=rows")
	return c
}

func (b *planBench) client(ctx context.Context) *exec.Cmd {
	var selects []string
	for i := range benchSheets {
		selects = append(selects, "SELECT * FROM "+benchName(i))
	}
	return exec.CommandContext(ctx, "mariadb", "--no-defaults", "--socket="+b.server.Socket(), "--user=root", "--quick", "game",
		"-e", strings.Join(selects, "; "))
}

func (b *planBench) script(ctx context.Context) *exec.Cmd {
	return exec.CommandContext(ctx, "/usr/bin/python3", "-c", planScript, b.workbook(), b.server.Socket())
}

func (b *planBench) print(took map[string][]cost) {
	size := fmt.Sprintf("%d sheets × %d rows × 12 columns, median of %d, same run", benchSheets, benchRows, benchRuns)
	plan, sheets, rows, client := median(took["plan"]), median(took["sheets"]), median(took["rows"]), median(took["client"])
	if len(took["script"]) > 0 {
		script := median(took["script"])
		fmt.Printf("figure plan-script: %.1fx (want >= 15x) liveops plan %s, openpyxl and pymysql (one run) %s, %s\n",
			script.wall.Seconds()/plan.wall.Seconds(), plan, script, size)
	}
	fmt.Printf("figure plan-inputs: %.2fx (want <= 1.3x) liveops plan %s, its sheets alone %s and its rows alone %s, %s\n",
		plan.wall.Seconds()/(sheets.wall+rows.wall).Seconds(), plan, sheets, rows, size)
	fmt.Printf("figure plan-memory: %d MB (want <= 150 MB) liveops plan, the most of %d runs\n", most(took["plan"])>>20, benchRuns)
	fmt.Printf("figure plan-client: %.1fx of the server's client; liveops plan %s, mariadb --quick %s, %s\n",
		plan.wall.Seconds()/client.wall.Seconds(), plan, client, size)
}

// most is the largest peak.
func most(ks []cost) (peak int64) {
	for _, k := range ks {
		peak = max(peak, k.peak)
	}
	return peak
}

// planScript compares workbook and database as studios' scripts do: each table's rows in a dict by key, each
// sheet's rows looked up in it. Cells and columns come as Python's own values, which are compared as they are.
const planScript = `
import openpyxl, pymysql, sys
book = openpyxl.load_workbook(sys.argv[1], read_only=True, data_only=True)
db = pymysql.connect(unix_socket=sys.argv[2], user="root", database="game", charset="utf8mb4")
cursor = db.cursor()
updates = inserts = deletes = 0
for sheet in book.worksheets:
    rows = sheet.iter_rows(values_only=True)
    header = next(rows)
    cursor.execute("SELECT %s FROM %s" % (", ".join(header), sheet.title))
    held = {row[0]: row for row in cursor.fetchall()}
    for row in rows:
        old = held.pop(row[0], None)
        if old is None:
            inserts += 1
        elif old != row:
            updates += 1
    deletes += len(held)
print(updates, inserts, deletes)
if updates or inserts or deletes:
    sys.exit("the rows should be equal")
`

// hasPython says whether the script can run.
func hasPython(ctx context.Context) bool {
	if exec.CommandContext(ctx, "/usr/bin/python3", "-c", "import openpyxl, pymysql").Run() == nil {
		return true
	}
	fmt.Fprintln(os.Stderr, "bench: openpyxl or pymysql is not installed (apt-get install python3-openpyxl python3-pymysql): not compared")
	return false
}

// readRowsAlone reads all rows of a snapshot and counts them.
func readRowsAlone(dsn string) (int, error) {
	ctx := context.Background()
	store, err := mysqlstore.Open(ctx, "staging", dsn, mysqlstore.Options{})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return 0, err
	}
	defer snap.Close()
	n, sum := 0, uint32(0)
	for _, name := range slices.Sorted(maps.Keys(snap.Tables)) {
		t := snap.Tables[name]
		managed := make([]int, len(t.Columns))
		for i := range managed {
			managed[i] = i
		}
		err := snap.Rows(ctx, t, managed, func(packed []byte) error {
			n++
			sum = crc32.Update(sum, crc32.IEEETable, packed)
			return nil
		})
		if err != nil {
			return n, err
		}
	}
	if sum == 0 {
		return n, fmt.Errorf("%d rows sum to nothing", n)
	}
	return n, nil
}

func benchName(i int) string { return fmt.Sprintf("table_%02d", i) }

// benchData makes the tables with their rows, and a data repo whose workbook wants the very same.
func benchData(ctx context.Context, dsn, repo string) error {
	game, err := sql.Open("mysql", dsn)
	if err != nil {
		return err
	}
	defer game.Close()
	game.SetMaxOpenConns(1)
	for _, q := range []string{"CREATE DATABASE game", "USE game"} {
		if _, err := game.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	sheets := benchBook()
	for _, s := range sheets {
		if _, err := game.ExecContext(ctx, "CREATE TABLE "+s.Name+" "+benchTable); err != nil {
			return err
		}
		if err := benchInsert(ctx, game, s); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(repo, "datasheets"), 0o755); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(repo, "datasheets", "game.xlsx"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := xlsx.Write(f, sheets); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(repo, "liveops.yaml"), []byte("environments:\n  - name: staging\n"), 0o644); err != nil {
		return err
	}
	return exec.CommandContext(ctx, "git", "init", "-q", repo).Run()
}

// benchBook is the workbook's sheets.
func benchBook() []xlsx.Sheet {
	var sheets []xlsx.Sheet
	for i := range benchSheets {
		s := xlsx.Sheet{Name: benchName(i), Header: benchColumns}
		for r := range benchRows {
			s.Rows = append(s.Rows, benchRow(i, r))
		}
		sheets = append(sheets, s)
	}
	return sheets
}

// benchRow is one row of numbers, dates and texts as games have them, the same at every run.
func benchRow(sheet, r int) []any {
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r%700)
	categories := []string{"weapon", "armor", "material", "ticket"}
	return []any{r + 1, fmt.Sprintf("item_%02d_%05d", sheet, r), fmt.Sprintf("용사의 검 %d호", r), fmt.Sprintf("勇者の剣。攻撃力 %d、耐久 %d。", r%977, r%131),
		categories[r%4], r%100 + 1, (r*37)%100000 + 10, float64(r%1000) / 8, float64(r%333) / 10000,
		from, from.AddDate(0, 1, 0), r%7 != 0}
}

// benchInsert writes a sheet's rows into its table, 500 a statement.
func benchInsert(ctx context.Context, db *sql.DB, s xlsx.Sheet) error {
	const batch = 500
	one := "(?" + strings.Repeat(", ?", len(s.Header)-1) + ")"
	for from := 0; from < len(s.Rows); from += batch {
		rows := s.Rows[from:min(from+batch, len(s.Rows))]
		var args []any
		for _, r := range rows {
			args = append(args, r...)
		}
		query := "INSERT INTO " + s.Name + " VALUES " + one + strings.Repeat(", "+one, len(rows)-1)
		if _, err := db.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
