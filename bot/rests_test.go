package bot_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"
)

// A release that was canceled stays where it is, also when its time has come and when the bot looks for what was missed.
func TestCanceledDoesNotGoOnByItself(t *testing.T) {
	t.Parallel()
	until := time.Now().UTC().Add(2 * time.Hour).Truncate(time.Minute)
	w := newWorld(t, options{more: fmt.Sprintf("    freeze: [{from: 2020-01-01T00:00, to: %s}]\n", until.Format("2006-01-02T15:04")) + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	w.end() // another process has the timer
	w.start()
	w.say(n, "jun", "/liveops cancel").done("Dropped: 1 that waited")
	w.says(w.told(n), "**Canceled** by `jun`", "waits at production")
	w.pass(3 * time.Hour)
	w.rows(winterItems, firstItems)
	w.say(n, "jun", "/liveops cancel").refused("Nothing waits here")
	w.say(n, "jun", "/liveops apply production").done("production has it")
	w.says(w.told(n), "is live in staging and production", "not: Canceled")
}

// A hold that is lifted releases nothing by itself.
func TestUnlockReleasesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.say(n, "jun", "/liveops lock production the event").done()
	w.merge(n)
	w.settle()
	told := w.told(n)
	w.pass(time.Hour)
	w.equal("the comment", w.told(n), told) // nor is it told again and again
	w.say(n, "jun", "/liveops unlock production").done()
	w.pass(time.Hour)
	w.rows(winterItems, firstItems)
}

// Who takes a release back, and then wants it after all, gets it.
func TestApplyAfterARollback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	w.say(n, "jun", "/liveops rollback production").done()
	w.say(n, "jun", "/liveops unlock production").done()
	w.pass(time.Hour)
	w.rows(winterItems, firstItems)
	w.say(n, "jun", "/liveops apply production").done("production has it: +1 −1 ~1")
	w.rows(winterItems, winterItems)
}

// GitHub lets the bot write 500 times an hour.
func TestReleaseWritesLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	var checks, all atomic.Int64
	w.wire.onWrite(func(r *http.Request, _ string) {
		all.Add(1)
		if isCheck(r) {
			checks.Add(1)
		}
	})
	w.merge(n)
	w.settle()
	if checks.Load() != 2 || all.Load() > 16 {
		t.Errorf("%d writes, %d of them of check runs: want a check run begun and ended", all.Load(), checks.Load())
	}
}

// A release that waits is looked at again and again, and told of when something has moved.
func TestWaitingWritesNothing(t *testing.T) {
	t.Parallel()
	until := time.Now().UTC().Add(5 * time.Hour).Truncate(time.Minute)
	w := newWorld(t, options{more: fmt.Sprintf("    freeze: [{from: 2020-01-01T00:00, to: %s}]\n", until.Format("2006-01-02T15:04")) + permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	merged := w.merge(n)
	w.settle()
	var writes atomic.Int64
	w.wire.onWrite(func(*http.Request, string) { writes.Add(1) })
	w.pass(time.Hour)
	w.pass(time.Hour)
	if writes.Load() > 0 {
		t.Errorf("%d writes while it waits", writes.Load())
	}
	w.pass(3*time.Hour + time.Minute)
	w.says(w.told(n), "is live in staging and production")
	w.status(merged, "success")
}
