package release

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"liveops/datasheets"
	"liveops/sync/plan"
	"liveops/sync/rules"
)

// tableJob is the comparing of one table with its sheets, or only the checking of what they say.
type tableJob struct {
	binding  *datasheets.Binding
	sheets   []*sheetJob
	managed  []int
	owned    *datasheets.Ownership
	differ   *plan.Differ
	rules    *rules.Rules
	compared bool // with the table's rows; else only the rules are looked at
	broken   bool // the mapping or a header has problems: the rows are only looked through for theirs
	problems []datasheets.Problem
	result   *plan.Table
}

// sheetJob is the reading of one of its sheets.
type sheetJob struct {
	sheet   *datasheets.Sheet
	header  *datasheets.Header
	options *datasheets.Options
}

// newTableJob finds the table that sheets describe and reads their headers; nil where there is nothing to read.
func newTableJob(d *DesiredTable, tables map[string]*datasheets.Table, scope datasheets.Scope, zone *time.Location) (*tableJob, []datasheets.Problem, error) {
	t := tables[d.Mapping.Table]
	if t == nil {
		return nil, []datasheets.Problem{unknownTable(d.Mapping, tables)}, nil
	}
	binding, problems := d.Mapping.Bind(t, &datasheets.Options{Location: zone})
	j := &tableJob{binding: binding, broken: d.Partial || len(problems) > 0, problems: problems}
	for _, s := range d.Sheets {
		if err := j.addSheet(s, scope, zone); err != nil {
			return nil, nil, err
		}
	}
	if len(j.sheets) == 0 {
		return nil, j.problems, nil
	}
	if !j.broken {
		j.checkColumns()
	}
	if !j.broken {
		j.prepare()
		if j.rules, problems = rules.Bind(binding, j.headers(), tables, &datasheets.Options{Location: zone}); len(problems) > 0 {
			j.problems, j.broken = append(j.problems, problems...), true
		}
	}
	return j, nil, nil
}

// compares says whether the table's rows are wanted.
func (j *tableJob) compares() bool { return j.compared && !j.broken }

// addSheet reads a sheet's header.
func (j *tableJob) addSheet(s *datasheets.Sheet, scope datasheets.Scope, zone *time.Location) error {
	names, err := j.binding.Mapping.Layout.Names(s)
	if problem := (*datasheets.Problem)(nil); errors.As(err, &problem) {
		j.problems, j.broken = append(j.problems, *problem), true
		return nil
	} else if err != nil {
		return fmt.Errorf("read %s › %s: %w", s.Path, s.Name, err)
	}
	header, problems := j.binding.ReadHeader(s, names, scope)
	j.problems = append(j.problems, problems...)
	j.broken = j.broken || len(problems) > 0
	j.sheets = append(j.sheets, &sheetJob{sheet: s, header: header, options: &datasheets.Options{Location: zone, Date1904: s.Date1904}})
	return nil
}

// checkColumns holds the sheets of a table to the same columns: what one sheet manages and another does not would
// be compared in some rows only.
func (j *tableJob) checkColumns() {
	for i := range j.binding.Table.Columns {
		with := slices.IndexFunc(j.sheets, func(s *sheetJob) bool { return slices.Contains(s.header.Managed(), i) })
		if with < 0 {
			continue
		}
		for _, s := range j.sheets {
			if slices.Contains(s.header.Managed(), i) {
				continue
			}
			j.broken = true
			j.problems = append(j.problems, datasheets.Problem{
				At:   positionOf(s.sheet),
				Text: fmt.Sprintf("the column %s is missing, which the sheet %s of the same table has", j.binding.Table.Columns[i].Name, described(s, j.sheets[with])),
				Mend: "add the column here, or take it out of the table's other sheets",
			})
		}
	}
}

func (j *tableJob) headers() []*datasheets.Header {
	headers := make([]*datasheets.Header, len(j.sheets))
	for i, s := range j.sheets {
		headers[i] = s.header
	}
	return headers
}

