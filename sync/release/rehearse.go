package release

import (
	"context"
	"errors"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
)

// Rehearse tries a plan out on the environment that it was made for: everything that applying it does, data tests
// included, in a transaction that is rolled back. What came of it is written into the plan: its Rehearsal; or the
// Problems for which the environment would refuse it, and then the plan has no digest and is not to be applied; or,
// where someone holds locks or has changed rows meanwhile, why it is Unrehearsed. An error is only what a retry may
// mend (a database that cannot be reached).
//
// A plan with problems is left as it is, and so is one with nothing to try. watch, where it is not nil, is told how
// many rows have been written. It is meant for the first environment:
// rows are locked while it runs, which on a live game's database nobody should have to wait for.
func Rehearse(ctx context.Context, p *Plan, d *Desired, store *mysqlstore.Store, watch func(done, total int)) error {
	if len(p.Problems) > 0 || p.Count().Total() == 0 && len(d.Tests) == 0 {
		return nil
	}
	done, err := store.Rehearse(ctx, mysqlstore.Request{Commit: p.Commit, Digest: p.Digest, Epoch: p.Base.Epoch, Read: p.Base.Read,
		Tables: p.Tables, Tests: d.Tests, Progress: watch})
	var (
		moved   *mysqlstore.MovedError
		refused *mysqlstore.RefusedError
		failed  *mysqlstore.TestsFailedError
	)
	switch {
	case err == nil:
		p.Rehearsal = &done
	case errors.As(err, &refused):
		p.refuse(refusal(p, refused))
	case errors.As(err, &failed):
		p.refuse(failed.Problems...)
	case errors.As(err, &moved):
		p.Unrehearsed = moved.Error()
	case errors.Is(err, mysqlstore.ErrBusy):
		p.Unrehearsed = mysqlstore.ErrBusy.Error()
	default:
		return err
	}
	return nil
}

// refuse takes the problems that a rehearsal found into the plan.
func (p *Plan) refuse(problems ...datasheets.Problem) {
	p.Problems = datasheets.SortProblems(append(p.Problems, problems...))
	p.Digest = ""
}

// refusal is what the environment refuses, as a problem at the first sheet of the table.
func refusal(p *Plan, e *mysqlstore.RefusedError) datasheets.Problem {
	problem := datasheets.Problem{Text: "rehearsed, this is refused: " + e.Error(), Mend: "mend the rows that it names; nothing was changed"}
	for _, t := range p.Tables {
		if t.Schema.Name == e.Table && len(t.Sources) > 0 {
			problem.At = datasheets.Position{Path: t.Sources[0].Path, Sheet: t.Sources[0].Sheet}
		}
	}
	return problem
}
