package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// State says how a job stands.
type State string

// The states of a job that is not done and not parked.
const (
	InHand      State = "in hand"      // somebody works on it
	TryingAgain State = "trying again" // it failed, and is handed over again at Standing.Again
	Waiting     State = "waiting"
)

// Standing is a job and how it stands.
type Standing struct {
	Job
	State   State
	Attempt int       // of a job in hand, or the last one that failed
	By      string    // the Options.Name of the process that has, or had, it in hand
	Since   time.Time // when that was handed over
	Reason  string    // of one that is tried again: the text of the last error
	Again   time.Time // likewise: when
}

// mostShown is how many jobs of each queue Jobs lists.
const mostShown = 100

// answerLimit bounds how long Jobs waits for other processes to say what they have in hand.
const answerLimit = 500 * time.Millisecond

// Jobs lists the jobs that are in hand, are tried again or wait, by lane and then in the order of their queues, of each
// queue at most the first 100. What a process that died had in hand stands as waiting, until it is handed over again.
func (e *Engine) Jobs(ctx context.Context) ([]Standing, error) {
	end, err := e.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	var all []Standing
	first := map[uint64]int{} // where in all the first of each queue stands, by its sequence
	for _, q := range e.queues[1:] {
		floor, err := q.settled(ctx)
		if err != nil {
			return nil, err
		}
		for n, from := 0, floor+1; n < mostShown; n++ {
			m, err := q.next(ctx, from)
			if err != nil {
				return nil, err
			}
			if m == nil {
				break
			}
			if n == 0 {
				first[m.Sequence] = len(all)
			}
			all = append(all, Standing{Job: jobOf(m.Header, m.Data), State: Waiting})
			from = m.Sequence + 1
		}
	}
	if len(first) == 0 {
		return nil, nil
	}
	return all, e.askHands(ctx, all, first)
}

// askHands asks every process what it has in hand, until all the first jobs of queues are told of or time is up: one may
// be nobody's.
func (e *Engine) askHands(ctx context.Context, all []Standing, first map[uint64]int) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	answers, err := e.conn.SubscribeSync(e.conn.NewRespInbox())
	if err == nil {
		defer func() { _ = answers.Unsubscribe() }()
		err = e.conn.PublishRequest(jobsQuestion, answers.Subject, nil)
	}
	if err != nil {
		return fmt.Errorf("ask who has what in hand: %w", err)
	}
	for missing := len(first); missing > 0; {
		m, err := answers.NextMsgWithContext(ctx)
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrNoResponders) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ask who has what in hand: %w", err)
		}
		var list []hand
		if err := json.Unmarshal(m.Data, &list); err != nil {
			return fmt.Errorf("read what is in hand: %w", err)
		}
		for _, h := range list {
			i, ok := first[h.Sequence]
			if !ok || all[i].Attempt >= h.Attempt { // an earlier holder's
				continue
			}
			if all[i].Attempt == 0 {
				missing--
			}
			s := &all[i]
			s.State, s.Attempt, s.By, s.Since, s.Reason, s.Again = h.State, h.Attempt, h.By, h.Since, h.Reason, h.Again
		}
	}
	return nil
}

// jobsQuestion is the subject of the question what a process has in hand. The answer is a JSON list of hands.
const jobsQuestion = "liveops.control.jobs"

// answerJobs has the process answer that question, until the function that it returns is called.
func (e *Engine) answerJobs() (stop func(), err error) {
	s, err := e.conn.Subscribe(jobsQuestion, func(m *nats.Msg) {
		b, err := json.Marshal(e.hands.list())
		if err == nil {
			err = m.Respond(b)
		}
		if err != nil {
			e.options.Logger.Warn("engine: could not say what is in hand", "err", err)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("listen for who asks what is in hand: %w", err)
	}
	return func() { _ = s.Unsubscribe() }, nil
}

// hand is what a process knows of the job that it had in hand last from one queue, while it is not done.
type hand struct {
	Sequence uint64 // in the stream
	State    State
	Attempt  int
	By       string
	Since    time.Time
	Reason   string
	Again    time.Time
}

// hands are those of all queues, by the queue's name.
type hands struct {
	mu sync.Mutex
	of map[string]hand
}

func (h *hands) take(t *task, o Options) {
	if t.queue.lane == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[string]hand{}
	}
	h.of[t.queue.name] = hand{Sequence: t.sequence, State: InHand, Attempt: t.attempt, By: o.Name, Since: o.Now().UTC()}
}

func (h *hands) failed(t *task, reason error, again time.Time) {
	if t.queue.lane == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.of[t.queue.name]
	f.State, f.Reason, f.Again = TryingAgain, reason.Error(), again.UTC()
	if len(f.Reason) > maxReason {
		f.Reason = f.Reason[:maxReason] + "…"
	}
	h.of[t.queue.name] = f
}

func (h *hands) drop(t *task) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.of, t.queue.name)
}

func (h *hands) list() []hand {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]hand, 0, len(h.of))
	for _, one := range h.of {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b hand) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return list
}
