package release

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/purge"
)

// mostPurgeIDs is how many ids a workbook may list, and mostIDProblems how many of them are told of.
const (
	mostPurgeIDs   = 1_000_000
	mostIDProblems = 10
)

// ReadPurges reads the purges of a commit, by name, those of a workbook's column with the ids that stand there. zone is
// that of liveops.yaml; nil is UTC. What is wrong with the files is in problems.
func ReadPurges(ctx context.Context, files fs.FS, zone *time.Location) (purges []*purge.Purge, problems []datasheets.Problem, err error) {
	all, problems, err := datarepo.Purges(files, zone)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range all {
		if p.Select.Workbook == nil {
			purges = append(purges, p)
			continue
		}
		ids, wrong, err := purgeIDs(ctx, files, *p.Select.Workbook)
		if err != nil {
			return nil, nil, err
		}
		if problems = append(problems, wrong...); len(wrong) == 0 {
			purges = append(purges, p.WithIDs(ids))
		}
	}
	return purges, datasheets.SortProblems(problems), nil
}

// purgeIDs reads the ids of a workbook's column.
func purgeIDs(ctx context.Context, files fs.FS, w purge.Workbook) ([]string, []datasheets.Problem, error) {
	at := func(text, mend string) []datasheets.Problem {
		return []datasheets.Problem{{At: w.At, Text: text, Mend: mend}}
	}
	if _, err := fs.Stat(files, w.Path); err != nil {
		return nil, at("there is no workbook "+w.Path, "write its path from the data repo's root"), nil
	}
	book, err := OpenWorkbook(ctx, files, w.Path)
	if err != nil {
		problem, err := problemOf(err)
		if err != nil {
			return nil, nil, err
		}
		return nil, []datasheets.Problem{*problem}, nil
	}
	var names []string
	for _, sheet := range book.Sheets {
		if sheet.Name == w.Sheet {
			return columnIDs(sheet, w, at)
		}
		names = append(names, sheet.Name)
	}
	mend := "it has " + strings.Join(names, ", ")
	return nil, at(w.Path+" has no sheet "+w.Sheet, mend), nil
}

// columnIDs reads the cells below a header. Empty ones are passed over, and an id may stand there twice.
func columnIDs(sheet datasheets.Sheet, w purge.Workbook, at func(text, mend string) []datasheets.Problem) (ids []string, problems []datasheets.Problem, err error) {
	column, first := 0, true
	for row, err := range sheet.Rows {
		if err != nil {
			problem, err := problemOf(err)
			if err != nil {
				return nil, nil, err
			}
			return nil, []datasheets.Problem{*problem}, nil
		}
		if first {
			if column = headerColumn(row, w.Column); column == 0 {
				return nil, at(fmt.Sprintf("the first row of sheet %s has no column %s", w.Sheet, w.Column), ""), nil
			}
			first = false
			continue
		}
		for _, c := range row.Cells {
			if c.Column != column {
				continue
			}
			id, wrong := cellID(c)
			if wrong != "" && len(problems) < mostIDProblems {
				problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: w.Path, Sheet: w.Sheet, Cell: datasheets.CellName(column, row.Number)},
					Text: wrong, Mend: "write the id as a text"})
			}
			ids = append(ids, id)
		}
		if len(ids) > mostPurgeIDs {
			return nil, at(fmt.Sprintf("the column has over %d ids", mostPurgeIDs), "select by a view or query"), nil
		}
	}
	if len(ids) == 0 && len(problems) == 0 {
		problems = at(fmt.Sprintf("column %s of sheet %s has no id", w.Column, w.Sheet), "")
	}
	return ids, problems, nil
}

func headerColumn(row datasheets.Row, header string) int {
	for _, c := range row.Cells {
		if row.Number == 1 && c.Kind == datasheets.Text && string(c.Text) == header {
			return c.Column
		}
	}
	return 0
}

// cellID is the id in a cell, or what is wrong with it. A number is one where the spreadsheet kept all its digits.
func cellID(c datasheets.Cell) (id, wrong string) {
	const longest, digits = 246, 15
	text := string(c.Text)
	switch {
	case c.Kind == datasheets.Number && len(text) <= digits && strings.Trim(text, "0123456789") == "":
	case c.Kind != datasheets.Text:
		return "", "the cell is no text and no whole number of up to 15 digits"
	case len(text) > longest:
		return "", fmt.Sprintf("the id is over %d bytes", longest)
	case strings.TrimSpace(text) != text:
		return "", "the id begins or ends with a blank"
	}
	return text, ""
}
