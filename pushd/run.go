package pushd

import (
	"context"
	"errors"
	"sync"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// run is a run that the worker knows of.
type run struct {
	id       int64
	campaign *campaign.Campaign
	texts    *texts
	gateways map[campaign.Platform]campaign.Gateway
	test     bool // what becomes of each message is told
	sandbox  bool

	free chan struct{} // has one for each batch in hand

	mu      sync.Mutex
	state   runs.State
	changed chan struct{}                   // closed when anything below has changed
	may     map[campaign.Gateway]int        // messages that may be sent
	ahead   map[campaign.Gateway]int        // of the batches in hand, about as many as are not sent
	waiting map[campaign.Gateway]int        // that somebody waits to send
	busy    int                             // batches of which messages may be sent, or whose result is not told
	hands   map[int]context.CancelCauseFunc // the batches in hand, each with what ends that
	lacking map[campaign.Gateway]bool       // gateways that there are no credentials for, which was said
	sends   context.Context                 // in which they are sent: ended when they must not be any more
	halt    context.CancelFunc
}

// set takes over how the run stands.
func (r *run) set(state runs.State, may map[campaign.Gateway]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for g, n := range may {
		r.may[g] += n
	}
	if state != r.state {
		r.state = state
		if state == runs.Running {
			r.sends, r.halt = context.WithCancel(context.Background())
		} else {
			if r.halt != nil {
				r.halt()
			}
			clear(r.may)
		}
	}
	close(r.changed)
	r.changed = make(chan struct{})
}

// leave is the leader's leave to send a run's messages to one gateway: it is the pacer of their batches.
type leave struct {
	r *run
	g campaign.Gateway
}

// Take waits until n messages may be sent.
func (l leave) Take(ctx context.Context, n int) error {
	r := l.r
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[l.g] += n
	defer func() { r.waiting[l.g] -= n }()
	for r.may[l.g] < n {
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
		}
		r.mu.Lock()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	r.may[l.g] -= n
	r.ahead[l.g] = max(0, r.ahead[l.g]-n)
	return nil
}

// whileRunning is a context that ends when the run is not running any more.
func (r *run) whileRunning(ctx context.Context) (context.Context, context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	if r.state != runs.Running {
		cancel()
		return ctx, cancel
	}
	stop := context.AfterFunc(r.sends, cancel)
	return ctx, func() { stop(); cancel() }
}

// await waits until the run is in a state; false where it has ended, or ctx has.
func (r *run) await(ctx context.Context, state runs.State) bool {
	for {
		r.mu.Lock()
		is, changed := r.state, r.changed
		r.mu.Unlock()
		switch {
		case is == state:
			return ctx.Err() == nil
		case is == runs.Canceling || is.Ended():
			return false
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// begin counts a batch in once its run is running; false where the run has ended.
func (r *run) begin(ctx context.Context) bool {
	if !r.await(ctx, runs.Running) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy++
	return true
}

// end counts it out.
func (r *run) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy--
}

// beginSend waits until the run is running, and tells in which context to send so many messages. ok is false where the run
// has ended.
func (r *run) beginSend(ctx context.Context, g campaign.Gateway, n int) (sends context.Context, ok bool) {
	for r.await(ctx, runs.Running) {
		r.mu.Lock()
		if r.state == runs.Running {
			r.ahead[g] += n
			sends = r.sends
			r.mu.Unlock()
			return sends, true
		}
		r.mu.Unlock()
	}
	return nil, false
}

// endSend takes back what was not sent.
func (r *run) endSend(g campaign.Gateway, unsent int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ahead[g] = max(0, r.ahead[g]-unsent)
}

// take takes a batch in hand, until dropped is called: having ends when another worker takes it over. ok is false where it is in
// hand, of which the engine does not know.
func (r *run) take(ctx context.Context, seq int) (having context.Context, dropped func(), ok bool) {
	having, cancel := context.WithCancelCause(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hands[seq] != nil {
		cancel(nil)
		return nil, nil, false
	}
	r.hands[seq] = cancel
	return having, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.hands, seq)
		cancel(nil)
	}, true
}

// lose ends having batches that others have taken over.
func (r *run) lose(seqs []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, seq := range seqs {
		if cancel := r.hands[seq]; cancel != nil {
			cancel(errLost)
		}
	}
}

// lostOf is errLost where a batch was taken over, else nil.
func lostOf(having context.Context) error {
	if errors.Is(context.Cause(having), errLost) {
		return errLost
	}
	return nil
}

// lacks takes note that there are no credentials for a gateway; it says whether that is new.
func (r *run) lacks(by campaign.Gateway) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.lacking[by]
	r.lacking[by] = true
	return !was
}
