package bot

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-github/v62/github"

	"liveops/bot/access"
	"liveops/sync/release"
)

// secondPerson refuses someone who wrote what is to be let go on: the pull request, a commit of it, or what comes along
// with it. A release brings all that the branch has taken since an environment's commit, so that of a merge all merges
// before it count that one of the targets lacks.
func (t *talk) secondPerson(ctx context.Context, pr *github.PullRequest, targets ...release.Target) error {
	if err := t.notWriter(ctx, pr, ""); err != nil || !pr.GetMerged() {
		return err
	}
	merges, err := t.merges(ctx, t.branch)
	if err != nil {
		return err
	}
	asked := map[int]bool{pr.GetNumber(): true}
	for _, target := range targets {
		st, err := target.Store.State(ctx)
		if err != nil {
			return err
		}
		_, commits, err := history{t.job}.Between(ctx, st.Commit, pr.GetMergeCommitSHA())
		if err != nil {
			return err
		}
		for _, c := range commits {
			n := merges[c.ID].GetNumber()
			if n == 0 || asked[n] {
				continue
			}
			asked[n] = true
			earlier, err := t.pull(ctx, n)
			if err == nil {
				err = t.notWriter(ctx, earlier, fmt.Sprintf("this is said of `#%d`, which comes along with it", n))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// mostPullCommits is how many commits of a pull request GitHub lists
// (https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request).
const mostPullCommits = 250

// notWriter refuses someone who wrote a pull request, or a commit of it. which says in the refusal which one it is; "" where it is
// the one that the command is about.
func (t *talk) notWriter(ctx context.Context, pr *github.PullRequest, which string) error {
	var writers []string
	o := &github.ListOptions{PerPage: 100}
	for listed := 0; ; {
		commits, response, err := t.GitHub.PullRequests.ListCommits(ctx, t.owner, t.name, pr.GetNumber(), o)
		if err != nil {
			return fmt.Errorf("list the commits of #%d: %w", pr.GetNumber(), err)
		}
		for _, c := range commits {
			writers = append(writers, c.GetAuthor().GetLogin(), c.GetCommitter().GetLogin())
			writers = append(writers, access.CoAuthors(c.GetCommit().GetMessage())...)
		}
		if listed += len(commits); listed >= mostPullCommits && pr.GetCommits() > listed {
			return refuse("release it from a checkout, with `liveops apply`", "#%d has more commits than GitHub lists, so that it is not known who wrote it", pr.GetNumber())
		}
		if response.NextPage == 0 {
			break
		}
		o.Page = response.NextPage
	}
	var not *access.NotSecond
	if err := access.SecondPerson(t.Author, pr.GetUser().GetLogin(), writers); errors.As(err, &not) {
		return refuse(which, "%s", quotedFirst(not.Error()))
	}
	return nil
}
