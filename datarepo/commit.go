package datarepo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Commit is one commit of the data repo and its files.
type Commit struct {
	ID      string    // 40 lower-case hexadecimal digits
	Parents []string  // ids of its parents, the first parent first; they need not be readable
	Subject string    // the message's first line
	Author  string    // the author's name, without the address
	When    time.Time // when it was committed, in the committer's zone

	// Files is the commit's tree. It is read-only and safe for concurrent use, and implements fs.ReadDirFS,
	// fs.ReadFileFS and fs.StatFS; an open file is an io.Seeker and an io.ReaderAt. Symbolic links and
	// submodules are listed, as what they are, but never opened or followed; the same goes for an entry whose
	// name cannot be part of a path (not UTF-8, a backslash, ".."), which is listed as irregular with U+FFFD for
	// what is wrong in it. A file over 100 MiB fails to open with ErrTooLarge. It is a LargeFiles.
	Files fs.FS

	tree    plumbing.Hash
	release func() error
}

// Close gives back what the commit holds; its Files then fail with fs.ErrClosed. It may be called again.
func (c *Commit) Close() error {
	if c.release == nil {
		return nil
	}
	err := c.release()
	c.release = nil
	return err
}

// newCommit reads the commit's header and the top of its tree; release is what Close is to do.
func newCommit(o *objects, id plumbing.Hash, large largeStore, release func() error) (*Commit, error) {
	raw, err := o.commit(id)
	if err != nil {
		return nil, err
	}
	c := &Commit{
		ID:      raw.Hash.String(),
		Subject: subject(raw.Message),
		Author:  author(raw),
		When:    raw.Committer.When,
		Files:   &treeFS{objects: o, root: raw.TreeHash, when: raw.Committer.When, large: large},
		tree:    raw.TreeHash,
		release: release,
	}
	for _, p := range raw.ParentHashes {
		c.Parents = append(c.Parents, p.String())
	}
	if _, err := fs.Stat(c.Files, "."); err != nil {
		return nil, fmt.Errorf("read the tree of commit %s: %w", c.ID, err)
	}
	return c, nil
}

func author(c *object.Commit) string { return strings.ToValidUTF8(c.Author.Name, "\uFFFD") }

func subject(message string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(message, "\n"), "\n")
	return strings.TrimSpace(strings.ToValidUTF8(line, "\uFFFD"))
}

// parseID reads a commit id in full: 40 hexadecimal digits.
func parseID(s string) (plumbing.Hash, error) {
	if !plumbing.IsHash(s) || len(s) != 40 {
		return plumbing.ZeroHash, fmt.Errorf("%q is not a commit id of 40 hexadecimal digits", s)
	}
	return plumbing.NewHash(s), nil
}

func isMissing(err error) bool { return errors.Is(err, plumbing.ErrObjectNotFound) }
