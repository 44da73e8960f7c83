package datasheets

import (
	"bytes"
	"strings"
)

func (c *Column) appendEnum(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	var buf [64]byte
	text, wrong := cellText(buf[:0], cell, o)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, c.members())
	}
	if isEmptyText(cell) && c.member(text) < 0 {
		text = text[:0]
	}
	if c.member(text) < 0 {
		return row, c.mismatch(cell, o, c.members(), c.mendMember(string(trimBlanks(text))))
	}
	return AppendText(row, text), nil
}

// appendSet takes members separated by commas, in any order and with blanks around them.
func (c *Column) appendSet(row []byte, cell Cell, o *Options) ([]byte, *Mismatch) {
	if isEmptyText(cell) {
		return AppendText(row, nil), nil
	}
	takes := func() string { return "any of these, separated by commas: " + listed(c.Members) }
	var buf [64]byte
	text, wrong := cellText(buf[:0], cell, o)
	if wrong != nil {
		return row, c.refuse(cell, o, wrong, takes())
	}
	var chosen uint64 // a SET has 64 members at most
	for rest, more := text, true; more; {
		var name []byte
		name, rest, more = bytes.Cut(rest, []byte(","))
		name = trimBlanks(name)
		i := c.member(name)
		if i < 0 || i > 63 {
			return row, c.mismatch(cell, o, takes(), c.mendMember(string(name)))
		}
		chosen |= 1 << i
	}
	var joined [128]byte
	set := joined[:0]
	for i, m := range c.Members {
		if chosen>>i&1 == 0 {
			continue
		}
		if len(set) > 0 {
			set = append(set, ',')
		}
		set = append(set, m...)
	}
	return AppendText(row, set), nil
}

// member finds a member by its exact text; -1 where there is none.
func (c *Column) member(text []byte) int {
	for i, m := range c.Members {
		if m == string(text) {
			return i
		}
	}
	return -1
}

func (c *Column) members() string { return "one of " + listed(c.Members) }

func (c *Column) mendMember(name string) string {
	switch near := Nearest(name, c.Members); {
	case near == "":
		return "write one of them exactly, or add it to the column's type"
	case near == name:
		return "leave out the blanks around " + quoted(name)
	case strings.EqualFold(near, name):
		return "capitals count: write " + quoted(near)
	default:
		return "the nearest is " + quoted(near)
	}
}
