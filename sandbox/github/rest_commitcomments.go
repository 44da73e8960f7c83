package github

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
)

// commitComment is a comment on a whole commit. Those on a line of one of its
// files are left out.
type commitComment struct {
	Comment
	sha    plumbing.Hash
	author *account
}

// CommitComments are the comments on a commit, oldest first.
func (r *Repo) CommitComments(sha string) []Comment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Comment
	for _, c := range r.commitComments[plumbing.NewHash(sha)] {
		list = append(list, c.Comment)
	}
	return list
}

func commitCommentRoutes() []route {
	const docs = "https://docs.github.com/en/rest/commits/comments"
	return []route{
		{"GET /repos/{owner}/{repo}/commits/{ref}/comments", Read, docs + "#list-commit-comments", listCommitComments},
		{"POST /repos/{owner}/{repo}/commits/{ref}/comments", Read, docs + "#create-a-commit-comment", createCommitComment},
	}
}

func listCommitComments(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	documents := []document{}
	for _, comment := range page(c, c.repo.commitComments[sha]) {
		documents = append(documents, c.repo.commitCommentDocument(comment))
	}
	return found(documents)
}

// createCommitComment needs no more than reading, as a comment on a pull
// request does. A position in a file is refused rather than ignored.
func createCommitComment(c *call) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Body     *string `json:"body"`
		Path     *string `json:"path"`
		Position *int    `json:"position"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	refuse := func(field, message string) (answer, error) {
		return answer{}, invalid(FieldError{Resource: "CommitComment", Code: "custom", Field: field, Message: message})
	}
	switch {
	case in.Body == nil:
		return answer{}, notSupplied("body")
	case in.Path != nil || in.Position != nil:
		return answer{}, &APIError{Status: http.StatusNotImplemented, Message: "The sandbox does not implement comments on lines"}
	case strings.TrimSpace(*in.Body) == "":
		return refuse("body", "body cannot be blank")
	case utf8.RuneCountInString(*in.Body) > maxText:
		return refuse("body", tooLong("body", maxText))
	}
	created := c.repo.commentCommit(sha, *in.Body, c.user)
	c.header.Set("Location", c.repo.api("/comments/%d", created.ID))
	return answer{http.StatusCreated, c.repo.commitCommentDocument(created)}, nil
}

func (r *Repo) commentCommit(sha plumbing.Hash, body string, by *account) *commitComment {
	now := r.s.now()
	c := &commitComment{Comment{ID: r.s.nextID(), Author: by.Login, Body: body, Created: now, Updated: now}, sha, by}
	r.commitComments[sha] = append(r.commitComments[sha], c)
	return c
}

// commitCommentDocument describes the comment; see
// https://docs.github.com/en/rest/commits/comments#get-a-commit-comment
func (r *Repo) commitCommentDocument(c *commitComment) document {
	return document{
		"id": c.ID, "node_id": nodeID("CommitComment", c.ID), "body": c.Body, "user": r.s.userDocument(c.author),
		"commit_id": c.sha.String(), "path": nil, "position": nil, "line": nil,
		"created_at": stamp(c.Created), "updated_at": stamp(c.Updated),
		"author_association": r.association(c.author),
		"url":                r.api("/comments/%d", c.ID),
		"html_url":           fmt.Sprintf("%s/%s/commit/%s#commitcomment-%d", r.s.url, r.FullName(), c.sha, c.ID),
	}
}
