package mysqlstore

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// To undo several releases in one go, the images of each row are joined, from the newest release to the oldest, into a
// chain: the row is to be as before the oldest, and must now be as after the newest. Where the after-image of one
// release is not the before-image of the next, somebody else changed the row in between, and what he did would be lost.

// chain is what the releases that are undone did to one row, by column in the order of undoTable.full.
type chain struct {
	before, after  []datasheets.Value // before the oldest, after the newest; nil for no row
	oldest, newest int64
	gap            bool // somebody else changed the row between two of them
}

// undoTable is the chains of one table. Where unable says why, its rows cannot be restored.
type undoTable struct {
	*plan.Table
	chains []*chain
	byKey  map[string]*chain // by the key that the row has before the oldest release read so far
	unable string
	lost   int // images that were not joined, since the table is unable
}

// undoing is the chains of releases, by table.
type undoing struct {
	schema map[string]*datasheets.Table
	tables map[string]*undoTable
}

func newUndoing(schema map[string]*datasheets.Table) *undoing {
	return &undoing{schema: schema, tables: map[string]*undoTable{}}
}

// add joins the images of a release, which is older than all those before.
func (u *undoing) add(release int64, images []image) {
	for _, im := range images {
		t := u.tables[im.Table]
		if t == nil {
			t = &undoTable{Table: &plan.Table{Schema: u.schema[im.Table]}, byKey: map[string]*chain{}}
			if t.Schema == nil || len(t.Schema.Key) == 0 {
				t.Schema = &datasheets.Table{Name: im.Table}
				t.unable = "the table is gone, or has no primary key now"
			} else {
				t.Managed = newTableWork(t.Table, nil).full
			}
			u.tables[im.Table] = t
		}
		t.add(release, im)
	}
}

func (t *undoTable) add(release int64, im image) {
	if t.unable != "" {
		t.lost++
		return
	}
	before, wrong := t.decode(im.Before)
	after, alsoWrong := t.decode(im.After)
	if wrong+alsoWrong != "" {
		t.unable = wrong
		if wrong == "" {
			t.unable = alsoWrong
		}
		t.lost++
		return
	}
	key, was := after, before
	if key == nil {
		key = before
	}
	if was == nil {
		was = after
	}
	c := t.byKey[t.keyOf(key)]
	switch {
	case c == nil:
		c = &chain{after: after, newest: release}
		t.chains = append(t.chains, c)
	case !slices.Equal(c.before, after):
		c.gap = true
	}
	delete(t.byKey, t.keyOf(key))
	t.byKey[t.keyOf(was)] = c
	c.before, c.oldest = before, release
}

func (t *undoTable) keyOf(row []datasheets.Value) string { return packKey(row[:t.KeyLen()]) }

// decode is a row of an image in the order of the managed columns; nil where there was no row. wrong says why the table
// cannot hold such a row any more.
func (t *undoTable) decode(row map[string]*string) (values []datasheets.Value, wrong string) {
	if row == nil {
		return nil, ""
	}
	out := make([]datasheets.Value, len(t.Managed))
	for i := range t.Managed {
		text, ok := row[t.Column(i).Name]
		if !ok {
			return nil, "the column " + t.Column(i).Name + " was added after the release, so that its rows cannot be restored as they were"
		}
		if text != nil {
			out[i] = datasheets.NewValue(*text)
		}
	}
	if len(row) != len(t.Managed) {
		for _, name := range slices.Sorted(maps.Keys(row)) {
			if i := t.Schema.Column(name); i < 0 || t.Schema.Columns[i].Generated {
				return nil, "the column " + name + " was dropped after the release, so that its rows cannot be restored as they were"
			}
		}
	}
	return out, ""
}

// worked is the undoing of releases, worked out against the rows as they are.
type worked struct {
	undone  []Release // newest first
	commit  string    // the environment's after it
	work    []*tableWork
	changed *ChangedError // the rows that are not in the work since they have changed; nil for none
}

