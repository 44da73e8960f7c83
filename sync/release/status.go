package release

import (
	"context"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// Status is where an environment stands, and how its tables stand to their sheets.
type Status struct {
	Environment string
	State       mysqlstore.State
	Last        []mysqlstore.Release // newest first
	Tables      []TableStatus        // by name
}

// TableStatus is a table that sheets describe.
type TableStatus struct {
	Table   string
	Sources []plan.Source
	Missing bool        // the environment has no such table
	Rows    int         // how many it has now
	Differs *plan.Count // the rows that the sheets would change; nil where problems keep that from being known
}

// ReadStatus asks an environment, from one snapshot: its newest releases, and its tables beside what a commit wants.
// watch, where it is not nil, is told how many sheets have been compared.
func ReadStatus(ctx context.Context, t Target, desired *Desired, releases int, watch func(done, total int)) (Status, error) {
	s := Status{Environment: t.Name}
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return s, err
	}
	defer snap.Close()
	s.State = snap.State
	if s.Last, err = t.Store.Releases(ctx, releases); err != nil {
		return s, err
	}
	p, err := MakePlan(ctx, desired, t.Name, snap, watch)
	if err != nil {
		return s, err
	}
	differs := map[string]*plan.Count{}
	if len(p.Problems) == 0 {
		for _, t := range p.Tables {
			n := t.Count()
			differs[t.Schema.Name] = &n
		}
	}
	for i := range desired.Tables {
		d := &desired.Tables[i]
		row := TableStatus{Table: d.Mapping.Table, Sources: d.Sources(), Differs: differs[d.Mapping.Table]}
		if table := snap.Tables[row.Table]; table == nil {
			row.Missing = true
		} else if row.Rows, err = snap.Count(ctx, table); err != nil {
			return s, err
		}
		s.Tables = append(s.Tables, row)
	}
	return s, nil
}
