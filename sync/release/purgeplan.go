package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// UserDocuments are an environment's user documents, which purges change.
type UserDocuments interface {
	purgerun.Source
	Documents(scope, collection string) purgerun.Restorer
}

// Buckets opens an environment's user documents, or gives those that are open. It fails with an *UnsetError where the
// process has not been told where they are.
type Buckets interface {
	Documents(ctx context.Context, environment string) (UserDocuments, error)
}

// UnsetError is an environment whose user documents, or push tokens, the process knows nothing of: its purges are left
// alone, its audiences not counted.
type UnsetError struct{ Reason string }

// Error names the setting that is missing.
func (e *UnsetError) Error() string { return e.Reason }

// PurgeContext is what plans and releases must know of a commit's purges beside its files.
type PurgeContext struct {
	Buckets
	Past []*purge.Purge // those of the commit's first parent: past, for an environment without a release
	Now  time.Time      // by which a purge has expired
}

// PurgePlan is a purge that an environment has no record of.
type PurgePlan struct {
	Purge *purge.Purge
	Plan  *purgerun.Plan // what it would do; nil where its candidates were not read (see PlanPurges)
}

// Unpurged is a new purge that is not run in an environment, and why: one line of prose.
type Unpurged struct{ Name, Reason string }

// addPurges finds the purges that are new to an environment, by name, and those that are not what was run there.
func addPurges(ctx context.Context, p *Plan, d *Desired, snap *mysqlstore.Snapshot) error {
	if d.Purging == nil || len(d.Purges) == 0 {
		return nil
	}
	runs, err := snap.Purges(ctx)
	if err != nil {
		return err
	}
	recorded := map[string]string{}
	if p.Base.Commit == "" {
		for _, past := range d.Purging.Past {
			recorded[past.Name] = past.Fingerprint()
		}
	}
	for _, r := range runs {
		recorded[r.Name] = r.Fingerprint
	}
	var fresh []*purge.Purge
	for _, one := range d.Purges {
		switch was, is := recorded[one.Name]; {
		case !is:
			fresh = append(fresh, one)
		case was != one.Fingerprint():
			p.Problems = append(p.Problems, datasheets.Problem{At: datasheets.Position{Path: one.Path},
				Text: fmt.Sprintf("purge %s is not the one that was released under this name", one.Name),
				Mend: "leave this file as it was, and write a new file for what is to be done now"})
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err = d.Purging.Documents(ctx, p.Environment)
	unset := (*UnsetError)(nil)
	if err != nil && !errors.As(err, &unset) {
		return fmt.Errorf("reach the user documents of %s: %w", p.Environment, err)
	}
	for _, one := range fresh {
		switch {
		case unset != nil:
			p.leaveOut(d, one, unset.Reason)
		case one.ExpiredAt(d.Purging.Now):
			p.leaveOut(d, one, "it expired on "+one.Expires.UTC().Format("2006-01-02 15:04 UTC"))
		default:
			p.Purges = append(p.Purges, PurgePlan{Purge: one})
		}
	}
	return nil
}

// leaveOut notes that a purge is not run. Those that were there before are not told of again and again.
func (p *Plan) leaveOut(d *Desired, one *purge.Purge, reason string) {
	for _, past := range d.Purging.Past {
		if past.Name == one.Name {
			return
		}
	}
	p.Unpurged = append(p.Unpurged, Unpurged{one.Name, strings.TrimSuffix(reason, ".")})
}

// PlanPurges reads the candidates of a plan's purges, without writing anything. d is what the plan was made for.
func PlanPurges(ctx context.Context, p *Plan, d *Desired) error {
	for i := range p.Purges {
		one := &p.Purges[i]
		documents, err := d.Purging.Documents(ctx, p.Environment)
		if err == nil {
			one.Plan, err = purgerun.MakePlan(ctx, one.Purge, documents, documents.Documents(one.Purge.Scope, one.Purge.Collection), purgerun.PlanOptions{})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.Environment, err)
		}
	}
	return nil
}
