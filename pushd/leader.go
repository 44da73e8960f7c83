package pushd

import (
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
	workers   map[string]*worker
	heard     time.Time // when any worker was heard last
	listening time.Time // since when words have come without a break; zero before the first
	quotas    map[campaign.Gateway]*pace
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
	l := &leader{o: o, epoch: epoch, settling: make(chan settling, 1024), led: map[int64]*led{}, workers: map[string]*worker{},
		quotas: map[campaign.Gateway]*pace{}, gates: map[campaign.Gateway]time.Time{}, due: newDue(), began: o.Clock.Now()}
	for _, g := range []campaign.Gateway{campaign.FCM, campaign.APNs} {
		l.quotas[g] = &pace{rate: o.Quotas[g]}
	}
	return l
}

// look looks, again and again, at what is due, what people wish, and what has ended.
func (l *leader) look(ctx context.Context) error {
	for {
		for _, step := range []func(context.Context) error{l.fire, l.follow, l.tests, l.wishServers, l.goOn, l.watch, l.endCanceled, l.endDone, l.endQueues, l.recordLacking, l.forgetWorkers} {
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

// follow takes over what the record says of the runs that have not ended, and begins to lead those that are new to it.
func (l *leader) follow(ctx context.Context) error {
	live, err := l.o.Runs.Live(ctx)
	if err != nil {
		return err
	}
	var fresh []*led
	l.mu.Lock()
	for id := range l.led {
		if !slices.ContainsFunc(live, func(r runs.Run) bool { return r.ID == id }) {
			delete(l.led, id)
		}
	}
	for _, r := range live {
		d := l.led[r.ID]
		if d == nil {
			d = &led{Run: r, settled: make(chan struct{}, 1), open: map[int]bool{}, done: map[int]bool{}, before: r.Last, owners: map[int]owner{}, asked: r.Started}
			if l.ready { // it has just come, whatever the clock says of who asked for it
				d.asked = l.o.Clock.Now()
			}
			fresh = append(fresh, d)
			continue
		}
		if d.State != r.State {
			l.o.Log.Info("push: run", "campaign", r.Campaign, "due", r.Time, "state", string(r.State), "reason", r.Reason)
		}
		d.State, d.Reason = r.State, r.Reason
		d.signal()
		if d.broken {
			d.Run, d.known, d.broken = r, false, false
			l.startProducing(ctx, d)
		}
	}
	l.mu.Unlock()
	for _, d := range fresh {
		if err := l.take(ctx, d); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ready = true
	return nil
}

// signal has the run's producer look again.
func (d *led) signal() {
	select {
	case d.settled <- struct{}{}:
	default:
	}
}

// take begins to lead a run: one that was just begun, or whose leader is gone.
func (l *leader) take(ctx context.Context, d *led) error {
	var err error
	if d.campaign, err = l.o.Decode(d.Campaign, d.File); err != nil {
		return l.o.Runs.End(ctx, l.epoch, d.ID, runs.Failed, "its file cannot be read: "+err.Error(), l.o.Clock.Now())
	}
	d.pace = &pace{rate: d.campaign.Rate}
	if d.unheeded(l.o.Clock.Now()) { // before anything of it is sent
		r, err := l.o.Runs.Wish(ctx, d.ID, runs.Canceling, unheededReason)
		if err != nil {
			return err
		}
		d.State, d.Reason = r.State, r.Reason
	}
	if d.guard() != "" && l.o.Healthy != nil && d.State == runs.Running { // before anything of it is sent
		d.guarded = l.o.Clock.Now()
		if err := l.guard(ctx, d, d.Run); err != nil {
			return err
		}
		r, err := l.o.Runs.Run(ctx, d.ID)
		if err != nil {
			return err
		}
		d.State, d.Reason = r.State, r.Reason
	}
	if err := l.o.Batches.Begin(ctx, d.ID); err != nil {
		return err
	}
	l.mu.Lock()
	l.led[d.ID] = d
	l.mu.Unlock()
	l.startProducing(ctx, d)
	return nil
}

// startProducing hands the run's audience out, beside the caller.
func (l *leader) startProducing(ctx context.Context, d *led) {
	l.producing.Go(func() {
		err := l.produce(ctx, d)
		if err == nil || ctx.Err() != nil || errors.Is(err, errCanceled) {
			return
		}
		l.o.Log.Warn("push: the audience of a run", "campaign", d.Campaign, "due", d.Time, "err", err)
		l.mu.Lock()
		defer l.mu.Unlock()
		d.broken = true
	})
}

// endCanceled ends canceled runs of which no worker sends any more.
func (l *leader) endCanceled(ctx context.Context) error {
	now := l.o.Clock.Now()
	if now.Sub(l.began) < gone {
		return nil // not every worker has been heard of
	}
	var over []*led
	l.mu.Lock()
	for _, d := range l.led {
		if d.State == runs.Canceling && l.isStill(d.ID, now) {
			over = append(over, d)
		}
	}
	l.mu.Unlock()
	for _, d := range over {
		if err := l.o.Batches.End(ctx, d.ID); err != nil {
			return err
		}
		if err := l.o.Runs.End(ctx, l.epoch, d.ID, runs.Canceled, d.Reason, now); err != nil {
			return err
		}
	}
	return nil
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
	var over []*led
	l.mu.Lock()
	for _, d := range l.led {
		if d.produced && len(d.open) == 0 && d.State == runs.Running {
			over = append(over, d)
		}
	}
	l.mu.Unlock()
	for _, d := range over {
		left, err := l.o.Runs.Unsettled(ctx, d.ID, 0, 1)
		if err != nil {
			return err
		}
		if len(left) > 0 {
			continue
		}
		l.mu.Lock()
		reason := d.Reason // how it began
		l.mu.Unlock()
		if !d.Follows.IsZero() { // the test of a run that is yet to begin
			if err := l.o.Runs.Wait(ctx, l.epoch, d.ID); err != nil {
				return err
			}
			continue
		}
		if err := l.o.Runs.End(ctx, l.epoch, d.ID, runs.Done, reason, l.o.Clock.Now()); err != nil {
			return err
		}
		if err := l.o.Batches.End(ctx, d.ID); err != nil {
			return err
		}
	}
	return nil
}
