package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"liveops/datasheets"
)

// Differ compares one table: first Have for every row the database holds, then Want for every row of the
// sheets, then Table. Rows are packed values of the managed columns, the key's first. It keeps the rows the
// database holds (of one that no sheet owns the key) and those that change; an equal row costs nothing more.
type Differ struct {
	table   Table
	sources []Origin
	held    []heldRow
	byKey   map[string]int // packed key → index into held; unowned for a row that no sheet owns
	fresh   []freshRow
	freshBy map[string]int // packed key → index into fresh
	updates []freshRow
	summer  *Summer
}

// unowned stands for the index of a row that no sheet owns, of which only the key is kept.
const unowned = -1

// Origin is a source with what is needed to name a row of it: the sheet column of the key's first column or, where
// the sheet is Vertical, the row.
type Origin struct {
	Source
	KeyColumn int
	Vertical  bool
}

// position of a row's key in the sheet.
func (o Origin) position(row int) datasheets.Position {
	cell := datasheets.CellName(o.KeyColumn, row)
	if o.Vertical {
		cell = datasheets.CellName(2, o.KeyColumn)
	}
	return datasheets.Position{Path: o.Path, Sheet: o.Sheet, Cell: cell}
}

type heldRow struct {
	row  string
	at   place
	seen bool
}

type freshRow struct {
	row  string
	at   place
	held int // of an update: the row it replaces; -1 for an insert
}

// place is a row of the sheets: an index into Differ.sources, and the row's number.
type place struct{ source, row int }

// NewDiffer compares a table by its managed columns (indexes into t.Columns, the key's first).
func NewDiffer(t *datasheets.Table, managed []int, sources []Origin) *Differ {
	d := &Differ{
		table:   Table{Schema: t, Managed: managed},
		sources: sources,
		byKey:   map[string]int{},
		freshBy: map[string]int{},
		summer:  NewSummer(t, managed),
	}
	for _, s := range sources {
		d.table.Sources = append(d.table.Sources, s.Source)
	}
	return d
}

// Owned says which rows the sheets own; nil for all. Without it the sheets own all. It comes before every Have.
func (d *Differ) Owned(o *datasheets.Ownership) { d.table.Owned = o }

// Have adds a row that the database holds. One that no sheet owns is counted and never changed.
func (d *Differ) Have(row []byte) error {
	key, err := datasheets.Prefix(row, d.table.KeyLen())
	if err != nil {
		return err
	}
	owned, err := d.table.Owned.Owns(row)
	if err != nil {
		return err
	}
	if !owned {
		d.byKey[string(key)] = unowned
		d.table.Unowned++
		return nil
	}
	s := string(row)
	d.byKey[s[:len(key)]] = len(d.held)
	d.held = append(d.held, heldRow{row: s})
	return nil
}

// Want adds a row of sheet sources[source], at the given row number. A key that an earlier row already has is a
// problem that names both, and so is one of a row that no sheet owns.
func (d *Differ) Want(row []byte, source, number int) (*datasheets.Problem, error) {
	key, err := datasheets.Prefix(row, d.table.KeyLen())
	if err != nil {
		return nil, err
	}
	at := place{source, number}
	if i, ok := d.byKey[string(key)]; ok {
		if i == unowned {
			return d.collision(row, at), nil
		}
		h := &d.held[i]
		if h.seen {
			return d.duplicate(row, at, h.at), nil
		}
		h.seen, h.at = true, at
		if h.row != string(row) {
			d.updates = append(d.updates, freshRow{string(row), at, i})
		}
	} else if i, ok := d.freshBy[string(key)]; ok {
		return d.duplicate(row, at, d.fresh[i].at), nil
	} else {
		s := string(row)
		d.freshBy[s[:len(key)]] = len(d.fresh)
		d.fresh = append(d.fresh, freshRow{s, at, -1})
	}
	d.table.Rows++
	return nil, d.summer.Add(row)
}

// Known takes note that the sheets have a row of this packed key, whose other cells cannot be read. A row of the
// database with the key then counts neither as deleted nor as changed.
func (d *Differ) Known(key []byte, source, number int) {
	if i, ok := d.byKey[string(key)]; ok && i != unowned && !d.held[i].seen {
		d.held[i].seen, d.held[i].at = true, place{source, number}
	}
}

// Folder says which keys a server holds to be the same: equal keys get equal strings. Keys are the values of
// the key's columns.
type Folder interface {
	Fold(ctx context.Context, t *datasheets.Table, keys [][]datasheets.Value) ([]string, error)
}

// NeedsFolder reports whether Table will ask its folder anything.
func (d *Differ) NeedsFolder() bool { return len(d.fresh) > 0 && foldable(d.table.Schema) }

// Table ends the comparison. Keys that differ in bytes are asked of the folder (nil: they are different rows).
// Problems are keys that two rows of the sheets share under the server's collation.
func (d *Differ) Table(ctx context.Context, fold Folder) (*Table, []datasheets.Problem, error) {
	var problems []datasheets.Problem
	if fold != nil && d.NeedsFolder() {
		var err error
		if problems, err = d.fold(ctx, fold); err != nil {
			return nil, nil, fmt.Errorf("compare the keys of %s: %w", d.table.Schema.Name, err)
		}
	}
	if err := d.collect(); err != nil {
		return nil, nil, fmt.Errorf("compare %s: %w", d.table.Schema.Name, err)
	}
	d.table.Want = d.summer.Sum
	t := d.table // on its own, so that the rows held here can go
	return &t, problems, nil
}

