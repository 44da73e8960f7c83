package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// MakePlan compares what a commit wants with a snapshot of one environment. watch, where it is not nil, is told
// how many of the sheets have been compared.
func MakePlan(ctx context.Context, d *Desired, environment string, snap *mysqlstore.Snapshot, watch func(done, total int)) (*Plan, error) {
	p := &Plan{Environment: environment, Commit: d.Commit, Base: snap.State, Problems: slices.Clone(d.Problems)}
	var jobs []*tableJob
	for i := range d.Sheets {
		job, problems, err := newTableJob(&d.Sheets[i], snap.Tables, &datasheets.Options{Location: d.Location(), Date1904: d.Sheets[i].Date1904})
		if err != nil {
			return nil, err
		}
		p.Problems = append(p.Problems, problems...)
		if job != nil {
			jobs = append(jobs, job)
		}
	}
	if err := compareAll(ctx, jobs, snap, watch); err != nil {
		return nil, fmt.Errorf("plan %s: %w", environment, err)
	}
	for _, j := range jobs {
		p.Problems = append(p.Problems, j.problems...)
		if !j.broken {
			p.Tables = append(p.Tables, j.result)
		}
	}
	slices.SortFunc(p.Tables, func(a, b *plan.Table) int { return cmp.Compare(a.Schema.Name, b.Schema.Name) })
	p.Problems = datasheets.SortProblems(p.Problems)
	if len(p.Problems) == 0 {
		p.Digest = digest(environment, p.Tables, d.Tests)
	}
	return p, nil
}

// tableJob is the comparing of one sheet with its table.
type tableJob struct {
	sheet    *datasheets.Sheet
	header   *datasheets.Header
	options  *datasheets.Options
	differ   *plan.Differ
	broken   bool // the header has problems: the rows are only looked through for theirs
	problems []datasheets.Problem
	result   *plan.Table
}

// newTableJob finds a sheet's table and reads its header; nil where there is none to read.
func newTableJob(s *datasheets.Sheet, tables map[string]*datasheets.Table, o *datasheets.Options) (*tableJob, []datasheets.Problem, error) {
	at := datasheets.Position{Path: s.Path, Sheet: s.Name}
	t := tables[s.Name]
	if t == nil {
		return nil, []datasheets.Problem{unknownSheet(at, tables)}, nil
	}
	for row, err := range s.Rows {
		if problem := (*datasheets.Problem)(nil); errors.As(err, &problem) {
			return nil, []datasheets.Problem{*problem}, nil
		} else if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", at, err)
		}
		if row.Number != 1 {
			break
		}
		header, problems := datasheets.ReadHeader(s, row, t)
		job := &tableJob{sheet: s, header: header, options: o, broken: len(problems) > 0, problems: problems}
		if !job.broken {
			origin := plan.Origin{Source: plan.Source{Path: s.Path, Sheet: s.Name}, KeyColumn: header.Columns[0].Sheet}
			job.differ = plan.NewDiffer(t, header.Managed(), []plan.Origin{origin})
		}
		return job, nil, nil
	}
	at.Cell = "A1"
	return nil, []datasheets.Problem{{At: at, Text: "row 1 is empty; it must hold the column names",
		Mend: "write the column names into row 1, or begin the sheet's name with # to make it a note"}}, nil
}

func unknownSheet(at datasheets.Position, tables map[string]*datasheets.Table) datasheets.Problem {
	p := datasheets.Problem{At: at, Text: fmt.Sprintf("there is no table %q", at.Sheet),
		Mend: "name the sheet after its table, or begin its name with # to make it a note"}
	if near := datasheets.Nearest(at.Sheet, slices.Sorted(maps.Keys(tables))); near != "" {
		p.Text += "; nearest: " + near
	}
	return p
}

// compareAll runs the jobs: while the sheet of one is read, the database sends the rows of the next.
func compareAll(ctx context.Context, jobs []*tableJob, snap *mysqlstore.Snapshot, watch func(done, total int)) error {
	loaded := make(chan *tableJob)
	g, group := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(loaded)
		for _, j := range jobs {
			if !j.broken {
				if err := snap.Rows(group, j.header.Table, j.header.Managed(), j.differ.Have); err != nil {
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
		done := 0
		for j := range loaded {
			if err := j.readSheet(group); err != nil {
				return err
			}
			if done++; watch != nil {
				watch(done, len(jobs))
			}
			if j.broken || j.differ.NeedsFolder() { // the snapshot is busy with the next table's rows
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
		if j.result == nil && !j.broken {
			if err := j.finish(ctx, snap); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish ends the comparison and lets go of the rows that it held.
func (j *tableJob) finish(ctx context.Context, fold plan.Folder) error {
	t, problems, err := j.differ.Table(ctx, fold)
	j.result, j.differ = t, nil
	j.problems = append(j.problems, problems...)
	return err
}

// readSheet gives the sheet's rows to the differ. Of a row with a problem only the key is taken, so that it does
// not look like a row that goes; with a problem, nothing of the plan is applied.
func (j *tableJob) readSheet(ctx context.Context) error {
	var packed []byte
	for row, err := range j.sheet.Rows {
		if problem := (*datasheets.Problem)(nil); errors.As(err, &problem) {
			j.problems = append(j.problems, *problem)
			return nil
		} else if err != nil {
			return fmt.Errorf("read %s › %s: %w", j.sheet.Path, j.sheet.Name, err)
		}
		if row.Number == 1 {
			continue
		}
		if row.Number%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var problems []datasheets.Problem
		packed, problems = j.header.AppendRow(packed[:0], row, j.options)
		j.problems = append(j.problems, problems...)
		if j.broken {
			continue
		}
		if len(problems) > 0 {
			if key, ok := j.header.AppendKey(packed[:0], row, j.options); ok {
				j.differ.Known(key, 0, row.Number)
			}
			continue
		}
		duplicate, err := j.differ.Want(packed, 0, row.Number)
		if err != nil {
			return err
		}
		if duplicate != nil {
			j.problems = append(j.problems, *duplicate)
		}
	}
	return nil
}

// Pending picks, of a plan's changes, those that the base branch already wants of the same environment.
func Pending(p, base *Plan) []*plan.Table {
	wanted := map[string]map[string]bool{}
	for _, t := range base.Tables {
		wanted[t.Schema.Name] = map[string]bool{}
		for i := range t.Changes {
			wanted[t.Schema.Name][fingerprint(&t.Changes[i])] = true
		}
	}
	var pending []*plan.Table
	for _, t := range p.Changed() {
		part := *t
		part.Changes = nil
		for _, c := range t.Changes {
			if wanted[t.Schema.Name][fingerprint(&c)] {
				part.Changes = append(part.Changes, c)
			}
		}
		if len(part.Changes) > 0 {
			pending = append(pending, &part)
		}
	}
	return pending
}

// fingerprint is the same for two changes that do the same.
func fingerprint(c *plan.Change) string {
	var b strings.Builder
	b.WriteByte(byte(c.Op))
	var packed []byte
	for _, v := range slices.Concat(c.Before, c.After) {
		packed = datasheets.AppendValue(packed, v)
	}
	b.Write(packed)
	return b.String()
}
