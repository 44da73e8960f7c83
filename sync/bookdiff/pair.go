package bookdiff

import (
	"context"
	"slices"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// pair is a sheet of both workbooks.
type pair struct {
	old, fresh *grid
	schema     *datasheets.Table
}

func readPair(ctx context.Context, o, n *datasheets.Sheet) (*pair, error) {
	old, err := readGrid(ctx, o)
	if err != nil {
		return nil, err
	}
	fresh, err := readGrid(ctx, n)
	if err != nil {
		return nil, err
	}
	return &pair{old: old, fresh: fresh, schema: &datasheets.Table{Name: n.Name}}, nil
}

// has says whether the sheet, or each of the two where there are two, has all these columns.
func (p *pair) has(names []string) bool {
	missing := func(g *grid) bool {
		return g.sheet.Rows != nil && slices.ContainsFunc(names, func(n string) bool { return g.index(n) < 0 })
	}
	return len(names) > 0 && !missing(p.old) && !missing(p.fresh)
}

// compare matches the rows by key, or else as wholes.
func (p *pair) compare(state State, key []string) Sheet {
	m := &matcher{pair: p}
	s := Sheet{State: state, Note: m.match(key)}
	s.Table = &plan.Table{Schema: p.schema, Sources: p.source(), Rows: len(p.fresh.rows), Changes: m.changes()}
	if state != Changed { // there is nothing to match rows with
		s.Note = ""
	}
	for i, c := range p.schema.Columns {
		s.Table.Managed = append(s.Table.Managed, i)
		switch {
		case state != Changed:
		case p.old.index(c.Name) < 0:
			s.AddedColumns = append(s.AddedColumns, c.Name)
		case p.fresh.index(c.Name) < 0:
			s.RemovedColumns = append(s.RemovedColumns, c.Name)
		}
	}
	return s
}

// source is the sheet, as the new workbook has it where it does.
func (p *pair) source() []plan.Source {
	s := p.fresh.sheet
	if s.Rows == nil {
		s = p.old.sheet
	}
	return []plan.Source{{Path: s.Path, Sheet: s.Name}}
}

// leading are the names of the new sheet's columns from the left; of the old one's where there is no new one.
func (p *pair) leading() []string {
	g := p.fresh
	if g.sheet.Rows == nil {
		g = p.old
	}
	var names []string
	for _, c := range g.fromLeft() {
		names = append(names, c.name)
	}
	return names
}

func (g *grid) fromLeft() []column {
	return slices.SortedFunc(slices.Values(g.columns), func(a, b column) int { return a.sheet - b.sheet })
}

// layOut puts the columns of both sheets in order: the key's, the new sheet's, then those it lacks.
func (p *pair) layOut(key []string) {
	p.schema.Columns, p.schema.Key = nil, nil
	names := slices.Clone(key)
	for _, g := range []*grid{p.fresh, p.old} {
		for _, c := range g.fromLeft() {
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	for i, name := range names {
		c := datasheets.Column{Name: name, Type: datasheets.SheetNumber, Nullable: true}
		for _, g := range []*grid{p.fresh, p.old} {
			if at := g.index(name); at >= 0 {
				g.columns[at].place = i
				if !g.columns[at].numbers {
					c.Type = datasheets.SheetText
				}
			}
		}
		p.schema.Columns = append(p.schema.Columns, c)
		if i < len(key) {
			p.schema.Key = append(p.schema.Key, i)
		}
	}
}

// values are the values of a row of one of the grids by the columns of the schema.
func (p *pair) values(g *grid, r *row) []datasheets.Value {
	vs := make([]datasheets.Value, len(p.schema.Columns))
	for _, c := range r.cells {
		vs[g.columns[c.column].place] = c.value
	}
	return vs
}

// position is where a row of a grid stands: at the first of its columns in the order of the schema.
func (g *grid) position(r *row) datasheets.Position {
	first := slices.MinFunc(g.columns, func(a, b column) int { return a.place - b.place })
	return datasheets.Position{Path: g.sheet.Path, Sheet: g.sheet.Name, Cell: datasheets.CellName(first.sheet, r.number)}
}
