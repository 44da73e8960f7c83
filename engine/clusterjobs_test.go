package engine

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
)

// ledger is what several bots did, by key.
type ledger struct {
	t     *testing.T
	mu    sync.Mutex
	did   map[string][]string
	busy  map[string]string // by key: the bot that is at it
	count chan struct{}     // one for each job done
}

// by is a handler of a bot's that keeps the ledger.
func (l *ledger) by(bot string, in time.Duration) func(ctx context.Context, j Job, attempt int) error {
	return func(ctx context.Context, j Job, _ int) error {
		l.mu.Lock()
		if other := l.busy[j.Key]; other != "" {
			l.t.Errorf("%s does %s while %s has another of its key", bot, j.ID, other)
		}
		l.busy[j.Key] = bot
		l.mu.Unlock()
		pass := time.NewTimer(in) // a job takes some time, or two would hardly ever meet
		defer pass.Stop()
		select {
		case <-pass.C:
		case <-ctx.Done():
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.busy[j.Key] = ""
		if ctx.Err() == nil {
			l.did[j.Key] = append(l.did[j.Key], j.ID)
			l.count <- struct{}{}
		}
		return ctx.Err()
	}
}

// Three bots on three nodes: a node dies, and a bot is killed that has jobs in hand. The jobs of each pull request, and
// the releases, are done in their order all the same, one at a time, and none is lost.
func TestAClusterKeepsOrderThroughDeaths(t *testing.T) {
	const pulls, each = 5, 8
	c := newCluster(t)
	dir := t.TempDir()
	c.writeOptions(t, dir)
	quiet := c.options()
	quiet.Logger = slog.New(slog.DiscardHandler) // it warns of the node that dies
	first, second := opened(t, quiet), opened(t, quiet)

	want := map[string][]string{}
	add := func(from, to int) {
		for n := from; n < to; n++ {
			for pull := range pulls {
				j := pullJob(pull, n)
				enqueue(t, first, j)
				want[j.Key] = append(want[j.Key], j.ID)
			}
			r := release(fmt.Sprintf("r%d", n))
			enqueue(t, first, r)
			want[r.Key] = append(want[r.Key], r.ID)
		}
	}
	add(0, each/2)
	// The third bot is a process that never ends what it has in hand.
	third := begun(t, "job", dir)
	if !third.lines.Scan() {
		t.Fatal("the third bot got no job")
	}
	t.Cleanup(func() { _ = third.cmd.Wait() }) // killed
	l := &ledger{t: t, did: map[string][]string{}, busy: map[string]string{}, count: make(chan struct{}, 1000)}
	bots := []*worker{doing(t, first, l.by("first", 10*time.Millisecond)), doing(t, second, l.by("second", 10*time.Millisecond))}
	if err := third.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	add(each/2, each)
	c.kill(t, first)
	idle(t, second)
	for _, b := range bots {
		b.end(t)
	}
	for key, ids := range want {
		got := slices.Compact(l.did[key]) // one may be done twice where its acknowledgement was lost with the node
		if !slices.Equal(got, ids) {
			t.Errorf("of %s these were done: %v, want %v", key, got, ids)
		}
	}
}
