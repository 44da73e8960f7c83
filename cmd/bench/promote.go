package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"liveops/sandbox/mariadb"
)

// promoteRows is how many rows the compared table has in each of the two databases.
const promoteRows = 1_000_000

// benchPromote times `liveops plan --from --to` of two databases of which ten rows differ, and none, the whole
// process, beside pt-table-sync finding the same rows and the servers' own CHECKSUM TABLE of both tables.
func benchPromote(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &promoteBench{repo: filepath.Join(dir, "data"), binary: filepath.Join(dir, "liveops"), server: server}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	took := map[string][]cost{}
	run := func(name string, c *exec.Cmd, codes ...int) error {
		k, n, err := timed(c, codes...)
		if err == nil && n == 0 {
			err = fmt.Errorf("%s said nothing", name)
		}
		took[name] = append(took[name], k)
		return err
	}
	for _, differ := range []bool{true, false} {
		if err := b.differ(ctx, differ); err != nil {
			return err
		}
		name, code := " of equal", 0
		if differ {
			name, code = " of ten", 1
		}
		for range benchRuns {
			if err := run("plan"+name, b.plan(ctx), code); err != nil {
				return err
			}
			if err := run("checksum"+name, b.checksum(ctx)); err != nil {
				return err
			}
			if sync := b.tableSync(ctx); differ && sync.Err == nil { // of equal tables it prints nothing
				if err := run("pt-table-sync"+name, sync, 2); err != nil {
					return err
				}
			}
		}
	}
	ten, equal, checksum := median(took["plan of ten"]), median(took["plan of equal"]), median(took["checksum of equal"])
	size := fmt.Sprintf("%d rows × 12 columns, median of %d, same run", promoteRows, benchRuns)
	if len(took["pt-table-sync of ten"]) > 0 {
		sync := median(took["pt-table-sync of ten"])
		fmt.Printf("figure promote-ten: %.1fx (want >= 3x) liveops plan --from --to of 10 rows that differ %s, pt-table-sync --print %s, %s\n",
			sync.wall.Seconds()/ten.wall.Seconds(), ten, sync, size)
	}
	fmt.Printf("figure promote-equal: %.1fx of CHECKSUM TABLE; liveops plan --from --to of equal tables %s, CHECKSUM TABLE of both at once %s, %s\n",
		equal.wall.Seconds()/checksum.wall.Seconds(), equal, checksum, size)
	return nil
}

// promoteBench is two databases of one server.
type promoteBench struct {
	repo, binary string
	server       *mariadb.Server
}

func (b *promoteBench) prepare(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/liveops").CombinedOutput(); err != nil {
		return fmt.Errorf("build liveops: %w\n%s", err, out)
	}
	if err := os.MkdirAll(b.repo, 0o755); err != nil {
		return err
	}
	const config = "environments:\n  - name: staging\n  - name: production\n    after: staging\n"
	if err := os.WriteFile(filepath.Join(b.repo, "liveops.yaml"), []byte(config), 0o644); err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, "git", "init", "-q", b.repo).CombinedOutput(); err != nil {
		return fmt.Errorf("git init: %w\n%s", err, out)
	}
	return b.each(ctx, "CREATE DATABASE staging", "CREATE DATABASE production", "SET GLOBAL innodb_buffer_pool_size = 1 << 30",
		"CREATE TABLE staging.t "+benchTable,
		fmt.Sprintf(`INSERT INTO staging.t SELECT seq, CONCAT('item_', seq), CONCAT('불꽃의 검 ', seq), CONCAT('A sword that burns, of the forge no. ', seq MOD 977),
			'weapon', seq MOD 99, seq * 10, seq / 7, 0.05, '2024-01-01 10:00:00', '2024-02-01 10:00:00', seq MOD 2 FROM staging.seq_1_to_%d`, promoteRows),
		"CREATE TABLE production.t LIKE staging.t", "INSERT INTO production.t SELECT * FROM staging.t", "ANALYZE TABLE staging.t, production.t")
}

// differ makes ten rows differ, all over the table, or none.
func (b *promoteBench) differ(ctx context.Context, differ bool) error {
	price := "id * 10"
	if differ {
		price = "id * 10 + 1"
	}
	return b.each(ctx, fmt.Sprintf("UPDATE production.t SET price = %s WHERE id %% %d = 77", price, promoteRows/10))
}

func (b *promoteBench) each(ctx context.Context, queries ...string) error {
	db, err := sql.Open("mysql", b.server.DSN(""))
	if err != nil {
		return err
	}
	defer db.Close()
	for _, q := range queries {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%.60s: %w", q, err)
		}
	}
	return nil
}

func (b *promoteBench) plan(ctx context.Context) *exec.Cmd {
	c := exec.CommandContext(ctx, b.binary, "plan", "--repo", b.repo, "--from", "staging", "--to", "production", "t")
	c.Env = append(os.Environ(), "LIVEOPS_STAGING_MYSQL_DSN="+b.server.DSN("staging"), "LIVEOPS_PRODUCTION_MYSQL_DSN="+b.server.DSN("production"))
	return c
}

// tableSync finds the rows of production.t that differ, and prints the statements that it does not run.
func (b *promoteBench) tableSync(ctx context.Context) *exec.Cmd {
	at := "u=root,S=" + b.server.Socket() + ",t=t,D="
	return exec.CommandContext(ctx, "pt-table-sync", "--print", "--no-check-slave", at+"staging", at+"production")
}

// checksum asks for both tables' checksums at once, each by a client of its own.
func (b *promoteBench) checksum(ctx context.Context) *exec.Cmd {
	client := "mariadb --no-defaults --socket=" + b.server.Socket() + " --user=root -e 'CHECKSUM TABLE "
	return exec.CommandContext(ctx, "sh", "-c", client+"staging.t' & "+client+"production.t'; wait")
}
