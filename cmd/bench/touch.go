package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"liveops/datarepo"
	"liveops/datasheets/xlsx"
	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// The size of the data repo of which a pull request touches one workbook: workbooks × rows × the columns of benchTable.
const (
	touchBooks = 200
	touchRows  = 1_000
	touched    = 42 // the one
)

// benchTouch times the plan of a pull request that touches one workbook of two hundred, as the bot makes it from two
// commits, beside the plan of every table: each in a process of its own, from opening the repository on.
func benchTouch(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &touchBench{repo: filepath.Join(dir, "touch"), binary: filepath.Join(dir, "liveops"), server: server}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	took, said := map[string][]cost{}, map[string]string{}
	for range benchRuns {
		for _, how := range []string{"touch-part", "touch-whole"} {
			c := exec.CommandContext(ctx, os.Args[0], b.repo)
			c.Env = append(os.Environ(), readerSetting+"="+how, touchDSN+"="+server.DSN("game"))
			var out bytes.Buffer
			k, err := timedTo(c, &out)
			if err != nil {
				return fmt.Errorf("%s: %w", how, err)
			}
			took[how], said[how] = append(took[how], k), strings.TrimSpace(out.String())
		}
	}
	part, whole := median(took["touch-part"]), median(took["touch-whole"])
	if want := "workbooks read: 1, tables: 1, changed: 1"; said["touch-part"] != want {
		return fmt.Errorf("of the plan of a part: %s; it should be %s", said["touch-part"], want)
	}
	fmt.Printf("figure touch: %.1fx liveops' plan of what a pull request touches %s (%s), its plan of every table %s (%s), one workbook of %d changed × %d rows × 12 columns, median of %d, same run\n",
		whole.wall.Seconds()/part.wall.Seconds(), part, said["touch-part"], whole, said["touch-whole"], touchBooks, touchRows, benchRuns)
	return nil
}

// touchDSN is the database of such a process.
const touchDSN = "LIVEOPS_BENCH_TOUCH_DSN"

// touchBench is a data repo of two commits, the first of which staging has.
type touchBench struct {
	repo, binary string
	server       *mariadb.Server
}

func (b *touchBench) prepare(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "./cmd/liveops").CombinedOutput(); err != nil {
		return fmt.Errorf("build liveops: %w\n%s", err, out)
	}
	if err := os.MkdirAll(filepath.Join(b.repo, "datasheets"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.repo, "liveops.yaml"), []byte("environments:\n  - name: staging\n"), 0o644); err != nil {
		return err
	}
	db, err := sql.Open("mysql", b.server.DSN(""))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "CREATE DATABASE game"); err != nil {
		return err
	}
	for i := range touchBooks {
		if _, err := db.ExecContext(ctx, "CREATE TABLE game."+touchName(i)+" "+benchTable); err != nil {
			return err
		}
		if err := b.write(i, 10); err != nil {
			return err
		}
	}
	if err := b.git(ctx, "init", "-q"); err != nil {
		return err
	}
	if err := b.commit(ctx, "All of the game"); err != nil {
		return err
	}
	apply := exec.CommandContext(ctx, b.binary, "apply", "--repo", b.repo, "--yes")
	apply.Env = append(os.Environ(), "LIVEOPS_STAGING_MYSQL_DSN="+b.server.DSN("game"))
	if out, err := apply.CombinedOutput(); err != nil {
		return fmt.Errorf("liveops apply: %w\n%s", err, out)
	}
	if err := b.write(touched, 11); err != nil {
		return err
	}
	if err := b.commit(ctx, "A price"); err != nil {
		return err
	}
	return b.git(ctx, "repack", "-adq") // as a server sends commits
}

// write writes a workbook; price is that of its first row.
func (b *touchBench) write(i, price int) error {
	s := xlsx.Sheet{Name: touchName(i), Header: benchColumns}
	for r := range touchRows {
		s.Rows = append(s.Rows, benchRow(i, r))
	}
	s.Rows[0][6] = price
	f, err := os.Create(filepath.Join(b.repo, "datasheets", s.Name+".xlsx"))
	if err != nil {
		return err
	}
	defer f.Close()
	return xlsx.Write(f, []xlsx.Sheet{s})
}

func touchName(i int) string { return fmt.Sprintf("table_%03d", i) }

func (b *touchBench) commit(ctx context.Context, message string) error {
	if err := b.git(ctx, "add", "-A"); err != nil {
		return err
	}
	return b.git(ctx, "-c", "user.name=bench", "-c", "user.email=bench@game.example", "commit", "-q", "-m", message)
}

func (b *touchBench) git(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "git", append([]string{"-C", b.repo}, args...)...).CombinedOutput(); err != nil {
		return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
	}
	return nil
}

// counted is the files of a commit, and how often each of its workbooks is read: once for the names of its sheets, and
// again for its cells.
type counted struct {
	fs.FS
	datarepo.Identified
	reads map[string]int
}

// ReadFile implements fs.ReadFileFS.
func (c *counted) ReadFile(name string) ([]byte, error) {
	c.reads[name]++
	return fs.ReadFile(c.FS, name)
}

// touchProcess makes the plan of the repository's newest commit, of a part or whole, and says what it read.
func touchProcess(repo string, whole bool) error {
	ctx := context.Background()
	checkout, err := datarepo.OpenCheckout(repo)
	if err != nil {
		return err
	}
	defer checkout.Close()
	head, err := checkout.Head()
	if err != nil {
		return err
	}
	ids, ok := head.Files.(datarepo.Identified)
	if !ok {
		return fmt.Errorf("the files of commit %s have no ids", head.ID)
	}
	files := &counted{head.Files, ids, map[string]int{}}
	desired, err := release.Read(ctx, head.ID, files)
	if err != nil {
		return err
	}
	store, err := mysqlstore.Open(ctx, "staging", os.Getenv(touchDSN), mysqlstore.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return err
	}
	defer snap.Close()
	released := func(_ context.Context, commit string) (fs.FS, error) {
		c, err := checkout.Commit(commit)
		if err != nil {
			return nil, err
		}
		return c.Files, nil
	}
	if whole {
		released = nil
	}
	p, err := release.MakePlanSince(ctx, desired, "staging", snap, released)
	if err != nil {
		return err
	}
	read := 0
	for _, n := range files.reads {
		if n > 1 {
			read++
		}
	}
	fmt.Printf("workbooks read: %d, tables: %d, changed: %d\n", read, len(p.Tables), len(p.Changed()))
	return nil
}
