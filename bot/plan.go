package bot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"liveops/datarepo"
	"liveops/engine"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// plan shows what a pull request would change in every environment: one comment, edited in place, and a status.
// What each environment's plan was is recorded beside it, since the merge is held to it.
func (j *job) plan(ctx context.Context, number int) error {
	started := j.Now()
	pr, err := j.pull(ctx, number)
	if err != nil {
		return err
	}
	if pr.GetState() != "open" || pr.GetBase().GetRef() != pr.GetBase().GetRepo().GetDefaultBranch() {
		return nil // closed meanwhile, or none of our business
	}
	told := report.Pull{Number: number, BaseName: pr.GetBase().GetRef(), Head: pr.GetHead().GetSHA(), Draft: pr.GetDraft()}
	fork := pr.GetHead().GetRepo().GetFullName() != pr.GetBase().GetRepo().GetFullName()
	if fork && j.allowed != told.Head {
		told.Fork = true
		return j.tell(ctx, told)
	}
	if !j.isShown(ctx, told.Head) { // else it stays until the new one takes its place
		if err := j.mark(ctx, told.Head, "pending", "planning"); err != nil {
			return err
		}
	}
	pr, base, merged, err := j.mergeResult(ctx, number)
	if pr != nil {
		told.Base, told.Head = base, pr.GetHead().GetSHA()
	}
	if fork && told.Head != j.allowed { // it was pushed to meanwhile
		told.Fork = true
		return j.tell(ctx, told)
	}
	if errors.Is(err, errConflict) {
		told.Conflict = true
		return j.tell(ctx, told)
	}
	if errors.Is(err, errClosed) {
		return j.mark(ctx, told.Head, "error", "closed before it was planned")
	}
	if err != nil {
		return errors.Join(err, j.mark(ctx, told.Head, "error", "could not plan yet; trying again"))
	}
	told.Merge = merged.ID
	unreached, err := j.planAll(ctx, &told, merged, !fork)
	if err != nil {
		return errors.Join(err, j.mark(ctx, told.Head, "error", "could not plan yet; trying again"))
	}
	if told.Confirmations, err = j.confirmations(ctx, number, told.Plans); err != nil {
		return err
	}
	told.When = j.Now()
	told.Took = told.When.Sub(started).Round(time.Millisecond)
	if err := j.tell(ctx, told); err != nil {
		return err
	}
	if err := j.recordReview(ctx, number, told); err != nil {
		return err
	}
	if unreached != nil {
		return j.planLater(ctx, number, unreached)
	}
	return nil
}

// How a pull request whose environment gave no answer is planned anew: a few times after seconds, then after minutes,
// since each time costs some of the writes that GitHub allows.
const (
	triesAtOnce      = 4
	longestUnreached = 10 * time.Minute
)

// planLater puts a pull request behind all that waits by now, to be planned anew: an environment that cannot be
// reached holds up its own plans, not everybody's.
func (j *job) planLater(ctx context.Context, number int, cause error) error {
	if j.givesUp() {
		return engine.Park(cause)
	}
	j.log.Warn("an environment gave no answer; planning again", "pull", number, "error", cause)
	pause := min(time.Second<<min(j.try, 10), longestUnreached)
	again := j.replanJob(fmt.Sprintf("unreached-%d", j.Now().UnixNano()), pullJob{Number: number, Try: j.try + 1})
	if j.try >= triesAtOnce {
		j.clock.set(j.Now().Add(pause), again)
		return nil
	}
	if err := j.Wait(ctx, pause); err != nil {
		return err
	}
	return j.enqueue(ctx, again)
}

