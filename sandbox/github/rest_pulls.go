package github

import (
	"cmp"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing/object"
)

func pullRoutes() []route {
	const docs = "https://docs.github.com/en/rest/pulls/pulls"
	return []route{
		{"GET /repos/{owner}/{repo}/pulls", Read, docs + "#list-pull-requests", listPulls},
		{"POST /repos/{owner}/{repo}/pulls", Read, docs + "#create-a-pull-request", createPull},
		{"GET /repos/{owner}/{repo}/commits/{ref}/pulls", Read, "https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit", listPullsOfCommit},
		{"GET /repos/{owner}/{repo}/pulls/{number}", Read, docs + "#get-a-pull-request", getPull},
		{"PATCH /repos/{owner}/{repo}/pulls/{number}", Read, docs + "#update-a-pull-request", updatePull},
		{"GET /repos/{owner}/{repo}/pulls/{number}/files", Read, docs + "#list-pull-requests-files", listPullFiles},
		{"GET /repos/{owner}/{repo}/pulls/{number}/commits", Read, docs + "#list-commits-on-a-pull-request", listPullCommits},
		{"PUT /repos/{owner}/{repo}/pulls/{number}/merge", Write, docs + "#merge-a-pull-request", mergePull},
		{"GET /repos/{owner}/{repo}/pulls/{number}/merge", Read, docs + "#check-if-a-pull-request-has-been-merged", isPullMerged},
	}
}

// pull is the pull request that the path names.
func (c *call) pull() (*pull, error) {
	n, err := c.number("number")
	if err != nil {
		return nil, err
	}
	return c.repo.pull(n)
}

func listPulls(c *call) (answer, error) {
	state := cmp.Or(c.query.Get("state"), stateOpen)
	head, base := c.query.Get("head"), c.query.Get("base")
	var list []*pull
	for _, p := range c.repo.pulls {
		label := p.head.repo.owner + ":" + p.head.branch
		if (state == "all" || state == p.state) && (base == "" || base == p.base) && (head == "" || head == label) {
			list = append(list, p)
		}
	}
	if err := sortPulls(list, c.query.Get("sort"), c.query.Get("direction")); err != nil {
		return answer{}, err
	}
	documents := []document{}
	for _, p := range page(c, list) {
		documents = append(documents, p.simple())
	}
	return found(documents)
}

// listPullsOfCommit lists the merged pull requests that brought the commit; for
// one that is not on the default branch the open ones too. See
// https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
func listPullsOfCommit(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	released, err := c.repo.isAncestor(sha, c.repo.tip(defaultBranch))
	if err != nil {
		return answer{}, err
	}
	var list []*pull
	for _, p := range c.repo.pulls {
		commits, err := c.repo.between(p.head.sha, p.baseSHA)
		if err != nil {
			return answer{}, err
		}
		merged := !p.merged.IsZero()
		brings := merged && p.mergeCommit == sha || slices.ContainsFunc(commits, func(one *object.Commit) bool { return one.Hash == sha })
		if brings && (merged || !released && p.state == stateOpen) {
			list = append(list, p)
		}
	}
	documents := []document{}
	for _, p := range page(c, list) {
		documents = append(documents, p.simple())
	}
	return found(documents)
}

// sortPulls orders by creation, newest first, unless told otherwise.
func sortPulls(list []*pull, by, direction string) error {
	switch by {
	case "", "created":
		direction = cmp.Or(direction, "desc")
	case "updated":
		slices.SortStableFunc(list, func(a, b *pull) int { return a.updated.Compare(b.updated) })
	default:
		return &APIError{Status: http.StatusNotImplemented, Message: "The sandbox does not sort pull requests by " + by}
	}
	if direction == "desc" {
		slices.Reverse(list)
	}
	return nil
}

func getPull(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	return found(p.full())
}

func updatePull(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	if c.user.id != p.author.id {
		if err := c.need(Write); err != nil {
			return answer{}, err
		}
	}
	var in struct {
		Title *string `json:"title"`
		Body  *string `json:"body"`
		State *string `json:"state"`
		Base  *string `json:"base"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Base != nil {
		return answer{}, &APIError{Status: http.StatusNotImplemented, Message: "The sandbox does not change a pull request's base"}
	}
	if err := p.retitle(in.Title, in.Body, c.user); err != nil {
		return answer{}, err
	}
	if in.State != nil && *in.State != p.state {
		if err := p.setState(*in.State, c.user); err != nil {
			return answer{}, err
		}
	}
	return found(p.full())
}

func (p *pull) setState(state string, by *account) error {
	switch state {
	case stateOpen:
		return p.reopen(by)
	case stateClosed:
		p.close(by)
		return nil
	}
	return invalid(FieldError{Resource: "PullRequest", Code: "invalid", Field: "state"})
}

func (p *pull) retitle(title, body *string, by *account) error {
	changes := document{}
	if title != nil && *title == "" {
		return invalid(FieldError{Resource: "PullRequest", Code: "missing_field", Field: "title"})
	}
	if body != nil && utf8.RuneCountInString(*body) > maxText {
		return invalid(FieldError{Resource: "PullRequest", Code: "custom", Field: "body", Message: tooLong("body", maxText)})
	}
	if title != nil && *title != p.title {
		changes["title"] = document{"from": p.title}
		p.title = *title
	}
	if body != nil && *body != p.body {
		changes["body"] = document{"from": p.body}
		p.body = *body
	}
	if len(changes) > 0 {
		p.updated = p.repo.s.now()
		p.fire("edited", by, document{"changes": changes})
	}
	return nil
}

func mergePull(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	var in mergeRequest
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	commit, err := p.merge(in, c.user)
	if err != nil {
		return answer{}, err
	}
	return found(document{"sha": commit.String(), "merged": true, "message": "Pull Request successfully merged"})
}

func isPullMerged(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	if p.merged.IsZero() {
		return answer{}, notFound()
	}
	return answer{http.StatusNoContent, nil}, nil
}

// maxPullFiles is how many files of a pull request are listed. See
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
const maxPullFiles = 3000

func listPullFiles(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	files, err := c.repo.changedSince(p.baseSHA, p.head.sha)
	if err != nil {
		return answer{}, err
	}
	return found(page(c, files[:min(len(files), maxPullFiles)]))
}

// maxPullCommits is how many commits of a pull request are listed, the oldest. See
// https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request
const maxPullCommits = 250

func listPullCommits(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	commits, err := c.repo.between(p.head.sha, p.baseSHA)
	if err != nil {
		return answer{}, err
	}
	return found(c.repo.commitDocuments(page(c, commits[:min(len(commits), maxPullCommits)])))
}
