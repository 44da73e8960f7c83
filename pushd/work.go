package pushd

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/engine"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
	"liveops/pushd/runs"
)

// Sender sends batches to one gateway: a *gateway.Sender is one.
type Sender interface {
	Send(ctx context.Context, b *gateway.Batch, results []gateway.Result) error
}

// WorkOptions say for whom a worker works, and with what.
type WorkOptions struct {
	Environment string
	Name        string // of this worker, unlike any other's
	Batches     *engine.Batches
	Decode      Decode
	Senders     map[campaign.Gateway]Sender // of those gateways that the environment's campaigns go to
	Sandbox     Sender                      // of APNs's sandbox, which goes before that of Senders where the leader says so; may be nil
	// InHand is how many batches of a run the worker has in hand at most: 32 by default. Their messages, 1,000 each, are the most that
	// are sent a second time when it is killed.
	InHand int
	// AtWork is told how many runs the worker knows of, whenever that changes; nil is told nothing.
	AtWork func(runs int)
	Clock  Clock        // the system's by default
	Log    *slog.Logger // slog.Default by default
}

// Work sends what there is to send until ctx ends, and then finishes what it has in hand, which takes as long as the gateways' answers.
func Work(ctx context.Context, o WorkOptions) error {
	if o.Batches == nil || o.Decode == nil || o.Name == "" {
		return errors.New("work for pushes: a name, batches and a decoder are needed")
	}
	if o.InHand <= 0 {
		o.InHand = 32
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	w := &hands{o: o, runs: map[int64]*run{}, unmet: map[int64]context.CancelFunc{}}
	// The leader is spoken with until nothing is in hand any more: without its word nothing can be finished.
	speaking, quiet := context.WithCancel(context.WithoutCancel(ctx))
	defer quiet()
	var g errgroup.Group
	g.Go(func() error { w.speak(speaking, ctx); return nil })
	<-ctx.Done()
	finished := make(chan struct{})
	g.Go(func() error { w.working.Wait(); close(finished); return nil })
	select {
	case <-finished:
	case <-o.Clock.After(finishTime):
		o.Log.Warn("push: worker: what is in hand could not be finished in time", "worker", o.Name)
	}
	quiet()
	err := g.Wait()
	w.working.Wait() // for what the last word began
	return err
}

// finishTime bounds how long a worker finishes what it has in hand: longer than a gateway's answer takes.
const finishTime = 45 * time.Second

// hands is a worker.
type hands struct {
	o       WorkOptions
	working sync.WaitGroup

	mu    sync.Mutex
	runs  map[int64]*run
	unmet map[int64]context.CancelFunc // runs that the leader has named and this worker knows nothing of yet, each with what ends its asking
	words uint64                       // to the leader, so far
	told  int                          // of how many runs AtWork was told
	heard time.Time                    // when the leader's last word was asked for
}

// speak speaks with the leader until ctx ends, and sees to it that each run is worked on, as long as batches are taken.
func (w *hands) speak(ctx, taking context.Context) {
	defer w.hear(ctx, taking, nil)
	for {
		asked := w.o.Clock.Now()
		within, cancel := context.WithTimeout(ctx, silence)
		var all outlook
		err := ask(func(b []byte) ([]byte, error) { return w.o.Batches.Ask(within, b) }, question{Contact: w.word()}, &all)
		cancel()
		switch {
		case err == nil:
			w.heard = asked
			w.hold(all.Gates)
			w.rate(all.Rates)
			w.hear(ctx, taking, all.Runs)
		case ctx.Err() != nil:
			return
		case w.o.Clock.Now().Sub(w.heard) >= silence:
			w.silent()
		}
		if !sleep(ctx, w.o.Clock, contactEvery) {
			return
		}
	}
}

// word is what the worker tells the leader.
func (w *hands) word() *contact {
	w.words++
	c := &contact{Worker: w.o.Name, N: w.words, Hands: map[int64][]int{}, Gates: w.gates(), Lacks: w.lacks()}
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Still = slices.Sorted(maps.Keys(w.unmet))
	for id, r := range w.runs {
		r.mu.Lock()
		if r.busy == 0 && r.state != runs.Running {
			c.Still = append(c.Still, id)
		}
		if len(r.hands) > 0 {
			c.Hands[id] = slices.Sorted(maps.Keys(r.hands))
		}
		for g := range r.ahead {
			if n := max(r.ahead[g], r.waiting[g]) - r.may[g]; n > 0 && r.state == runs.Running {
				c.Wants = append(c.Wants, want{id, g, n, r.may[g]})
			}
		}
		r.mu.Unlock()
	}
	return c
}

// hear takes the leader's word, and asks nothing: a worker must not be silent for longer than the leader thinks. A run that it does not name
// any more has ended.
func (w *hands) hear(ctx, taking context.Context, all []standing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	named := map[int64]bool{}
	for _, s := range all {
		named[s.Run] = true
		if r := w.runs[s.Run]; r != nil {
			r.lose(s.Lost)
			r.set(s.State, s.May)
		} else if w.unmet[s.Run] == nil {
			w.greet(ctx, taking, s.Run)
		}
	}
	for id, r := range w.runs {
		if !named[id] {
			r.set(runs.Done, nil)
			delete(w.runs, id)
		}
	}
	for id, leave := range w.unmet {
		if !named[id] {
			leave()
			delete(w.unmet, id)
		}
	}
	if n := len(w.runs); n != w.told && w.o.AtWork != nil {
		w.o.AtWork(n)
		w.told = n
	}
}

// greet begins to meet a run, beside the caller, as long as batches are taken: then the next word says how it stands, and it is worked on. One
// whose file this worker cannot read stays unmet. w.mu must be held.
func (w *hands) greet(ctx, taking context.Context, id int64) {
	meeting, leave := context.WithCancel(taking)
	w.unmet[id] = leave
	if taking.Err() != nil {
		return
	}
	w.working.Go(func() {
		defer leave()
		r, err := w.meet(meeting, id)
		if meeting.Err() != nil {
			return
		}
		if err != nil {
			w.o.Log.Warn("push: worker: a run, which others must send", "run", id, "err", err)
			return
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if meeting.Err() != nil { // it has ended just now
			return
		}
		delete(w.unmet, id)
		w.runs[id] = r
		w.working.Go(func() { w.workOn(ctx, taking, r) })
	})
}

// meet asks about a run until the leader answers.
func (w *hands) meet(ctx context.Context, id int64) (*run, error) {
	var about aboutRun
	if err := w.ask(ctx, question{Run: id}, &about); err != nil {
		return nil, err
	}
	r := &run{id: id, changed: make(chan struct{}), may: map[campaign.Gateway]int{},
		ahead: map[campaign.Gateway]int{}, waiting: map[campaign.Gateway]int{}, hands: map[int]context.CancelCauseFunc{}, lacking: map[campaign.Gateway]bool{}, free: make(chan struct{}, w.o.InHand)}
	var err error
	if r.campaign, err = w.o.Decode(about.Campaign, about.File); err != nil {
		return nil, err
	}
	r.gateways, r.test, r.sandbox = about.Gateways, about.Test != "", about.Sandbox
	due := campaign.Run{Environment: w.o.Environment, Campaign: about.Campaign, Time: about.Time}
	stamp := campaign.Stamp{CollapseID: due.CollapseID(), SentAt: about.Started}
	if _, asked := runs.AskedFor(about.Test); asked {
		stamp.CollapseID, stamp.Test = due.TestID(), true
	}
	r.texts = newTexts(r.campaign, stamp)
	return r, nil
}

// silent stops all sending: the leader says nothing, and may think that this worker is gone.
func (w *hands) silent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.runs {
		r.set(runs.Paused, nil)
	}
}

// workOn takes batches of a run in hand, until the run has ended or no more are to be taken.
func (w *hands) workOn(ctx, taking context.Context, r *run) {
	for r.await(taking, runs.Running) {
		err := w.takeOf(ctx, taking, r)
		switch {
		case taking.Err() != nil:
			return
		case errors.Is(err, engine.ErrNoRun), errors.Is(err, context.Canceled): // it is paused, or has ended
		case err != nil:
			w.o.Log.Warn("push: worker: batches", "run", r.id, "err", err)
		}
		if !sleep(taking, w.o.Clock, contactEvery) {
			return
		}
	}
}

// takeOf takes batches of a run in hand while it is running.
func (w *hands) takeOf(ctx, taking context.Context, r *run) error {
	running, cancel := r.whileRunning(taking)
	defer cancel()
	batches, err := w.o.Batches.Take(running, r.id, (w.o.InHand+3)/4)
	if err != nil {
		return err
	}
	defer batches.Stop()
	for {
		select {
		case r.free <- struct{}{}:
		case <-running.Done():
			return running.Err()
		}
		b, err := batches.Next(running)
		if err != nil {
			<-r.free
			return err
		}
		w.working.Go(func() {
			defer func() { <-r.free }()
			w.handle(ctx, r, b)
		})
	}
}
