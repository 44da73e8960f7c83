package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/check"
)

// Desired is what one commit of the data repo wants every environment to be.
type Desired struct {
	Commit   string           // the commit's id; "" for files that are not committed
	Config   *datarepo.Config // nil where liveops.yaml has problems
	Sheets   []datasheets.Sheet
	Tests    []check.Test         // the data tests, by path
	Problems []datasheets.Problem // of the files themselves, sorted; no environment was asked
}

// Read opens liveops.yaml, every workbook and every data test of a commit. What is wrong with the files is in Problems; an error
// is only that they could not be read at all.
func Read(ctx context.Context, commit string, files fs.FS) (*Desired, error) {
	d := &Desired{Commit: commit}
	config, problems := datarepo.LoadConfig(files)
	if len(problems) == 0 {
		d.Config = config
	}
	paths, more, err := datarepo.Workbooks(files)
	if err != nil {
		return nil, fmt.Errorf("list the workbooks: %w", err)
	}
	d.Problems = append(problems, more...)
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		book, err := xlsx.Open(path, data, xlsx.Limits{})
		var problem *datasheets.Problem
		switch {
		case errors.As(err, &problem):
			d.Problems = append(d.Problems, *problem)
		case err != nil:
			return nil, fmt.Errorf("open %s: %w", path, err)
		default:
			d.addSheets(book)
		}
	}
	if err := d.addTests(files); err != nil {
		return nil, err
	}
	d.Problems = datasheets.SortProblems(d.Problems)
	return d, nil
}

// addTests reads the data tests.
func (d *Desired) addTests(files fs.FS) error {
	paths, problems, err := datarepo.Checks(files)
	if err != nil {
		return err
	}
	d.Problems = append(d.Problems, problems...)
	for _, path := range paths {
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		test, problems := check.Parse(path, text)
		d.Problems = append(d.Problems, problems...)
		if len(problems) == 0 {
			d.Tests = append(d.Tests, test)
		}
	}
	return nil
}

// addSheets takes the sheets of a book that describe tables. Two sheets of one name are a problem: together
// they would be a table, and neither alone is.
func (d *Desired) addSheets(book *datasheets.Book) {
	for _, s := range book.Sheets {
		if strings.HasPrefix(s.Name, "#") {
			continue
		}
		for _, other := range d.Sheets {
			if other.Name == s.Name {
				d.Problems = append(d.Problems, datasheets.Problem{
					At:   datasheets.Position{Path: s.Path, Sheet: s.Name},
					Text: fmt.Sprintf("table %s is described already by a sheet of %s", s.Name, other.Path),
					Mend: "keep one of the two sheets, or begin the other's name with # to make it a note",
				})
			}
		}
		d.Sheets = append(d.Sheets, s)
	}
}

// Location is the time zone of TIMESTAMP columns.
func (d *Desired) Location() *time.Location {
	if d.Config == nil || d.Config.Timezone == nil {
		return time.UTC
	}
	return d.Config.Timezone
}

// Check reads every sheet to its end and returns what is wrong with the files as far as that shows without a
// database.
func (d *Desired) Check(ctx context.Context) ([]datasheets.Problem, error) {
	problems := append([]datasheets.Problem(nil), d.Problems...)
	for i := range d.Sheets {
		s := &d.Sheets[i]
		for row, err := range s.Rows {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			var problem *datasheets.Problem
			if errors.As(err, &problem) {
				problems = append(problems, *problem)
				break
			}
			if err != nil {
				return nil, fmt.Errorf("read %s › %s: %w", s.Path, s.Name, err)
			}
			for _, c := range row.Cells {
				if c.Kind == datasheets.Fault {
					problems = append(problems, datasheets.Problem{
						At:   datasheets.Position{Path: s.Path, Sheet: s.Name, Cell: datasheets.CellName(c.Column, row.Number)},
						Text: fmt.Sprintf("the cell holds the error %s", c.Text),
						Mend: "mend the formula, or write the value itself",
					})
				}
			}
		}
	}
	return datasheets.SortProblems(problems), nil
}
