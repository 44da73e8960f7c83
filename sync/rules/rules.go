// Package rules holds the rows that sheets want of tables to what must be true of them: what liveops.yaml declares
// of columns, and the references between tables that it or the schema declares. It is pure: rows come in packed
// (see datasheets.AppendValue), problems go out.
package rules

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"liveops/datasheets"
)

// Place is where a row stands: in the sheet of one of the headers that Bind was given, and its number.
type Place struct{ Sheet, Row int }

// Rules are what must hold of the rows of one table. Row is called for every row that the sheets want; then each of
// References is asked for what it misses.
type Rules struct {
	References []*Reference

	table   *datasheets.Table
	managed []int
	headers []*datasheets.Header
	columns []*columnRule
	uniques []*unique
	sets    []*Set
	values  []datasheets.Value // of one row
}

// mostProblems is how many violations of one rule are told each; the rest are counted with the last of them.
const mostProblems = 10

// columnRule is what must hold of one column's values.
type columnRule struct {
	at       int // the place in a row
	column   *datasheets.Column
	checks   *datasheets.ColumnChecks
	min, max *datasheets.Value
	pattern  *regexp.Regexp
	found    int
}

// unique is columns that no two rows have the same in.
type unique struct {
	at    []int
	first map[string]Place
	found int
}

// Set is the values that rows have in some columns, each packed.
type Set struct {
	at     []int
	values map[string]bool
}

// Reference is columns whose values another table must have.
type Reference struct {
	Table   string // the table that is referred to
	Columns []string
	Why     string // what says so: liveops.yaml with its line, or the foreign key

	at    []int
	list  string
	first map[string]use
}

// use is where a value is referred from first, and how often in all.
type use struct {
	place Place
	times int
}

// Row checks one row and keeps of it what the other rules need.
func (r *Rules) Row(row []byte, place Place) ([]datasheets.Problem, error) {
	if len(r.columns)+len(r.uniques)+len(r.References)+len(r.sets) == 0 {
		return nil, nil
	}
	var err error
	if r.values, err = datasheets.Unpack(row); err != nil {
		return nil, err
	}
	var problems []datasheets.Problem
	for _, c := range r.columns {
		if text, mend := c.check(r.values[c.at]); text != "" {
			problems = addCounted(problems, &c.found, datasheets.Problem{At: r.cell(place, c.at), Text: text, Mend: mend})
		}
	}
	for _, u := range r.uniques {
		if p := r.checkUnique(u, place); p != nil {
			problems = addCounted(problems, &u.found, *p)
		}
	}
	for _, s := range r.sets {
		if key, ok := pack(r.values, s.at); ok {
			s.values[string(key)] = true
		}
	}
	for _, ref := range r.References {
		ref.note(r.values, place)
	}
	return problems, nil
}

// addCounted adds a problem, of one rule only so many.
func addCounted(problems []datasheets.Problem, found *int, p datasheets.Problem) []datasheets.Problem {
	if *found++; *found > mostProblems {
		return problems
	}
	if *found == mostProblems {
		p.Text += "; further cells with this fault are not listed"
	}
	return append(problems, p)
}

func (r *Rules) cell(p Place, at int) datasheets.Position { return r.headers[p.Sheet].Cell(at, p.Row) }

// check says what is wrong with a value, and how to mend it; "" for nothing.
func (c *columnRule) check(v datasheets.Value) (text, mend string) {
	name := c.column.Name
	if v.IsDefault() {
		return "", ""
	}
	if v.IsNull() || v.Text() == "" {
		if c.checks.Required {
			return fmt.Sprintf("%s is empty, and liveops.yaml requires a value", name), "write a value"
		}
		return "", ""
	}
	switch {
	case c.min != nil && c.column.Compare(v, *c.min) < 0:
		return fmt.Sprintf("%s is %s, and must be at least %s", name, v.Text(), c.min.Text()), "correct the cell, or `min` in liveops.yaml"
	case c.max != nil && c.column.Compare(v, *c.max) > 0:
		return fmt.Sprintf("%s is %s, and must be at most %s", name, v.Text(), c.max.Text()), "correct the cell, or `max` in liveops.yaml"
	case c.pattern != nil && !c.pattern.MatchString(v.Text()):
		return fmt.Sprintf("%s is %s, which is not of the form %s", name, strconv.Quote(v.Text()), c.checks.Pattern.Text), "correct the cell, or `pattern` in liveops.yaml"
	}
	return "", ""
}

func (r *Rules) checkUnique(u *unique, place Place) *datasheets.Problem {
	key, ok := pack(r.values, u.at)
	if !ok {
		return nil
	}
	first, again := u.first[string(key)]
	if !again {
		u.first[string(key)] = place
		return nil
	}
	var said []string
	for _, at := range u.at {
		said = append(said, r.name(at)+" "+strconv.Quote(r.values[at].Text()))
	}
	return &datasheets.Problem{At: r.cell(place, u.at[0]), Mend: "give one of the two another value",
		Text: fmt.Sprintf("%s must be unique, and %s has it too", strings.Join(said, ", "), r.cell(first, u.at[0]))}
}

