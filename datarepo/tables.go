package datarepo

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/token"

	"liveops/datasheets"
)

// readTables checks the entries of `tables` in themselves and against each other. Whether tables and columns are
// there only a database tells.
func readTables(entries []named, r *report) []datasheets.Mapping {
	tr := tableReader{report: r, sheets: map[string]*token.Position{}}
	var all []datasheets.Mapping
	for _, e := range entries {
		all = append(all, tr.table(e))
	}
	return all
}

type tableReader struct {
	*report
	sheets map[string]*token.Position // of all tables: where each is mapped
}

func (r *tableReader) table(e named) datasheets.Mapping {
	m := datasheets.Mapping{At: r.position(e.at), Table: e.name}
	f := e.fields
	m.Layout = datasheets.Layout{Header: f["header"].number, Skip: f["skip"].number, Vertical: f["vertical"].flag}
	if m.Layout.Vertical && m.Layout.Skip > 0 {
		r.add(f["skip"].at, "leave it out", "`skip` has no meaning in a vertical sheet, which has no rows below each other")
	}
	sheets, ok := f["sheets"]
	if !ok { // or it has been reported
		sheets.entries = []named{{name: e.name, at: e.at}}
	}
	for _, s := range sheets.entries {
		m.Sheets = append(m.Sheets, r.sheet(s))
	}
	for _, w := range f["workbooks"].items {
		r.checkPattern(w)
		m.Workbooks = append(m.Workbooks, datasheets.Pattern{At: r.position(w.at), Text: w.text})
	}
	for _, c := range f["columns"].entries {
		m.Columns = append(m.Columns, r.column(c))
	}
	for _, h := range f["ignore"].items {
		m.Ignore = append(m.Ignore, h.text)
	}
	for _, u := range f["unique"].items {
		m.Unique = append(m.Unique, r.unique(u))
	}
	r.checkHeaders(f["columns"].entries, f["ignore"].items)
	return m
}

func (r *tableReader) position(at *token.Position) datasheets.Position {
	return datasheets.Position{Path: r.path, Line: max(at.Line, 1), Column: max(at.Column, 1)}
}

func (r *tableReader) sheet(e named) datasheets.SheetMapping {
	if first := r.sheets[e.name]; first != nil {
		r.add(e.at, "let the sheet describe one table", "the sheet %s is mapped a second time; the first is in line %d", quoted(e.name), first.Line)
	}
	r.sheets[e.name] = e.at
	if strings.HasPrefix(e.name, "#") {
		r.add(e.at, "rename the sheet", "a sheet whose name begins with # is a note and is not read")
	}
	s := datasheets.SheetMapping{At: r.position(e.at), Name: e.name}
	for _, c := range e.entries {
		s.Conditions = append(s.Conditions, r.condition(c))
	}
	return s
}

func (r *tableReader) condition(e named) datasheets.Condition {
	c := datasheets.Condition{At: r.position(e.at), Column: e.name}
	in, isIn := e.fields["in"]
	notIn, isNotIn := e.fields["notIn"]
	if isIn == isNotIn && !e.spoilt {
		r.add(e.at, "write {in: [value, …]} or {notIn: [value, …]}", "the condition on %s needs either `in` or `notIn`", quoted(e.name))
	}
	if c.NotIn = isNotIn; isNotIn {
		in = notIn
	}
	for _, v := range in.items {
		c.Values = append(c.Values, r.literal(v))
	}
	return c
}

func (r *tableReader) literal(v value) datasheets.Literal {
	return datasheets.Literal{At: r.position(v.at), Cell: v.cell}
}

func (r *tableReader) checkPattern(v value) {
	switch _, err := path.Match(v.text, ""); {
	case err != nil:
		r.add(v.at, `write the special characters *, ?, [ and \ only as wildcards, or with a \ before them`, "%s is not a path with wildcards", quoted(v.text))
	case !strings.HasPrefix(v.text, workbooksDir+"/"):
		r.add(v.at, "begin it with "+workbooksDir+"/", "%s is not where workbooks are", quoted(v.text))
	}
}

