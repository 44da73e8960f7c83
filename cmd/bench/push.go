package main

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"liveops/sandbox/mariadb"
	"liveops/sandbox/push"
)

// The tokens of the benchmark: four in five are Android's. The story to beat sends to fifteen million, 25,000 a second.
const (
	pushTokens = 3_000_000
	pushWhole  = 15_000_000
	pushStory  = 25_000
	deadShare  = 0.03
)

// pushSetting tells a process of this program to lead and to work for one run until it has ended: a pushSide.
const pushSetting = "LIVEOPS_BENCH_PUSHD"

// A pushSide is what that process must know.
type pushSide struct {
	DSN, Dir  string
	FCM, APNs gatewayFacts
}

// pushCost is what a run took: its wall time is from its beginning to its end as the record has them.
type pushCost struct {
	cost
	dead   int64
	reaped time.Duration // from the run's end until its dead tokens were taken out
}

// benchPush times a campaign end to end: from MariaDB through JetStream on disk to gateways in processes of their own, and
// the results back into MariaDB, all on this machine; with some tokens dead; and once to the whole story's tokens.
func benchPush(ctx context.Context, dir string) error {
	server, err := mariadb.Start(ctx, dir)
	if err != nil {
		return err
	}
	defer server.Stop()
	db, err := sql.Open("mysql", server.DSN(""))
	if err != nil {
		return err
	}
	defer db.Close()
	p := &pushBench{db: db, dsn: server.DSN(pushDatabase), dir: dir}
	if err := p.fill(ctx, 0, pushTokens); err != nil {
		return err
	}
	all, some, err := p.times(ctx, pushTokens)
	if err != nil {
		return err
	}
	fmt.Printf("figure push-rate: %.1fx of %d/s (want >= 8x) %.0f/s, %d tokens in %.2f s from MariaDB through JetStream to gateways and back, no quota, median of %d\n",
		pushTokens/all.wall.Seconds()/pushStory, pushStory, pushTokens/all.wall.Seconds(), pushTokens, all.wall.Seconds(), benchRuns)
	fmt.Printf("figure push-memory: %d MB (want <= 160 MB) %d tokens, leader, worker and engine in one process, median of %d\n", all.peak>>20, pushTokens, benchRuns)
	fmt.Printf("figure push-dead: %.2fx (want <= 1.15x) %d of %d tokens dead %.2f s, none %.2f s, by turns, median of %d; they were taken out within %.0f s after it\n",
		some.wall.Seconds()/all.wall.Seconds(), some.dead, pushTokens, some.wall.Seconds(), all.wall.Seconds(), benchRuns, some.reaped.Seconds())
	if err := p.fill(ctx, pushTokens, pushWhole); err != nil {
		return err
	}
	whole, err := p.time(ctx, pushWhole, 0)
	if err != nil {
		return err
	}
	fmt.Printf("figure push-whole: %.1fx of %d/s; %d tokens in %.1f s, %.0f/s, %d MB, one run\n",
		pushWhole/whole.wall.Seconds()/pushStory, pushStory, pushWhole, whole.wall.Seconds(), pushWhole/whole.wall.Seconds(), whole.peak>>20)
	fmt.Printf("figure push-memory-flat: %.2fx (want <= 1.2x) %d MB at %d tokens (one run), %d MB at %d, median of %d, same run\n",
		float64(whole.peak)/float64(all.peak), whole.peak>>20, pushWhole, all.peak>>20, pushTokens, benchRuns)
	return nil
}

// A pushBench is a database with tokens.
type pushBench struct {
	db       *sql.DB
	dsn, dir string
}

const pushDatabase = "push"

