package github

import (
	"fmt"
	"io/fs"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Commit adds a commit by a user to a branch and returns its id. A nil content
// deletes the file. A branch that does not exist starts at the default branch.
// It does what a push of the commit does: a push event, and synchronize for the
// open pull requests of the branch.
func (r *Repo) Commit(branch, message, author string, changes map[string][]byte) (string, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(author)
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", branch, err)
	}
	hash, err := r.commit(branch, message, by, changes)
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", branch, err)
	}
	return hash.String(), nil
}

func (r *Repo) commit(branch, message string, by *account, changes map[string][]byte) (plumbing.Hash, error) {
	parent := r.tip(branch)
	if parent.IsZero() {
		parent = r.tip(defaultBranch)
	}
	all, parents := fileSet{}, []plumbing.Hash(nil)
	if !parent.IsZero() {
		var err error
		if all, err = r.filesOf(parent); err != nil {
			return plumbing.ZeroHash, err
		}
		parents = append(parents, parent)
	}
	if err := r.change(all, changes); err != nil {
		return plumbing.ZeroHash, err
	}
	hash, err := r.writeCommit(all, message, by.signature(r.s.now()), parents...)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return hash, r.moveRef(plumbing.NewBranchReferenceName(branch), hash, by)
}

// change applies new contents and deletions to a set of files.
func (r *Repo) change(all fileSet, changes map[string][]byte) error {
	for name, content := range changes {
		if !fs.ValidPath(name) || name == "." {
			return fmt.Errorf("file %q: not a path inside a repository", name)
		}
		if content == nil {
			if _, ok := all[name]; !ok {
				return fmt.Errorf("file %q: it is to be deleted but isn't there", name)
			}
			delete(all, name)
			continue
		}
		blob, err := r.writeBlob(content)
		if err != nil {
			return fmt.Errorf("file %q: %w", name, err)
		}
		all[name] = file{mode: filemode.Regular, hash: blob}
	}
	return nil
}
