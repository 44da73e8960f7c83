package bot

import (
	"context"
	"slices"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// runPipeline releases to all environments or, where the job is about one, to that alone; what is told has the others
// as they stand by their ledgers.
func (j *job) runPipeline(ctx context.Context, p *release.Pipeline, q release.Request) (*release.Progress, error) {
	if j.only == "" {
		return p.Run(ctx, q)
	}
	others, err := j.standing(ctx, p.Targets, q.Commit.ID)
	if err != nil {
		return &release.Progress{Commit: q.Commit, Actor: q.Actor}, err
	}
	if !slices.ContainsFunc(p.Targets, func(t release.Target) bool { return t.Name == j.only }) {
		j.note("before " + release.ShortDigest(q.Commit.ID) + " liveops.yaml had no environment " + j.only + ": it takes the next merge")
		return &release.Progress{Commit: q.Commit, Actor: q.Actor, Zone: q.Policy.Zone(), Steps: others}, nil
	}
	all := func(part *release.Progress) *release.Progress { return among(others, part) }
	report := q.Report
	q.Only, q.Report = j.only, func(part *release.Progress) { report(all(part)) }
	part, err := p.Run(ctx, q)
	if err == nil {
		var approved bool
		if approved, err = j.approved(ctx, part, q); err == nil && approved {
			part, err = p.Run(ctx, q)
		}
	}
	return all(part), err
}

// among puts the step of one environment among those of the others. Where it stopped, those after it that have not the
// commit are not reached.
func among(others []release.Step, part *release.Progress) *release.Progress {
	if part == nil || len(part.Steps) == 0 {
		return part
	}
	all := *part
	all.Steps = slices.Clone(others)
	one, passed := part.Steps[0], false
	for i := range all.Steps {
		s := &all.Steps[i]
		switch {
		case s.Environment == one.Environment:
			*s, passed = one, true
		case passed && one.State == release.Stopped && s.State == release.Waiting:
			s.State = release.Skipped
		}
	}
	return &all
}

// standing is how every environment stands to a commit by its ledger: it has it, by a release of its own or with a later
// one, or it waits for it.
func (j *job) standing(ctx context.Context, targets []release.Target, commit string) ([]release.Step, error) {
	var steps []release.Step
	for _, t := range targets {
		step, err := j.standingOf(ctx, t, commit)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (j *job) standingOf(ctx context.Context, t release.Target, commit string) (release.Step, error) {
	step := release.Step{Environment: t.Name, State: release.Waiting}
	st, err := t.Store.State(ctx)
	if err != nil || st.Commit == "" {
		return step, err
	}
	relation, _, err := history{j}.Between(ctx, st.Commit, commit)
	if err != nil || relation != datarepo.Same && relation != datarepo.Behind {
		return step, err
	}
	step.State = release.Same
	releases, err := t.Store.Releases(ctx, 200)
	for _, done := range releases { // the newest first
		if done.Commit == commit && done.Kind == mysqlstore.ApplyKind && done.State == mysqlstore.Applied {
			step.WasTaken(done)
			break
		}
	}
	return step, err
}
