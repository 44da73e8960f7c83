package datasheets

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is the environment that sheets are read for, among all that there are. Sheets can leave rows and columns
// out of environments: rows by a column whose header is #env, columns by what follows the last @ of their header
// (`price@staging`). Both list environments, separated by commas: those to which the row or column belongs or,
// where each begins with !, those to which it does not. An empty cell of #env leaves a row in all.
type Scope struct {
	Environment  string
	Environments []string
}

// scopeHeader is the header of the column that says which environments a row belongs to.
const scopeHeader = "#env"

// admits reads a list of environments and says whether the scope's is among those that it leaves.
func (s *Scope) admits(list string) (bool, *Mismatch) {
	var named, left []string
	for name := range strings.SplitSeq(list, ",") {
		name = string(trimBlanks([]byte(name)))
		bare, not := strings.CutPrefix(name, "!")
		if !slices.Contains(s.Environments, bare) {
			return false, s.unknown(name, bare)
		}
		if not {
			left = append(left, bare)
		} else {
			named = append(named, bare)
		}
	}
	if len(named) > 0 && len(left) > 0 {
		return false, &Mismatch{
			Text: "found " + quoted(list) + ", which both names environments and leaves some out",
			Mend: "write the names of those it belongs to, or each of those it does not with a ! before it",
		}
	}
	if len(left) > 0 {
		return !slices.Contains(left, s.Environment), nil
	}
	return slices.Contains(named, s.Environment), nil
}

func (s *Scope) unknown(name, bare string) *Mismatch {
	if name == "" {
		return &Mismatch{Text: "a name is missing in a list of environments", Mend: "write names of liveops.yaml, separated by commas"}
	}
	mend := "the environments are " + listed(s.Environments)
	if near := Nearest(bare, s.Environments); near != "" {
		mend = "the nearest is " + oneLine(near)
	}
	return &Mismatch{Text: fmt.Sprintf("%s is no environment of liveops.yaml", quoted(bare)), Mend: mend}
}

// Takes says whether a row below the header is one of the table's rows in the header's environment: not if it has
// cells in comments and ignored columns only, nor if its cell of #env leaves it out. What is wrong with that cell
// is a problem; the row is then taken.
func (h *Header) Takes(row Row) (bool, *Problem) {
	found, takes := false, true
	var problem *Problem
	for _, cell := range row.Cells {
		if cell.isEmpty() {
			continue
		}
		if cell.Column == h.scopeColumn {
			takes, problem = h.admits(cell, row.Number)
			continue
		}
		found = found || cell.Column >= len(h.places) || h.places[cell.Column] != ignored
	}
	return found && takes, problem
}

func (h *Header) admits(cell Cell, row int) (bool, *Problem) {
	wrong := &Mismatch{Text: "found " + found(cell, &Options{Date1904: h.date1904}) + " where names of environments should be",
		Mend: "write names of liveops.yaml, separated by commas"}
	takes := true
	if cell.Kind == Text {
		takes, wrong = h.scope.admits(string(cell.Text))
	}
	if wrong == nil {
		return takes, nil
	}
	p := wrong.At(h.at(cell.Column, row))
	return true, &p
}

// isEmpty says whether nothing stands in a cell: formulas leave texts without a character.
func (c Cell) isEmpty() bool { return c.Kind == Empty || c.Kind == Text && len(c.Text) == 0 }

// ScopeColumn is the sheet's column that says which environments a row belongs to, 0 for none, and what its cell says
// for the header's environment alone.
func (h *Header) ScopeColumn() (column int, only string) { return h.scopeColumn, h.scope.Environment }
