package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
)

// The states of a review. See
// https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
const (
	Approved         = "APPROVED"
	ChangesRequested = "CHANGES_REQUESTED"
	Commented        = "COMMENTED"
	Dismissed        = "DISMISSED"
)

// Review is a review of a pull request as the Go methods show it.
type Review struct {
	ID          int64
	Author      string // login
	State, Body string
	CommitID    string // the head that was reviewed
	Submitted   time.Time
}

// review is a review as the server keeps it.
type review struct {
	Review
	pull   *pull
	author *account
}

// Reviews are the reviews of a pull request, oldest first; none if there is no
// such pull request.
func (r *Repo) Reviews(n int) []Review {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	p, err := r.pull(n)
	if err != nil {
		return nil
	}
	var list []Review
	for _, one := range p.reviews {
		list = append(list, one.Review)
	}
	return list
}

// Review submits a review of a pull request's head as a user, in one of the
// states Approved, ChangesRequested and Commented, and returns its id. Refused
// as the REST API refuses it.
func (r *Repo) Review(n int, author, state, body string) (int64, error) {
	id := int64(0)
	err := r.onPull(n, author, "review", func(p *pull, by *account) error {
		one, err := p.review(state, body, p.head.sha, by)
		if err == nil {
			id = one.ID
		}
		return err
	})
	return id, err
}

// DismissReview dismisses a review as a user who can write. See
// https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/dismissing-a-pull-request-review
func (r *Repo) DismissReview(n int, id int64, by string) error {
	return r.onPull(n, by, "dismiss a review of", func(p *pull, by *account) error {
		at := slices.IndexFunc(p.reviews, func(one *review) bool { return one.ID == id })
		switch {
		case at < 0:
			return notFound()
		case r.permission(by) < Write:
			return &APIError{Status: http.StatusForbidden, Message: "Must have write access to dismiss a review."}
		case p.reviews[at].State == Commented || p.reviews[at].State == Dismissed:
			return unprocessable("Can not dismiss a %s pull request review", strings.ToLower(p.reviews[at].State))
		}
		p.reviews[at].State = Dismissed
		p.reviews[at].fire("dismissed", by)
		return nil
	})
}

// review adds a review. Nobody approves their own pull request or requests
// changes of it. See
// https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
func (p *pull) review(state, body string, sha plumbing.Hash, by *account) (*review, error) {
	switch {
	case !slices.Contains([]string{Approved, ChangesRequested, Commented}, state):
		return nil, unprocessable("Unprocessable Entity: the review state %q is none", state)
	case by == p.author && state == Approved:
		return nil, unprocessable("Unprocessable Entity: Can not approve your own pull request")
	case by == p.author && state == ChangesRequested:
		return nil, unprocessable("Unprocessable Entity: Can not request changes on your own pull request")
	case strings.TrimSpace(body) == "" && state != Approved:
		return nil, notSupplied("body")
	case utf8.RuneCountInString(body) > maxText:
		return nil, invalid(FieldError{Resource: "PullRequestReview", Code: "custom", Field: "body", Message: tooLong("body", maxText)})
	}
	s := p.repo.s
	one := &review{Review{ID: s.nextID(), Author: by.Login, State: state, Body: body, CommitID: sha.String(), Submitted: s.now()}, p, by}
	p.reviews = append(p.reviews, one)
	p.updated = one.Submitted
	one.fire("submitted", by)
	return one, nil
}

// fire sends a pull_request_review event, in which the state is in lower case,
// unlike in the REST API. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request_review
func (one *review) fire(action string, sender *account) {
	d := one.document()
	d["state"] = strings.ToLower(one.State)
	one.pull.repo.fire("pull_request_review", sender, document{"action": action, "review": d, "pull_request": one.pull.simple()})
}

// document describes the review; see
// https://docs.github.com/en/rest/pulls/reviews#get-a-review-for-a-pull-request
func (one *review) document() document {
	r := one.pull.repo
	return document{
		"id": one.ID, "node_id": nodeID("PullRequestReview", one.ID), "user": r.s.userDocument(one.author),
		"body": one.Body, "state": one.State, "commit_id": one.CommitID, "submitted_at": stamp(one.Submitted),
		"author_association": r.association(one.author),
		"html_url":           fmt.Sprintf("%s#pullrequestreview-%d", one.pull.htmlURL(), one.ID),
		"pull_request_url":   r.api("/pulls/%d", one.pull.number),
	}
}