// workOut works the undoing of q out. The rows are locked by lock, which may be "".
func (s *Store) workOut(ctx context.Context, tx *transaction, st State, q RollbackRequest, lock string, m *meter) (*worked, error) {
	named, err := s.readRelease(ctx, tx, q.Release)
	if err != nil {
		return nil, err
	}
	if named.State != Applied {
		return nil, fmt.Errorf("%w: release %d of %s is %s", ErrNotUndoable, named.ID, s.environment, named.State)
	}
	later, err := s.readReleases(ctx, tx, "WHERE id > ? AND state <> ? ORDER BY id DESC", named.ID, string(Failed))
	if err != nil {
		return nil, err
	}
	schema, err := readSchema(ctx, tx)
	if err != nil {
		return nil, err
	}
	w := &worked{undone: []Release{named}, commit: st.Commit}
	if q.Through {
		w.undone = append(later, named)
		later = nil
	}
	if q.Through || st.Commit == named.Commit {
		w.commit = named.PreviousCommit
	}
	u := newUndoing(schema)
	for _, r := range w.undone {
		images, err := readImages(ctx, tx, r.ID)
		if err != nil {
			return nil, err
		}
		u.add(r.ID, images)
	}
	e := &ChangedError{Environment: s.environment, Release: named.ID, Through: q.Through}
	w.work, err = u.work(ctx, tx, lock, m, e, &laterReleases{tx: tx, releases: later, schema: schema})
	if len(e.Changed) > 0 {
		w.changed = e
	}
	return w, err
}

// work is the changes that restore the rows of all tables, without those that have changed since: they are added to e.
func (u *undoing) work(ctx context.Context, tx *transaction, lock string, m *meter, e *ChangedError, who *laterReleases) ([]*tableWork, error) {
	var all []*tableWork
	for _, name := range slices.Sorted(maps.Keys(u.tables)) {
		t := u.tables[name]
		if t.unable != "" {
			n := len(t.chains) + t.lost
			e.Changed, e.ByOthers = append(e.Changed, ChangedTable{Table: name, Count: n, Why: t.unable}), e.ByOthers+n
			continue
		}
		work, err := t.work(ctx, tx, lock, m, e, who)
		if err != nil {
			return nil, err
		}
		all = append(all, work)
	}
	return all, nil
}

// work is undoing.work of one table.
func (t *undoTable) work(ctx context.Context, tx *transaction, lock string, m *meter, e *ChangedError, who *laterReleases) (*tableWork, error) {
	chains := slices.DeleteFunc(t.chains, func(c *chain) bool { return slices.Equal(c.before, c.after) })
	slices.SortFunc(chains, func(a, b *chain) int {
		x, y := a.change(), b.change()
		return cmp.Or(plan.CompareKeys(t.Schema, x.Row(), y.Row()), cmp.Compare(x.Op, y.Op))
	})
	for _, c := range chains {
		t.Changes = append(t.Changes, c.change())
	}
	w := newTableWork(t.Table, m)
	moved, err := w.readOld(ctx, tx, lock)
	if err != nil {
		return nil, err
	}
	changed := ChangedTable{Table: t.Schema.Name}
	var kept []int
	for i, c := range chains {
		_, is := slices.BinarySearch(moved, i)
		if !is && !c.gap {
			continue
		}
		row := ChangedRow{Table: t.Schema.Name, Key: strings.TrimPrefix(w.describe(w.Changes[i].Row()), t.Schema.Name+" "), What: w.whatChanged(i)}
		if err := who.tell(ctx, &row, c, w.before[i]); err != nil {
			return nil, err
		}
		if kept = append(kept, i); len(changed.Rows) < mostChanged {
			changed.Rows = append(changed.Rows, row)
		}
		if row.By != 0 {
			e.ByReleases++
		}
		if row.Outside {
			e.ByOthers++
		}
	}
	if changed.Count = len(kept); changed.Count > 0 {
		e.Changed = append(e.Changed, changed)
	}
	w.keep(kept)
	m.total += w.Count().Total()
	return w, nil
}

// change is what undoes the chain.
func (c *chain) change() plan.Change {
	op := plan.Update
	switch {
	case c.after == nil:
		op = plan.Insert
	case c.before == nil:
		op = plan.Delete
	}
	return plan.Change{Op: op, Before: c.after, After: c.before}
}

// whatChanged says how the row of a change is other than it was left.
func (w *tableWork) whatChanged(i int) string {
	left, now := w.Changes[i].Before, w.before[i]
	switch {
	case now == nil:
		return "is gone"
	case left == nil:
		return "is there again"
	}
	var columns []string
	for m := range left {
		if left[m] != now[w.at[m]] {
			columns = append(columns, w.Column(m).Name)
		}
	}
	if columns == nil {
		return "was changed in between"
	}
	return strings.Join(columns, ", ")
}

// keep takes changes, by index, out of the work.
func (w *tableWork) keep(moved []int) {
	var changes []plan.Change
	var before [][]datasheets.Value
	for i, c := range w.Changes {
		if _, is := slices.BinarySearch(moved, i); !is {
			changes, before = append(changes, c), append(before, w.before[i])
		}
	}
	w.Changes, w.before = changes, before
	w.after = make([][]datasheets.Value, len(changes))
}
