package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"liveops/pushd/runs"
)

const (
	progressEvery = time.Second // is printed
	lookEvery     = 50 * time.Millisecond
	barWidth      = 24 // characters
)

// watchRun prints how far a run is, as often as it has come further, until it has ended.
func (w *world) watchRun(ctx context.Context, run runs.Run) (_ runs.Run, err error) {
	say, look := time.NewTicker(progressEvery), time.NewTicker(lookEvery)
	defer say.Stop()
	defer look.Stop()
	last, before := w.clock.now(), int64(0)
	for {
		due := run.State.Ended()
		select {
		case <-look.C:
		case <-say.C:
			due = true
		case <-ctx.Done():
			return run, fmt.Errorf("wait for the end of the run: %w", ctx.Err())
		}
		if due {
			now := w.clock.now()
			if n := run.Settled() - before; n > 0 {
				w.sayProgress(run, now, float64(n)/now.Sub(last).Seconds())
			}
			last, before = now, run.Settled()
		}
		if run.State.Ended() {
			return run, nil
		}
		if run, err = w.record.Run(ctx, run.ID); err != nil {
			return run, err
		}
	}
}

// sayProgress prints how far a run is, as a bar and in numbers.
func (w *world) sayProgress(run runs.Run, now time.Time, perSecond float64) {
	full := int(run.Settled() * barWidth / phones)
	w.say("%s  \x1b[32m%s\x1b[2m%s\x1b[0m %7s of %s%10s/s%9s accepted%7s dead\n", now.In(seoul).Format("15:04:05"), strings.Repeat("█", full), strings.Repeat("░", barWidth-full),
		grouped(run.Settled()), grouped(phones), grouped(int64(perSecond)), grouped(run.Accepted), grouped(run.Dead))
}

// grouped is a number with a comma before each three of its digits.
func grouped(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}
