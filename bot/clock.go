package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"liveops/engine"
)

// clock enqueues what is to be done at a later time: a release that waits for the end of a freeze or a soak, or for a
// guard. It keeps nothing: what waits is in the ledger, and a bot that starts finds it there (see catchUp).
type clock struct {
	mu     sync.Mutex
	timers []timer
}

type timer struct {
	at  time.Time
	job engine.Job
}

// tickEvery is how often the clock is looked at.
const tickEvery = 10 * time.Second

// set enqueues a job at a time. A job of the same key and kind that waits for another time is dropped.
func (c *clock) set(at time.Time, job engine.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool { return t.job.About == job.About && t.job.Kind == job.Kind })
	c.timers = append(c.timers, timer{at, job})
}

// drop forgets what waits for a pull request or issue, by what its jobs are about, and says how many there were.
func (c *clock) drop(about string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.timers)
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool { return strings.EqualFold(t.job.About, about) })
	return before - len(c.timers)
}

// due takes out what is due by now, in the order of its time.
func (c *clock) due(now time.Time) []engine.Job {
	c.mu.Lock()
	defer c.mu.Unlock()
	var due []timer
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool {
		is := !t.at.After(now)
		if is {
			due = append(due, t)
		}
		return is
	})
	slices.SortStableFunc(due, func(a, b timer) int { return a.at.Compare(b.at) })
	var jobs []engine.Job
	for _, t := range due {
		jobs = append(jobs, t.job)
	}
	return jobs
}

// keepTime works the clock until ctx ends: at once and at every tick (of Options.Tick, only then) it enqueues what is due,
// and once an hour has every repository looked through for what was missed. What cannot be enqueued is tried again at
// the next tick.
func (b *Bot) keepTime(ctx context.Context) error {
	tick := b.Tick
	if tick == nil {
		t := time.NewTicker(tickEvery)
		defer t.Stop()
		tick = t.C
		b.tick(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
			b.tick(ctx)
		}
	}
}

func (b *Bot) tick(ctx context.Context) {
	now := b.Now()
	for _, job := range b.clock.due(now) {
		if err := b.enqueue(ctx, job); err != nil && ctx.Err() == nil {
			b.Log.Warn("what is due is enqueued later", "about", job.About, "error", err)
			b.clock.set(now, job)
		}
	}
	for _, repository := range b.Repositories {
		for _, job := range []engine.Job{b.regularJob(kindCatchUp, repository, now, time.Hour), b.regularJob(kindDriftDue, repository, now, time.Minute)} {
			if err := b.enqueue(ctx, job); err != nil && ctx.Err() == nil {
				b.Log.Warn("a repository is looked through later", "repository", repository, "error", err)
			}
		}
	}
}

// isRegular says whether a job comes again by itself: one that fails is not worth setting aside.
func isRegular(kind string) bool { return kind == kindCatchUp || kind == kindDriftDue }

// mostRegularTries is how often such a job is tried before it waits for the next period.
const mostRegularTries = 3

// regularJob is asked for at every tick and, its id being that of its period, done once in it. A bot that starts has it
// done at once, whatever others did in the period.
func (b *Bot) regularJob(kind, repository string, now time.Time, period time.Duration) engine.Job {
	job := engine.Job{ID: fmt.Sprintf("%s-%s-%d-%d", kind, strings.ToLower(repository), b.started.Unix(), now.Truncate(period).Unix()), Lane: engine.Commands,
		Key: strings.ToLower(repository), Kind: kind, Repository: repository, About: repository}
	if kind == kindCatchUp { // whereas each minute has its turn with the schedule, also behind a job that takes long
		job.Supersede = kind
	}
	return job
}