func (r *Rules) name(at int) string { return r.table.Columns[r.managed[at]].Name }

// pack is the values at some places as a key; ok is false where one of them is NULL or not known yet.
func pack(values []datasheets.Value, at []int) (key []byte, ok bool) {
	for _, i := range at {
		if v := values[i]; v.IsNull() || v.IsDefault() {
			return nil, false
		}
		key = datasheets.AppendValue(key, values[i])
	}
	return key, true
}

// note keeps what a row refers to.
func (r *Reference) note(values []datasheets.Value, place Place) {
	add := func(key []byte) {
		u, known := r.first[string(key)]
		if !known {
			u.place = place
		}
		u.times++
		r.first[string(key)] = u
	}
	key, ok := pack(values, r.at)
	switch {
	case !ok:
	case r.list == "":
		add(key)
	default:
		for _, element := range elements(values[r.at[0]].Text(), r.list) {
			add(datasheets.AppendText(nil, []byte(element)))
		}
	}
}

// elements are those of a canonical JSON array or SET.
func elements(text, list string) []string {
	if list == setList {
		return strings.Split(text, ",")
	}
	var raw []json.RawMessage
	if json.Unmarshal([]byte(text), &raw) != nil {
		return []string{text} // no array: as one value
	}
	var out []string
	for _, e := range raw {
		var s string
		switch {
		case string(e) == "null":
			continue
		case json.Unmarshal(e, &s) == nil:
			out = append(out, s)
		default:
			out = append(out, string(e))
		}
	}
	return out
}

// What stands for the kind of a list in Reference.list.
const (
	jsonList = "json"
	setList  = "set"
)

// Collect has the rules keep what rows have in some columns, by name; nil where the sheets do not have them all.
// It comes before the first Row.
func (r *Rules) Collect(columns []string) *Set {
	s := &Set{values: map[string]bool{}}
	for _, name := range columns {
		at := slices.Index(r.managed, r.table.Column(name))
		if at < 0 || r.table.Column(name) < 0 {
			return nil
		}
		s.at = append(s.at, at)
	}
	for _, other := range r.sets {
		if slices.Equal(other.at, s.at) {
			return other
		}
	}
	r.sets = append(r.sets, s)
	return s
}

// NewSet is a set to which Add gives the values.
func NewSet() *Set { return &Set{values: map[string]bool{}} }

// Add adds packed values.
func (s *Set) Add(packed []byte) { s.values[string(packed)] = true }

// Values are all packed values, sorted.
func (s *Set) Values() []string {
	all := make([]string, 0, len(s.values))
	for v := range s.values {
		all = append(all, v)
	}
	slices.Sort(all)
	return all
}

// Has says whether the set has packed values.
func (s *Set) Has(packed string) bool { return s.values[packed] }

// Missing are the values referred to that a set does not have, packed, sorted.
func (r *Reference) Missing(s *Set) []string {
	var missing []string
	for v := range r.first {
		if !s.values[v] {
			missing = append(missing, v)
		}
	}
	slices.Sort(missing)
	return missing
}

// Problems tells of values of a reference that nothing has, where they stand first.
func (r *Rules) Problems(ref *Reference, missing []string) []datasheets.Problem {
	slices.SortFunc(missing, func(a, b string) int {
		p, q := ref.first[a].place, ref.first[b].place
		if p.Sheet != q.Sheet {
			return p.Sheet - q.Sheet
		}
		return p.Row - q.Row
	})
	var problems []datasheets.Problem
	found := 0
	for _, m := range missing {
		u := ref.first[m]
		values, err := datasheets.Unpack([]byte(m))
		if err != nil {
			continue // it was packed here
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, strconv.Quote(v.Text()))
		}
		text := fmt.Sprintf("%s refers to %s, which %s has in no row (%s)", r.names(ref.at), strings.Join(texts, ", "), ref.target(), ref.Why)
		if u.times > 1 {
			text += fmt.Sprintf("; so do %d more", u.times-1)
		}
		problems = addCounted(problems, &found, datasheets.Problem{At: r.cell(u.place, ref.at[0]), Text: text,
			Mend: "correct the value, or add the row to " + ref.Table})
	}
	return problems
}

func (r *Rules) names(at []int) string {
	var names []string
	for _, i := range at {
		names = append(names, r.name(i))
	}
	return strings.Join(names, ", ")
}

// target is what is referred to, in words.
func (r *Reference) target() string {
	return r.Table + "." + strings.Join(r.Columns, ", ")
}
