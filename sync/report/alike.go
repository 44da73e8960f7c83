package report

import (
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// tableView is what changes in one table, in all environments where it is the same.
type tableView struct {
	table        *plan.Table // as the first of the environments has it
	environments []string
	own          []plan.Change // what the commit itself brings
	pending      []plan.Change // what the default branch holds already and a release still owes
	rivals       int           // how many environments change the table otherwise
}

func (v *tableView) count() plan.Count { return v.table.Count() }

// views are the tables that change in any environment, by name, then in the environments' order.
func views(plans []*release.Plan) []tableView {
	var vs []tableView
	for _, p := range plans {
		for _, t := range p.Changed() {
			own, pending := apart(p, t)
			i := slices.IndexFunc(vs, func(v tableView) bool {
				return sameColumns(v.table, t) && sameChanges(v.own, own) && sameChanges(v.pending, pending)
			})
			if i < 0 {
				vs = append(vs, tableView{table: t, own: own, pending: pending})
				i = len(vs) - 1
			}
			vs[i].environments = append(vs[i].environments, p.Environment)
		}
	}
	slices.SortStableFunc(vs, func(a, b tableView) int {
		return strings.Compare(a.table.Schema.Name, b.table.Schema.Name)
	})
	for i := range vs {
		for j := range vs {
			if i != j && vs[i].table.Schema.Name == vs[j].table.Schema.Name {
				vs[i].rivals += len(vs[j].environments)
			}
		}
	}
	return vs
}

// where says which of so many environments a view is of; "" where that goes without saying.
func (v *tableView) where(environments int) string {
	switch {
	case environments < 2:
		return ""
	case len(v.environments) > 1:
		return list(v.environments) + " alike"
	case v.rivals == 0:
		return v.environments[0] + " only"
	default:
		return v.environments[0]
	}
}

// apart tells the changes that wait for a release already from those that the commit itself brings.
func apart(p *release.Plan, t *plan.Table) (own, pending []plan.Change) {
	waiting := map[string]bool{}
	for _, w := range p.Pending {
		if w.Schema.Name == t.Schema.Name {
			for i := range w.Changes {
				waiting[packed(&w.Changes[i])] = true
			}
		}
	}
	if len(waiting) == 0 {
		return t.Changes, nil
	}
	for i := range t.Changes {
		if waiting[packed(&t.Changes[i])] {
			pending = append(pending, t.Changes[i])
		} else {
			own = append(own, t.Changes[i])
		}
	}
	return own, pending
}

func packed(c *plan.Change) string {
	row := []byte{byte(c.Op)}
	for _, vs := range [][]datasheets.Value{c.Before, c.After} {
		for _, v := range vs {
			row = datasheets.AppendValue(row, v)
		}
	}
	return string(row)
}

// sameChanges compares what changes, not where in the workbooks it stands.
func sameChanges(a, b []plan.Change) bool {
	return slices.EqualFunc(a, b, func(x, y plan.Change) bool {
		return x.Op == y.Op && slices.Equal(x.Before, y.Before) && slices.Equal(x.After, y.After)
	})
}

func sameColumns(a, b *plan.Table) bool {
	if a.Schema.Name != b.Schema.Name || len(a.Managed) != len(b.Managed) || a.KeyLen() != b.KeyLen() {
		return false
	}
	for i := range a.Managed {
		x, y := a.Column(i), b.Column(i)
		if x.Name != y.Name || x.Type != y.Type {
			return false
		}
	}
	return true
}

// samePlans reports whether two plans change the same rows of the same tables in the same way.
func samePlans(a, b *release.Plan) bool {
	return slices.EqualFunc(a.Changed(), b.Changed(), func(x, y *plan.Table) bool {
		return sameColumns(x, y) && sameChanges(x.Changes, y.Changes)
	})
}
