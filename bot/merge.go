package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v62/github"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// lastWord bounds how long a release that is interrupted may take to say so, and longestProgress how long any waits to say
// how far it is.
const (
	lastWord        = 10 * time.Second
	longestProgress = 15 * time.Second
)

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
	_, err = j.releasePull(ctx, pr, false)
	return err
}

// goOn is release where nobody asked for it: a time has come, or the bot looks for what was missed. What was stopped, or
// canceled, is left to people, who were told so: a hold that is lifted releases nothing by itself.
func (j *job) goOn(ctx context.Context, number int) error {
	pr, err := j.pull(ctx, number)
	if err != nil {
		return err
	}
	told, err := j.findComment(ctx, number, report.MergeMarker(pr.GetMergeCommitSHA()))
	if err != nil {
		return fmt.Errorf("look for the comment of #%d: %w", number, err)
	}
	if report.MergeRests(pr.GetMergeCommitSHA(), told.GetBody()) {
		return nil
	}
	j.told, j.byItself = told.GetBody(), true
	return j.release(ctx, number)
}

// releasePull is release of a pull request that was merged into the default branch. It gives how far the release came;
// nil where its comment said already that it is everywhere, unless it is to be released again: an environment that had it
// may have been rolled back.
func (j *job) releasePull(ctx context.Context, pr *github.PullRequest, again bool) (*release.Progress, error) {
	number := pr.GetNumber()
	done, err := j.isReleased(ctx, number, pr.GetMergeCommitSHA())
	if err != nil {
		return nil, err
	}
	done = done && !again
	if done { // its comment has the rows, which are not known any more
		return nil, j.planAgain(ctx, pr.GetBase().GetRef(), pr.GetMergeCommitSHA())
	}
	merged, err := j.fetch(ctx, pr.GetMergeCommitSHA())
	if err != nil {
		return nil, err
	}
	told := &report.Merge{Number: number}
	progress, err := j.releaseCommit(ctx, pr, merged, told)
	told.Progress = progress
	if err != nil && len(progress.Steps) == 0 {
		return nil, err // not even the environments are known yet
	}
	if err != nil {
		told.Retrying = reason(err)
	}
	told.Link = j.pageOfMerge(ctx, *told)
	if err == nil && j.byItself && report.MergeSaysSo(*told, j.told) { // it waits as before
		j.goOnLater(merged.ID, number, progress)
		return progress, nil
	}
	last, cancel := outlasting(ctx, lastWord) // the last word is told even when the process is being stopped
	defer cancel()
	if tellErr := j.tellMerge(last, merged.ID, told); tellErr != nil {
		return progress, errors.Join(err, tellErr)
	}
	if err != nil {
		return progress, err
	}
	if err := progress.SaveShown(last, j.Stores.Store, j.repository, number); err != nil {
		return progress, err
	}
	j.goOnLater(merged.ID, number, progress)
	return progress, j.planAgain(ctx, pr.GetBase().GetRef(), merged.ID)
}

// goOnLater has a release that waits for a time go on then.
func (j *job) goOnLater(commit string, number int, p *release.Progress) {
	if at := p.Again(j.Now()); !at.IsZero() {
		j.clock.set(at, goOnJob(j.repository, fmt.Sprintf("again-%s-%d", commit, at.UnixNano()), number))
	}
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
	if err := j.addPurging(ctx, desired, beforeMerge(pr, merged)); err != nil {
		return progress, err
	}
	j.addCampaigns(desired, config, true)
	for _, t := range targets {
		if _, err := release.LiftRollbackHold(ctx, desired, history{j}, t); err != nil {
			return progress, err
		}
	}
	first, slow := true, false
	pipeline := release.Pipeline{Targets: targets, Log: j.log, Now: j.Now, Wait: j.Wait}
	return j.runPipeline(ctx, &pipeline, release.Request{Desired: desired, Commit: commit, History: history{j}, Released: j.files, Actor: progress.Actor,
		Policy: release.PolicyOf(config), Pull: pr.GetNumber(), Repository: j.repository, Reviewed: reviewed, Own: own,
		Report: func(p *release.Progress) {
			told.Progress = p
			if p.Done() {
				return // told below, where a failure counts
			}
			if slow || j.byItself && !p.Began() {
				return
			}
			if err := j.tellProgress(ctx, merged.ID, told, first); err != nil {
				j.log.Warn("progress not told", "error", err)
				slow = errors.Is(err, context.DeadlineExceeded)
			}
			first = false
		}})
}

// tellProgress tells how far a release is, if that takes no time: a release does not wait until GitHub lets the bot
// write. The check run, which says no more than that it is under way, is written the first time alone.
func (j *job) tellProgress(ctx context.Context, commit string, told *report.Merge, first bool) error {
	ctx, cancel := context.WithTimeout(ctx, longestProgress)
	defer cancel()
	if first {
		return j.tellMerge(ctx, commit, told)
	}
	told.Now = j.Now()
	if err := j.upsert(ctx, told.Number, report.MergeMarker(commit), report.MergeComment(*told)); err != nil {
		return err
	}
	return j.tellDeployments(ctx, told.Progress, told.Link)
}

// outlasting is ctx, but for ending some time after it.
func outlasting(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { // in a goroutine of its own
		limit, done := context.WithTimeout(longer, d)
		defer done()
		<-limit.Done()
		cancel()
	})
	return longer, func() { stop(); cancel() }
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

// reviewed is the digest that a release to each environment is held to: what the pull request showed for its last head,
// or what someone let go on since by a command; "" where there is neither. own is what is left of what it showed once
// its base is released.
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
		approved, err := t.Store.Confirmations(ctx, j.repository, pr.GetNumber())
		if err != nil {
			return nil, nil, err
		}
		for _, c := range approved { // oldest first
			if c.Kind == mysqlstore.Approval {
				reviewed[t.Name], own[t.Name] = c.Digest, ""
			}
		}
	}
	return reviewed, own, nil
}

func (j *job) tellMerge(ctx context.Context, commit string, told *report.Merge) error {
	told.Now = j.Now()
	comment, heard := report.MergeComment(*told), *told
	j.hear(Told{Number: told.Number, Marker: report.MergeMarker(commit), Comment: comment, Merge: &heard})
	if err := j.upsert(ctx, told.Number, report.MergeMarker(commit), comment); err != nil {
		return err
	}
	if err := j.tellDeployments(ctx, told.Progress, told.Link); err != nil {
		return err
	}
	state, description := report.MergeStatus(*told)
	err := j.tellResult(ctx, result{commit: commit, state: state, description: description, check: report.MergeCheck(*told), link: told.Link})
	if err != nil {
		return fmt.Errorf("tell of %s: %w", release.ShortDigest(commit), err)
	}
	return nil
}
