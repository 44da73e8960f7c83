package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
)

// The size of the plan: sheets × rows × the twelve columns of benchTable.
const (
	benchSheets = 20
	benchRows   = 20_000
	benchRuns   = 1
)

// benchTable is one game table.
const benchTable = `(id INT NOT NULL PRIMARY KEY, code VARCHAR(32) NOT NULL, name VARCHAR(64) NOT NULL, description VARCHAR(255) NOT NULL,
	category VARCHAR(16) NOT NULL, level INT NOT NULL, price INT NOT NULL, weight DOUBLE NOT NULL, drop_rate DOUBLE NOT NULL,
	start_at DATETIME NOT NULL, end_at DATETIME NOT NULL, enabled TINYINT(1) NOT NULL) CHARACTER SET utf8mb4`

// benchColumns are the columns of benchTable.
var benchColumns = []string{"id", "code", "name", "description", "category", "level", "price", "weight", "drop_rate", "start_at", "end_at", "enabled"}

// benchPlan times `liveops plan` of 400,000 equal rows, the whole process, beside the server's own client
// reading the same rows and doing nothing with them.
func benchPlan(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	repo := filepath.Join(dir, "data")
	if err := prepare(ctx, server.DSN(""), repo); err != nil {
		return err
	}
	binary := filepath.Join(dir, "liveops")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/liveops").CombinedOutput(); err != nil {
		return fmt.Errorf("build liveops: %w\n%s", err, out)
	}
	var select20 []string
	for i := range benchSheets {
		select20 = append(select20, "SELECT * FROM "+benchName(i))
	}
	var ours, theirs []cost
	for range benchRuns {
		plan := exec.CommandContext(ctx, binary, "plan", "--repo", repo, "--format", "json")
		plan.Env = append(os.Environ(), "LIVEOPS_STAGING_MYSQL_DSN="+server.DSN("game"))
		k, n, err := timed(plan) // exit code 0: nothing to do, all rows were equal
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the plan said nothing")
		}
		ours = append(ours, k)
		k, n, err = timed(exec.CommandContext(ctx, "mariadb", "--no-defaults", "--socket="+server.Socket(), "--user=root", "--quick", "game",
			"-e", strings.Join(select20, "; ")))
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the client read nothing")
		}
		theirs = append(theirs, k)
	}
	a, b := median(ours), median(theirs)
	fmt.Printf("figure plan: %.1fx of reading the rows alone; liveops plan %s, mariadb --quick %s, %d sheets × %d rows × 12 columns, median of %d, same run\n",
		a.wall.Seconds()/b.wall.Seconds(), a, b, benchSheets, benchRows, benchRuns)
	return nil
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
