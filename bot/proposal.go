package bot

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/google/go-github/v62/github"

	"liveops/bot/access"
)

// proposal is a pull request that the bot opens: files changed on top of a commit of the default branch.
type proposal struct {
	branch string // "liveops/…"; the same for the same request, so that asking twice makes one
	onto   string // the commit that the change is made on
	base   string // the branch that it is to go into
	title  string
	asker  string // the login of whoever asked for it, who is an author of its commit beside the bot
	body   string // Markdown
	files  []fileChange
}

// fileChange is one file of a proposal.
type fileChange struct {
	path    string
	content []byte
	deleted bool
}

// propose makes the branch and opens the pull request, and gives its number. Where the branch has an open pull request
// already, that is the one. The commit is made through the API, without a clone: who may not push to protected
// branches may still make one of their own.
func (j *job) propose(ctx context.Context, p proposal) (int, error) {
	p.title = shortTitle(p.title)
	if n, err := j.proposed(ctx, p); err != nil || n > 0 {
		return n, err
	}
	commit, err := j.commitFiles(ctx, p)
	if err != nil {
		return 0, fmt.Errorf("make the commit of %s: %w", p.branch, err)
	}
	if err := j.setBranch(ctx, p.branch, commit); err != nil {
		return 0, fmt.Errorf("make the branch %s: %w", p.branch, err)
	}
	pr, _, err := j.GitHub.PullRequests.Create(ctx, j.owner, j.name, &github.NewPullRequest{Title: &p.title, Head: &p.branch, Base: &p.base, Body: &p.body})
	if err != nil {
		return 0, fmt.Errorf("open the pull request of %s: %w", p.branch, err)
	}
	return pr.GetNumber(), nil
}

// proposed is the open pull request of the branch; 0 where there is none.
func (j *job) proposed(ctx context.Context, p proposal) (int, error) {
	prs, _, err := j.GitHub.PullRequests.List(ctx, j.owner, j.name, &github.PullRequestListOptions{State: "open", Head: j.owner + ":" + p.branch})
	if err != nil {
		return 0, fmt.Errorf("look for the pull request of %s: %w", p.branch, err)
	}
	for _, pr := range prs {
		if pr.GetHead().GetRef() == p.branch && pr.GetUser().GetLogin() == j.self {
			return pr.GetNumber(), nil
		}
	}
	return 0, nil
}

// commitFiles makes the commit (https://docs.github.com/en/rest/git/commits) and gives its id. The author is whom the
// credentials belong to.
func (j *job) commitFiles(ctx context.Context, p proposal) (string, error) {
	base, _, err := j.GitHub.Git.GetCommit(ctx, j.owner, j.name, p.onto)
	if err != nil {
		return "", err
	}
	const mode, kind = "100644", "blob"
	var entries []*github.TreeEntry
	for _, f := range p.files {
		e := &github.TreeEntry{Path: github.String(f.path), Mode: github.String(mode), Type: github.String(kind)}
		if !f.deleted { // an entry without a blob is deleted
			blob, _, err := j.GitHub.Git.CreateBlob(ctx, j.owner, j.name,
				&github.Blob{Content: github.String(base64.StdEncoding.EncodeToString(f.content)), Encoding: github.String("base64")})
			if err != nil {
				return "", err
			}
			e.SHA = blob.SHA
		}
		entries = append(entries, e)
	}
	tree, _, err := j.GitHub.Git.CreateTree(ctx, j.owner, j.name, base.GetTree().GetSHA(), entries)
	if err != nil {
		return "", err
	}
	commit, _, err := j.GitHub.Git.CreateCommit(ctx, j.owner, j.name,
		&github.Commit{Message: github.String(p.title + "\n\n" + access.CoAuthor(p.asker)), Tree: tree, Parents: []*github.Commit{{SHA: &p.onto}}}, nil)
	return commit.GetSHA(), err
}

// setBranch points the bot's own branch to a commit, whether it is there already or not.
func (j *job) setBranch(ctx context.Context, branch, commit string) error {
	ref := &github.Reference{Ref: github.String("refs/heads/" + branch), Object: &github.GitObject{SHA: &commit}}
	_, _, err := j.GitHub.Git.CreateRef(ctx, j.owner, j.name, ref)
	if refused(err, http.StatusUnprocessableEntity) { // it is there, of a request that was not answered, or was closed
		_, _, err = j.GitHub.Git.UpdateRef(ctx, j.owner, j.name, ref, true)
	}
	return err
}

// longestTitle is how many characters of a title are kept: GitHub refuses one of more than 256.
const longestTitle = 200

func shortTitle(title string) string {
	if runes := []rune(title); len(runes) > longestTitle {
		return string(runes[:longestTitle-1]) + "…"
	}
	return title
}
