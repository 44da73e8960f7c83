package release

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
)

// MakePlan compares what a commit wants with a snapshot of one environment, every table of it. watch, where it is not
// nil, is told how many of the sheets have been compared. Where liveops.yaml does not say how to read the sheets, the
// plan holds the problems of the files only.
func MakePlan(ctx context.Context, d *Desired, environment string, snap *mysqlstore.Snapshot, watch func(done, total int)) (*Plan, error) {
	return makePlan(ctx, d, environment, snap, nil, watch)
}

// MakePlanSince is MakePlan of the tables only that the commit says something else of than the one that the environment
// has, where that is known (see touched): the others are taken to be as the release of that commit left them. The plan's
// Part says how many they are. Where nothing else has changed those, its digest is MakePlan's.
func MakePlanSince(ctx context.Context, d *Desired, environment string, snap *mysqlstore.Snapshot, released Files) (*Plan, error) {
	chosen, err := touched(ctx, d, snap, released)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", environment, err)
	}
	return makePlan(ctx, d, environment, snap, chosen, nil)
}

func makePlan(ctx context.Context, d *Desired, environment string, snap *mysqlstore.Snapshot, chosen *selection, watch func(done, total int)) (*Plan, error) {
	p := &Plan{Environment: environment, Commit: d.Commit, Base: snap.State, Problems: slices.Clone(d.Problems), Part: chosen.part(d, snap.Tables)}
	scope := d.Scope(environment)
	var jobs []*tableJob
	for i := range d.Tables {
		t := &d.Tables[i]
		how := chosen.of(t, snap.Tables)
		if how == passedOver {
			if snap.Tables[t.Mapping.Table] == nil {
				p.Problems = append(p.Problems, unknownTable(t.Mapping, snap.Tables))
			}
			continue
		}
		job, problems, err := newTableJob(t, snap.Tables, scope, d.Location())
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", environment, err)
		}
		p.Problems = append(p.Problems, problems...)
		if job != nil {
			job.compared = how == compared
			jobs = append(jobs, job)
		}
	}
	references := collectReferences(jobs)
	if err := compareAll(ctx, jobs, snap, watch); err != nil {
		return nil, fmt.Errorf("plan %s: %w", environment, err)
	}
	for _, r := range references {
		problems, err := r.check(ctx, snap)
		if err != nil {
			return nil, fmt.Errorf("plan %s: %w", environment, err)
		}
		p.Problems = append(p.Problems, problems...)
	}
	for _, j := range jobs {
		p.Problems = append(p.Problems, j.problems...)
		if j.result != nil {
			p.Tables = append(p.Tables, j.result)
		}
	}
	if err := addPurges(ctx, p, d, snap); err != nil {
		return nil, fmt.Errorf("plan %s: %w", environment, err)
	}
	if err := addCampaigns(ctx, p, d, snap); err != nil {
		return nil, fmt.Errorf("plan %s: %w", environment, err)
	}
	p.Problems = datasheets.SortProblems(p.Problems)
	if len(p.Problems) == 0 {
		p.Digest = digest(environment, p.Tables, d.Tests, p.newPurges(nil), p.Campaigns)
	}
	return p, nil
}

// compareAll runs the jobs: while the sheet of one is read, the database sends the rows of the next.
func compareAll(ctx context.Context, jobs []*tableJob, snap *mysqlstore.Snapshot, watch func(done, total int)) error {
	loaded := make(chan *tableJob)
	g, group := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(loaded)
		for _, j := range jobs {
			if j.compares() {
				if err := snap.Rows(group, j.binding.Table, j.managed, j.differ.Have); err != nil {
					return err
				}
			}
			select {
			case loaded <- j:
			case <-group.Done():
				return group.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		done, total := 0, 0
		for _, j := range jobs {
			total += len(j.sheets)
		}
		for j := range loaded {
			if err := j.readSheets(group); err != nil {
				return err
			}
			if done += len(j.sheets); watch != nil {
				watch(done, total)
			}
			if !j.compares() || j.differ.NeedsFolder() { // the snapshot is busy with the next table's rows
				continue
			}
			if err := j.finish(ctx, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.result == nil && j.compares() {
			if err := j.finish(ctx, snap); err != nil {
				return err
			}
		}
	}
	return nil
}
