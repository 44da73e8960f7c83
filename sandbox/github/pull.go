package github

import (
	"fmt"
	"net/http"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// The states of a pull request; a merged one is closed.
const (
	stateOpen   = "open"
	stateClosed = "closed"
)

// branchHead is where a pull request comes from.
type branchHead struct {
	repo   *Repo
	branch string
	sha    plumbing.Hash // what the pull request holds, even once the branch is gone
}

// pull is a pull request.
type pull struct {
	*issue      // its repository is the one that it would be merged into
	head        branchHead
	base        string        // a branch
	baseSHA     plumbing.Hash // of the branch when the head last moved or the merge was made
	draft       bool
	mergeable   *bool         // nil until it is known
	mergeCommit plumbing.Hash // the test merge; once merged, the commit that did it

	merged   time.Time
	mergedBy *account
	reviews  []*review
}

// NewPull says what a pull request is to be.
type NewPull struct {
	// Title is required; Body is its description.
	Title, Body string
	// Head is the branch that it brings, "owner:branch" if it is in a fork.
	Head string
	// Base is the branch that it goes into; default the default branch.
	Base string
	// Author is the login of who opens it.
	Author string
	// Draft keeps it from being merged until MarkReady.
	Draft bool
}

// OpenPull opens a pull request and returns its number. Refused as the REST API
// refuses it, for example if the branches do not differ.
func (r *Repo) OpenPull(n NewPull) (int, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(n.Author)
	if err != nil {
		return 0, fmt.Errorf("open a pull request: %w", err)
	}
	p, err := r.openPull(n, by)
	if err != nil {
		return 0, fmt.Errorf("open a pull request: %w", err)
	}
	return p.number, nil
}

func (r *Repo) openPull(n NewPull, by *account) (*pull, error) {
	if n.Base == "" {
		n.Base = defaultBranch
	}
	head, err := r.checkNewPull(n)
	if err != nil {
		return nil, err
	}
	p := &pull{issue: r.newIssue(n.Title, n.Body, by), head: head, base: n.Base, baseSHA: r.tip(n.Base), draft: n.Draft}
	p.issue.pull = p
	r.pulls = append(r.pulls, p)
	r.setRef(p.ref("head"), head.sha)
	p.fire("opened", by, nil)
	p.staleMerge()
	return p, nil
}

// ref is one of the two references of the pull request, "head" or "merge". See
// https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/checking-out-pull-requests-locally
func (p *pull) ref(which string) plumbing.ReferenceName {
	return plumbing.ReferenceName(fmt.Sprintf("refs/pull/%d/%s", p.number, which))
}

// synchronize takes the head's new commit.
func (p *pull) synchronize(to plumbing.Hash, by *account) error {
	contained, err := p.repo.isAncestor(to, p.repo.tip(p.base))
	if err != nil {
		return err
	}
	before := p.head.sha
	p.head.sha, p.baseSHA, p.updated, p.mergeable = to, p.repo.tip(p.base), p.repo.s.now(), nil
	p.repo.setRef(p.ref("head"), to)
	if contained {
		p.close(by) // nothing is left to merge
		return nil
	}
	p.fire("synchronize", by, document{"before": before.String(), "after": to.String()})
	p.staleMerge()
	return nil
}

// close closes the pull request without merging it.
func (p *pull) close(by *account) {
	p.state, p.closed, p.closedBy = stateClosed, p.repo.s.now(), by
	p.updated = p.closed
	p.repo.setRef(p.ref("merge"), plumbing.ZeroHash)
	p.fire("closed", by, nil)
}

// closeMerged closes the pull request as merged by a commit that is in the base.
func (p *pull) closeMerged(commit plumbing.Hash, by *account) {
	p.merged, p.mergedBy, p.mergeCommit, p.mergeable = p.repo.s.now(), by, commit, nil
	p.close(by)
}

// reopen undoes close. It is refused once merged, or when the branch is gone or
// no longer contains what the pull request held. See
// https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request
func (p *pull) reopen(by *account) error {
	tip := p.head.repo.tip(p.head.branch)
	refuse := func(why string) error {
		return invalid(FieldError{Resource: "PullRequest", Code: "invalid", Field: "state", Message: why})
	}
	switch {
	case !p.merged.IsZero():
		return refuse("state cannot be changed. The pull request is merged.")
	case tip.IsZero():
		return refuse(fmt.Sprintf("state cannot be changed. The %s branch has been deleted.", p.head.branch))
	}
	kept, err := p.repo.isAncestor(p.head.sha, tip)
	if err != nil {
		return err
	}
	if !kept {
		return refuse(fmt.Sprintf("state cannot be changed. The %s branch was force-pushed or recreated.", p.head.branch))
	}
	p.state, p.closed, p.closedBy, p.updated = stateOpen, time.Time{}, nil, p.repo.s.now()
	p.head.sha, p.baseSHA = tip, p.repo.tip(p.base)
	p.repo.setRef(p.ref("head"), tip)
	p.fire("reopened", by, nil)
	p.staleMerge()
	return nil
}

// pull finds a pull request by its number.
func (r *Repo) pull(n int) (*pull, error) {
	i, err := r.issue(n)
	if err != nil || i.pull == nil {
		return nil, notFound()
	}
	return i.pull, nil
}

// onPull runs a Go method on a pull request as a user.
func (r *Repo) onPull(n int, login, doing string, do func(*pull, *account) error) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(login)
	if err != nil {
		return fmt.Errorf("%s pull request %d: %w", doing, n, err)
	}
	p, err := r.pull(n)
	if err == nil {
		err = do(p, by)
	}
	if err != nil {
		return fmt.Errorf("%s pull request %d: %w", doing, n, err)
	}
	return nil
}

// ClosePull closes a pull request without merging it; on a closed one it does nothing.
func (r *Repo) ClosePull(n int, by string) error {
	return r.onPull(n, by, "close", func(p *pull, by *account) error {
		if p.state == stateOpen {
			p.close(by)
		}
		return nil
	})
}

// ReopenPull opens a closed pull request again; on an open one it does nothing.
func (r *Repo) ReopenPull(n int, by string) error {
	return r.onPull(n, by, "reopen", func(p *pull, by *account) error {
		if p.state == stateOpen {
			return nil
		}
		return p.reopen(by)
	})
}

// MarkReady ends the draft state of a pull request; on a ready one it does nothing.
func (r *Repo) MarkReady(n int, by string) error {
	return r.onPull(n, by, "mark ready", func(p *pull, by *account) error {
		if p.draft {
			p.draft, p.updated = false, r.s.now()
			p.fire("ready_for_review", by, nil)
		}
		return nil
	})
}

// Merge merges a pull request ("merge" or "squash") and returns the id of the
// new commit. Refused as the REST API refuses it.
func (r *Repo) Merge(n int, method, by string) (string, error) {
	sha := ""
	err := r.onPull(n, by, "merge", func(p *pull, by *account) error {
		commit, err := p.merge(mergeRequest{Method: method}, by)
		sha = commit.String()
		return err
	})
	if err != nil {
		return "", err
	}
	return sha, nil
}

// mergeRefused is the 405 of
// https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
func mergeRefused(why string) *APIError {
	return &APIError{Status: http.StatusMethodNotAllowed, Message: why}
}
