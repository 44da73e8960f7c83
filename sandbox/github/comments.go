package github

import (
	"fmt"
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
