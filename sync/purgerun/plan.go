package purgerun

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/sync/purge"
)

// PlanOptions say how much a plan looks at; what is zero has a default.
type PlanOptions struct {
	Parallel int    // documents read at once; 64
	Examples int    // documents whose difference is kept; 3
	Attempts int    // tries to read one document; 8
	Run      string // the id of a run that has begun: what it has changed already is passed over; "" for none
	Progress func(candidates int)
	Wait     func(ctx context.Context, d time.Duration) error
}

// Example is a document that a purge would change, as it is and as it would be.
type Example struct {
	ID     string
	Before []byte
	After  []byte // nil where it would be removed
}

// Plan is what a purge would do to an environment. Counts but Matches count a candidate as often as the source lists it
// far apart.
type Plan struct {
	Candidates int // that were read
	Matches    int // documents that would be changed
	Unmatched  int
	Unchanged  int // that match, and stay as they are
	Missing    int // candidates that are no document
	Failed     int
	Before     int // that the run has changed already

	Examples []Example     // the first that would be changed, in the source's order
	Failures []Failure     // the first that could not be judged, in the source's order
	Takes    time.Duration // of a run, at the purge's rate
	OverBy   int           // how many more match than the purge's limit allows; 0 for none
}

// mostRemembered is how many matching documents a plan tells apart; beyond it, one that is listed twice counts twice.
const mostRemembered = 1 << 17

// MakePlan reads the candidates and runs the purge on them without writing anything. Memory does not grow with their
// number.
func MakePlan(ctx context.Context, p *purge.Purge, source Source, documents Documents, o PlanOptions) (*Plan, error) {
	o.Parallel, o.Examples, o.Attempts = positive(o.Parallel, 64), positive(o.Examples, 3), positive(o.Attempts, 8)
	if o.Wait == nil {
		o.Wait = wait
	}
	pl := &planner{PlanOptions: o, purge: p, documents: documents, plan: &Plan{}, known: map[uint64]bool{}, seed: maphash.MakeSeed()}
	var ids []string
	seen := map[string]bool{}
	flush := func() error {
		err := pl.batch(ctx, ids)
		ids, seen = ids[:0], map[string]bool{}
		return err
	}
	err := source.Candidates(ctx, p, func(id string) error {
		if seen[id] {
			return nil
		}
		seen[id] = true
		if ids = append(ids, id); len(ids) < o.Parallel {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return nil, fmt.Errorf("plan purge %s: %w", p.Name, err)
	}
	plan := pl.plan
	plan.Takes = p.Takes(plan.Matches)
	if p.Limit > 0 {
		plan.OverBy = max(plan.Matches-p.Limit, 0)
	}
	return plan, nil
}

type planner struct {
	PlanOptions
	purge     *purge.Purge
	documents Documents
	plan      *Plan
	known     map[uint64]bool // matching documents
	seed      maphash.Seed
}

// judged is one candidate of a plan.
type judged struct {
	doc     purge.Document
	verdict purge.Verdict
	missing bool
	before  bool // the run has changed it already
	err     error
}

func (pl *planner) batch(ctx context.Context, ids []string) error {
	all := make([]judged, len(ids))
	g, group := errgroup.WithContext(ctx)
	for i, id := range ids {
		g.Go(func() (err error) {
			all[i], err = pl.judge(group, id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, j := range all {
		pl.count(ids[i], j)
	}
	if pl.Progress != nil {
		pl.Progress(pl.plan.Candidates)
	}
	return nil
}

func (pl *planner) judge(ctx context.Context, id string) (j judged, err error) {
	for attempt := 1; ; attempt++ {
		if j.doc, err = pl.documents.Get(ctx, id, pl.Run); !errors.Is(err, purge.ErrTemporary) && !errors.Is(err, purge.ErrAmbiguous) || attempt >= pl.Attempts {
			break
		}
		if err := pl.Wait(ctx, backoff(attempt)); err != nil {
			return j, err
		}
	}
	switch {
	case errors.Is(err, purge.ErrNotFound):
		j.missing = true
		return j, nil
	case err != nil:
		return j, fmt.Errorf("read document %s: %w", id, err)
	case j.doc.Mark != "":
		j.before = true
		return j, nil
	}
	j.verdict, err = pl.purge.Judge(ctx, j.doc.Body)
	if unusable := (*purge.DocumentError)(nil); errors.As(err, &unusable) {
		j.err, err = unusable, nil
	}
	return j, err
}

func (pl *planner) count(id string, j judged) {
	plan := pl.plan
	plan.Candidates++
	switch {
	case j.missing:
		plan.Missing++
	case j.before:
		plan.Before++
	case j.err != nil:
		if plan.Failed++; len(plan.Failures) < mostFailures {
			plan.Failures = append(plan.Failures, Failure{id, j.err})
		}
	case !j.verdict.Matches:
		plan.Unmatched++
	case !j.verdict.Changes():
		plan.Unchanged++
	case pl.isNew(id):
		if plan.Matches++; len(plan.Examples) < pl.Examples {
			plan.Examples = append(plan.Examples, Example{id, j.doc.Body, j.verdict.After})
		}
	}
}

// isNew says whether a matching document was not counted yet.
func (pl *planner) isNew(id string) bool {
	h := maphash.String(pl.seed, id)
	if pl.known[h] {
		return false
	}
	if len(pl.known) < mostRemembered {
		pl.known[h] = true
	}
	return true
}