// planAll plans every environment of the base's policy. Where asked, as not for a fork's, it rehearses the first one's plan, and
// counts the audiences of campaigns. unreached is what
// may be mended by trying again.
func (j *job) planAll(ctx context.Context, told *report.Pull, merged *datarepo.Commit, rehearse bool) (unreached, err error) {
	desired, err := release.Read(ctx, merged.ID, merged.Files)
	if err != nil {
		return nil, err
	}
	told.Problems = desired.Problems
	before, err := j.fetch(ctx, told.Base)
	if err != nil {
		return nil, err
	}
	config, problems := datarepo.LoadConfig(before.Files)
	if len(problems) > 0 {
		told.PolicyMissing = true
		if told.Problems, err = desired.Check(ctx); err != nil {
			return nil, err
		}
		return nil, compareWorkbooks(ctx, told, before.Files, merged.Files)
	}
	told.Policy = release.PolicyOf(config)
	if err := j.addPurging(ctx, desired, before.ID); err != nil {
		return nil, err
	}
	j.addCampaigns(desired, config, rehearse)
	targets, failed := j.targets(ctx, config)
	for i, t := range targets {
		p, err := j.planOne(ctx, t, failed[t.Name], desired, before, i == 0 && rehearse)
		var setting *SettingError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == nil:
			told.Plans = append(told.Plans, p)
		case errors.As(err, &setting):
			told.Unreachable = append(told.Unreachable, report.Unreachable{Environment: t.Name, Reason: err.Error()})
		default:
			told.Unreachable = append(told.Unreachable, report.Unreachable{Environment: t.Name, Reason: reason(err), Retry: true})
			unreached = errors.Join(unreached, err)
		}
	}
	if len(told.Plans) == 0 {
		if told.Problems, err = desired.Check(ctx); err != nil {
			return nil, err
		}
	}
	if len(told.Plans) == 0 && unreached == nil { // none is configured
		return nil, compareWorkbooks(ctx, told, before.Files, merged.Files)
	}
	return unreached, nil
}

// planOne plans one environment, tells apart what of the plan its base owes already, reads what its purges and campaigns would
// do and, where asked, rehearses it.
func (j *job) planOne(ctx context.Context, t release.Target, opened error, desired *release.Desired, before *datarepo.Commit, rehearse bool) (*release.Plan, error) {
	if opened != nil {
		return nil, opened
	}
	p, err := j.comparePlans(ctx, t, desired, before)
	if err == nil {
		err = release.PlanPurges(ctx, p, desired)
	}
	if err == nil {
		err = release.PreviewCampaigns(ctx, p, desired)
	}
	if err != nil || !rehearse {
		return p, err
	}
	return p, release.Rehearse(ctx, p, desired, t.Store, nil)
}

// comparePlans makes the plan and, where the base was not released yet, the part of it that the base owes.
func (j *job) comparePlans(ctx context.Context, t release.Target, desired *release.Desired, before *datarepo.Commit) (*release.Plan, error) {
	snap, err := t.Store.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer snap.Close()
	p, err := release.MakePlanSince(ctx, desired, t.Name, snap, j.files)
	if err != nil || snap.State.Commit == before.ID || p.Idle() {
		return p, err
	}
	was, err := release.Read(ctx, before.ID, before.Files)
	if err != nil {
		return nil, err
	}
	was.Purging = desired.Purging
	return p, release.Owed(ctx, p, desired, was, snap, j.files)
}

// confirmations are those that the pull request has, by environment.
func (j *job) confirmations(ctx context.Context, number int, plans []*release.Plan) (map[string][]mysqlstore.Confirmation, error) {
	all := map[string][]mysqlstore.Confirmation{}
	for _, p := range plans {
		store, err := j.Stores.Store(ctx, p.Environment)
		if err == nil {
			all[p.Environment], err = store.Confirmations(ctx, j.repository, number)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// tell writes the comment and the status.
func (j *job) tell(ctx context.Context, told report.Pull) error {
	told.Link = j.pageOfPull(ctx, told)
	comment := report.PullComment(told)
	j.hear(Told{Number: told.Number, Marker: report.PullMarker, Comment: comment, Pull: &told})
	if err := j.upsert(ctx, told.Number, report.PullMarker, comment); err != nil {
		return err
	}
	state, description := report.PullStatus(told)
	return j.tellResult(ctx, result{commit: told.Head, state: state, description: description, check: report.PullCheck(told), link: told.Link})
}

// recordReview keeps what was shown, in each environment's own database.
func (j *job) recordReview(ctx context.Context, number int, told report.Pull) error {
	for _, p := range told.Plans {
		store, err := j.Stores.Store(ctx, p.Environment)
		if err != nil {
			return err
		}
		digest, own := p.Digest, p.Own
		if len(told.Problems) > 0 {
			digest, own = "", ""
		}
		err = store.SaveReview(ctx, mysqlstore.Review{Repository: j.repository, Pull: number, Head: told.Head, Base: told.Base, Digest: digest, Own: own})
		if err != nil {
			return fmt.Errorf("record what #%d showed: %w", number, err)
		}
	}
	return nil
}
