// Package release takes commits of the data repo to environments: it makes the plan of what a commit would
// change in one, applies it, goes on to the next, and undoes it. It is the one path for the pull request's dry
// run and for the merge, for the command line and for the bot.
package release

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"

	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/check"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/purge"
)

// Plan is what bringing one environment to one commit would change.
type Plan struct {
	Environment string
	Commit      string               // the commit's id; "" for files that are not committed
	Tables      []*plan.Table        // every table that was compared, changed or not, by name; nil while a problem keeps it from being read
	Part        *Part                // how many of the owned tables were compared; nil where all were
	Problems    []datasheets.Problem // sorted; while there is one, nothing is applied
	Digest      string               // of all that the plan would do; "" while there are problems
	Base        mysqlstore.State     // the state of the environment that it was planned from
	Own         string               // the digest of what is left of the plan once the default branch is released; "" where that is the same, or unknown
	Pending     []*plan.Table        // of these changes, those that the default branch already holds and a release still owes; nil where none or unknown

	Purges   []PurgePlan // that are new to the environment, by name; run after the tables
	Unpurged []Unpurged  // new purges that are not run there, by name

	Campaigns []CampaignChange     // that are others once this is released, by name
	campaigns []*campaign.Campaign // that are sent then

	Rehearsal   *mysqlstore.Rehearsal // what a rehearsal that went well did; nil where there was none, or it was refused
	Unrehearsed string                // why a rehearsal that was wanted could not be: one line of prose; "" where it could
}

// Part says how much of what sheets describe a plan looked at, where it was not all.
type Part struct {
	Compared int    `json:"compared"` // tables that were compared
	Checked  int    `json:"checked"`  // tables that were read only to see that what they refer to in those stays
	Of       int    `json:"of"`       // tables that sheets describe
	Release  int64  `json:"release"`  // the release that left the others as the sheets say
	Commit   string `json:"commit"`   // what it was of
}

// Count counts all changes.
func (p *Plan) Count() plan.Count {
	var n plan.Count
	for _, t := range p.Tables {
		n = n.Add(t.Count())
	}
	return n
}

// Idle reports whether the plan changes no row and no campaign, and runs no purge.
func (p *Plan) Idle() bool {
	return p.Count().Total() == 0 && len(p.Purges) == 0 && len(p.Campaigns) == 0
}

// newPurges are the purges that the plan runs and another one does not.
func (p *Plan) newPurges(but *Plan) (purges []*purge.Purge) {
	for i := range p.Purges {
		one := p.Purges[i].Purge
		if but == nil || !slices.ContainsFunc(but.Purges, func(other PurgePlan) bool { return other.Purge.Name == one.Name }) {
			purges = append(purges, one)
		}
	}
	return purges
}

// Changed is the tables that change.
func (p *Plan) Changed() []*plan.Table {
	var ts []*plan.Table
	for _, t := range p.Tables {
		if len(t.Changes) > 0 {
			ts = append(ts, t)
		}
	}
	return ts
}

// digest hashes what the plan does: the environment, and of each table that changes its name, its columns with
// their types, and its changes with their before-images; and the data tests that it must pass, so that none is
// changed or dropped behind the back of who reviewed the plan; and the campaigns that change. Its end is of the new purges, where there are any. The commit is not part of it: a merge commit is never
// the commit that was reviewed.
func digest(environment string, tables []*plan.Table, tests []check.Test, purges []*purge.Purge, campaigns []CampaignChange) string {
	h := sha256.New()
	e := json.NewEncoder(h) // writing to a hash does not fail
	e.Encode([]string{"liveops plan 1", environment})
	var row []byte
	for _, t := range tables {
		if len(t.Changes) == 0 {
			continue
		}
		head := []string{t.Schema.Name, strconv.Itoa(len(t.Changes))}
		for i := range t.Managed {
			head = append(head, t.Column(i).Name, t.Column(i).SQLType, t.Column(i).Collation)
		}
		e.Encode(head)
		for i := range t.Changes {
			c := &t.Changes[i]
			row = append(row[:0], byte(c.Op))
			for _, v := range append(c.Before[:len(c.Before):len(c.Before)], c.After...) {
				row = datasheets.AppendValue(row, v)
			}
			e.Encode(row)
		}
	}
	for i := range tests {
		e.Encode([]string{"data test", tests[i].Path, tests[i].SQL})
	}
	for _, c := range campaigns {
		e.Encode([]string{"campaign", c.Name, c.Before, c.After})
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if len(purges) == 0 {
		return sum
	}
	return sum[:len(sum)-purgeDigestLength] + purgesDigest(purges)
}

// ShortDigest is the form of a digest or a commit id that people read.
func ShortDigest(d string) string {
	if len(d) > 8 {
		return d[:8]
	}
	return d
}
