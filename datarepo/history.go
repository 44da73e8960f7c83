package datarepo

import (
	"context"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Relation is where one commit stands to another.
type Relation uint8

// The relations that Between finds.
const (
	Same     Relation = iota // they are one commit
	Ahead                    // to comes after from, in the order that the branch took its commits
	Behind                   // to is an ancestor of from, by any parent
	Diverged                 // neither; also where from reached to's branch only inside a merge
)

// String is the relation as a word: "same", "ahead", "behind" or "diverged".
func (r Relation) String() string {
	return [...]string{"same", "ahead", "behind", "diverged"}[r]
}

// Summary is one commit in a list of commits.
type Summary struct{ ID, Subject, Author string }

// Between tells where commit to stands to commit from, both by their ids in full, and for Ahead lists the
// first-parent commits after from up to and including to, oldest first. An empty from is before every commit: the
// answer is Ahead with to alone.
//
// It fails with ErrNotFound where the clone lacks a commit, and with ErrShallow where the clone's history ends
// before the question is answered.
func (c *Checkout) Between(ctx context.Context, from, to string) (Relation, []Summary, error) {
	target, err := parseID(to)
	if err != nil {
		return 0, nil, err
	}
	last, err := c.object(target)
	if err != nil {
		return 0, nil, err
	}
	if from == "" {
		return Ahead, []Summary{summary(last)}, nil
	}
	start, err := parseID(from)
	if err != nil {
		return 0, nil, err
	}
	if start == target {
		return Same, nil, nil
	}
	if _, err := c.object(start); err != nil {
		return 0, nil, err
	}
	return c.walk(ctx, start, target)
}

// walk goes down to's first parents and all of from's ancestors in turn, one commit each, so that it reads no
// more of a long history than twice the way from one to the other.
func (c *Checkout) walk(ctx context.Context, from, to plumbing.Hash) (Relation, []Summary, error) {
	var passed []Summary
	chain := line{next: []plumbing.Hash{to}}
	ancestors := line{next: []plumbing.Hash{from}, seen: map[plumbing.Hash]bool{from: true}}
	for len(chain.next) > 0 || len(ancestors.next) > 0 {
		if err := context.Cause(ctx); err != nil {
			return 0, nil, err
		}
		if id, ok := chain.pop(); ok {
			if id == from {
				slices.Reverse(passed)
				return Ahead, passed, nil
			}
			commit, err := c.step(id, &chain)
			if err != nil {
				return 0, nil, err
			}
			if commit != nil {
				passed = append(passed, summary(commit))
				chain.next = append(chain.next, commit.ParentHashes[:min(1, len(commit.ParentHashes))]...)
			}
		}
		if id, ok := ancestors.pop(); ok {
			if id == to {
				return Behind, nil, nil
			}
			commit, err := c.step(id, &ancestors)
			if err != nil {
				return 0, nil, err
			}
			if commit != nil {
				ancestors.push(commit.ParentHashes)
			}
		}
	}
	if missing := slices.Concat(chain.missing, ancestors.missing); len(missing) > 0 {
		return 0, nil, c.missing(missing[0])
	}
	return Diverged, nil, nil
}

// line is the commits that a walk has still to visit, and those that the clone does not hold.
type line struct {
	next    []plumbing.Hash
	seen    map[plumbing.Hash]bool
	missing []plumbing.Hash
}

func (l *line) pop() (plumbing.Hash, bool) {
	if len(l.next) == 0 {
		return plumbing.ZeroHash, false
	}
	id := l.next[0]
	l.next = l.next[1:]
	return id, true
}

func (l *line) push(ids []plumbing.Hash) {
	for _, id := range ids {
		if !l.seen[id] {
			l.seen[id] = true
			l.next = append(l.next, id)
		}
	}
}

// step reads a commit of a walk; one that is missing ends its line but not the walk, and gives nil.
func (c *Checkout) step(id plumbing.Hash, l *line) (*object.Commit, error) {
	commit, err := c.objects.commit(id)
	if isMissing(err) {
		l.missing = append(l.missing, id)
		return nil, nil
	}
	return commit, err
}

// object reads a commit that the clone should hold.
func (c *Checkout) object(id plumbing.Hash) (*object.Commit, error) {
	commit, err := c.objects.commit(id)
	if isMissing(err) {
		return nil, c.missing(id)
	}
	return commit, err
}

func summary(c *object.Commit) Summary {
	return Summary{ID: c.Hash.String(), Subject: subject(c.Message), Author: author(c)}
}
