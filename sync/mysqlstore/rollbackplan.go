package mysqlstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// RollbackPlan is what a rollback would do.
type RollbackPlan struct {
	Base     State
	Undoes   []Release     // newest first
	Tables   []*plan.Table // what changes, by table; Before is the row as it is. Tables without a change are none
	Changed  *ChangedError // the rows that have changed since: without KeepChanged it is refused; nil for none
	Counters []string      // as of Rollback
	Commit   string        // the environment's afterwards
	Digest   string        // of all that it would do
}

// PlanRollback works out what Rollback would do now, without a lock, and writes nothing. It fails as Rollback does with
// ErrNoRelease and ErrNotUndoable; rows that have changed since are in the plan.
func (s *Store) PlanRollback(ctx context.Context, q RollbackRequest) (*RollbackPlan, error) {
	snap, err := s.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	w, err := s.workOut(ctx, snap.tx, snap.State, q, "", &meter{})
	if err != nil {
		return nil, err
	}
	p := &RollbackPlan{Base: snap.State, Undoes: w.undone, Changed: w.changed, Commit: w.commit, Counters: w.counters(), Digest: w.digest(s.environment)}
	for _, t := range w.work {
		if len(t.Changes) > 0 {
			t.Table.Sources = []plan.Source{{Path: "release " + strconv.FormatInt(q.Release, 10), Sheet: t.Schema.Name}}
			p.Tables = append(p.Tables, t.Table)
		}
	}
	return p, nil
}

// count counts what is restored.
func (w *worked) count() (n plan.Count) {
	for _, t := range w.work {
		n = n.Add(t.Count())
	}
	return n
}

// counters are the tables of which rows with an AUTO_INCREMENT column are deleted again.
func (w *worked) counters() []string {
	var names []string
	for _, t := range w.work {
		if t.Count().Deleted > 0 && slices.ContainsFunc(t.Schema.Columns, func(c datasheets.Column) bool { return c.AutoIncrement }) {
			names = append(names, t.Schema.Name)
		}
	}
	return names
}

// digest hashes what is done: the releases that are undone, and each change with the row as it is.
func (w *worked) digest(environment string) string {
	h := sha256.New()
	e := json.NewEncoder(h) // writing to a hash does not fail
	e.Encode([]string{"liveops rollback 1", environment, w.commit})
	for _, r := range w.undone {
		e.Encode(r.ID)
	}
	if w.changed != nil {
		e.Encode(w.changed.Changed)
	}
	var row []byte
	for _, t := range w.work {
		e.Encode([]string{t.Schema.Name, strconv.Itoa(len(t.Changes))})
		for i := range t.Changes {
			c := &t.Changes[i]
			row = append(row[:0], byte(c.Op))
			for _, v := range slices.Concat(c.Before, c.After) {
				row = datasheets.AppendValue(row, v)
			}
			e.Encode(row)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
