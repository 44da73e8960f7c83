package release

import (
	"context"
	"errors"
	"fmt"

	"liveops/datasheets"
)

// Check reads every sheet to its end and returns what is wrong with the files as far as that shows without a
// database.
func (d *Desired) Check(ctx context.Context) ([]datasheets.Problem, error) {
	problems := append([]datasheets.Problem(nil), d.Problems...)
	for _, t := range d.Tables {
		for _, s := range t.Sheets {
			found, err := checkSheet(ctx, t.Mapping, s)
			if err != nil {
				return nil, err
			}
			problems = append(problems, found...)
		}
	}
	if d.unclear { // how sheets stand to tables is not known, but an error in a cell is one
		for i := range d.Sheets {
			found, err := faults(ctx, datasheets.Layout{}, &d.Sheets[i], nil)
			if err != nil {
				return nil, err
			}
			problems = append(problems, found...)
		}
	}
	return datasheets.SortProblems(problems), nil
}

// checkSheet looks for a header, and for faults below it.
func checkSheet(ctx context.Context, m *datasheets.Mapping, s *datasheets.Sheet) ([]datasheets.Problem, error) {
	var problem *datasheets.Problem
	names, err := m.Layout.Names(s)
	if errors.As(err, &problem) {
		return []datasheets.Problem{*problem}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s › %s: %w", s.Path, s.Name, err)
	}
	return faults(ctx, m.Layout, s, m.Passed(names))
}

// faults looks for rows that cannot be read, and for errors in cells but those of the columns passed over.
func faults(ctx context.Context, l datasheets.Layout, s *datasheets.Sheet, passed map[int]bool) ([]datasheets.Problem, error) {
	var problem *datasheets.Problem
	var problems []datasheets.Problem
	for row, err := range l.Rows(s) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.As(err, &problem) {
			return append(problems, *problem), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s › %s: %w", s.Path, s.Name, err)
		}
		for _, c := range row.Cells {
			if c.Kind == datasheets.Fault && !passed[c.Column] {
				problems = append(problems, datasheets.Problem{
					At:   datasheets.Position{Path: s.Path, Sheet: s.Name, Cell: l.Cell(c.Column, row.Number)},
					Text: fmt.Sprintf("the cell holds the error %s", c.Text),
					Mend: "mend the formula, or write the value itself",
				})
			}
		}
	}
	return problems, nil
}
