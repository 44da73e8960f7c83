package release

import (
	"context"
	"time"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// StepState is where one environment stands in a release.
type StepState string

// The states of a step. A step moves down this list; all from Applied on are final, Paused and Queued for this run only.
const (
	Waiting  StepState = "waiting"
	Planning StepState = "planning"
	Applying StepState = "applying"
	Purging  StepState = "purging" // the rows are committed, and purges run
	Applied  StepState = "applied" // rows were changed, read back and committed
	Same     StepState = "same"    // the environment had the commit's rows, or a later commit's, already
	Stopped  StepState = "stopped" // nothing was changed, but for Purges; the environment is held, or was
	Skipped  StepState = "skipped" // an earlier environment stopped
	Paused   StepState = "paused"  // nothing was changed, and there is no hold: it waits for what Waits says
	Queued   StepState = "queued"  // the environment that it comes after is paused, or queued itself
)

// Final reports whether a step in this state goes no further.
func (s StepState) Final() bool {
	switch s {
	case Applied, Same, Stopped, Skipped, Paused, Queued:
		return true
	}
	return false
}

// Step is one environment's part of a release.
type Step struct {
	Environment string
	State       StepState
	Plan        *Plan                // what is, or would have been, applied; nil before it is made
	Release     int64                // the ledger's number; 0 while there is none
	Count       plan.Count           // Applied: the rows changed, also where Plan is nil since an earlier run did it
	Commits     []Commit             // what the release brings, oldest first: more than one when it is cumulative
	Purges      []PurgeStep          // those that the release brings, by name, as far as it came
	Reason      string               // Stopped, Paused: why, one line of plain prose that may quote a cell's text
	Mend        string               // Stopped: what to do next
	Hold        *mysqlstore.Hold     // Stopped: the hold that the environment is under now
	Reviewed    string               // the digest that was reviewed; "" where there was no review
	Waits       []Wait               // Paused: all that it waits for
	Problems    []datasheets.Problem // Stopped by problems: all of them
	Started     time.Time
	Finished    time.Time
}

// WasTaken sets a step to what the ledger says of the release by which the environment took its commit.
func (s *Step) WasTaken(by mysqlstore.Release) {
	s.State, s.Release = Same, by.ID
	s.Count = plan.Count{Deleted: by.Deleted, Inserted: by.Inserted, Updated: by.Updated}
	if by.Kind == mysqlstore.ApplyKind && s.Count.Total() > 0 {
		s.State = Applied
	}
}

// Commit is a commit of the data repo as people know it.
type Commit struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Author  string `json:"author,omitempty"`
}

// Progress is where one commit stands on its way through the environments, in promotion order.
type Progress struct {
	Commit Commit
	Actor  string         // who merged or commanded
	Zone   *time.Location // that times are told in, beside UTC; nil for UTC alone
	Steps  []Step
}

// Until is when time alone lets a paused step go on; zero where someone must do something, or it is not known.
func (s *Step) Until() time.Time {
	var until time.Time
	for _, w := range s.Waits {
		if w.Until.IsZero() {
			return time.Time{}
		}
		if w.Until.After(until) {
			until = w.Until
		}
	}
	return until
}

// GuardPause is how long to wait before a guard that was not healthy is asked again.
const GuardPause = time.Minute

// Again is when another run of the same commit may get further by itself; zero where it waits for people alone, or
// nothing waits. now is that of this run.
func (p *Progress) Again(now time.Time) time.Time {
	var again time.Time
	for i := range p.Steps {
		for _, w := range p.Steps[i].Waits {
			at := w.Until
			if w.Kind == Unhealthy {
				at = now.Add(GuardPause)
			}
			if !at.IsZero() && (again.IsZero() || at.Before(again)) {
				again = at
			}
		}
	}
	return again
}

// Paused are the steps that wait for what the policy asks.
func (p *Progress) Paused() []*Step {
	var paused []*Step
	for i := range p.Steps {
		if p.Steps[i].State == Paused {
			paused = append(paused, &p.Steps[i])
		}
	}
	return paused
}

// SaveShown records, for each step that waits or stopped, the plan that it showed: what a command that lets it go on is bound
// to. It is to be called once the progress has been shown. store opens an environment's.
func (p *Progress) SaveShown(ctx context.Context, store func(ctx context.Context, environment string) (*mysqlstore.Store, error), repository string, pull int) error {
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.State != Paused && s.State != Stopped || s.Plan == nil || s.Plan.Digest == "" {
			continue
		}
		t, err := store(ctx, s.Environment)
		if err != nil {
			return err
		}
		if err := t.SaveShown(ctx, mysqlstore.Shown{Repository: repository, Pull: pull, Commit: p.Commit.ID, Digest: s.Plan.Digest}); err != nil {
			return err
		}
	}
	return nil
}

// step is the step of an environment; nil where there is none.
func (p *Progress) step(environment string) *Step {
	for i := range p.Steps {
		if p.Steps[i].Environment == environment {
			return &p.Steps[i]
		}
	}
	return nil
}

// Done reports whether every step is final for this run.
func (p *Progress) Done() bool {
	for i := range p.Steps {
		if !p.Steps[i].State.Final() {
			return false
		}
	}
	return true
}

// Began reports whether this run has begun to change rows or documents somewhere.
func (p *Progress) Began() bool {
	for i := range p.Steps {
		if s := p.Steps[i]; s.State == Applying || s.State == Purging || s.State == Applied && s.Plan != nil {
			return true
		}
	}
	return false
}

// Stopped is the step that stopped the release; nil where none did.
func (p *Progress) Stopped() *Step {
	for i := range p.Steps {
		if p.Steps[i].State == Stopped {
			return &p.Steps[i]
		}
	}
	return nil
}
