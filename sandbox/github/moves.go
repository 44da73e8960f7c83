package github

import (
	"github.com/go-git/go-git/v5/plumbing"
)

// move is a change of a branch or a tag; the zero hash stands for absence.
type move struct {
	ref           plumbing.ReferenceName
	before, after plumbing.Hash
	by            *account
}

// moveRef points a branch or a tag at another commit (the zero hash deletes it)
// and does what follows at GitHub: a push event, and what it means for pull
// requests.
func (r *Repo) moveRef(name plumbing.ReferenceName, to plumbing.Hash, by *account) error {
	m := move{ref: name, before: r.ref(name), after: to, by: by}
	if m.before == m.after {
		return nil
	}
	if err := r.firePush(m); err != nil {
		return err
	}
	r.setRef(name, to)
	if !name.IsBranch() {
		return nil
	}
	if err := r.followHead(m); err != nil {
		return err
	}
	return r.followBase(m)
}

// followHead brings the pull requests from the moved branch up to date, those
// in the repository that this one is a fork of included. Deleting the branch
// closes them.
func (r *Repo) followHead(m move) error {
	for _, target := range []*Repo{r, r.parent} {
		if target == nil {
			continue
		}
		for _, p := range target.pulls {
			if p.state != stateOpen || p.head.repo != r || p.head.branch != m.ref.Short() {
				continue
			}
			if m.after.IsZero() {
				p.close(m.by)
				continue
			}
			if err := p.synchronize(m.after, m.by); err != nil {
				return err
			}
		}
	}
	return nil
}

// followBase brings the pull requests into the moved branch up to date. One
// whose head the branch has come to contain counts as merged: see
// https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges#indirect-merges
func (r *Repo) followBase(m move) error {
	for _, p := range r.pulls {
		if p.state != stateOpen || p.base != m.ref.Short() {
			continue
		}
		if m.after.IsZero() {
			p.close(m.by)
			continue
		}
		contains, err := r.isAncestor(p.head.sha, m.after)
		if err != nil {
			return err
		}
		if contains {
			p.closeMerged(m.after, m.by)
			continue
		}
		p.staleMerge()
	}
	return nil
}
