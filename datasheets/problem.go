package datasheets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position says where in the data repo something stands. Path is slash-separated from the repo's root.
// A place in a workbook has Sheet and, where it is one cell, Cell ("B7"); a place in a text file has Line
// and Column, counted from 1. What is not known or does not apply is zero.
type Position struct {
	Path   string `json:"path"`
	Sheet  string `json:"sheet,omitempty"`
	Cell   string `json:"cell,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is how a person reads the position: "items.xlsx › Artifact › D18" or "liveops.yaml:3:5".
func (p Position) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	for _, part := range []string{p.Sheet, p.Cell} {
		if part != "" {
			b.WriteString(" › ")
			b.WriteString(part)
		}
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	return b.String()
}

// Problem is something wrong in a file of the data repo. Text says what was found and what was expected,
// Mend how to put it right; both are one line of plain prose that may quote a cell's text as it is, so
// whoever renders them escapes them.
type Problem struct {
	At   Position `json:"at"`
	Text string   `json:"text"`
	Mend string   `json:"mend,omitempty"`
}

// Error makes a Problem an error, for readers that stop at their first one.
func (p *Problem) Error() string {
	s := p.At.String() + ": " + p.Text
	if p.Mend != "" {
		s += " (" + p.Mend + ")"
	}
	return s
}

// SortProblems orders problems by path, sheet, line, then cell (row before column) and drops exact repeats,
// so that the same input gives the same report.
func SortProblems(ps []Problem) []Problem {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.At.Path, b.At.Path),
			cmp.Compare(a.At.Sheet, b.At.Sheet),
			cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column),
			compareCells(a.At.Cell, b.At.Cell),
			cmp.Compare(a.Text, b.Text),
		)
	})
	return slices.Compact(ps)
}

func compareCells(a, b string) int {
	ca, ra := splitCell(a)
	cb, rb := splitCell(b)
	return cmp.Or(cmp.Compare(len(ra), len(rb)), cmp.Compare(ra, rb), cmp.Compare(len(ca), len(cb)), cmp.Compare(ca, cb))
}

func splitCell(c string) (column, row string) {
	i := strings.IndexAny(c, "0123456789")
	if i < 0 {
		return c, ""
	}
	return c[:i], c[i:]
}
