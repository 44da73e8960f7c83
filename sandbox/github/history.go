package github

import (
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// hashSet is a set of objects.
type hashSet map[plumbing.Hash]bool

// ancestors is every commit reachable from these, they included.
func (r *Repo) ancestors(from ...plumbing.Hash) (hashSet, error) {
	all := hashSet{}
	for queue := from; len(queue) > 0; {
		next := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if all[next] || next.IsZero() {
			continue
		}
		all[next] = true
		c, err := object.GetCommit(r.git, next)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", next, err)
		}
		queue = append(queue, c.ParentHashes...)
	}
	return all, nil
}

// isAncestor tells whether of is reachable from a commit; each is its own ancestor.
func (r *Repo) isAncestor(ancestor, of plumbing.Hash) (bool, error) {
	all, err := r.ancestors(of)
	return all[ancestor], err
}

// mergeBase is the best common ancestor of two commits, the zero hash if their
// histories have nothing in common. Of several equally good ones it is the one
// with the least hash.
func (r *Repo) mergeBase(a, b plumbing.Hash) (plumbing.Hash, error) {
	one, err := object.GetCommit(r.git, a)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read commit %s: %w", a, err)
	}
	other, err := object.GetCommit(r.git, b)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read commit %s: %w", b, err)
	}
	bases, err := one.MergeBase(other)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("find the merge base of %s and %s: %w", a, b, err)
	}
	least := plumbing.ZeroHash
	for _, base := range bases {
		if least.IsZero() || slices.Compare(base.Hash[:], least[:]) < 0 {
			least = base.Hash
		}
	}
	return least, nil
}

// between is the commits reachable from head but from none of the others,
// parents before their children.
func (r *Repo) between(head plumbing.Hash, without ...plumbing.Hash) ([]*object.Commit, error) {
	done, err := r.ancestors(without...)
	if err != nil {
		return nil, err
	}
	var list []*object.Commit
	stack := []plumbing.Hash{head}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		if done[top] || top.IsZero() {
			stack = stack[:len(stack)-1]
			continue
		}
		c, err := object.GetCommit(r.git, top)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", top, err)
		}
		ready := true
		for _, parent := range slices.Backward(c.ParentHashes) {
			if !done[parent] {
				stack, ready = append(stack, parent), false
			}
		}
		if ready {
			done[top] = true
			list = append(list, c)
		}
	}
	return list, nil
}

// resolve finds the commit that a name means: a full or shortened commit id, a
// branch, a tag, or a whole reference name; the zero hash if it means none.
func (r *Repo) resolve(name string) plumbing.Hash {
	for _, prefix := range []string{"", "refs/", "refs/heads/", "refs/tags/"} {
		if hash := r.peel(r.ref(plumbing.ReferenceName(prefix + name))); !hash.IsZero() {
			return hash
		}
	}
	if plumbing.IsHash(name) {
		return r.peel(plumbing.NewHash(name))
	}
	return r.unshorten(name)
}

// unshorten finds the only commit whose id starts with at least 7 digits.
func (r *Repo) unshorten(prefix string) plumbing.Hash {
	found := plumbing.ZeroHash
	if len(prefix) < 7 {
		return found
	}
	for hash := range r.git.Commits {
		if hash.String()[:min(len(prefix), 40)] != prefix {
			continue
		}
		if !found.IsZero() {
			return plumbing.ZeroHash
		}
		found = hash
	}
	return found
}

// peel follows annotated tags to their commit; the zero hash if there is none.
func (r *Repo) peel(hash plumbing.Hash) plumbing.Hash {
	for {
		if _, ok := r.git.Commits[hash]; ok {
			return hash
		}
		tag, err := object.GetTag(r.git, hash)
		if err != nil {
			return plumbing.ZeroHash
		}
		hash = tag.Target
	}
}
