package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// mergeRequest is the body of
// https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
type mergeRequest struct {
	Title   string `json:"commit_title"`
	Message string `json:"commit_message"`
	SHA     string `json:"sha"` // what the head must be, if given
	Method  string `json:"merge_method"`
}

// merge puts the pull request into its base branch and returns the commit that
// did it. It is refused with 405 if it can't be merged and with 409 if the head
// is not the expected one.
func (p *pull) merge(m mergeRequest, by *account) (plumbing.Hash, error) {
	if err := p.checkMerge(m); err != nil {
		return plumbing.ZeroHash, err
	}
	base := p.repo.tip(p.base)
	files, clean, err := p.repo.merge(base, p.head.sha)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if !clean {
		return plumbing.ZeroHash, mergeRefused("Pull Request is not mergeable")
	}
	parents := []plumbing.Hash{base, p.head.sha}
	message := p.mergeMessage(m)
	if m.Method == "squash" {
		parents = parents[:1]
		if message, err = p.squashMessage(m); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	commit, err := p.repo.writeCommit(files, message, by.signature(p.repo.s.now()), parents...)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	// Closed before the branch moves, so that it is not taken for an indirect merge.
	p.baseSHA = base
	p.closeMerged(commit, by)
	return commit, p.repo.moveRef(plumbing.NewBranchReferenceName(p.base), commit, by)
}

func (p *pull) checkMerge(m mergeRequest) error {
	switch {
	case m.Method == "rebase":
		return mergeRefused("Rebase merges are not allowed on this repository.")
	case m.Method != "" && m.Method != "merge" && m.Method != "squash":
		return invalid(FieldError{Resource: "PullRequest", Code: "invalid", Field: "merge_method"})
	case p.state != stateOpen:
		return mergeRefused("Pull Request is not mergeable")
	case p.draft:
		return mergeRefused("Pull Request is still a draft")
	case m.SHA != "" && m.SHA != p.head.sha.String():
		return &APIError{
			Status:  http.StatusConflict,
			Message: "Head branch was modified. Review and try the merge again.",
		}
	}
	return nil
}

// mergeMessage is the message of a merge commit: GitHub's default unless the
// request brings its own.
func (p *pull) mergeMessage(m mergeRequest) string {
	title := fmt.Sprintf("Merge pull request #%d from %s/%s", p.number, p.head.repo.owner, p.head.branch)
	return withDefaults(m, title, p.title)
}

// squashMessage is the message of a squashed commit: that of the only commit, or
// the pull request's title and the list of the commits' messages. See
// https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges#merge-message-for-a-squash-merge
func (p *pull) squashMessage(m mergeRequest) (string, error) {
	commits, err := p.repo.between(p.head.sha, p.repo.tip(p.base))
	if err != nil {
		return "", err
	}
	if len(commits) == 1 {
		title, body, _ := strings.Cut(strings.TrimSpace(commits[0].Message), "\n")
		return withDefaults(m, fmt.Sprintf("%s (#%d)", title, p.number), strings.TrimSpace(body)), nil
	}
	var lines []string
	for _, c := range commits {
		lines = append(lines, "* "+strings.TrimSpace(c.Message))
	}
	return withDefaults(m, fmt.Sprintf("%s (#%d)", p.title, p.number), strings.Join(lines, "\n\n")), nil
}

func withDefaults(m mergeRequest, title, body string) string {
	if m.Title != "" {
		title = m.Title
	}
	if m.Message != "" {
		body = m.Message
	}
	if body == "" {
		return title
	}
	return title + "\n\n" + body
}

// mergeableState is the word for whether it can be merged. See
// https://docs.github.com/en/graphql/reference/enums#mergestatestatus
func (p *pull) mergeableState() string {
	switch {
	case p.state != stateOpen || p.mergeable == nil:
		return "unknown"
	case !*p.mergeable:
		return "dirty"
	case p.draft:
		return "draft"
	}
	if state, latest := p.repo.combined(p.head.sha); len(latest) > 0 && state != "success" {
		return "unstable"
	}
	if slices.ContainsFunc(p.repo.latestRuns(p.head.sha), func(run *checkRun) bool { return !run.passes() }) {
		return "unstable"
	}
	return "clean"
}
