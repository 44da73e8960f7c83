package release

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// Target is an environment that releases go to.
type Target struct {
	Name  string
	After string // the environment that must have a commit first; "" for none
	Store *mysqlstore.Store
}

// History tells where one commit stands to another on the default branch (see datarepo.Checkout.Between).
type History interface {
	Between(ctx context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error)
}

// Pipeline takes commits through environments.
type Pipeline struct {
	Targets []Target // in promotion order
	Log     *slog.Logger
	Guard   Guard                                            // nil to ask by HTTP
	Now     func() time.Time                                 // nil for time.Now
	Wait    func(ctx context.Context, d time.Duration) error // between tries; nil for a real timer
}

// Request is one commit to release.
type Request struct {
	ID         string // as mysqlstore.Request.ID: run again, an environment that it led to a release in is not released to again; "" for nothing
	Desired    *Desired
	Commit     Commit
	History    History
	Released   Files // of the commits that environments have, to compare only what this one touches (see MakePlanSince); nil to compare every table
	Actor      string
	Policy     *Policy             // of the base; nil asks nothing
	Despite    map[WaitKind]string // Frozen, Soaking and Unhealthy that are passed over, by the reason that the audit gets
	Pull       int
	Repository string                            // of Pull, as owner/name: by both confirmations are found; "" and 0 from the command line
	Reviewed   map[string]string                 // environment → digest that the pull request showed; nil where nothing was to be reviewed
	Own        map[string]string                 // environment → digest of what was left of that plan once the base is released; none where the same
	Only       string                            // one environment alone, whose predecessor must have the commit already; "" for all
	Report     func(*Progress)                   // called at every change of the progress; nil for none
	Rows       func(env string, done, total int) // called while rows are written; nil for none
}

// tries is how often a step is begun when locks, or another release, come in its way.
const tries = 4

// Run takes a commit to the environments, one after another, each in one transaction, after which the environment's new
// purges are run (see Desired.Purging). It stops at the first that does not take it: that environment is unchanged and on hold, those after it are untouched. Where the policy has
// an environment wait, it is unchanged and on no hold, and so are those that come after it by name; a later run goes
// on. An error is
// only what a retry may mend (a database that cannot be reached); what was stopped for good is in the Progress.
// Running the same commit again goes on where it ended.
func (p *Pipeline) Run(ctx context.Context, q Request) (*Progress, error) {
	progress := &Progress{Commit: q.Commit, Actor: q.Actor, Zone: q.Policy.Zone()}
	for _, t := range p.Targets {
		if q.Only == "" || q.Only == t.Name {
			progress.Steps = append(progress.Steps, Step{Environment: t.Name, State: Waiting, Reviewed: q.Reviewed[t.Name]})
		}
	}
	if len(progress.Steps) == 0 {
		return nil, fmt.Errorf("there is no environment %q", q.Only)
	}
	run := &run{Pipeline: p, Request: q, progress: progress}
	run.report()
	for i := range progress.Steps {
		step := &progress.Steps[i]
		if before := progress.step(p.target(step.Environment).After); before != nil && (before.State == Paused || before.State == Queued) {
			step.State, step.Reason = Queued, "comes after "+before.Environment+", which waits"
			run.report()
			continue
		}
		step.Started = p.now()
		if err := run.step(ctx, step, p.target(step.Environment)); err != nil {
			step.State = Waiting
			return progress, fmt.Errorf("release %s to %s: %w", ShortDigest(q.Commit.ID), step.Environment, err)
		}
		step.Finished = p.now()
		if step.State == Stopped {
			for j := i + 1; j < len(progress.Steps); j++ {
				progress.Steps[j].State = Skipped
			}
		}
		run.report()
		if step.State == Stopped {
			break
		}
	}
	return progress, nil
}

func (p *Pipeline) target(name string) Target {
	for _, t := range p.Targets {
		if t.Name == name {
			return t
		}
	}
	return Target{}
}

func (p *Pipeline) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// run is one Run under way.
type run struct {
	*Pipeline
	Request
	progress *Progress
}

func (r *run) report() {
	if r.Report != nil {
		r.Report(r.progress)
	}
}

// step releases to one environment, from the beginning again where another release or a lock came between.
func (r *run) step(ctx context.Context, s *Step, t Target) error {
	var err error
	for try := range tries {
		if try > 0 {
			if err := r.wait(ctx, time.Second<<try); err != nil {
				return err
			}
		}
		if err = r.try(ctx, s, t); err == nil {
			err = r.purges(ctx, s, t)
		}
		var moved *mysqlstore.MovedError
		if !errors.Is(err, mysqlstore.ErrBusy) && !(errors.As(err, &moved) && moved.Count == 0) {
			return err
		}
	}
	return err
}