// described names another sheet of the table, with its workbook where that is another too.
func described(here, other *sheetJob) string {
	if here.sheet.Path == other.sheet.Path {
		return other.sheet.Name
	}
	return positionOf(other.sheet).String()
}

// prepare makes the differ that rows are given to.
func (j *tableJob) prepare() {
	j.managed = j.sheets[0].header.Managed()
	j.owned = j.binding.Ownership(j.managed)
	var origins []plan.Origin
	for _, s := range j.sheets {
		origins = append(origins, plan.Origin{
			Source:    plan.Source{Path: s.sheet.Path, Sheet: s.sheet.Name},
			KeyColumn: s.header.KeyColumn(), Vertical: s.header.Vertical(),
		})
	}
	j.differ = plan.NewDiffer(j.binding.Table, j.managed, origins)
	j.differ.Owned(j.owned)
}

func unknownTable(m *datasheets.Mapping, tables map[string]*datasheets.Table) datasheets.Problem {
	p := datasheets.Problem{At: m.At, Text: fmt.Sprintf("there is no table %q", m.Table)}
	if m.Default {
		p.Mend = "name the sheet after its table, map it in liveops.yaml, or begin its name with # to make it a note"
	}
	if near := datasheets.Nearest(m.Table, slices.Sorted(maps.Keys(tables))); near != "" {
		p.Text += "; nearest: " + near
	}
	if p.Mend == "" {
		p.Mend = "correct the table's name, or have the table made"
	}
	return p
}

// finish ends the comparison and lets go of the rows that it held.
func (j *tableJob) finish(ctx context.Context, fold plan.Folder) error {
	t, problems, err := j.differ.Table(ctx, fold)
	j.result, j.differ = t, nil
	j.problems = append(j.problems, problems...)
	return err
}

// readSheets gives the rows of the sheets to the differ.
func (j *tableJob) readSheets(ctx context.Context) error {
	for i := range j.sheets {
		if err := j.readSheet(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// readSheet gives the rows of a sheet to the differ. Of a row with a problem only the key is taken, so that it does
// not look like a row that goes; with a problem, nothing of the plan is applied.
func (j *tableJob) readSheet(ctx context.Context, i int) error {
	s := j.sheets[i]
	var packed []byte
	for row, err := range s.header.Rows(s.sheet) {
		if problem := (*datasheets.Problem)(nil); errors.As(err, &problem) {
			j.problems = append(j.problems, *problem)
			return nil
		} else if err != nil {
			return fmt.Errorf("read %s › %s: %w", s.sheet.Path, s.sheet.Name, err)
		}
		if row.Number%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if packed, err = j.readRow(packed[:0], row, i); err != nil {
			return err
		}
	}
	return nil
}

// readRow converts a row, in packed's room, and gives it to the differ.
func (j *tableJob) readRow(packed []byte, row datasheets.Row, i int) ([]byte, error) {
	s := j.sheets[i]
	takes, wrong := s.header.Takes(row)
	if !takes {
		return packed, nil
	}
	packed, problems := s.header.AppendRow(packed, row, s.options)
	if wrong != nil {
		problems = append(problems, *wrong)
	}
	if len(problems) == 0 && !j.broken {
		problem, err := s.header.CheckOwner(j.owned, packed, row.Number)
		if err != nil {
			return packed, err
		}
		if problem != nil {
			problems = append(problems, *problem)
		}
	}
	j.problems = append(j.problems, problems...)
	switch {
	case j.broken:
		return packed, nil
	case len(problems) > 0 && !j.compared:
		return packed, nil
	case len(problems) > 0:
		if key, ok := s.header.AppendKey(nil, row, s.options); ok {
			j.differ.Known(key, i, row.Number)
		}
		return packed, nil
	}
	if j.compared {
		problem, err := j.differ.Want(packed, i, row.Number)
		if problem != nil {
			j.problems = append(j.problems, *problem)
		}
		if err != nil {
			return packed, err
		}
	}
	problems, err := j.rules.Row(packed, rules.Place{Sheet: i, Row: row.Number})
	j.problems = append(j.problems, problems...)
	return packed, err
}
