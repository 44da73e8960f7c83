package release

import (
	"context"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// Confirmed is who confirmed last that a plan goes past its limits: this very plan, of no fewer user documents than its
// purges match where these are past a limit. nil where nobody did; changed is then the last confirmation of another plan, or
// of fewer documents.
func (p *Policy) Confirmed(confirmations []mysqlstore.Confirmation, plan *Plan) (by, changed *mysqlstore.Confirmation) {
	by, changed = Confirmed(confirmations, mysqlstore.Limits, plan.Digest)
	n := plan.Purged()
	if by == nil || !p.limitsPurges() || n <= *p.config.Limits.PurgedDocuments {
		return by, changed
	}
	if by = mostConfirmed(confirmations, plan.Digest); by.Purged < n {
		return nil, by
	}
	return by, nil
}

// mostConfirmed is the last confirmation of the most user documents that was given to a plan; nil for none.
func mostConfirmed(confirmations []mysqlstore.Confirmation, digest string) (most *mysqlstore.Confirmation) {
	for i := range confirmations {
		c := &confirmations[i]
		if c.Kind == mysqlstore.Limits && c.Digest == digest && (most == nil || c.Purged >= most.Purged) {
			most = c
		}
	}
	return most
}

// PurgeRoom is how many user documents one purge may change in all where liveops.yaml alone says so, as purgerun.Options
// have it. run is what is known of it: what it was allowed before it may do.
func (p *Policy) PurgeRoom(run purge.Run) int {
	if !p.limitsPurges() {
		return 0
	}
	return atLeast(*p.config.Limits.PurgedDocuments, run)
}

// atLeast is a room of n documents, or what the run was allowed before where that is more.
func atLeast(n int, run purge.Run) int {
	if n <= 0 {
		n = -1
	}
	if run.Counts.Room == 0 { // it was allowed nothing yet
		return n
	}
	return max(n, run.Counts.Room)
}

// purgeBudget is how many user documents the purges that came with the commit may change together in an environment: what
// limits.purgedDocuments allows, or what was confirmed of the plan that the environment took the commit by.
func (r *run) purgeBudget(ctx context.Context, t Target, st mysqlstore.State) (n int, bounded bool, err error) {
	if !r.Policy.limitsPurges() {
		return 0, false, nil
	}
	applied, err := t.Store.Release(ctx, st.Release)
	if err != nil {
		return 0, false, err
	}
	confirmations, err := t.Store.Confirmations(ctx, r.Repository, r.Pull)
	if err != nil {
		return 0, false, err
	}
	n = *r.Policy.config.Limits.PurgedDocuments
	if most := mostConfirmed(confirmations, applied.Digest); most != nil {
		n = max(n, most.Purged)
	}
	return n, true, nil
}

// OpenPurges is what the purges that came with a commit have changed, and would change yet, in an environment that has it
// and has not done them all, as a plan with the digest of the release that brought it; nil where none is left. By it a
// second person lets go on what stopped at limits.purgedDocuments.
func OpenPurges(ctx context.Context, d *Desired, t Target) (*Plan, error) {
	if d.Purging == nil {
		return nil, nil
	}
	st, err := t.Store.State(ctx)
	if err != nil || st.Commit != d.Commit {
		return nil, err
	}
	due, over, err := duePurges(ctx, d, t, st)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	applied, err := t.Store.Release(ctx, st.Release)
	if err != nil {
		return nil, err
	}
	p := &Plan{Environment: t.Name, Commit: d.Commit, Base: st, Digest: applied.Digest}
	for _, one := range over {
		p.Purges = append(p.Purges, PurgePlan{Purge: one.Purge, Plan: &purgerun.Plan{Matches: one.run.Counts.Done}})
	}
	for _, one := range due {
		documents, err := d.Purging.Documents(ctx, t.Name)
		if err != nil {
			return nil, err
		}
		pl, err := purgerun.MakePlan(ctx, one.Purge, documents, documents.Documents(one.Scope, one.Collection), purgerun.PlanOptions{Run: one.run.ID})
		if err != nil {
			return nil, err
		}
		pl.Matches += one.run.Counts.Done
		p.Purges = append(p.Purges, PurgePlan{Purge: one.Purge, Plan: pl})
	}
	return p, nil
}
