package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// The table that is changed: benchTable with applyRows rows, of which one in a hundred, or all, change in two
// columns.
const (
	applyRows  = benchSheets * benchRows
	applyTable = "applied"
)

// benchApply times releases beside what scripts do instead. It waits, untimed, before each plan: of a table that
// was changed within the last seconds the server does not say that nobody changes it (mysqlstore, verify.go).
func benchApply(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	b, err := newApplyBench(ctx, server)
	if err != nil {
		return err
	}
	defer b.close()
	var few, replaced, all, upserts []cost
	for range benchRuns {
		for _, m := range []struct {
			into *[]cost
			run  func(context.Context) (time.Duration, error)
		}{{&few, b.applyFew}, {&replaced, b.replace}, {&all, b.applyAll}, {&upserts, b.upsert}} {
			took, err := m.run(ctx)
			if err != nil {
				return err
			}
			*m.into = append(*m.into, cost{wall: took})
		}
	}
	a, r := median(few).wall.Seconds(), median(replaced).wall.Seconds()
	fmt.Printf("figure apply-difference: %.0fx (want >= 50x) liveops apply of %d rows of %d %.3f s, DELETE and INSERT of all %.2f s, median of %d, same run\n",
		r/a, applyRows/100, applyRows, a, r, benchRuns)
	a, r = median(all).wall.Seconds(), median(upserts).wall.Seconds()
	fmt.Printf("figure apply-all: %.2fx (want <= 2x) liveops apply of %d rows with images, read-back and ledger %.2f s, INSERT ... ON DUPLICATE KEY UPDATE by 1,000 without %.2f s, median of %d, same run\n",
		a/r, applyRows, a, r, benchRuns)
	return nil
}

// applyBench is the table under change.
type applyBench struct {
	store   *mysqlstore.Store
	db      *sql.DB
	commits int
	prices  []int // by row: what the table holds
}

func newApplyBench(ctx context.Context, server *mariadb.Server) (*applyBench, error) {
	b := &applyBench{}
	admin, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	// A small production server: the table, its undo and the images fit, and a large transaction does not stop for
	// checkpoints of the log.
	for _, q := range []string{"CREATE DATABASE apply", "SET GLOBAL innodb_buffer_pool_size = 1 << 30", "SET GLOBAL innodb_log_file_size = 1 << 29"} {
		if _, err := admin.ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	if b.store, err = mysqlstore.Open(ctx, "staging", server.DSN("apply"), mysqlstore.Options{}); err != nil {
		return nil, err
	}
	if b.db, err = sql.Open("mysql", server.DSN("apply")+"?interpolateParams=true"); err != nil {
		return nil, err
	}
	if _, err := b.db.ExecContext(ctx, "CREATE TABLE "+applyTable+" "+benchTable); err != nil {
		return nil, err
	}
	if err := b.store.Prepare(ctx); err != nil {
		return nil, err
	}
	b.prices = make([]int, applyRows)
	_, err = b.replace(ctx)
	return b, err
}

func (b *applyBench) close() {
	b.db.Close()
	b.store.Close()
}

// row is a row with the price of a generation, of which the description tells too.
func (b *applyBench) row(i int) []any {
	r := benchRow(i/benchRows, i%benchRows)
	r[0], r[6] = i+1, b.prices[i]
	r[3] = fmt.Sprintf("%s 價格 %d", r[3], b.prices[i])
	return r
}

// raise changes the price of every step-th row.
func (b *applyBench) raise(step int) {
	for i := 0; i < len(b.prices); i += step {
		b.prices[i]++
	}
}

func (b *applyBench) applyFew(ctx context.Context) (time.Duration, error) { return b.apply(ctx, 100) }
func (b *applyBench) applyAll(ctx context.Context) (time.Duration, error) { return b.apply(ctx, 1) }

// apply times a release that changes every step-th row.
func (b *applyBench) apply(ctx context.Context, step int) (time.Duration, error) {
	select {
	case <-time.After(7 * time.Second):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	b.raise(step)
	table, st, err := b.plan(ctx)
	if err != nil {
		return 0, err
	}
	if n := table.Count().Updated; n != applyRows/step || n != table.Count().Total() {
		return 0, fmt.Errorf("the plan changes %+v", table.Count())
	}
	b.commits++
	started := time.Now()
	_, err = b.store.Apply(ctx, mysqlstore.Request{Commit: fmt.Sprint("commit-", b.commits), Epoch: st.Epoch, Read: st.Read, Tables: []*plan.Table{table}})
	return time.Since(started), err
}

// plan compares the table with the rows as they should be.
func (b *applyBench) plan(ctx context.Context) (*plan.Table, mysqlstore.State, error) {
	snap, err := b.store.Snapshot(ctx)
	if err != nil {
		return nil, mysqlstore.State{}, err
	}
	defer snap.Close()
	t := snap.Tables[applyTable]
	managed := make([]int, len(t.Columns))
	for i := range managed {
		managed[i] = i
	}
	d := plan.NewDiffer(t, managed, []plan.Origin{{KeyColumn: 1}})
	if err := snap.Rows(ctx, t, managed, d.Have); err != nil {
		return nil, snap.State, err
	}
	var packed []byte
	for i := range applyRows {
		packed = packed[:0]
		for c, v := range b.row(i) {
			if packed, err = t.Columns[c].AppendServer(packed, []byte(literal(v))); err != nil {
				return nil, snap.State, err
			}
		}
		if problem, err := d.Want(packed, 0, i+2); err != nil || problem != nil {
			return nil, snap.State, fmt.Errorf("row %d: %v %w", i, problem, err)
		}
	}
	table, _, err := d.Table(ctx, nil)
	return table, snap.State, err
}

// literal is a value of benchRow as the server writes it.
func literal(v any) string {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.DateTime)
	case bool:
		return map[bool]string{true: "1", false: "0"}[v]
	}
	return fmt.Sprint(v)
}

// replace times the deleting of all rows and the inserting of all, in one transaction.
func (b *applyBench) replace(ctx context.Context) (time.Duration, error) {
	b.raise(100)
	return b.statements(ctx, []string{"DELETE FROM " + applyTable}, "")
}

// upsert times the writing of all rows over those that are there.
func (b *applyBench) upsert(ctx context.Context) (time.Duration, error) {
	b.raise(1)
	var sets []string
	for _, c := range benchColumns[1:] {
		sets = append(sets, c+" = VALUES("+c+")")
	}
	return b.statements(ctx, nil, " ON DUPLICATE KEY UPDATE "+strings.Join(sets, ", "))
}

// statements times a transaction of the first statements and the INSERT of all rows by 1,000, by the same driver
// and, as liveops's, from rows in memory to the commit.
func (b *applyBench) statements(ctx context.Context, first []string, tail string) (time.Duration, error) {
	args := make([]any, 0, applyRows*len(benchColumns))
	for i := range applyRows {
		args = append(args, b.row(i)...)
	}
	row := ", (?" + strings.Repeat(", ?", len(benchColumns)-1) + ")"
	insert := "INSERT INTO " + applyTable + " VALUES " + strings.Repeat(row, 1000)[2:] + tail
	started := time.Now()
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	for _, q := range first {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return 0, err
		}
	}
	for some := range slices.Chunk(args, 1000*len(benchColumns)) {
		if _, err := tx.ExecContext(ctx, insert, some...); err != nil {
			return 0, err
		}
	}
	err = tx.Commit()
	return time.Since(started), err
}
