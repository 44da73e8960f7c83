package datarepo

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// Checkout is a local clone of the data repo with a work tree. It is safe for concurrent use.
type Checkout struct {
	Dir string // the work tree's root

	repository *git.Repository
	objects    *objects
	root       *os.Root
	large      largeStore
}

// OpenCheckout opens the clone whose work tree dir is in, linked work trees included. It fails with
// ErrNotRepository where there is none, and for a bare repository.
func OpenCheckout(dir string) (*Checkout, error) {
	fail := func(err error) (*Checkout, error) { return nil, fmt.Errorf("open the checkout at %s: %w", dir, err) }
	if _, err := os.Stat(dir); err != nil {
		return fail(err)
	}
	repository, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	switch {
	case errors.Is(err, git.ErrRepositoryNotExists):
		return fail(ErrNotRepository)
	case err != nil:
		return fail(err)
	}
	work, err := repository.Worktree()
	if errors.Is(err, git.ErrIsBareRepository) {
		return fail(fmt.Errorf("%w: the repository is bare", ErrNotRepository))
	}
	if err != nil {
		return fail(err)
	}
	c := &Checkout{
		Dir:        work.Filesystem.Root(),
		repository: repository,
		objects:    &objects{store: repository.Storer},
	}
	if s, ok := repository.Storer.(*filesystem.Storage); ok {
		c.large.dir = filepath.Join(s.Filesystem().Root(), "lfs", "objects") // where git-lfs keeps them
	}
	if c.root, err = os.OpenRoot(c.Dir); err != nil {
		return fail(err)
	}
	return c, nil
}

// Close ends the use of the checkout and of every Commit and file system that came of it.
func (c *Checkout) Close() error {
	return errors.Join(c.objects.close(), c.root.Close())
}

// Head is the commit that is checked out, as it is committed. It fails with ErrNotFound where nothing has been
// committed yet.
func (c *Checkout) Head() (*Commit, error) {
	ref, err := c.repository.Head()
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, fmt.Errorf("read HEAD of %s: %w: nothing has been committed yet", c.Dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("read HEAD of %s: %w", c.Dir, err)
	}
	return c.Commit(ref.Hash().String())
}

// Commit is a commit by its id in full. It fails with ErrShallow, or else ErrNotFound, where the clone does not
// hold it.
func (c *Checkout) Commit(id string) (*Commit, error) {
	hash, err := parseID(id)
	if err != nil {
		return nil, err
	}
	commit, err := newCommit(c.objects, hash, c.large, nil)
	if isMissing(err) {
		return nil, c.missing(hash)
	}
	return commit, err
}

// WorkTree is the files as they stand on disk, uncommitted changes included, on the terms of Commit.Files:
// links are listed and never followed, and .git is left out. A write to the disk shows at once.
func (c *Checkout) WorkTree() fs.FS { return &workTree{c.root, c.large} }

// missing says why a commit is not in the clone.
func (c *Checkout) missing(id plumbing.Hash) error {
	shallow, err := c.repository.Storer.Shallow()
	if err != nil {
		return fmt.Errorf("read the shallow commits of %s: %w", c.Dir, err)
	}
	if len(shallow) > 0 {
		return fmt.Errorf("commit %s is not in %s: %w", id, c.Dir, ErrShallow)
	}
	return fmt.Errorf("commit %s is not in %s: %w: run `git fetch`", id, c.Dir, ErrNotFound)
}
