package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/release"
	"liveops/sync/report"
)

// lastWord bounds how long a release that is interrupted may take to say so.
const lastWord = 10 * time.Second

// release takes a merged pull request to the environments: one comment for the merge, edited as it proceeds, and
// a status on the merge commit. It may be run again after any interruption: what the ledger has is not done twice.
func (j *job) release(ctx context.Context, number int) error {
	pr, err := j.pull(ctx, number)
	if err != nil {
		return err
	}
	if !pr.GetMerged() || pr.GetBase().GetRef() != pr.GetBase().GetRepo().GetDefaultBranch() {
		return nil
	}
	done, err := j.isReleased(ctx, number, pr.GetMergeCommitSHA())
	if err != nil {
		return err
	}
	if done { // its comment has the rows, which are not known any more
		return j.planAgain(ctx, pr.GetBase().GetRef(), pr.GetMergeCommitSHA())
	}
	merged, err := j.fetch(ctx, pr.GetMergeCommitSHA())
	if err != nil {
		return err
	}
	told := &report.Merge{Number: number}
	progress, err := j.releaseCommit(ctx, pr, merged, told)
	told.Progress = progress
	if err != nil && len(progress.Steps) == 0 {
		return err // not even the environments are known yet
	}
	if err != nil {
		told.Retrying = reason(err)
	}
	told.Link = j.pageOfMerge(ctx, *told)
	// The last word is told even when the process is being stopped.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	defer cancel()
	if tellErr := j.tellMerge(last, merged.ID, told); tellErr != nil {
		return errors.Join(err, tellErr)
	}
	if err != nil {
		return err
	}
	if err := progress.SaveShown(last, j.Stores.Store, j.repository, number); err != nil {
		return err
	}
	return j.planAgain(ctx, pr.GetBase().GetRef(), merged.ID)
}

// releaseCommit runs the pipeline with the policy of the merge's first parent and the digests that the pull
// request showed last.
func (j *job) releaseCommit(ctx context.Context, pr *github.PullRequest, merged *datarepo.Commit, told *report.Merge) (*release.Progress, error) {
	commit := release.Commit{ID: merged.ID, Subject: merged.Subject, Author: merged.Author}
	progress := &release.Progress{Commit: commit, Actor: pr.GetMergedBy().GetLogin()}
	if len(merged.Parents) == 0 {
		told.Note = "The merge has no parent whose liveops.yaml could say where to go; nothing was applied."
		return progress, nil
	}
	config, err := j.policy(ctx, beforeMerge(pr, merged))
	if err != nil {
		return progress, err
	}
	if config == nil {
		told.Note = "Before this merge the default branch had no valid liveops.yaml, so nothing was applied. From the next pull request on, it holds."
		return progress, nil
	}
	targets, failed := j.targets(ctx, config)
	for _, t := range targets {
		progress.Steps = append(progress.Steps, release.Step{Environment: t.Name, State: release.Waiting})
	}
	for i, t := range targets {
		if err := failed[t.Name]; err != nil {
			return progress, unopened(progress, i, err)
		}
	}
	if err := j.releaseEarlier(ctx, targets, pr); err != nil {
		return progress, err
	}
	reviewed, own, err := j.reviewed(ctx, pr, targets)
	if err != nil {
		return progress, err
	}
	desired, err := release.Read(ctx, merged.ID, merged.Files)
	if err != nil {
		return progress, err
	}
	pipeline := release.Pipeline{Targets: targets, Log: j.log, Now: j.Now, Wait: j.Wait}
	return pipeline.Run(ctx, release.Request{Desired: desired, Commit: commit, History: history{j}, Released: j.files, Actor: progress.Actor,
		Policy: release.PolicyOf(config), Pull: pr.GetNumber(), Repository: j.repository, Reviewed: reviewed, Own: own,
		Report: func(p *release.Progress) {
			told.Progress = p
			if p.Done() {
				return // told below, where a failure counts
			}
			if err := j.tellMerge(ctx, merged.ID, told); err != nil {
				j.log.Warn("progress not told", "error", err)
			}
		}})
}

// beforeMerge is a commit of the default branch that holds nothing of the pull request: a merge commit's first
// parent or, where it was squashed or rebased, the base that GitHub last knew. A rebase puts several commits of the
// pull request on the branch, so that the last one's parent is no such commit.
func beforeMerge(pr *github.PullRequest, merged *datarepo.Commit) string {
	if len(merged.Parents) == 2 {
		return merged.Parents[0]
	}
	return pr.GetBase().GetSHA()
}

// unopened is the error of a release that cannot open its i-th environment. A setting that is missing ends the
// release, since trying again does not mend it.
func unopened(p *release.Progress, i int, err error) error {
	var setting *SettingError
	if !errors.As(err, &setting) {
		return err
	}
	for k := range p.Steps {
		p.Steps[k].State = release.Skipped
	}
	s := &p.Steps[i]
	s.State, s.Reason = release.Stopped, setting.Error()
	s.Mend = "set it where liveops runs and start liveops again; the next merge brings this one too"
	return engine.Park(err)
}

// reviewed is what the pull request showed for its last head, by environment; "" where it showed nothing. own is what
// is left of that once its base is released.
func (j *job) reviewed(ctx context.Context, pr *github.PullRequest, targets []release.Target) (reviewed, own map[string]string, err error) {
	reviewed, own = map[string]string{}, map[string]string{}
	for _, t := range targets {
		r, err := t.Store.Review(ctx, j.repository, pr.GetNumber())
		if err != nil {
			return nil, nil, err
		}
		reviewed[t.Name] = ""
		if r != nil && r.Head == pr.GetHead().GetSHA() {
			reviewed[t.Name], own[t.Name] = r.Digest, r.Own
		}
	}
	return reviewed, own, nil
}

func (j *job) tellMerge(ctx context.Context, commit string, told *report.Merge) error {
	told.Now = j.Now()
	if err := j.upsert(ctx, told.Number, report.MergeMarker(commit), report.MergeComment(*told)); err != nil {
		return err
	}
	state, description := report.MergeStatus(*told)
	if err := j.status(ctx, commit, state, description); err != nil {
		return fmt.Errorf("tell of %s: %w", release.ShortDigest(commit), err)
	}
	return nil
}