func (p *pushBench) exec(ctx context.Context, statements ...string) error {
	for _, s := range statements {
		if _, err := p.db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return nil
}

// The index that tokens are read by, as `liveops plan` advises it.
const (
	addPushOrder  = "ALTER TABLE push.push_tokens ADD KEY push_order (platform, token, language)"
	dropPushOrder = "ALTER TABLE push.push_tokens DROP KEY push_order"
)

// fill adds tokens from one number to another; there are all those before.
func (p *pushBench) fill(ctx context.Context, from, to int) error {
	before := []string{dropPushOrder} // which is made anew faster than it grows
	if from == 0 {
		before = []string{"SET GLOBAL innodb_buffer_pool_size = 1 << 30", "CREATE DATABASE " + pushDatabase, `CREATE TABLE push.push_tokens (
			id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, token VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, platform VARCHAR(10) CHARACTER SET ascii NOT NULL,
			language VARCHAR(10) CHARACTER SET ascii NULL, updated_at DATETIME NULL)`}
	}
	if err := p.exec(ctx, before...); err != nil {
		return err
	}
	if err := insertTokens(ctx, p.db, from, to); err != nil {
		return err
	}
	return p.exec(ctx, addPushOrder)
}

// times is the median of several runs without dead tokens, and of as many with, by turns.
func (p *pushBench) times(ctx context.Context, tokens int) (none, some pushCost, err error) {
	if err := p.exec(ctx, "CREATE TABLE push.kept LIKE push.push_tokens", "ALTER TABLE push.kept DROP KEY push_order", "INSERT INTO push.kept SELECT * FROM push.push_tokens"); err != nil {
		return none, some, err
	}
	var without, with []pushCost
	for range benchRuns {
		if none, err = p.time(ctx, tokens, 0); err != nil {
			return none, some, err
		}
		if some, err = p.time(ctx, tokens, deadShare); err != nil {
			return none, some, err
		}
		without, with = append(without, none), append(with, some)
		if err := p.exec(ctx, "INSERT INTO push.push_tokens SELECT k.* FROM push.kept k LEFT JOIN push.push_tokens t USING (id) WHERE t.id IS NULL"); err != nil {
			return none, some, err
		}
	}
	return middlePush(without), middlePush(with), p.exec(ctx, "DROP TABLE push.kept")
}

// middlePush is the one whose wall time is the median.
func middlePush(all []pushCost) pushCost {
	slices.SortFunc(all, func(a, b pushCost) int { return cmp.Compare(a.wall, b.wall) })
	return all[len(all)/2]
}

// insertTokens adds tokens from one number to another.
func insertTokens(ctx context.Context, db *sql.DB, from, to int) error {
	languages := []string{"ko", "ja", "en", "th", "de"}
	for ; from < to; from += 5000 {
		var q strings.Builder
		q.WriteString("INSERT INTO push.push_tokens (token, platform, language, updated_at) VALUES ")
		var b []byte
		for i := from; i < min(from+5000, to); i++ {
			if i > from {
				q.WriteByte(',')
			}
			platform := "android"
			if i%5 == 4 {
				platform, b = "ios", push.APNsToken(b[:0], uint64(i))
			} else {
				b = push.FCMToken(b[:0], uint64(i))
			}
			fmt.Fprintf(&q, "('%s','%s','%s','2026-01-01')", b, platform, languages[i%len(languages)])
		}
		if _, err := db.ExecContext(ctx, q.String()); err != nil {
			return err
		}
	}
	return nil
}

// time times one run, and sees to it that each token that lives got it once, and that those that are dead are gone.
func (p *pushBench) time(ctx context.Context, tokens int, dead float64) (k pushCost, err error) {
	side := pushSide{DSN: p.dsn}
	if side.Dir, err = os.MkdirTemp(p.dir, "push-"); err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(side.Dir)) }()
	fcm, err := startGateway(ctx, "fcm", 100, dead)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, fcm.close()) }()
	apns, err := startGateway(ctx, "apns", 1000, dead)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, apns.close()) }()
	side.FCM, side.APNs = fcm.facts, apns.facts
	setting, err := json.Marshal(side)
	if err != nil {
		return k, err
	}
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(os.Environ(), pushSetting+"="+string(setting))
	if k.cost, _, err = timed(c); err != nil {
		return k, err
	}
	var seconds, since float64
	var left int64
	err = p.db.QueryRowContext(ctx, `SELECT TIMESTAMPDIFF(MICROSECOND, started, finished) / 1e6, TIMESTAMPDIFF(MICROSECOND, finished, UTC_TIMESTAMP(6)) / 1e6, dead,
		(SELECT COUNT(*) FROM push.push_tokens) FROM push.liveops_push_runs`).Scan(&seconds, &since, &k.dead, &left)
	if err != nil {
		return k, err
	}
	k.wall, k.reaped = time.Duration(seconds*float64(time.Second)), time.Duration(since*float64(time.Second))
	f, err := fcm.counts(0)
	if err != nil {
		return k, err
	}
	a, err := apns.counts(0)
	if err != nil {
		return k, err
	}
	if got := f.Tokens + a.Tokens; got+k.dead != int64(tokens) || f.Repeated+a.Repeated != 0 || left != got {
		return k, fmt.Errorf("of %d tokens %d got the message, and %d more than once; %d are dead, and %d are left", tokens, got, f.Repeated+a.Repeated, k.dead, left)
	}
	return k, p.exec(ctx, "DROP TABLE push.liveops_push_leader, push.liveops_push_runs, push.liveops_push_campaigns")
}
