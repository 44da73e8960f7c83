package datasheets

import (
	"fmt"
	"slices"
	"strings"
)

// filter is the rows of a table that one sheet owns: those that meet every condition, so all for none.
type filter []condition

// condition is met by the values of a table column that are among values or, with notIn, are not. A value that is
// left to the server's default meets none: nobody knows it yet.
type condition struct {
	column int
	notIn  bool
	values map[string]bool // packed
	order  [][]byte        // the same as they were written
}

// overlaps says whether a row that the table can hold could meet both filters. A filter is a box, each of its
// conditions one side: two boxes meet unless they are apart on one side.
func (f filter) overlaps(g filter, t *Table) bool {
	for _, a := range f {
		for _, b := range g {
			if a.column == b.column && !a.meets(b, &t.Columns[a.column]) {
				return false
			}
		}
	}
	return true
}

// meets says whether a value of the column could meet both conditions.
func (a condition) meets(b condition, c *Column) bool {
	if a.notIn && !b.notIn {
		a, b = b, a
	}
	if !a.notIn {
		return slices.ContainsFunc(a.order, func(v []byte) bool { return b.values[string(v)] != b.notIn })
	}
	if c.Type != Enum {
		return true
	}
	all := make([][]byte, 0, len(c.Members)+1)
	for _, m := range c.Members {
		all = append(all, AppendText(nil, []byte(m)))
	}
	if c.Nullable {
		all = append(all, AppendNull(nil))
	}
	return slices.ContainsFunc(all, func(v []byte) bool { return !a.values[string(v)] && !b.values[string(v)] })
}

// only is the one value that the filter leaves a column; nil where it leaves several or none, or says nothing of it.
func (f filter) only(column int) []byte {
	for _, c := range f {
		if c.column == column && !c.notIn && len(c.order) == 1 {
			return c.order[0]
		}
	}
	return nil
}

// Ownership says which rows of a table its sheets own, by rows packed in the order of its managed columns. A nil
// Ownership owns every row. It is safe for concurrent use.
type Ownership struct {
	binding *Binding
	managed []int
	at      []int // by table column: its place in managed; -1 for none
}

// Ownership is what the sheets own together; nil where they own all rows. managed are the indexes of the managed
// columns in the table's, and hold every column of the filters: Header sees to it.
func (b *Binding) Ownership(managed []int) *Ownership {
	if !slices.ContainsFunc(b.filters, func(f filter) bool { return len(f) > 0 }) {
		return nil
	}
	o := &Ownership{binding: b, managed: managed, at: make([]int, len(b.Table.Columns))}
	for i := range o.at {
		o.at[i] = slices.Index(managed, i)
	}
	return o
}

// Owns says whether one of the sheets owns a row. It fails where the row is not one.
func (o *Ownership) Owns(row []byte) (bool, error) {
	if o == nil {
		return true, nil
	}
	owner, err := o.Owner(row)
	return owner >= 0, err
}

// Owner is the sheet that owns a row, an index into the mapping's; -1 where none does. A nil Ownership owns every row
// by the first.
func (o *Ownership) Owner(row []byte) (int, error) {
	if o == nil {
		return 0, nil
	}
	for i := range o.binding.filters {
		outside, err := o.outside(i, row)
		if err != nil {
			return -1, err
		}
		if outside == nil {
			return i, nil
		}
	}
	return -1, nil
}

// outside is the first condition of a sheet's filter that a row does not meet; nil where it meets all.
func (o *Ownership) outside(sheet int, row []byte) (*condition, error) {
	f := o.binding.filters[sheet]
	for i := range f {
		value, err := packedValue(row, o.at[f[i].column])
		if err != nil {
			return nil, err
		}
		if isDefault := len(value) == 1 && value[0] == 1; isDefault || f[i].values[string(value)] == f[i].notIn {
			return &f[i], nil
		}
	}
	return nil, nil
}

// packedValue is the i-th value of a packed row, still packed.
func packedValue(row []byte, i int) ([]byte, error) {
	before, err := Prefix(row, i)
	if err != nil {
		return nil, err
	}
	rest := row[len(before):]
	if len(rest) == 0 {
		return nil, fmt.Errorf("packed row has no value %d", i+1)
	}
	return Prefix(rest, 1)
}

// CheckOwner says what is wrong with a packed row of the header's sheet, in a row of the sheet, that its filter
// does not leave the sheet; nil where nothing is.
func (h *Header) CheckOwner(o *Ownership, row []byte, number int) (*Problem, error) {
	if o == nil {
		return nil, nil
	}
	c, err := o.outside(h.sheet, row)
	if err != nil || c == nil {
		return nil, err
	}
	value, err := packedValue(row, o.at[c.column])
	if err != nil {
		return nil, err
	}
	owner, err := o.Owner(row)
	if err != nil {
		return nil, err
	}
	place := o.at[c.column]
	sheets := h.binding.Mapping.Sheets
	mend := "correct the cell, or the sheet's filter (" + sheets[h.sheet].At.inFile() + ")"
	if owner >= 0 {
		mend = "move the row to the sheet " + sheets[owner].Name + ", or correct the cell"
	}
	return &Problem{At: h.Cell(place, number), Mend: mend, Text: fmt.Sprintf("%s is %s, but the sheet owns the rows where it is %s",
		oneLine(h.Table.Columns[c.column].Name), showPacked(value), c.describe())}, nil
}

// describe lists the values that meet the condition.
func (c *condition) describe() string {
	const most = 8
	var names []string
	for _, v := range c.order[:min(len(c.order), most)] {
		names = append(names, showPacked(v))
	}
	s := strings.Join(names, ", ")
	if n := len(c.order) - most; n > 0 {
		s += fmt.Sprintf(" and %d more", n)
	}
	switch {
	case c.notIn:
		return "none of " + s
	case len(c.order) > 1:
		return "one of " + s
	}
	return s
}

// showPacked is a packed value within a sentence.
func showPacked(value []byte) string {
	vs, err := Unpack(value)
	switch {
	case err != nil || len(vs) != 1:
		return "unreadable"
	case vs[0].IsNull():
		return "NULL"
	case vs[0].IsDefault():
		return "left to the server's default"
	}
	return quoted(vs[0].Text())
}
