package mysqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// Rollback is the undoing of a release.
type Rollback struct {
	Release          // the ledger's entry of the rollback itself
	Kept    []string // rows that were left alone, since they are no longer as the release left them
	Hold    Hold     // the hold that the environment is under now; zero for none
}

// ErrNotUndoable is a release that has nothing to undo: it failed, or was rolled back already.
var ErrNotUndoable = errors.New("the release cannot be rolled back")

// Rollback restores the before-images of a release in one transaction, where the rows still are as the release
// left them; the others it leaves alone and names. The environment's commit goes back to the one before, if
// the release is its newest, and the environment is held: the sheets still say otherwise. After a promotion, which no
// sheet knows of, it is not held.
func (s *Store) Rollback(ctx context.Context, id int64, actor string, progress func(done, total int)) (Rollback, error) {
	if err := s.Prepare(ctx); err != nil {
		return Rollback{}, err
	}
	out := Rollback{Release: Release{Kind: RollbackKind, Actor: actor, State: Applied, Undoes: id, Started: s.now()}}
	r := &out.Release
	err := s.release(ctx, r, func(tx *transaction, st State) ([]*tableWork, error) {
		undone, err := s.readRelease(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if undone.State != Applied {
			return nil, fmt.Errorf("%w: release %d is %s", ErrNotUndoable, id, undone.State)
		}
		r.Digest, r.Commit = undone.Digest, st.Commit
		if st.Release == id {
			r.Commit = undone.PreviousCommit
		}
		work, err := s.undo(ctx, tx, id, &meter{report: progress}, &out)
		if err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(ctx, "UPDATE liveops_releases SET state = ? WHERE id = ?", string(RolledBack), id)
		if err != nil {
			return nil, fmt.Errorf("mark release %d: %w", id, err)
		}
		if st.Hold == nil && undone.Kind == PromoteKind { // Git has nothing to say of what it changed
			return work, nil
		}
		out.Hold = Hold{Reason: fmt.Sprintf("release %d was rolled back; the default branch still has its changes", id), By: actor, Since: s.now()}
		if st.Hold != nil {
			out.Hold = *st.Hold
			return work, nil
		}
		return work, s.writeHold(ctx, tx, out.Hold)
	})
	return out, err
}

// undo turns the images of a release round and writes them.
func (s *Store) undo(ctx context.Context, tx *transaction, id int64, m *meter, out *Rollback) ([]*tableWork, error) {
	images, err := readImages(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	tables, err := readSchema(ctx, tx)
	if err != nil {
		return nil, err
	}
	work, err := invert(images, tables, m)
	if err != nil {
		return nil, err
	}
	for _, w := range work {
		moved, err := w.lock(ctx, tx)
		if err != nil {
			return nil, err
		}
		out.Kept = append(out.Kept, w.describeChanges(moved)...)
		w.keep(moved)
		n := w.Count()
		out.Deleted, out.Inserted, out.Updated = out.Deleted+n.Deleted, out.Inserted+n.Inserted, out.Updated+n.Updated
		m.total += n.Total()
	}
	if err := write(ctx, tx, work); err != nil {
		return nil, err
	}
	return work, checkReferences(ctx, tx, work)
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

// invert makes, of the images of a release, the work that undoes it: table by table in the release's order, over
// every column that an image holds.
func invert(images []image, tables map[string]*datasheets.Table, m *meter) ([]*tableWork, error) {
	var order []string
	byTable := map[string]*plan.Table{}
	for _, im := range images {
		t := byTable[im.Table]
		if t == nil {
			schema := tables[im.Table]
			if schema == nil || len(schema.Key) == 0 {
				return nil, &RefusedError{Table: im.Table, Reason: "the table of the release is gone or has no primary key now"}
			}
			t = &plan.Table{Schema: schema}
			byTable[im.Table] = t
			order = append(order, im.Table)
			t.Managed = slices.Clone(newTableWork(t, nil).full)
		}
		before, err := decode(t, im.After)
		if err != nil {
			return nil, err
		}
		after, err := decode(t, im.Before)
		if err != nil {
			return nil, err
		}
		op := plan.Update
		switch {
		case before == nil:
			op = plan.Insert
		case after == nil:
			op = plan.Delete
		}
		t.Changes = append(t.Changes, plan.Change{Op: op, Before: before, After: after})
	}
	var work []*tableWork
	for _, name := range order {
		t := byTable[name]
		plan.SortChanges(t)
		work = append(work, newTableWork(t, m))
	}
	return work, nil
}

// decode is a row of an image in the order of the table's managed columns; nil where there was no row.
func decode(t *plan.Table, row map[string]*string) ([]datasheets.Value, error) {
	if row == nil {
		return nil, nil
	}
	out := make([]datasheets.Value, len(t.Managed))
	for i := range t.Managed {
		text, ok := row[t.Column(i).Name]
		if !ok {
			return nil, &RefusedError{Table: t.Schema.Name, Reason: "column " + t.Column(i).Name + " was added after the release; its rows cannot be restored as they were"}
		}
		if text != nil {
			out[i] = datasheets.NewValue(*text)
		}
	}
	if len(row) != len(t.Managed) {
		return nil, &RefusedError{Table: t.Schema.Name, Reason: "a column was dropped after the release; its rows cannot be restored as they were"}
	}
	return out, nil
}
