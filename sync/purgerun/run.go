package purgerun

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/sync/purge"
)

// Failure is a document that the purge could not be run on, and why.
type Failure struct {
	ID  string
	Err error
}

// mostFailures is how many documents a result names.
const mostFailures = 20

// Result is how a run ended, or was left.
type Result struct {
	Run      purge.Run
	Failures []Failure // of the newest round, at most 20, sorted by id
}

// errPaused and errCanceled are what a person wished.
var (
	errPaused   = errors.New("paused by a person")
	errCanceled = errors.New("canceled by a person")
)

// Run runs a purge, or goes on where it was left. It selects candidates again and again until a round changes none.
//
// It returns without an error where the run is done, failed for some documents, or was paused or canceled by a person: Run.State tells.
// Where ctx is canceled, the journal or the documents cannot be reached, or the limit is passed, the run is left paused
// and the error says why; another Run goes on. It fails with an *purge.ExpiredError, *purge.OverError or
// *purge.ChangedError before it does anything, and with purge.ErrLost where another Run took over.
func Run(ctx context.Context, p *purge.Purge, source Source, documents Documents, journal Journal, o Options) (Result, error) {
	o = o.complete()
	if p.Rate > 0 { // so that the journal hears of a slow run, too
		o.Batch = max(min(o.Batch, int(p.Rate*batchTime.Seconds())/lanes), 1)
	}
	if p.ExpiredAt(o.Now()) {
		return Result{}, &purge.ExpiredError{Name: p.Name, Expired: p.Expires}
	}
	run, err := journal.Begin(ctx, purge.Run{Name: p.Name, Fingerprint: p.Fingerprint(), Scope: p.Scope, Collection: p.Collection, ID: o.NewID(), Actor: o.Actor, Commit: o.Commit, Started: o.Now()})
	if err != nil {
		return Result{}, err
	}
	run.Counts.Room = o.Room
	r := &runner{Options: o, purge: p, source: source, documents: documents, journal: journal, run: run,
		pace: newPace(p.Rate, o), atWork: map[string]bool{}, batchNow: o.Batch, used: run.Counts.Done}
	return r.end(ctx, r.rounds(ctx))
}

// runner is one Run.
type runner struct {
	Options
	purge     *purge.Purge
	source    Source
	documents Documents
	journal   Journal
	pace      *pace

	mu       sync.Mutex // guards what follows
	run      purge.Run
	failures []Failure
	atWork   map[string]bool // ids that a batch has
	used     int             // of the limit: documents done, and those that are to be
	told     time.Time
	batchNow int
}

// batchTime is about how long the batches that are at work take at the purge's rate.
const batchTime = 10 * time.Second

// lanes is how many batches are at work at once, so that one waits for the journal while another writes documents.
const lanes = 8

// rounds runs rounds until one changes nothing.
func (r *runner) rounds(ctx context.Context) error {
	if err := r.settleLeft(ctx); err != nil {
		return err
	}
	for range r.Rounds {
		before := r.startRound()
		if err := r.round(ctx); err != nil {
			return err
		}
		if r.counts().Done == before {
			return nil
		}
	}
	return fmt.Errorf("after %d rounds there are still new documents that match", r.Rounds)
}

// startRound forgets the last round's counts, and says how many documents are done.
func (r *runner) startRound() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.run.Counts
	r.run.Counts = purge.Counts{Done: c.Done, Skipped: c.Skipped, Undone: c.Undone, Room: c.Room, Round: c.Round + 1}
	r.failures = nil
	return c.Done
}

func (r *runner) counts() purge.Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.run.Counts
}

// round selects candidates once and works on all of them.
func (r *runner) round(ctx context.Context) error {
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(lanes)
	var ids []string
	seen := map[string]bool{}
	flush := func() {
		batch := ids
		ids, seen = nil, map[string]bool{}
		g.Go(func() error { return r.batch(group, batch) })
	}
	err := r.source.Candidates(ctx, r.purge, func(id string) error {
		if group.Err() != nil {
			return group.Err()
		}
		if !seen[id] {
			seen[id] = true
			if ids = append(ids, id); len(ids) >= r.batchSize() {
				flush()
			}
		}
		return nil
	})
	if err == nil && len(ids) > 0 {
		flush()
	}
	if failed := g.Wait(); failed != nil {
		return failed
	}
	if err != nil {
		return fmt.Errorf("select the candidates: %w", err)
	}
	return nil
}

// settleLeft finds out what became of documents that an earlier Run was at work on.
func (r *runner) settleLeft(ctx context.Context) error {
	after := ""
	for {
		left, err := r.journal.Page(ctx, r.run, purge.ImagePending, after, r.batchSize())
		if err != nil || len(left) == 0 {
			return err
		}
		var ids []string
		for _, image := range left {
			ids = append(ids, image.ID)
		}
		after = ids[len(ids)-1]
		if err := r.batch(ctx, ids); err != nil {
			return err
		}
	}
}

// end writes how the run is left.
func (r *runner) end(ctx context.Context, err error) (Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if errors.Is(err, purge.ErrLost) {
		return Result{Run: r.run}, err
	}
	run := &r.run
	run.Error, run.Updated = "", r.Now()
	switch {
	case errors.Is(err, errPaused):
		run.State, err = purge.Paused, nil
	case errors.Is(err, errCanceled):
		run.State, err = purge.Canceled, nil
	case errors.Is(err, context.Canceled):
		run.State, run.Error = purge.Paused, "interrupted"
	case err != nil:
		run.State, run.Error = purge.Paused, err.Error()
	case run.Counts.Failed > 0:
		run.State, run.Error = purge.Failed, fmt.Sprintf("%d documents could not be changed", run.Counts.Failed)
	default:
		run.State = purge.Done
	}
	if run.State.Over() {
		run.Finished = r.Now()
	}
	slices.SortFunc(r.failures, func(a, b Failure) int { return compareText(a.ID, b.ID) })
	if len(r.failures) > 0 && run.State == purge.Failed {
		run.Error += fmt.Sprintf(", the first %s: %v", r.failures[0].ID, r.failures[0].Err)
	}
	detached, cancel := detach(ctx)
	defer cancel()
	ended := r.journal.End(detached, *run)
	if ended == nil && r.Progress != nil {
		r.Progress(*run)
	}
	return Result{Run: *run, Failures: r.failures}, errors.Join(err, ended)
}

// detach gives what must be written although ctx has ended a while of its own.
func detach(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}
