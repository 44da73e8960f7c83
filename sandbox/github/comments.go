package github

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// maxText is the longest text of a comment or a description, in characters. See
// https://docs.github.com/en/rest/issues/comments#create-an-issue-comment and
// the server's own message, which names the number.
const maxText = 65536

// Comment is a comment on an issue, a pull request or a commit as the Go
// methods show it.
type Comment struct {
	ID               int64
	Author           string
	Body             string
	Created, Updated time.Time
}

// comment is a comment as the server keeps it.
type comment struct {
	id               int64
	issue            *issue
	author           *account
	body             string
	created, updated time.Time
}

// Comments are the comments on an issue or a pull request, oldest first.
func (r *Repo) Comments(n int) []Comment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Comment
	for _, c := range r.commentsOf(n) {
		list = append(list, Comment{ID: c.id, Author: c.author.Login, Body: c.body, Created: c.created, Updated: c.updated})
	}
	return list
}

// AddComment comments on an issue or a pull request as a user and returns the
// comment's id.
func (r *Repo) AddComment(n int, author, body string) (int64, error) {
	id := int64(0)
	err := r.onIssue(n, author, "comment on", func(i *issue, by *account) error {
		c, err := i.comment(body, by)
		if err != nil {
			return err
		}
		id = c.id
		return nil
	})
	return id, err
}

// EditComment changes a comment as a user: its author, or one who can write.
func (r *Repo) EditComment(id int64, by, body string) error {
	return r.onComment(id, by, "edit", func(c *comment, by *account) error { return c.edit(body, by) })
}

// DeleteComment deletes a comment as a user: its author, or one who can write.
func (r *Repo) DeleteComment(id int64, by string) error {
	return r.onComment(id, by, "delete", func(c *comment, by *account) error {
		c.delete(by)
		return nil
	})
}

// onComment runs a Go method on a comment as a user who may change it.
func (r *Repo) onComment(id int64, login, doing string, do func(*comment, *account) error) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(login)
	at := slices.IndexFunc(r.comments, func(c *comment) bool { return c.id == id })
	switch {
	case err != nil:
	case at < 0:
		err = notFound()
	case r.comments[at].author != by && r.permission(by) < Write:
		err = &APIError{Status: http.StatusForbidden, Message: "Must have write access to change others' comments."}
	default:
		err = do(r.comments[at], by)
	}
	if err != nil {
		return fmt.Errorf("%s comment %d: %w", doing, id, err)
	}
	return nil
}

func (r *Repo) commentsOf(n int) []*comment {
	var list []*comment
	for _, c := range r.comments {
		if c.issue.number == n {
			list = append(list, c)
		}
	}
	return list
}

// tooLong words the limit of a text as GitHub does.
func tooLong(field string, most int) string {
	return fmt.Sprintf("%s is too long (maximum is %d characters)", field, most)
}

// document describes the comment; see
// https://docs.github.com/en/rest/issues/comments#get-an-issue-comment
func (c *comment) document() document {
	r := c.issue.repo
	return document{
		"id": c.id, "node_id": nodeID("IssueComment", c.id), "body": c.body, "user": r.s.userDocument(c.author),
		"created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": r.association(c.author),
		"url":                r.api("/issues/comments/%d", c.id),
		"html_url":           fmt.Sprintf("%s#issuecomment-%d", c.issue.htmlURL(), c.id),
		"issue_url":          r.api("/issues/%d", c.issue.number),
		"reactions":          r.reactionSummary(c.id, r.api("/issues/comments/%d", c.id)),

		"performed_via_github_app": r.s.appDocument(c.author),
	}
}
