// Package revert brings the data repo to the state in which a rollback left an environment: it computes the files to
// change, and whether a plan of them has nothing to do then. It writes nothing, neither to Git nor to a database.
package revert

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// How is the way in which a file comes to the state before the release.
type How string

// The ways.
const (
	Earlier  How = "earlier version" // the file as it was before the release; nobody has touched it since
	Exported How = "rows exported"   // the file as it is now, with the environment's rows written into it
	Cannot   How = "cannot"          // it stays as it is, and a person must look at it
)

// FileChange is what is to become of one file.
type FileChange struct {
	Path    string
	Content []byte // nil where it is deleted, and for Cannot
	Delete  bool
	How     How
	Why     string // a line of prose that may quote a path or a cell; "" where there is nothing to say
}

// Revert is the files to change, and what comes of it.
type Revert struct {
	Changes []FileChange  // by path; at most one for each
	Plan    *release.Plan // of the head with the changes, against the environment
	Agrees  bool          // the plan has nothing to do: once the changes are merged, Git and the environment agree
	Differs []string      // what the plan still has to do, a line of prose each; none where Agrees
}

// Writes are the changes that are to be made: all but those of Cannot.
func (r *Revert) Writes() []FileChange {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c FileChange) bool { return c.How == Cannot })
}

// Cannots are the files that stay as they are.
func (r *Revert) Cannots() []FileChange {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c FileChange) bool { return c.How != Cannot })
}

// Commits are the files of the commits that a revert is made from, as datarepo.Commit.Files has them.
type Commits struct {
	Before fs.FS // the commit before what was undone
	Last   fs.FS // the one that brought the last of it
	Head   fs.FS // the default branch as it is
}

// ErrFirst is the undoing of an environment's first release: no commit came before it.
var ErrFirst = errors.New("it was the environment's first release, so that Git has no state before it")

// Of is Files for a rollback that was done. files gives the files of a commit by its id, as Checkout.Commit does. It
// fails with ErrFirst; after a promotion, which no commit brought, there is nothing to change.
func Of(ctx context.Context, r *mysqlstore.Rollback, files func(id string) (fs.FS, error), head fs.FS, environment string, snap *mysqlstore.Snapshot) (*Revert, error) {
	before, last := r.Commits()
	if before == last {
		return Files(ctx, Commits{head, head, head}, environment, snap)
	}
	if before == "" {
		return nil, ErrFirst
	}
	c := Commits{Head: head}
	var err error
	if c.Before, err = files(before); err == nil {
		c.Last, err = files(last)
	}
	if err != nil {
		return nil, fmt.Errorf("read the commits that were rolled back: %w", err)
	}
	return Files(ctx, c, environment, snap)
}

// Files computes the changes for an environment that is as the snapshot shows it, after the rollback.
//
// Of the files under datasheets/, checks/ and pushes/ that differ between Before and Last: one that is at the head as in Last
// becomes what it was in Before, also where it was renamed since. Into a workbook that was touched since, the rows of the
// environment are written, of the tables whose sheets the release changed (see export.Over): so what others did to
// it since stays, as far as it is in the environment. What can be done neither way is named. liveops.yaml, which is
// policy, is never changed.
func Files(ctx context.Context, c Commits, environment string, snap *mysqlstore.Snapshot) (*Revert, error) {
	w := &work{Commits: c, environment: environment, snap: snap, now: newOverlay(c.Head), changes: map[string]FileChange{}}
	if err := w.list(); err != nil {
		return nil, err
	}
	if err := w.bringBack(ctx); err != nil {
		return nil, err
	}
	if err := w.exportRows(ctx); err != nil {
		return nil, err
	}
	r := &Revert{}
	for _, path := range sortedKeys(w.changes) {
		r.Changes = append(r.Changes, w.changes[path])
	}
	return r, w.verify(ctx, r)
}

// verify plans the head with the changes.
func (w *work) verify(ctx context.Context, r *Revert) error {
	d, err := release.Read(ctx, "", w.now)
	if err != nil {
		return fmt.Errorf("read the files as they would be: %w", err)
	}
	if r.Plan, err = release.MakePlan(ctx, d, w.environment, w.snap, nil); err != nil {
		return err
	}
	const most = 10
	for i := range r.Plan.Problems[:min(len(r.Plan.Problems), most)] {
		r.Differs = append(r.Differs, r.Plan.Problems[i].Error())
	}
	if more := len(r.Plan.Problems) - most; more > 0 {
		r.Differs = append(r.Differs, fmt.Sprintf("and %d more problems", more))
	}
	for _, t := range r.Plan.Changed() {
		n := t.Count()
		var sheets []string
		for _, s := range t.Sources {
			sheets = append(sheets, s.Path+" › "+s.Sheet)
		}
		r.Differs = append(r.Differs, fmt.Sprintf("%s: %d rows to insert, %d to delete, %d to update (%s)",
			t.Schema.Name, n.Inserted, n.Deleted, n.Updated, strings.Join(sheets, ", ")))
	}
	r.Agrees = len(r.Differs) == 0
	return nil
}

// isLarge says whether a content is a Git LFS pointer.
func isLarge(content []byte) bool {
	_, is := datarepo.ParsePointer(content)
	return is
}
