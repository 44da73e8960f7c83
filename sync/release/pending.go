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
