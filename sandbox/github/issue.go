package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// issue is an issue, or what a pull request has in common with one: they share
// their numbers, comments and labels. See
// https://docs.github.com/en/rest/issues/issues#about-issues
type issue struct {
	repo        *Repo
	id          int64
	number      int
	title, body string
	author      *account
	state       string
	reason      string // why it is in the state; empty if nobody said
	labels      []string
	pull        *pull // nil for a plain issue

	created, updated, closed time.Time
	closedBy                 *account
}

// Issue is an issue as the Go methods show it.
type Issue struct {
	Number           int
	Title, Body      string
	Author           string
	State            string // open or closed
	StateReason      string // completed, not_planned, duplicate or reopened; empty if none
	Labels           []string
	Created, Updated time.Time
}

// NewIssue says what an issue is to be.
type NewIssue struct {
	Title, Body string
	Author      string // login
	Labels      []string
}

// Issues are all issues that are not pull requests, by number.
func (r *Repo) Issues() []Issue {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Issue
	for _, i := range r.issues {
		if i.pull == nil {
			list = append(list, i.public())
		}
	}
	return list
}

// Issue is one issue or pull request. It fails if there is none of the number.
func (r *Repo) Issue(n int) (Issue, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	i, err := r.issue(n)
	if err != nil {
		return Issue{}, fmt.Errorf("issue %d: %w", n, err)
	}
	return i.public(), nil
}

func (i *issue) public() Issue {
	return Issue{
		Number: i.number, Title: i.title, Body: i.body, Author: i.author.Login, State: i.state, StateReason: i.reason,
		Labels: slices.Clone(i.labels), Created: i.created, Updated: i.updated,
	}
}

// OpenIssue opens an issue and returns its number. Refused as the REST API
// refuses it.
func (r *Repo) OpenIssue(n NewIssue) (int, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(n.Author)
	if err != nil {
		return 0, fmt.Errorf("open an issue: %w", err)
	}
	i, err := r.openIssue(n, by)
	if err != nil {
		return 0, fmt.Errorf("open an issue: %w", err)
	}
	return i.number, nil
}

// CloseIssue closes an issue as a user; on a closed one it does nothing.
func (r *Repo) CloseIssue(n int, by string) error {
	return r.onIssue(n, by, "close", func(i *issue, by *account) error {
		return i.setState(stateClosed, "", by)
	})
}

// ReopenIssue opens a closed issue again as a user; on an open one it does nothing.
func (r *Repo) ReopenIssue(n int, by string) error {
	return r.onIssue(n, by, "reopen", func(i *issue, by *account) error {
		return i.setState(stateOpen, "", by)
	})
}

func (r *Repo) openIssue(n NewIssue, by *account) (*issue, error) {
	if err := checkIssueText(&n.Title, &n.Body); err != nil {
		return nil, err
	}
	i := r.newIssue(n.Title, n.Body, by)
	i.fire("opened", by, nil)
	if r.permission(by) >= Triage {
		i.label(n.Labels, by)
	}
	return i, nil
}

// newIssue takes the next number, for an issue or a pull request.
func (r *Repo) newIssue(title, body string, by *account) *issue {
	now := r.s.now()
	i := &issue{
		repo: r, id: r.s.nextID(), number: len(r.issues) + 1, title: title, body: body, author: by,
		state: stateOpen, created: now, updated: now,
	}
	r.issues = append(r.issues, i)
	return i
}

// issue finds an issue or a pull request by its number.
func (r *Repo) issue(n int) (*issue, error) {
	if n < 1 || n > len(r.issues) {
		return nil, notFound()
	}
	return r.issues[n-1], nil
}

// onIssue runs a Go method on an issue or a pull request as a user.
func (r *Repo) onIssue(n int, login, doing string, do func(*issue, *account) error) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(login)
	if err != nil {
		return fmt.Errorf("%s issue %d: %w", doing, n, err)
	}
	i, err := r.issue(n)
	if err == nil {
		err = do(i, by)
	}
	if err != nil {
		return fmt.Errorf("%s issue %d: %w", doing, n, err)
	}
	return nil
}

// setState opens or closes the issue. Closing without a reason counts as
// completed, and a pull request has no reason. See
// https://docs.github.com/en/rest/issues/issues#update-an-issue
func (i *issue) setState(state, reason string, by *account) error {
	switch {
	case i.state == state:
		return nil
	case i.pull != nil:
		return i.pull.setState(state, by)
	}
	now := i.repo.s.now()
	i.state, i.updated = state, now
	if state == stateOpen {
		i.reason, i.closed, i.closedBy = "reopened", time.Time{}, nil
		i.fire("reopened", by, nil)
		return nil
	}
	i.reason, i.closed, i.closedBy = "completed", now, by
	if reason != "" {
		i.reason = reason
	}
	i.fire("closed", by, nil)
	return nil
}

func (i *issue) htmlURL() string {
	kind := "issues"
	if i.pull != nil {
		kind = "pull"
	}
	return fmt.Sprintf("%s/%s/%s/%d", i.repo.s.url, i.repo.FullName(), kind, i.number)
}

// label adds labels that the issue lacks; those the repository lacks are made. See
// https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
func (i *issue) label(names []string, by *account) {
	for _, name := range names {
		if slices.ContainsFunc(i.labels, func(has string) bool { return strings.EqualFold(has, name) }) {
			continue
		}
		i.labels = append(i.labels, name)
		i.updated = i.repo.s.now()
		i.fire("labeled", by, document{"label": i.repo.labelDocument(name)})
	}
}

// unlabel removes a label; 404 if the issue does not have it. See
// https://docs.github.com/en/rest/issues/labels#remove-a-label-from-an-issue
func (i *issue) unlabel(name string, by *account) error {
	at := slices.IndexFunc(i.labels, func(has string) bool { return strings.EqualFold(has, name) })
	if at < 0 {
		return &APIError{Status: http.StatusNotFound, Message: "Label does not exist"}
	}
	name = i.labels[at]
	i.labels = slices.Delete(i.labels, at, at+1)
	i.updated = i.repo.s.now()
	i.fire("unlabeled", by, document{"label": i.repo.labelDocument(name)})
	return nil
}