func (p *Pipeline) wait(ctx context.Context, d time.Duration) error {
	if p.Wait != nil {
		return p.Wait(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// try is one try of a step: gates, plan, waits, apply.
func (r *run) try(ctx context.Context, s *Step, t Target) error {
	s.State, s.Waits, s.Reason = Planning, nil, ""
	r.report()
	if done, err := r.asked(ctx, s, t); err != nil || done {
		return err
	}
	open, err := r.gates(ctx, s, t)
	if err != nil || !open {
		return err
	}
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return err
	}
	s.Plan, err = MakePlanSince(ctx, r.Desired, t.Name, snap, r.Released)
	snap.Close()
	if err == nil && r.Policy.limitsPurges() {
		err = PlanPurges(ctx, s.Plan, r.Desired)
	}
	if err != nil {
		return err
	}
	if paused, err := r.pause(ctx, s, t); err != nil || paused {
		return err
	}
	if stopped, err := r.checkPlan(ctx, s, t); err != nil || stopped {
		return err
	}
	if err := r.recordPast(ctx, s, t); err != nil {
		return err
	}
	return r.apply(ctx, s, t)
}

// checkPlan stops a plan that has problems or is not the one that was reviewed.
func (r *run) checkPlan(ctx context.Context, s *Step, t Target) (stopped bool, err error) {
	if n := len(s.Plan.Problems); n > 0 {
		s.Problems = s.Plan.Problems
		return true, r.stop(ctx, s, t, fmt.Sprintf("%d problems in the files", n),
			"mend the files in a new pull request, then lift the hold")
	}
	if reason := r.notAsReviewed(s, t); reason != "" {
		return true, r.stop(ctx, s, t, reason, "read the plan as it is now; to take it, lift the hold and apply the commit")
	}
	return false, nil
}

// notAsReviewed says why a plan is not the one that was reviewed; "" where it is, or changes nothing. What the base owed
// when it was reviewed may have been released since: then what is left of it is the reviewed one.
func (r *run) notAsReviewed(s *Step, t Target) string {
	switch {
	case r.Reviewed == nil || s.Plan.Idle() || s.Plan.Digest == s.Reviewed:
		return ""
	case s.Plan.Digest != "" && s.Plan.Digest == r.Own[t.Name]:
		return ""
	case s.Reviewed == "":
		return "the pull request showed no plan for " + t.Name + " before it was merged"
	default:
		return "the plan is not the one that the pull request showed: " + t.Name + ", or the default branch, has changed since"
	}
}

func (r *run) apply(ctx context.Context, s *Step, t Target) error {
	s.State = Applying
	r.report()
	q := mysqlstore.Request{ID: r.ID, Commit: r.Commit.ID, Digest: s.Plan.Digest, Actor: r.Actor, Pull: r.Pull, Epoch: s.Plan.Base.Epoch, Read: s.Plan.Base.Read,
		Tables: s.Plan.Tables, Files: r.Desired.Released, Tests: r.Desired.Tests, Override: r.override(t)}
	if r.Rows != nil {
		q.Progress = func(done, total int) { r.Rows(t.Name, done, total) }
	}
	done, err := t.Store.Apply(ctx, q)
	var (
		moved   *mysqlstore.MovedError
		refused *mysqlstore.RefusedError
		failed  *mysqlstore.TestsFailedError
		held    *mysqlstore.HeldError
	)
	switch {
	case err == nil:
		s.State, s.Release = Applied, done.ID
		s.Count = plan.Count{Deleted: done.Deleted, Inserted: done.Inserted, Updated: done.Updated}
		if s.Count.Total() == 0 {
			s.State = Same
		}
		r.Log.Info("released", "environment", t.Name, "commit", r.Commit.ID, "release", done.ID, "rows", s.Count.Total())
		return nil
	case errors.As(err, &moved) && moved.Count > 0:
		return r.stop(ctx, s, t, moved.Error(), "look who changes these rows besides the data repo; then lift the hold and apply the commit")
	case errors.As(err, &refused):
		return r.stop(ctx, s, t, refused.Error(), "mend the sheets in a new pull request, then lift the hold")
	case errors.As(err, &failed):
		s.Problems = failed.Problems
		return r.stop(ctx, s, t, failed.Error(), "mend the sheets or the tests in a new pull request, then lift the hold")
	case errors.As(err, &held):
		s.State, s.Hold, s.Reason = Stopped, &held.Hold, held.Error()
		s.Mend = "lift the hold, then apply the commit"
		return nil
	default:
		return err
	}
}

// stop ends a step for good: the ledger gets a failed release, the environment a hold.
func (r *run) stop(ctx context.Context, s *Step, t Target, reason, mend string) error {
	return r.stopAs(ctx, s, t, r.ID, reason, mend)
}

// stopAs is stop as an entry of a request in the ledger; "" for none.
func (r *run) stopAs(ctx context.Context, s *Step, t Target, request, reason, mend string) error {
	failed := mysqlstore.Release{Kind: mysqlstore.ApplyKind, Commit: r.Commit.ID, Actor: r.Actor, Pull: r.Pull, Error: reason, Started: s.Started, RequestID: request}
	if s.Plan != nil {
		failed.Digest = s.Plan.Digest
	}
	failed, hold, err := t.Store.Fail(ctx, failed, "the release of "+ShortDigest(r.Commit.ID)+" was stopped: "+reason)
	if err != nil {
		return err
	}
	s.State, s.Reason, s.Mend, s.Hold, s.Release = Stopped, reason, mend, &hold, failed.ID
	r.Log.Warn("release stopped", "environment", t.Name, "commit", r.Commit.ID, "reason", reason)
	return nil
}
