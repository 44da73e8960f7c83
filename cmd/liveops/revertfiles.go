package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/revert"
)

// isClean fails where the checkout has data files that are not committed.
func (w *where) isClean(ctx context.Context) error {
	checkout, err := w.checkout()
	if err != nil {
		return err
	}
	defer checkout.Close()
	changed, err := checkout.Changed(ctx)
	if err == nil && len(changed) > 0 {
		err = fmt.Errorf("not committed: %s; commit or stash first, so that nothing of yours is written over", strings.Join(changed, ", "))
	}
	return err
}

// revertFiles shows the files that bring Git to the state of an environment after a rollback, and writes them into the
// checkout where that is wanted. It is no error that they cannot be told: the rollback is done.
func (a *app) revertFiles(ctx context.Context, w *where, store *mysqlstore.Store, done mysqlstore.Rollback, f rollbackFlags) error {
	if before, last := done.Commits(); before == last {
		return nil
	}
	if f.writeFiles {
		if err := w.isClean(ctx); err != nil {
			return err
		}
	}
	checkout, err := w.checkout()
	if err != nil {
		return err
	}
	defer checkout.Close()
	r, head, err := a.computeRevert(ctx, checkout, store, done)
	if err != nil {
		if f.writeFiles {
			return err
		}
		fmt.Fprintln(a.out, printable(fmt.Sprintf("Revert the change on the default branch by hand; its files cannot be told here: %v", err)))
		return nil
	}
	a.tellRevert(r, head)
	writes := r.Writes()
	if len(writes) == 0 {
		return nil
	}
	write := f.writeFiles
	if !write && !f.yes && isTerminal(a.in) && w.isClean(ctx) == nil {
		err := a.confirm(fmt.Sprintf("Write %s into %s, for you to commit?", several(len(writes), "file", "files"), checkout.Dir))
		var no exitCode
		if err != nil && !errors.As(err, &no) {
			return err
		}
		write = err == nil
	}
	if !write {
		fmt.Fprintf(a.out, "To write them here: liveops rollback --env %s %d --write-files\n", store.Environment(), done.Undoes)
		return nil
	}
	if err := writeChanges(checkout.Dir, writes); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "Wrote %s. Commit them on a branch, open a pull request and merge it; then: liveops unlock --env %s\n",
		several(len(writes), "file", "files"), store.Environment())
	return nil
}

// tellRevert shows the files, and what differs even with them.
func (a *app) tellRevert(r *revert.Revert, head string) {
	if len(r.Changes) > 0 {
		fmt.Fprintf(a.out, "\nTo bring Git to the same state, from HEAD (%s) of this checkout:\n", release.ShortDigest(head))
	} else {
		fmt.Fprintf(a.out, "\nHEAD (%s) of this checkout needs no change to its files.\n", release.ShortDigest(head))
	}
	for _, c := range r.Changes {
		fmt.Fprintln(a.out, "  "+printable(describeChange(c)))
	}
	if !r.Agrees {
		fmt.Fprintln(a.out, "Then there would still be, of commits that wait for a release, or to be looked at by hand:")
	}
	for _, d := range r.Differs {
		fmt.Fprintln(a.out, "  "+printable(d))
	}
}

// computeRevert computes the files from the checkout's HEAD.
func (a *app) computeRevert(ctx context.Context, checkout *datarepo.Checkout, store *mysqlstore.Store, done mysqlstore.Rollback) (r *revert.Revert, head string, err error) {
	at, err := checkout.Head()
	if err != nil {
		return nil, "", err
	}
	snap, err := store.Snapshot(ctx)
	if err != nil {
		return nil, "", err
	}
	defer snap.Close()
	r, err = revert.Of(ctx, &done, func(id string) (fs.FS, error) {
		c, err := checkout.Commit(id)
		if err != nil {
			return nil, err
		}
		return c.Files, nil
	}, at.Files, store.Environment(), snap)
	return r, at.ID, err
}

func describeChange(c revert.FileChange) string {
	s := c.Path + ": "
	switch {
	case c.How == revert.Cannot:
		s += "stays as it is"
	case c.Delete:
		s += "deleted, since it came with the release"
	default:
		s += string(c.How)
	}
	if c.Why != "" {
		s += "; " + c.Why
	}
	return s
}

// writeChanges writes files into a checkout, through no link that leads out of it.
func writeChanges(dir string, changes []revert.FileChange) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, c := range changes {
		name := filepath.FromSlash(c.Path)
		if c.Delete {
			err = root.Remove(name)
		} else if err = root.MkdirAll(filepath.FromSlash(path.Dir(c.Path)), 0o755); err == nil {
			err = root.WriteFile(name, c.Content, 0o644)
		}
		if err != nil {
			return fmt.Errorf("write the files that bring Git back: %w", err)
		}
	}
	return nil
}
