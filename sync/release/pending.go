package release

import (
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// Pending picks, of a plan's changes, those that the base branch already wants of the same environment.
func Pending(p, base *Plan) []*plan.Table {
	wanted := map[string]map[string]bool{}
	for _, t := range base.Tables {
		wanted[t.Schema.Name] = map[string]bool{}
		for i := range t.Changes {
			wanted[t.Schema.Name][fingerprint(&t.Changes[i])] = true
		}
	}
	var pending []*plan.Table
	for _, t := range p.Changed() {
		part := *t
		part.Changes = nil
		for _, c := range t.Changes {
			if wanted[t.Schema.Name][fingerprint(&c)] {
				part.Changes = append(part.Changes, c)
			}
		}
		if len(part.Changes) > 0 {
			pending = append(pending, &part)
		}
	}
	return pending
}

// ownDigest is the digest of what is left of a plan once the base is released, where nothing else moves: of each change
// its before-image is then what the base wants. d is what the plan was made for, base the base's plan of the tables that
// it changes. "" where either has problems, or the base owes nothing of it.
func ownDigest(p, base *Plan, d *Desired) string {
	if p.Digest == "" || base.Digest == "" || base.Idle() {
		return ""
	}
	owed := map[string]*plan.Table{}
	for _, t := range base.Tables {
		owed[t.Schema.Name] = t
	}
	var own []*plan.Table
	for _, t := range p.Changed() {
		left := *t
		if o := owed[t.Schema.Name]; o != nil {
			left.Changes = after(t, o)
			plan.SortChanges(&left)
		}
		own = append(own, &left)
	}
	return digest(p.Environment, own, d.Tests, p.newPurges(base), campaignChanges(base.campaigns, p.campaigns))
}

// after is the changes that are left of a table's when those of another plan of it are done.
func after(t, done *plan.Table) []plan.Change {
	key := func(c *plan.Change) string {
		var packed []byte
		for _, v := range c.Row()[:t.KeyLen()] {
			packed = datasheets.AppendValue(packed, v)
		}
		return string(packed)
	}
	before := map[string]*plan.Change{}
	for i := range done.Changes {
		before[key(&done.Changes[i])] = &done.Changes[i]
	}
	var left []plan.Change
	add := func(c plan.Change) {
		switch {
		case slices.Equal(c.Before, c.After):
			return
		case c.Before == nil:
			c.Op = plan.Insert
		case c.After == nil:
			c.Op = plan.Delete
		default:
			c.Op = plan.Update
		}
		left = append(left, c)
	}
	for _, c := range t.Changes {
		k := key(&c)
		if b := before[k]; b != nil {
			c.Before = b.After
			delete(before, k)
		}
		add(c)
	}
	for _, b := range before { // what the base changes and the plan does not is changed back
		add(plan.Change{Before: b.After, After: b.Before, At: b.At})
	}
	return left
}

// fingerprint is the same for two changes that do the same.
func fingerprint(c *plan.Change) string {
	var b strings.Builder
	b.WriteByte(byte(c.Op))
	var packed []byte
	for _, v := range slices.Concat(c.Before, c.After) {
		packed = datasheets.AppendValue(packed, v)
	}
	b.Write(packed)
	return b.String()
}
