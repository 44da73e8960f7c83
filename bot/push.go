package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
	"liveops/sync/report"
)

// pushed is the body of a job about a push to the default branch: what matters of its event, which may have 25 MB.
type pushed struct {
	Branch  string   `json:"branch"`
	Commit  string   `json:"commit"`
	Subject string   `json:"subject"`
	Author  string   `json:"author"`
	Pusher  string   `json:"pusher"`
	Paths   []string `json:"paths"` // the files that liveops reads, each once
}

// pushJob is the job of a push event (https://docs.github.com/en/webhooks/webhook-events-and-payloads#push): nil where
// it is not to the default branch.
func pushJob(d engine.Delivery) (*engine.Job, error) {
	var e github.PushEvent
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, fmt.Errorf("read the push event: %w", err)
	}
	branch := e.GetRepo().GetDefaultBranch()
	if branch == "" || e.GetRef() != "refs/heads/"+branch || e.GetDeleted() {
		return nil, nil
	}
	body, err := json.Marshal(pushed{Branch: branch, Commit: e.GetAfter(), Subject: firstLine(e.GetHeadCommit().GetMessage()),
		Author: e.GetHeadCommit().GetAuthor().GetName(), Pusher: e.GetPusher().GetName(), Paths: dataPaths(e.Commits)})
	if err != nil {
		return nil, fmt.Errorf("read the push event: %w", err)
	}
	return &engine.Job{ID: d.ID, Lane: engine.Plans, Key: strings.ToLower(d.Repository), Kind: kindPush, Repository: d.Repository,
		About: d.Repository, Body: body}, nil
}

// push handles a push to the default branch. A merge's push is left to its pull_request event. A direct one is
// reported on its commit and applied nowhere; open pull requests are planned anew, since their base has moved.
func (j *job) push(ctx context.Context, body []byte) error {
	var p pushed
	if err := json.Unmarshal(body, &p); err != nil {
		return engine.Park(fmt.Errorf("read the job: %w", err))
	}
	merges, err := j.merges(ctx, p.Branch)
	if err != nil || merges[p.Commit] != nil {
		return err
	}
	if len(p.Paths) > 0 {
		told := report.DirectPush{Commit: release.Commit{ID: p.Commit, Subject: p.Subject, Author: p.Author}, Pusher: p.Pusher, Paths: p.Paths}
		if err := j.tellPush(ctx, told); err != nil {
			return err
		}
	}
	return j.planAgain(ctx, p.Branch, p.Commit)
}

// tellPush comments on the pushed commit, once, and sets its status.
func (j *job) tellPush(ctx context.Context, told report.DirectPush) error {
	body, marker := report.PushComment(told), report.PushMarker(told.Commit.ID)
	j.hear(Told{Marker: marker, Comment: body, Direct: true})
	comments, _, err := j.GitHub.Repositories.ListCommitComments(ctx, j.owner, j.name, told.Commit.ID, &github.ListOptions{PerPage: 100})
	if err != nil {
		return fmt.Errorf("look for the comment on %s: %w", told.Commit.ID, err)
	}
	for _, c := range comments {
		if c.GetUser().GetLogin() == j.self && strings.HasPrefix(c.GetBody(), marker) {
			return nil
		}
	}
	if _, _, err := j.GitHub.Repositories.CreateComment(ctx, j.owner, j.name, told.Commit.ID, &github.RepositoryComment{Body: &body}); err != nil {
		return fmt.Errorf("comment on %s: %w", told.Commit.ID, err)
	}
	return j.mark(ctx, told.Commit.ID, "error", "pushed directly: nothing was applied")
}

// isData says whether liveops reads a file of the data repo.
func isData(path string) bool {
	return path == datarepo.ConfigPath || strings.HasPrefix(path, "datasheets/") || strings.HasPrefix(path, "checks/")
}

// dataPaths lists the files of the pushed commits that liveops reads, each once.
func dataPaths(commits []*github.HeadCommit) []string {
	var paths []string
	seen := map[string]bool{}
	for _, c := range commits {
		if c == nil {
			continue
		}
		for _, list := range [][]string{c.Added, c.Modified, c.Removed} {
			for _, p := range list {
				if isData(p) && !seen[p] {
					seen[p] = true
					paths = append(paths, p)
				}
			}
		}
	}
	return paths
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