func (r *tableReader) column(e named) datasheets.ColumnMapping {
	f := e.fields
	c := datasheets.ColumnMapping{At: r.position(e.at), Column: e.name, From: f["from"].text, List: f["list"].text, Checks: r.checks(f)}
	constant, isConstant := f["constant"]
	switch {
	case len(f) == 0 && !e.spoilt:
		r.add(e.at, "say what fills it, or leave it out", "nothing is said of the column %s", quoted(e.name))
	case isConstant && len(f) > 1:
		r.add(constant.at, "keep either the constant or the other keys", "the column %s has a constant: nothing else can fill it", quoted(e.name))
	case isConstant:
		l := r.literal(constant)
		c.Constant = &l
	}
	if v, ok := f["default"]; ok {
		l := r.literal(v)
		c.Default = &l
	}
	for _, a := range f["aliases"].entries {
		if strings.TrimSpace(a.name) != a.name {
			r.add(a.at, "leave them out", "the alias %s has blanks around it, which cells are read without", quoted(a.name))
		}
		c.Aliases = append(c.Aliases, datasheets.Alias{Text: a.name, Value: r.literal(a.value)})
	}
	return c
}

func (r *tableReader) unique(v value) datasheets.UniqueMapping {
	u := datasheets.UniqueMapping{At: r.position(v.at)}
	for _, c := range v.items {
		if slices.Contains(u.Columns, c.text) {
			r.add(c.at, "keep one of the two", "the column %s stands here a second time", quoted(c.text))
		}
		u.Columns = append(u.Columns, c.text)
	}
	return u
}

// checks reads what a column's values must be.
func (r *tableReader) checks(f map[string]value) datasheets.ColumnChecks {
	c := datasheets.ColumnChecks{Required: f["required"].flag, Unique: f["unique"].flag}
	for name, bound := range map[string]**datasheets.Literal{"min": &c.Min, "max": &c.Max} {
		if v, ok := f[name]; ok {
			l := r.literal(v)
			*bound = &l
		}
	}
	if v, ok := f["pattern"]; ok {
		if _, err := regexp.Compile(v.text); err != nil {
			r.add(v.at, "see https://github.com/google/re2/wiki/Syntax", "%s is not a regular expression: %v", quoted(v.text), err)
		} else {
			c.Pattern = &datasheets.Pattern{At: r.position(v.at), Text: v.text}
		}
	}
	if v, ok := f["references"]; ok {
		table, column, dotted := strings.Cut(v.text, ".")
		if table == "" || dotted && column == "" {
			r.add(v.at, "write it as table.column, or as the table alone", "%s is not a column of a table", quoted(v.text))
		} else {
			c.References = &datasheets.Reference{At: r.position(v.at), Table: table, Column: column}
		}
	}
	return c
}

// checkHeaders looks for headers of which two things are said.
func (r *tableReader) checkHeaders(columns []named, ignore []value) {
	from := map[string]named{}
	for _, c := range columns {
		header := c.name
		if v, ok := c.fields["from"]; ok {
			header = v.text
		} else if _, ok := c.fields["constant"]; ok {
			continue
		}
		if first, twice := from[header]; twice {
			r.add(c.at, "give each a header of its own", "the columns %s and %s are both read from the header %s", quoted(first.name), quoted(c.name), quoted(header))
			continue
		}
		from[header] = c
		if strings.HasPrefix(header, "#") {
			r.add(c.at, "rename the sheet's column", "a column whose header begins with # is a comment and is not read")
		}
	}
	for _, v := range ignore {
		if c, ok := from[v.text]; ok {
			r.add(v.at, "keep one of the two", "the header %s is to be ignored, but the column %s is read from it (line %d)", quoted(v.text), quoted(c.name), c.at.Line)
		}
	}
}
