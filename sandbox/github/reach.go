package github

import (
	"fmt"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// edge is where the history that a client will have ends.
type edge struct {
	cut    hashSet // commits whose parents it will lack
	update packp.ShallowUpdate
}

// shallowEdge works out where the client's history is to end. Without a depth
// its own shallow commits stay. With one, the commits at that distance from the
// wanted ones become shallow, and those that were but now have parents cease to
// be. Only what changes for the client is in the update.
func (r *Repo) shallowEdge(request fetchRequest) (edge, error) {
	e := edge{cut: hashSet{}}
	had := setOf(request.shallows)
	if request.depth == 0 {
		e.cut = had
		return e, nil
	}
	level, seen := hashSet{}, hashSet{}
	for _, want := range request.wants {
		if commit := r.peel(want); !commit.IsZero() {
			level[commit] = true
		}
	}
	for distance := 1; len(level) > 0; distance++ {
		next := hashSet{}
		for hash := range level {
			seen[hash] = true
			c, err := object.GetCommit(r.git, hash)
			if err != nil {
				return e, fmt.Errorf("read commit %s: %w", hash, err)
			}
			switch {
			case distance == request.depth:
				e.cut[hash] = true
				if !had[hash] {
					e.update.Shallows = append(e.update.Shallows, hash)
				}
				continue
			case had[hash]:
				e.update.Unshallows = append(e.update.Unshallows, hash)
			}
			for _, parent := range c.ParentHashes {
				next[parent] = true
			}
		}
		for hash := range seen {
			delete(next, hash)
		}
		level = next
	}
	plumbing.HashesSort(e.update.Shallows)
	plumbing.HashesSort(e.update.Unshallows)
	return e, nil
}

// missing is every object that the wanted ones need and the client lacks, sorted.
func (r *Repo) missing(request fetchRequest, e edge, common []plumbing.Hash) ([]plumbing.Hash, error) {
	has, wanted := newCollector(r, setOf(request.shallows), nil), (*collector)(nil)
	for _, commit := range common {
		if err := has.add(commit); err != nil {
			return nil, err
		}
	}
	wanted = newCollector(r, e.cut, has.objects)
	for _, want := range request.wants {
		if err := wanted.add(want); err != nil {
			return nil, err
		}
	}
	var list []plumbing.Hash
	for hash := range wanted.objects {
		list = append(list, hash)
	}
	plumbing.HashesSort(list)
	return list, nil
}

// connects tells whether each wanted object has a common commit among its ancestors.
func (r *Repo) connects(wants, common []plumbing.Hash) (bool, error) {
	for _, want := range wants {
		all, err := r.ancestors(r.peel(want))
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(common, func(hash plumbing.Hash) bool { return all[hash] }) {
			return false, nil
		}
	}
	return true, nil
}

// checkConnected fails if something that an object needs is not here.
func (r *Repo) checkConnected(hash plumbing.Hash) error {
	return newCollector(r, nil, nil).add(hash)
}

// collector gathers objects with all that they need.
type collector struct {
	r       *Repo
	cut     hashSet // commits whose parents are left out
	without hashSet // objects that are left out; their parents are not
	objects hashSet
	commits hashSet // visited
}

func newCollector(r *Repo, cut, without hashSet) *collector {
	return &collector{r: r, cut: cut, without: without, objects: hashSet{}, commits: hashSet{}}
}

// add gathers the object and everything reachable from it.
func (c *collector) add(start plumbing.Hash) error {
	for stack := []plumbing.Hash{start}; len(stack) > 0; {
		hash := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if c.commits[hash] {
			continue
		}
		o, err := c.r.git.EncodedObject(plumbing.AnyObject, hash)
		if err != nil {
			return fmt.Errorf("read object %s: %w", hash, err)
		}
		switch o.Type() {
		case plumbing.CommitObject:
			c.commits[hash] = true
			commit, err := object.DecodeCommit(c.r.git, o)
			if err != nil {
				return fmt.Errorf("read commit %s: %w", hash, err)
			}
			if err := c.addCommit(commit); err != nil {
				return err
			}
			if !c.cut[hash] {
				stack = append(stack, commit.ParentHashes...)
			}
		case plumbing.TagObject:
			tag, err := object.DecodeTag(c.r.git, o)
			if err != nil {
				return fmt.Errorf("read tag %s: %w", hash, err)
			}
			c.take(hash)
			stack = append(stack, tag.Target)
		case plumbing.TreeObject:
			if err := c.addTree(hash); err != nil {
				return err
			}
		default:
			c.take(hash)
		}
	}
	return nil
}

func (c *collector) addCommit(commit *object.Commit) error {
	if !c.take(commit.Hash) {
		return nil
	}
	return c.addTree(commit.TreeHash)
}

// take notes an object; false if it was noted before or is to be left out.
func (c *collector) take(hash plumbing.Hash) bool {
	if c.objects[hash] || c.without[hash] {
		return false
	}
	c.objects[hash] = true
	return true
}

// addTree gathers a tree; what a submodule points at is in another repository.
func (c *collector) addTree(hash plumbing.Hash) error {
	if !c.take(hash) {
		return nil
	}
	tree, err := object.GetTree(c.r.git, hash)
	if err != nil {
		return fmt.Errorf("read tree %s: %w", hash, err)
	}
	for _, entry := range tree.Entries {
		switch entry.Mode {
		case filemode.Submodule:
		case filemode.Dir:
			if err := c.addTree(entry.Hash); err != nil {
				return err
			}
		default:
			if err := c.r.git.HasEncodedObject(entry.Hash); err != nil {
				return fmt.Errorf("read object %s: %w", entry.Hash, err)
			}
			c.take(entry.Hash)
		}
	}
	return nil
}

func setOf(hashes []plumbing.Hash) hashSet {
	set := hashSet{}
	for _, hash := range hashes {
		set[hash] = true
	}
	return set
}