// foldable says whether two keys that differ in bytes may be one to the server.
func foldable(t *datasheets.Table) bool {
	return slices.ContainsFunc(t.Key, func(i int) bool { return t.Columns[i].Type == datasheets.String })
}

// fold pairs each fresh row with the held row, or finds the other row of the sheets, that has its key to the
// server's mind.
func (d *Differ) fold(ctx context.Context, fold Folder) ([]datasheets.Problem, error) {
	others := slices.Sorted(d.unownedKeys)
	keys := make([][]datasheets.Value, 0, len(d.held)+len(others)+len(d.fresh))
	for _, h := range d.held {
		keys = append(keys, d.key(h.row))
	}
	for _, key := range others {
		keys = append(keys, d.key(key))
	}
	for _, f := range d.fresh {
		keys = append(keys, d.key(f.row))
	}
	folded, err := fold.Fold(ctx, d.table.Schema, keys)
	if err != nil {
		return nil, err
	}
	if len(folded) != len(keys) {
		return nil, fmt.Errorf("%d keys folded to %d", len(keys), len(folded))
	}
	held := make(map[string]int, len(d.held))
	for i := range d.held {
		held[folded[i]] = i
	}
	for i := range others {
		held[folded[len(d.held)+i]] = unowned
	}
	first := map[string]place{}
	var problems []datasheets.Problem
	inserts := d.fresh[:0]
	for j, f := range d.fresh {
		k := folded[len(d.held)+len(others)+j]
		i, isHeld := held[k]
		switch at, again := first[k]; {
		case again:
			problems = append(problems, *d.duplicate([]byte(f.row), f.at, at))
		case isHeld && i == unowned:
			problems = append(problems, *d.collision([]byte(f.row), f.at))
		case isHeld && d.held[i].seen:
			problems = append(problems, *d.duplicate([]byte(f.row), f.at, d.held[i].at))
		case isHeld:
			d.held[i].seen, d.held[i].at = true, f.at
			d.updates = append(d.updates, freshRow{f.row, f.at, i})
		default:
			inserts = append(inserts, f)
		}
		first[k] = f.at
	}
	d.fresh = inserts
	return problems, nil
}

// unownedKeys hands over the packed keys of the rows that no sheet owns.
func (d *Differ) unownedKeys(yield func(string) bool) {
	if d.table.Unowned == 0 {
		return
	}
	for key, i := range d.byKey {
		if i == unowned && !yield(key) {
			return
		}
	}
}

func (d *Differ) key(row string) []datasheets.Value {
	vs, err := datasheets.Unpack([]byte(row))
	if err != nil { // Have and Want have read its key already
		return nil
	}
	return vs[:d.table.KeyLen()]
}

// collect makes the changes and sorts them by key.
func (d *Differ) collect() error {
	for _, h := range d.held {
		if !h.seen {
			before, err := datasheets.Unpack([]byte(h.row))
			if err != nil {
				return err
			}
			d.add(Change{Op: Delete, Before: before})
		}
	}
	for _, f := range d.fresh {
		after, err := datasheets.Unpack([]byte(f.row))
		if err != nil {
			return err
		}
		d.add(Change{Op: Insert, After: after, At: d.sources[f.at.source].position(f.at.row)})
	}
	for _, u := range d.updates {
		before, err := datasheets.Unpack([]byte(d.held[u.held].row))
		after, err2 := datasheets.Unpack([]byte(u.row))
		if err := errors.Join(err, err2); err != nil {
			return err
		}
		for i := range after { // an empty cell with a server's default leaves an existing row as it is
			if after[i].IsDefault() {
				after[i] = before[i]
			}
		}
		if !slices.Equal(before, after) {
			d.add(Change{Op: Update, Before: before, After: after, At: d.sources[u.at.source].position(u.at.row)})
		}
	}
	SortChanges(&d.table)
	return nil
}

func (d *Differ) add(c Change) { d.table.Changes = append(d.table.Changes, c) }

func (d *Differ) duplicate(row []byte, at, first place) *datasheets.Problem {
	other := d.sources[first.source].position(first.row)
	where := other.Cell
	if d.sources[first.source] != d.sources[at.source] {
		where = other.String()
	}
	return &datasheets.Problem{
		At:   d.sources[at.source].position(at.row),
		Text: fmt.Sprintf("the key %s stands already at %s", describeKey(d.key(string(row))), where),
		Mend: "give the row a key of its own, or delete one of the two",
	}
}

func (d *Differ) collision(row []byte, at place) *datasheets.Problem {
	return &datasheets.Problem{
		At:   d.sources[at.source].position(at.row),
		Text: fmt.Sprintf("the key %s belongs to a row of the table that no sheet owns", describeKey(d.key(string(row)))),
		Mend: "give the row a key of its own, or let a sheet's filter in liveops.yaml take that row in",
	}
}

func describeKey(key []datasheets.Value) string {
	s := ""
	for i, v := range key {
		if i > 0 {
			s += ", "
		}
		s += v.Text()
	}
	return s
}
