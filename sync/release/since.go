package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/sync/mysqlstore"
)

// Files gives the files of a commit that was released once. One that is not to be had any more is datarepo.ErrNotFound.
// They must last as long as the plan is being made.
type Files func(ctx context.Context, commit string) (fs.FS, error)

// selection is the tables that a plan compares. nil stands for all.
type selection struct {
	tables map[string]bool
	alone  bool               // what refers to them is not looked at
	since  mysqlstore.Release // what left the others as they are
}

// attention is what a plan does with a table.
type attention uint8

const (
	passedOver attention = iota
	checked              // its sheets are read, for what they refer to in tables that are compared
	compared
)

// of decides by name and references; a reference counts whether liveops.yaml or the schema has it. A parent's rows may
// go, so that its children are looked at; what a child's rows may go from under is not: nothing of it changes.
func (s *selection) of(t *DesiredTable, tables map[string]*datasheets.Table) attention {
	switch {
	case s == nil || s.tables[t.Mapping.Table]:
		return compared
	case s.alone:
		return passedOver
	}
	for i := range t.Mapping.Columns {
		if r := t.Mapping.Columns[i].Checks.References; r != nil && s.tables[r.Table] {
			return checked
		}
	}
	if schema := tables[t.Mapping.Table]; schema != nil && slices.ContainsFunc(schema.ForeignKeys, func(k datasheets.ForeignKey) bool { return s.tables[k.Parent] }) {
		return checked
	}
	return passedOver
}

// part counts for whoever reads the plan; nil where every table is compared.
func (s *selection) part(d *Desired, tables map[string]*datasheets.Table) *Part {
	if s == nil {
		return nil
	}
	p := &Part{Of: len(d.Tables), Release: s.since.ID, Commit: s.since.Commit}
	for i := range d.Tables {
		switch s.of(&d.Tables[i], tables) {
		case compared:
			p.Compared++
		case checked:
			p.Checked++
		}
	}
	if p.Compared == p.Of {
		return nil
	}
	return p
}

// touched selects the tables that a commit may say something else of than the one that the environment has: those with
// a sheet in a workbook that differs, as it is now or as it was. What differs is told by ids, so that no other workbook
// is opened for it. All are selected where that commit does not tell what the rows are, or is not known:
//
//   - there is none, its files are not to be had or have no ids, or one of its workbooks cannot be read any more;
//   - liveops.yaml said otherwise how sheets are read;
//   - the newest release of the ledger is not one that applied this commit: after a rollback, or a release that was
//     stopped, rows may not be as the commit has them. Promotions do not count: they leave alone what sheets own.
func touched(ctx context.Context, d *Desired, snap *mysqlstore.Snapshot, released Files) (*selection, error) {
	if released == nil || d.unclear || snap.State.Commit == "" {
		return nil, nil
	}
	last, err := lastApplied(ctx, snap)
	if err != nil || last == nil {
		return nil, err
	}
	was, err := released(ctx, last.Commit)
	if errors.Is(err, datarepo.ErrNotFound) || errors.Is(err, datarepo.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the commit that it has: %w", err)
	}
	reading, known := datarepo.LoadReading(was)
	if !known || !reading.Same(d.reading) {
		return nil, nil
	}
	sheets, ok, err := differingSheets(ctx, was, d)
	if err != nil || !ok {
		return nil, err
	}
	s := &selection{tables: map[string]bool{}, since: *last}
	for i := range d.Tables {
		m := d.Tables[i].Mapping
		if slices.ContainsFunc(m.Sheets, func(sheet datasheets.SheetMapping) bool { return sheets[sheet.Name] }) {
			s.tables[m.Table] = true
		}
	}
	return s, nil
}

// searchedReleases is how many releases of the ledger are looked through for one that is no promotion.
const searchedReleases = 50

// lastApplied is the release that brought the environment to its commit, where no other has touched rows that sheets own
// since; else nil.
func lastApplied(ctx context.Context, snap *mysqlstore.Snapshot) (*mysqlstore.Release, error) {
	releases, err := snap.Releases(ctx, searchedReleases)
	if err != nil {
		return nil, err
	}
	for i := range releases {
		r := &releases[i]
		switch {
		case r.Kind == mysqlstore.PromoteKind && r.State == mysqlstore.Applied:
		case r.Kind == mysqlstore.ApplyKind && r.State == mysqlstore.Applied && r.Commit == snap.State.Commit:
			return r, nil
		default:
			return nil, nil
		}
	}
	return nil, nil
}

// differingSheets are the names of the sheets in the workbooks that differ, of both commits. It is not ok where they
// cannot be told.
func differingSheets(ctx context.Context, was fs.FS, d *Desired) (names map[string]bool, ok bool, err error) {
	old, fresh, ok, err := datarepo.DifferingWorkbooks(was, d.files)
	if err != nil || !ok {
		return nil, false, err
	}
	books, problems, err := newShelf(ctx, was).contents(old)
	if err != nil || len(problems) > 0 {
		return nil, false, err
	}
	names = map[string]bool{}
	for _, book := range books {
		for _, s := range book.Sheets {
			names[s.Name] = true
		}
	}
	for i := range d.Sheets {
		if s := &d.Sheets[i]; slices.Contains(fresh, s.Path) {
			names[s.Name] = true
		}
	}
	return names, true, nil
}

// Owed finds, for a plan of d, the changes that the base branch already wants of the same environment (Pending), and what
// is left without them (Own): was is what the base wants, and only what it touches of the tables that the plan changes is
// read for it.
func Owed(ctx context.Context, p *Plan, d, was *Desired, snap *mysqlstore.Snapshot, released Files) error {
	chosen, err := touched(ctx, was, snap, released)
	if err != nil {
		return fmt.Errorf("plan what %s owes: %w", p.Environment, err)
	}
	changed := &selection{tables: map[string]bool{}, alone: true}
	for _, t := range p.Changed() {
		if name := t.Schema.Name; chosen == nil || chosen.tables[name] {
			changed.tables[name] = true
		}
	}
	if d.Campaigning != nil {
		quiet := *d.Campaigning
		quiet.Phones = nil
		was.Campaigning = &quiet
	}
	owed, err := makePlan(ctx, was, p.Environment, snap, changed, nil)
	if err != nil {
		return err
	}
	p.Pending, p.Own = Pending(p, owed), ownDigest(p, owed, d)
	p.owes(owed)
	return nil
}
