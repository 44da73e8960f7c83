package pushd

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// leader is a term of leading.
type leader struct {
	o         Options
	epoch     runs.Epoch
	settling  chan settling
	producing sync.WaitGroup
	asking    sync.WaitGroup // guards and zones, which may take their time
	due       *due
	began     time.Time
	servers   servers
	wished    time.Time                              // when the servers of runs were looked at
	forgot    time.Time                              // when old testers were forgotten
	unreaped  map[int64]failure                      // runs whose dead tokens could not be taken out; the reaping goroutine's
	cleared   time.Time                              // when the queues of runs that have ended were removed
	lacked    map[campaign.Platform]campaign.Gateway // to which no worker can send, as was recorded; nil before that was

	mu        sync.Mutex
	ready     bool      // it knows which runs there are
	since     time.Time // from when its lease counts
	led       map[int64]*led
	idle      map[int64]*led // runs that have not ended, and are not led: nothing of them is sent
	workers   map[string]*worker
	heard     time.Time // when any worker was heard last
	listening time.Time // since when words have come without a break; zero before the first
	quotas    map[campaign.Gateway]*pace
	zones     zones
	gates     map[campaign.Gateway]time.Time // until when a gateway has asked to send nothing
}

// led is a run that is led.
type led struct {
	runs.Run
	campaign *campaign.Campaign
	pace     *pace
	open     map[int]bool         // the batches on their way: those recorded and without a result
	before   int                  // the newest batch of earlier terms
	known    bool                 // which of those are open
	done     map[int]bool         // those that got their result before that is known
	settled  chan struct{}        // holds one when open has shrunk, or the state has changed
	produced bool                 // its audience is handed out
	guarded  time.Time            // when its guard was asked last
	asking   bool                 // it is asked now
	pausing  int                  // pauses of it on their way into the record
	paused   bool                 // there were some since the record was read
	held     bool                 // nothing of it is sent yet: it is not led, or its guard has not answered
	broken   bool                 // its producer has failed and is to begin anew
	owners   map[int]owner        // who has which batch in hand
	asked    time.Time            // of a test that somebody asks for: when that was, as far as is known
	tested   map[testedPhone]bool // who has had its test, and gets no more of it; its producer's
}

// worker is what the leader knows of one.
type worker struct {
	heard time.Time
	n     uint64          // the count of its last word
	still []int64         // runs of which it sends nothing
	hands map[int64][]int // batches that it has in hand, by run
	lacks []campaign.Gateway
}

func newLeader(o Options, epoch runs.Epoch) *leader {
	l := &leader{o: o, epoch: epoch, settling: make(chan settling, 1024), led: map[int64]*led{}, idle: map[int64]*led{}, workers: map[string]*worker{},
		quotas: map[campaign.Gateway]*pace{}, gates: map[campaign.Gateway]time.Time{}, due: newDue(), began: o.Clock.Now()}
	for _, g := range []campaign.Gateway{campaign.FCM, campaign.APNs} {
		l.quotas[g] = &pace{rate: o.Quotas[g]}
	}
	return l
}

// look looks, again and again, at what is due, what people wish, and what has ended.
func (l *leader) look(ctx context.Context) error {
	for {
		for _, step := range []func(context.Context) error{l.fire, l.askZones, l.follow, l.tests, l.wishServers, l.goOn, l.watch, l.endCanceled, l.endDone, l.endQueues, l.recordLacking, l.forgetWorkers} {
			if err := step(ctx); err != nil {
				if ctx.Err() != nil || errors.Is(err, runs.ErrNotLeader) {
					return err
				}
				l.o.Log.Warn("push: leader", "environment", l.o.Environment, "err", err)
			}
		}
		if !sleep(ctx, l.o.Clock, lookEvery) {
			return ctx.Err()
		}
	}
}

// endCanceled ends canceled runs of which no worker sends any more.
func (l *leader) endCanceled(ctx context.Context) error {
	now := l.o.Clock.Now()
	if now.Sub(l.began) < gone {
		return nil // not every worker has been heard of
	}
	var over []*led
	l.mu.Lock()
	for _, d := range l.live() {
		if d.State == runs.Canceling && l.isStill(d.ID, now) {
			over = append(over, d)
		}
	}
	l.mu.Unlock()
	var failed error
	for _, d := range over {
		err := l.o.Batches.End(ctx, d.ID)
		if err == nil {
			err = l.o.Runs.End(ctx, l.epoch, d.ID, runs.Canceled, d.Reason, now)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// live are the runs that have not ended, by id. l.mu must be held.
func (l *leader) live() []*led {
	all := slices.AppendSeq(slices.Collect(maps.Values(l.led)), maps.Values(l.idle))
	slices.SortFunc(all, func(a, b *led) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// atWork is how many workers there are. l.mu must be held.
func (l *leader) atWork() (n int) {
	now := l.o.Clock.Now()
	for _, w := range l.workers {
		if now.Sub(w.heard) <= gone {
			n++
		}
	}
	return n
}

// forgetWorkers forgets those that have been silent for long.
func (l *leader) forgetWorkers(context.Context) error {
	now := l.o.Clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.workers, func(_ string, w *worker) bool { return now.Sub(w.heard) > time.Minute })
	return nil
}

// isStill says whether every worker has said that it sends nothing of a run, or is gone. l.mu must be held.
func (l *leader) isStill(run int64, now time.Time) bool {
	still := true
	for name, w := range l.workers {
		switch {
		case now.Sub(w.heard) > gone:
			delete(l.workers, name)
		case !slices.Contains(w.still, run):
			still = false
		}
	}
	return still
}

// endDone ends runs whose every batch has its result.
func (l *leader) endDone(ctx context.Context) error {
	var over []led // as they stand
	l.mu.Lock()
	for _, d := range l.led {
		if d.produced && len(d.open) == 0 && d.State == runs.Running {
			over = append(over, *d)
		}
	}
	l.mu.Unlock()
	var failed error
	for i := range over {
		failed = errors.Join(failed, l.endSent(ctx, over[i].Run))
	}
	return failed
}

// endSent ends a run unless it has batches without a result. The test of a run that is yet to begin waits for that.
func (l *leader) endSent(ctx context.Context, r runs.Run) error {
	left, err := l.o.Runs.Unsettled(ctx, r.ID, 0, 1)
	switch {
	case err != nil || len(left) > 0:
		return err
	case !r.Follows.IsZero():
		return l.o.Runs.Wait(ctx, l.epoch, r.ID)
	}
	if err := l.o.Runs.End(ctx, l.epoch, r.ID, runs.Done, r.Reason, l.o.Clock.Now()); err != nil { // its reason is how it began
		return err
	}
	return l.o.Batches.End(ctx, r.ID)
}
