package github

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxTitle is the longest title of an issue, in characters; the server's own
// message names the number.
const maxTitle = 256

func issueRoutes() []route {
	const docs = "https://docs.github.com/en/rest/issues"
	return []route{
		{"GET /repos/{owner}/{repo}/issues", Read, docs + "/issues#list-repository-issues", listIssues},
		{"POST /repos/{owner}/{repo}/issues", Read, docs + "/issues#create-an-issue", createIssue},
		{"GET /repos/{owner}/{repo}/issues/comments", Read, docs + "/comments#list-issue-comments-for-a-repository", listRepoComments},
		{"GET /repos/{owner}/{repo}/issues/{number}", Read, docs + "/issues#get-an-issue", getIssue},
		{"PATCH /repos/{owner}/{repo}/issues/{number}", Read, docs + "/issues#update-an-issue", updateIssue},
		{"GET /repos/{owner}/{repo}/issues/{number}/labels", Read, docs + "/labels#list-labels-for-an-issue", listLabels},
		{"POST /repos/{owner}/{repo}/issues/{number}/labels", Triage, docs + "/labels#add-labels-to-an-issue", addLabels},
		{"DELETE /repos/{owner}/{repo}/issues/{number}/labels/{name}", Triage, docs + "/labels#remove-a-label-from-an-issue", removeLabel},
	}
}

// issue is the issue or the pull request that the path names.
func (c *call) issue() (*issue, error) {
	n, err := c.number("number")
	if err != nil {
		return nil, err
	}
	return c.repo.issue(n)
}

// getIssue shows an issue, or a pull request as the issue that it also is.
func getIssue(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	return found(i.document())
}

// listIssues lists issues and pull requests, as GitHub does. See
// https://docs.github.com/en/rest/issues/issues#list-repository-issues
func listIssues(c *call) (answer, error) {
	if err := c.refuseFilters("milestone", "assignee", "type", "mentioned"); err != nil {
		return answer{}, err
	}
	keep, err := c.issueFilter()
	if err != nil {
		return answer{}, err
	}
	var list []*issue
	for _, i := range c.repo.issues {
		if keep(i) {
			list = append(list, i)
		}
	}
	switch by := cmp.Or(c.query.Get("sort"), "created"); by {
	case "created":
	case "updated":
		slices.SortStableFunc(list, func(a, b *issue) int { return a.updated.Compare(b.updated) })
	case "comments":
		slices.SortStableFunc(list, func(a, b *issue) int {
			return cmp.Compare(len(c.repo.commentsOf(a.number)), len(c.repo.commentsOf(b.number)))
		})
	default:
		return answer{}, invalid(FieldError{Resource: "Issue", Code: "invalid", Field: "sort"})
	}
	if c.query.Get("direction") != "asc" {
		slices.Reverse(list)
	}
	documents := []document{}
	for _, i := range page(c, list) {
		documents = append(documents, i.document())
	}
	return found(documents)
}

// issueFilter is the condition that the list's parameters make up together.
func (c *call) issueFilter() (func(*issue) bool, error) {
	state, creator, since := cmp.Or(c.query.Get("state"), stateOpen), c.query.Get("creator"), time.Time{}
	if !slices.Contains([]string{stateOpen, stateClosed, "all"}, state) {
		return nil, invalid(FieldError{Resource: "Issue", Code: "invalid", Field: "state"})
	}
	if text := c.query.Get("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, invalid(FieldError{Resource: "Issue", Code: "invalid", Field: "since"})
		}
	}
	var labels []string
	if text := c.query.Get("labels"); text != "" {
		labels = strings.Split(text, ",")
	}
	return func(i *issue) bool {
		for _, label := range labels {
			if !slices.ContainsFunc(i.labels, func(has string) bool { return strings.EqualFold(has, label) }) {
				return false
			}
		}
		return (state == "all" || state == i.state) && !i.updated.Before(since) &&
			(creator == "" || strings.EqualFold(creator, i.author.Login))
	}, nil
}

// createIssue needs no more than reading; labels of someone without the triage
// role are dropped silently. See
// https://docs.github.com/en/rest/issues/issues#create-an-issue
func createIssue(c *call) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	var in struct {
		Title  *string `json:"title"`
		Body   string  `json:"body"`
		Labels names   `json:"labels"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Title == nil {
		return answer{}, notSupplied("title")
	}
	i, err := c.repo.openIssue(NewIssue{Title: *in.Title, Body: in.Body, Labels: in.Labels}, c.user)
	if err != nil {
		return answer{}, err
	}
	c.header.Set("Location", c.repo.api("/issues/%d", i.number))
	return answer{http.StatusCreated, i.document()}, nil
}

// checkIssueText refuses a title or a body; nil is one that is not given.
func checkIssueText(title, body *string) error {
	refuse := func(code, field, message string) error {
		return invalid(FieldError{Resource: "Issue", Code: code, Field: field, Message: message})
	}
	switch {
	case title != nil && strings.TrimSpace(*title) == "":
		return refuse("missing_field", "title", "")
	case title != nil && utf8.RuneCountInString(*title) > maxTitle:
		return refuse("custom", "title", tooLong("title", maxTitle))
	case body != nil && utf8.RuneCountInString(*body) > maxText:
		return refuse("custom", "body", tooLong("body", maxText))
	}
	return nil
}

// updateIssue is for the author and for those with the triage role; labels only
// for the latter, others' are dropped silently. See
// https://docs.github.com/en/rest/issues/issues#update-an-issue
func updateIssue(c *call) (answer, error) {
	i, err := c.issue()
	if err != nil {
		return answer{}, err
	}
	if c.user != i.author {
		if err := c.need(Triage); err != nil {
			return answer{}, err
		}
	}
	var in struct {
		Title       *string `json:"title"`
		Body        *string `json:"body"`
		State       *string `json:"state"`
		StateReason *string `json:"state_reason"`
		Labels      *names  `json:"labels"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := checkIssueText(in.Title, in.Body); err != nil {
		return answer{}, err
	}
	if err := checkMember("state", in.State, stateOpen, stateClosed); err != nil {
		return answer{}, err
	}
	if err := checkMember("state_reason", in.StateReason, "completed", "not_planned", "duplicate", "reopened"); err != nil {
		return answer{}, err
	}
	if err := i.retitle(in.Title, in.Body, c.user); err != nil {
		return answer{}, err
	}
	if in.State != nil {
		reason := ""
		if in.StateReason != nil {
			reason = *in.StateReason
		}
		if err := i.setState(*in.State, reason, c.user); err != nil {
			return answer{}, err
		}
	}
	if in.Labels != nil && c.repo.permission(c.user) >= Triage {
		if err := i.setLabels(*in.Labels, c.user); err != nil {
			return answer{}, err
		}
	}
	return found(i.document())
}

// retitle changes the title and the body; nil leaves them.
func (i *issue) retitle(title, body *string, by *account) error {
	if i.pull != nil {
		return i.pull.retitle(title, body, by)
	}
	changes := document{}
	if title != nil && *title != i.title {
		changes["title"] = document{"from": i.title}
		i.title = *title
	}
	if body != nil && *body != i.body {
		changes["body"] = document{"from": i.body}
		i.body = *body
	}
	if len(changes) > 0 {
		i.updated = i.repo.s.now()
		i.fire("edited", by, document{"changes": changes})
	}
	return nil
}
