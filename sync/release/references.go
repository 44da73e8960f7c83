package release

import (
	"context"
	"fmt"
	"slices"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/rules"
)

// reference is the checking of what the rows of one table refer to in another, or in the same one.
type reference struct {
	job    *tableJob
	rule   *rules.Reference
	parent *tableJob  // nil where the rows of the table that is referred to are the database's: no sheet describes them, or none changes
	set    *rules.Set // of what the parent's sheets have; nil where they lack the columns
}

// collectReferences has the parents' sheets keep what is referred to, before any is read.
func collectReferences(jobs []*tableJob) []*reference {
	var all []*reference
	for _, j := range jobs {
		if j.broken {
			continue
		}
		for _, rule := range j.rules.References {
			r := &reference{job: j, rule: rule}
			if i := slices.IndexFunc(jobs, func(p *tableJob) bool { return p.compared && p.binding.Table.Name == rule.Table }); i >= 0 {
				r.parent = jobs[i]
				if r.parent.broken {
					continue // its own problems come first
				}
				r.set = r.parent.rules.Collect(rule.Columns)
			} else if !j.compared {
				continue // neither side of it changes
			}
			all = append(all, r)
		}
	}
	return all
}

// check tells of values that no row will have: neither one of the sheets nor one that stays in the database, which
// is a row of a table, or of a part of one, that no sheet describes.
func (r *reference) check(ctx context.Context, snap *mysqlstore.Snapshot) ([]datasheets.Problem, error) {
	if r.parent != nil && r.set == nil {
		return nil, nil // what new rows will have there is the server's to say
	}
	set := r.set
	if set == nil {
		set = rules.NewSet()
	}
	if len(r.rule.Missing(set)) == 0 {
		return nil, nil
	}
	parent := snap.Tables[r.rule.Table]
	if parent == nil {
		return nil, fmt.Errorf("the table %s is gone", r.rule.Table) // the rules were bound to it
	}
	if err := r.addDatabase(ctx, snap, parent, set); err != nil {
		return nil, err
	}
	missing, err := r.foldMissing(ctx, snap, parent, set, r.rule.Missing(set))
	if err != nil {
		return nil, err
	}
	return r.job.rules.Problems(r.rule, missing), nil
}

// addDatabase adds what the database has and keeps.
func (r *reference) addDatabase(ctx context.Context, snap *mysqlstore.Snapshot, parent *datasheets.Table, set *rules.Set) error {
	if r.parent == nil {
		columns := make([]int, len(r.rule.Columns))
		for i, name := range r.rule.Columns {
			columns[i] = parent.Column(name)
		}
		return snap.Rows(ctx, parent, columns, func(packed []byte) error {
			set.Add(packed)
			return nil
		})
	}
	if r.parent.owned == nil {
		return nil
	}
	at := make([]int, len(r.rule.Columns))
	for i, name := range r.rule.Columns {
		at[i] = slices.Index(r.parent.managed, parent.Column(name))
	}
	return snap.Rows(ctx, parent, r.parent.managed, func(packed []byte) error {
		if owned, err := r.parent.owned.Owns(packed); err != nil || owned {
			return err
		}
		values, err := datasheets.Unpack(packed)
		if err != nil {
			return err
		}
		var key []byte
		for _, i := range at {
			key = datasheets.AppendValue(key, values[i])
		}
		set.Add(key)
		return nil
	})
}

// foldMissing leaves of values that are missing byte by byte those that the server, too, finds nowhere: under a
// collation, Sword is sword.
func (r *reference) foldMissing(ctx context.Context, snap *mysqlstore.Snapshot, parent *datasheets.Table, set *rules.Set, missing []string) ([]string, error) {
	as := *parent
	as.Key = nil
	text := false
	for _, name := range r.rule.Columns {
		i := parent.Column(name)
		as.Key = append(as.Key, i)
		text = text || parent.Columns[i].Type == datasheets.String
	}
	if !text || len(missing) == 0 {
		return missing, nil
	}
	there, err := fold(ctx, snap, &as, set.Values())
	if err != nil {
		return nil, err
	}
	wanted, err := fold(ctx, snap, &as, missing)
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(there))
	for _, v := range there {
		known[v] = true
	}
	var still []string
	for i, v := range wanted {
		if !known[v] {
			still = append(still, missing[i])
		}
	}
	return still, nil
}

func fold(ctx context.Context, snap *mysqlstore.Snapshot, t *datasheets.Table, packed []string) ([]string, error) {
	keys := make([][]datasheets.Value, len(packed))
	for i, p := range packed {
		var err error
		if keys[i], err = datasheets.Unpack([]byte(p)); err != nil {
			return nil, err
		}
	}
	return snap.Fold(ctx, t, keys)
}
