package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
)

// The documents of the benchmark are accounts that a view lists as holders of an item; nine in ten hold one that the
// event gave, and match. Of the memory's they are short, since the stand-in keeps a million of them.
const (
	purgeDocuments = 50_000
	purgeFew       = 10_000
	purgeMany      = 1_000_000
)

// benchPurge times a purge beside a plain loop of gocb's bulk operations, each in a process of its own, against the same
// stand-in for Couchbase in a third. Both ask a view for the candidates and change the same documents by the same jq; the
// loop is timed once more with Go in the place of jq. It works through one batch after the other, as such scripts do.
func benchPurge(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	b := &purgeBench{server: server}
	if b.db, err = b.createDatabase(ctx); err != nil {
		return err
	}
	defer b.db.Close()
	if b.standin, err = startPurgeStandin(ctx); err != nil {
		return err
	}
	defer b.standin.stop()
	if err := b.time(ctx); err != nil {
		return err
	}
	return b.memory(ctx)
}

type purgeBench struct {
	server  *mariadb.Server
	db      *sql.DB
	standin *purgeStandin
	runs    int // of purges so far, each under a name of its own
}

// createDatabase makes the environment's database with the ledger's tables.
func (b *purgeBench) createDatabase(ctx context.Context) (*sql.DB, error) {
	db, err := sql.Open("mysql", b.server.DSN(""))
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, "CREATE DATABASE game"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	store, err := mysqlstore.Open(ctx, "staging", b.server.DSN("game"), mysqlstore.Options{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	defer store.Close()
	return db, store.Prepare(ctx)
}

func (b *purgeBench) time(ctx context.Context) error {
	took := map[string][]cost{}
	for range benchRuns {
		for _, how := range []string{purgeByBulk, purgeByLiveops, purgeByGo} {
			k, err := b.once(ctx, how, purgeDocuments, "account")
			if err != nil {
				return err
			}
			took[how] = append(took[how], k)
		}
	}
	ours, bulk, inGo := median(took[purgeByLiveops]), median(took[purgeByBulk]), median(took[purgeByGo])
	fmt.Printf("figure purge-bulk: %.2fx of a gocb bulk loop (want <= 1.5x) liveops purge of %d among %d candidates of a view, each kept in MariaDB before, marked as it changes, and candidates selected until none is new %s, "+
		"gocb bulk get and replace of %d under CAS by the same jq and nothing of that %s, with Go for jq %s (%.2fx), median of %d, same run\n",
		ours.wall.Seconds()/bulk.wall.Seconds(), purgeMatching(purgeDocuments), purgeDocuments, ours, bulkSize, bulk, inGo, ours.wall.Seconds()/inGo.wall.Seconds(), benchRuns)
	return nil
}

// memory compares what a purge of many documents has at most with what one of few has.
func (b *purgeBench) memory(ctx context.Context) error {
	var few []cost
	for range benchRuns {
		k, err := b.once(ctx, purgeByLiveops, purgeFew, "short")
		if err != nil {
			return err
		}
		few = append(few, k)
	}
	slices.SortFunc(few, func(a, b cost) int { return int(a.peak - b.peak) })
	less := few[len(few)/2]
	many, err := b.once(ctx, purgeByLiveops, purgeMany, "short")
	if err != nil {
		return err
	}
	fmt.Printf("figure purge-memory: %.2fx (want <= 1.2x, flat) liveops purge of %d documents %d MB (one run, %.0f s), of %d %d MB, median of %d, same run\n",
		float64(many.peak)/float64(less.peak), purgeMany, many.peak>>20, many.wall.Seconds(), purgeFew, less.peak>>20, benchRuns)
	return nil
}

// once makes documents anew, has one side change them, and checks that it changed each that matches and no other.
func (b *purgeBench) once(ctx context.Context, how string, documents int, kind string) (cost, error) {
	if err := b.standin.fill(documents, kind); err != nil {
		return cost{}, err
	}
	b.runs++
	name := fmt.Sprintf("run-%d", b.runs)
	c := exec.CommandContext(ctx, os.Args[0], name)
	c.Env = append(os.Environ(), readerSetting+"="+how, purgeURL+"="+b.standin.url, purgeDSN+"="+b.server.DSN("game"))
	var out bytes.Buffer
	k, err := timedTo(c, &out)
	if err != nil {
		return k, fmt.Errorf("%s: %w", how, err)
	}
	return k, b.check(ctx, how, name, strings.TrimSpace(out.String()), documents)
}

// check looks at the documents, and at what is kept of them.
func (b *purgeBench) check(ctx context.Context, how, name, said string, documents int) error {
	left, err := b.standin.check()
	if err != nil {
		return fmt.Errorf("%s: %w", how, err)
	}
	want := purgeMatching(documents)
	if said != fmt.Sprint(want) || left != documents-want {
		return fmt.Errorf("%s changed %s documents, and %d still have the item; it should have changed %d of %d", how, said, left, want, documents)
	}
	if how != purgeByLiveops {
		return nil
	}
	var kept int
	err = b.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM game.liveops_purge_images JOIN game.liveops_purges USING (run_id) WHERE name = ? AND liveops_purge_images.state = 'done'", name).Scan(&kept)
	if err == nil && kept != want {
		err = fmt.Errorf("it kept %d documents as they were before; it changed %d", kept, want)
	}
	return err
}

// purgeMatching is how many of some documents match: all but every tenth.
func purgeMatching(documents int) int { return documents - documents/10 }
