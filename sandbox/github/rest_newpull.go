package github

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

func createPull(c *call) (answer, error) {
	var in struct {
		Title string `json:"title"`
		Body  string `json:"body"`
		Head  string `json:"head"`
		Base  string `json:"base"`
		Draft bool   `json:"draft"`
	}
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	switch {
	case in.Head == "":
		return answer{}, notSupplied("head")
	case in.Base == "":
		return answer{}, notSupplied("base")
	}
	from, _ := c.repo.findHead(in.Head)
	if from != nil && from.permission(c.user) < Write {
		return answer{}, c.need(Write)
	}
	p, err := c.repo.openPull(NewPull{Title: in.Title, Body: in.Body, Head: in.Head, Base: in.Base, Draft: in.Draft}, c.user)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, p.full()}, nil
}

// findHead finds the repository and the branch that "branch" or "owner:branch"
// means; the repository is nil if it is neither this one nor a fork of it.
func (r *Repo) findHead(head string) (*Repo, string) {
	owner, branch, qualified := strings.Cut(head, ":")
	if !qualified {
		return r, head
	}
	from := r.s.repo(owner, r.name)
	if from != r && (from == nil || from.parent != r) {
		return nil, branch
	}
	return from, branch
}

// checkNewPull refuses what GitHub does not let become a pull request, and
// returns its head.
func (r *Repo) checkNewPull(n NewPull) (branchHead, error) {
	refuse := func(code, field, message string) (branchHead, error) {
		return branchHead{}, invalid(FieldError{Resource: "PullRequest", Code: code, Field: field, Message: message})
	}
	from, branch := r.findHead(n.Head)
	switch {
	case n.Title == "":
		return refuse("missing_field", "title", "")
	case utf8.RuneCountInString(n.Body) > maxText:
		return refuse("custom", "body", tooLong("body", maxText))
	case from == nil || from.tip(branch).IsZero():
		return refuse("invalid", "head", "")
	case r.tip(n.Base).IsZero():
		return refuse("invalid", "base", "")
	}
	for _, p := range r.pulls {
		if p.state == stateOpen && p.head.repo == from && p.head.branch == branch && p.base == n.Base {
			return refuse("custom", "", fmt.Sprintf("A pull request already exists for %s:%s.", from.owner, branch))
		}
	}
	sha := from.tip(branch)
	contained, err := r.isAncestor(sha, r.tip(n.Base))
	if err != nil {
		return branchHead{}, err
	}
	if contained {
		return refuse("custom", "", fmt.Sprintf("No commits between %s and %s", n.Base, branch))
	}
	return branchHead{repo: from, branch: branch, sha: sha}, nil
}
