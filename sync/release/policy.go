package release

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
)

// Policy is what a liveops.yaml asks of releases: to be that of the base, never that of the change itself. A nil
// Policy asks nothing.
type Policy struct {
	config *datarepo.Config
}

// PolicyOf is the policy of a configuration; nil for nil.
func PolicyOf(c *datarepo.Config) *Policy {
	if c == nil {
		return nil
	}
	return &Policy{config: c}
}

// Zone is the time zone that times are told in, beside UTC.
func (p *Policy) Zone() *time.Location {
	if p == nil {
		return time.UTC
	}
	return p.config.Timezone
}

// Environment is what is asked of releases to one environment; nothing where it is not known.
func (p *Policy) Environment(name string) datarepo.Environment {
	if p != nil {
		for _, e := range p.config.Environments {
			if e.Name == name {
				return e
			}
		}
	}
	return datarepo.Environment{Name: name}
}

// Grants are who may do an action by comments, as liveops.yaml has them (see datarepo.Config.Grants); none where there
// is no policy.
func (p *Policy) Grants(action string) []string {
	if p == nil {
		return nil
	}
	return p.config.Grants(action)
}

// Excess is a limit that a plan goes past.
type Excess struct {
	Purged  int     // user documents; then Rows is their limit, and the rest is not set
	Table   string  // "" for all tables together
	Deleted int     // rows
	Of      int     // the rows of Table that sheets own, before the plan; 0 for all tables together
	Rows    int     // the limit on rows, where Table is ""
	Share   float64 // the limit on the part of Table, else
}

// String says it in a line: "deletes 612 rows (the limit is 500)".
func (e Excess) String() string {
	if e.Purged > 0 {
		return fmt.Sprintf("purges %d user documents (the limit is %d)", e.Purged, e.Rows)
	}
	rows := strconv.Itoa(e.Deleted) + " rows"
	if e.Deleted == 1 {
		rows = "1 row"
	}
	if e.Table == "" {
		return fmt.Sprintf("deletes %s (the limit is %d)", rows, e.Rows)
	}
	return fmt.Sprintf("deletes %d of %d rows of `%s`, %s percent (the limit is %s)", e.Deleted, e.Of, e.Table, percent(float64(e.Deleted)/float64(e.Of)), percent(e.Share))
}

// percent is a share as a number of percent.
func percent(share float64) string { return strconv.FormatFloat(share*100, 'g', 4, 64) }

// Excesses are the limits that a plan goes past: of all tables together first, then table by table, then of purges.
func (p *Policy) Excesses(plan *Plan) []Excess {
	if p == nil || plan == nil {
		return nil
	}
	var all []Excess
	limits := p.config.Limits
	if n := plan.Count().Deleted; limits.DeletedRows != nil && n > *limits.DeletedRows {
		all = append(all, Excess{Deleted: n, Rows: *limits.DeletedRows})
	}
	for _, t := range plan.Tables {
		n := t.Count()
		owned := t.Rows - n.Inserted + n.Deleted
		if limits.DeletedShare == nil || n.Deleted == 0 || owned <= 0 || float64(n.Deleted) <= *limits.DeletedShare*float64(owned) {
			continue
		}
		all = append(all, Excess{Table: t.Schema.Name, Deleted: n.Deleted, Of: owned, Share: *limits.DeletedShare})
	}
	if n := plan.Purged(); limits.PurgedDocuments != nil && n > *limits.PurgedDocuments {
		all = append(all, Excess{Purged: n, Rows: *limits.PurgedDocuments})
	}
	return all
}

// limitsPurges says whether purges must be counted before they may run.
func (p *Policy) limitsPurges() bool { return p != nil && p.config.Limits.PurgedDocuments != nil }

// Purged counts the user documents that the plan's purges match, as far as they were read.
func (p *Plan) Purged() (n int) {
	for i := range p.Purges {
		if counted := p.Purges[i].Plan; counted != nil {
			n += counted.Matches
		}
	}
	return n
}

// Confirmed is who confirmed a plan last; nil where nobody did. changed is the last confirmation of another plan, where
// nobody confirmed this one: the plan has changed since.
func Confirmed(confirmations []mysqlstore.Confirmation, kind mysqlstore.ConfirmationKind, digest string) (by, changed *mysqlstore.Confirmation) {
	for _, c := range slices.Backward(confirmations) {
		switch {
		case c.Kind != kind:
		case c.Digest == digest:
			return &c, nil
		case changed == nil:
			changed = &c
		}
	}
	return nil, changed
}
