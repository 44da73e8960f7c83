package bot

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/sync/report"
)

// statusContext names the bot's commit statuses.
const statusContext = "liveops"

// upsert writes the one comment of a pull request that begins with a marker: it edits the bot's own comment
// where there is one, and makes it otherwise. A job looks for it once, however often it edits it.
func (j *job) upsert(ctx context.Context, number int, marker, body string) error {
	key := fmt.Sprintf("%d %s", number, marker)
	found, err := j.comments[key], error(nil)
	if found == nil {
		if found, err = j.findComment(ctx, number, marker); err != nil {
			return fmt.Errorf("look for the comment of #%d: %w", number, err)
		}
	}
	delete(j.comments, key) // looked for anew where this write fails: it may be gone, or may be there
	written := found
	switch {
	case found == nil:
		written, _, err = j.GitHub.Issues.CreateComment(ctx, j.owner, j.name, number, &github.IssueComment{Body: &body})
	case found.GetBody() != body:
		written, _, err = j.GitHub.Issues.EditComment(ctx, j.owner, j.name, found.GetID(), &github.IssueComment{Body: &body})
	}
	if err != nil {
		return fmt.Errorf("write the comment of #%d: %w", number, err)
	}
	j.comments[key] = written
	return nil
}

// findComment pages through a pull request's comments for the bot's own one that begins with the marker.
func (j *job) findComment(ctx context.Context, number int, marker string) (*github.IssueComment, error) {
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 100}}
	for {
		comments, response, err := j.GitHub.Issues.ListComments(ctx, j.owner, j.name, number, o)
		if err != nil {
			return nil, err
		}
		for _, c := range comments {
			if c.GetUser().GetLogin() == j.self && strings.HasPrefix(c.GetBody(), marker) {
				return c, nil
			}
		}
		if response.NextPage == 0 {
			return nil, nil
		}
		o.Page = response.NextPage
	}
}

// isReleased says whether the bot has told, to the end, that a merge is in every environment: in its comment, and
// in its check run or status, which is written last. That alone says nothing: where a branch is fast-forwarded, the merge
// commit is the head that was planned.
func (j *job) isReleased(ctx context.Context, number int, commit string) (bool, error) {
	comment, err := j.findComment(ctx, number, report.MergeMarker(commit))
	if err != nil {
		return false, fmt.Errorf("look for the comment of #%d: %w", number, err)
	}
	if !report.MergeDone(commit, comment.GetBody()) {
		return false, nil
	}
	if j.can("checks") {
		run, err := j.newestCheckRun(ctx, commit)
		if err == nil && run != nil {
			return run.GetConclusion() == "success", nil
		}
		if err != nil && !refused(err, http.StatusForbidden, http.StatusNotFound) {
			return false, fmt.Errorf("read the check run of %s: %w", commit, err)
		}
	}
	statuses, _, err := j.GitHub.Repositories.ListStatuses(ctx, j.owner, j.name, commit, &github.ListOptions{PerPage: 100})
	if err != nil {
		return false, fmt.Errorf("read the statuses of %s: %w", commit, err)
	}
	for _, s := range statuses { // the newest first
		if s.GetContext() == statusContext && s.GetCreator().GetLogin() == j.self {
			return s.GetState() == "success", nil
		}
	}
	return false, nil
}

// status sets the bot's status on a commit.
func (j *job) status(ctx context.Context, commit, state, description string) error {
	context_ := statusContext
	_, _, err := j.GitHub.Repositories.CreateStatus(ctx, j.owner, j.name, commit,
		&github.RepoStatus{State: &state, Description: &description, Context: &context_})
	if err != nil {
		return fmt.Errorf("set the status of %s: %w", commit, err)
	}
	return nil
}
