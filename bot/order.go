package bot

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// releaseEarlier gives the merges before a pull request's their turn, in the order in which the targets take them.
func (j *job) releaseEarlier(ctx context.Context, targets []release.Target, pr *github.PullRequest) error {
	applied := map[string]map[string]bool{} // by environment: the commits that were applied to it
	for _, t := range targets {
		shown, err := t.Store.Review(ctx, j.repository, pr.GetNumber())
		if err != nil || shown == nil {
			return err
		}
		had, in, err := j.hadTurn(ctx, t)
		if err != nil {
			return err
		}
		applied[t.Name] = in
		if j.only != "" && t.Name != j.only {
			continue
		}
		numbers, err := j.earlier(ctx, t, pr, shown.Base, func(commit string) bool { return !had[commit] && (t.After == "" || applied[t.After][commit]) })
		if err != nil {
			return err
		}
		for _, n := range numbers {
			if j.turns[n] {
				continue
			}
			j.turns[n] = true
			if err := j.release(ctx, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// earlier lists the merged pull requests that come on the branch before a pull request's own merge, and whose commits
// are wanted, oldest first. Deliveries may come in another order than the merges, or not at all; each merge is held to
// the plan that its own pull request showed, so it is released by itself and in its turn.
//
// What the base held when the plan was shown is part of that plan, and is brought along where it has no plan of its own:
// a push, or a merge of what was not planned. So is a merge that the environment's ledger knows, whatever came of it: it
// had its turn. A merge that the environment before it has, and this one has not been offered, was interrupted in
// between; one that the environment before it did not take is not offered to this one.
func (j *job) earlier(ctx context.Context, t release.Target, pr *github.PullRequest, base string, wanted func(commit string) bool) ([]int, error) {
	st, err := t.Store.State(ctx)
	if err != nil || st.Commit == "" || st.Hold != nil {
		return nil, err
	}
	relation, commits, err := history{j}.Between(ctx, st.Commit, pr.GetMergeCommitSHA())
	if err != nil || relation != datarepo.Ahead || len(commits) < 2 {
		return nil, err
	}
	merges, err := j.merges(ctx, pr.GetBase().GetRef())
	if err != nil {
		return nil, err
	}
	var numbers []int
	shown := slices.IndexFunc(commits, func(c datarepo.Summary) bool { return c.ID == base })
	for i, c := range commits[:len(commits)-1] {
		m := merges[c.ID]
		if m == nil || !wanted(c.ID) {
			continue
		}
		if i <= shown {
			own, err := t.Store.Review(ctx, j.repository, m.GetNumber())
			if err != nil {
				return nil, err
			}
			if own == nil || own.Head != m.GetHead().GetSHA() || own.Digest == "" {
				continue
			}
		}
		numbers = append(numbers, m.GetNumber())
	}
	return numbers, nil
}

// hadTurn is the commits that the newest releases of an environment were of, and those of them that were applied.
func (j *job) hadTurn(ctx context.Context, t release.Target) (had, applied map[string]bool, err error) {
	releases, err := t.Store.Releases(ctx, 200)
	if err != nil {
		return nil, nil, err
	}
	had, applied = map[string]bool{}, map[string]bool{}
	for _, r := range releases {
		had[r.Commit] = true
		applied[r.Commit] = applied[r.Commit] || r.State == mysqlstore.Applied
	}
	return had, applied, nil
}

// merges is the pull requests merged into a branch, by the commits they became: of the hundred that moved last,
// which is more than wait anywhere.
func (j *job) merges(ctx context.Context, branch string) (map[string]*github.PullRequest, error) {
	o := &github.PullRequestListOptions{State: "closed", Base: branch, Sort: "updated", Direction: "desc", ListOptions: github.ListOptions{PerPage: 100}}
	prs, _, err := j.GitHub.PullRequests.List(ctx, j.owner, j.name, o)
	if err != nil {
		return nil, fmt.Errorf("list the merged pull requests: %w", err)
	}
	merges := map[string]*github.PullRequest{}
	for _, pr := range prs {
		if pr.MergedAt != nil {
			merges[pr.GetMergeCommitSHA()] = pr
		}
	}
	return merges, nil
}
