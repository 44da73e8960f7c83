package github

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func commentRoutes() []route {
	const docs = "https://docs.github.com/en/rest/issues/comments"
	return []route{
		{"GET /repos/{owner}/{repo}/issues/{number}/comments", Read, docs + "#list-issue-comments", listComments},
		{"POST /repos/{owner}/{repo}/issues/{number}/comments", Read, docs + "#create-an-issue-comment", createComment},
		{"GET /repos/{owner}/{repo}/issues/comments/{id}", Read, docs + "#get-an-issue-comment", getComment},
		{"PATCH /repos/{owner}/{repo}/issues/comments/{id}", Read, docs + "#update-an-issue-comment", editComment},
		{"DELETE /repos/{owner}/{repo}/issues/comments/{id}", Read, docs + "#delete-an-issue-comment", deleteComment},
	}
}

func listComments(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	return c.comments(c.repo.commentsOf(i.number))
}

// listRepoComments lists the comments on all issues and pull requests, by id
// unless sort says created or updated. See
// https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
func listRepoComments(c *call) (answer, error) {
	list := slices.Clone(c.repo.comments)
	switch by := c.query.Get("sort"); by {
	case "", "created":
	case "updated":
		slices.SortStableFunc(list, func(a, b *comment) int { return a.updated.Compare(b.updated) })
	default:
		return answer{}, invalid(FieldError{Resource: "IssueComment", Code: "invalid", Field: "sort"})
	}
	if c.query.Has("sort") && c.query.Get("direction") != "asc" {
		slices.Reverse(list)
	}
	return c.comments(list)
}

// comments answers with a page of those changed since the time asked for.
func (c *call) comments(list []*comment) (answer, error) {
	if since := c.query.Get("since"); since != "" {
		from, err := time.Parse(time.RFC3339, since)
		if err != nil {
			return answer{}, invalid(FieldError{Resource: "IssueComment", Code: "invalid", Field: "since"})
		}
		list = slices.DeleteFunc(list, func(c *comment) bool { return c.updated.Before(from) })
	}
	documents := []document{}
	for _, comment := range page(c, list) {
		documents = append(documents, comment.document())
	}
	return found(documents)
}

// commentBody reads the body of a new or changed comment; it is required.
func (c *call) commentBody() (string, error) {
	var in struct {
		Body *string `json:"body"`
	}
	if err := c.decode(&in); err != nil {
		return "", err
	}
	if in.Body == nil {
		return "", notSupplied("body")
	}
	return *in.Body, nil
}

// createComment needs no more than reading: whoever sees an issue or a pull request may comment.
func createComment(c *call) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	body, err := c.commentBody()
	if err != nil {
		return answer{}, err
	}
	created, err := i.comment(body, c.user)
	if err != nil {
		return answer{}, err
	}
	c.header.Set("Location", c.repo.api("/issues/comments/%d", created.id))
	return answer{http.StatusCreated, created.document()}, nil
}

// comment adds a comment. A blank or too long body is refused in the words that
// GitHub has for it here, which differ from those for an edit.
func (i *issue) comment(body string, by *account) (*comment, error) {
	refuse := func(message string) error {
		return invalid(FieldError{Resource: "IssueComment", Code: "unprocessable", Field: "data", Message: message})
	}
	switch {
	case strings.TrimSpace(body) == "":
		return nil, refuse("Body cannot be blank")
	case utf8.RuneCountInString(body) > maxText:
		return nil, refuse(tooLong("Body", maxText))
	}
	r := i.repo
	now := r.s.now()
	c := &comment{id: r.s.nextID(), issue: i, author: by, body: body, created: now, updated: now}
	r.comments = append(r.comments, c)
	i.updated = now
	c.fire("created", by, nil)
	return c, nil
}

// comment is the comment that the path names.
func (c *call) comment() (*comment, error) {
	id, err := c.number("id")
	if err != nil {
		return nil, err
	}
	for _, comment := range c.repo.comments {
		if comment.id == int64(id) {
			return comment, nil
		}
	}
	return nil, notFound()
}

// ownComment is comment for who may change it: its author, and those who can write.
func (c *call) ownComment() (*comment, error) {
	comment, err := c.comment()
	if err == nil && comment.author.id != c.user.id {
		err = c.need(Write)
	}
	return comment, err
}

func getComment(c *call) (answer, error) {
	comment, err := c.comment()
	if err != nil {
		return answer{}, err
	}
	return found(comment.document())
}

func editComment(c *call) (answer, error) {
	comment, err := c.ownComment()
	if err != nil {
		return answer{}, err
	}
	body, err := c.commentBody()
	if err != nil {
		return answer{}, err
	}
	if err := comment.edit(body, c.user); err != nil {
		return answer{}, err
	}
	return found(comment.document())
}

// edit changes the text. What is refused, and in which words, differs from a
// new comment's.
func (c *comment) edit(body string, by *account) error {
	refuse := func(message string) error {
		return invalid(FieldError{Resource: "IssueComment", Code: "custom", Field: "body", Message: message})
	}
	switch {
	case strings.TrimSpace(body) == "":
		return refuse("body cannot be blank")
	case utf8.RuneCountInString(body) > maxText:
		return refuse(tooLong("body", maxText))
	}
	from := c.body
	c.body, c.updated = body, c.issue.repo.s.now()
	if from != body {
		c.fire("edited", by, document{"changes": document{"body": document{"from": from}}})
	}
	return nil
}

func deleteComment(c *call) (answer, error) {
	comment, err := c.ownComment()
	if err != nil {
		return answer{}, err
	}
	comment.delete(c.user)
	return answer{http.StatusNoContent, nil}, nil
}

// delete removes the comment with the reactions to it.
func (c *comment) delete(by *account) {
	r := c.issue.repo
	r.comments = slices.DeleteFunc(r.comments, is(c))
	c.fire("deleted", by, nil)
	r.reactions = slices.DeleteFunc(r.reactions, func(one *reaction) bool { return one.subject == c.id })
}

// is tells whether a pointer is this one.
func is[T any](one *T) func(*T) bool {
	return func(other *T) bool { return other == one }
}
