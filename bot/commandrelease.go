package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/bot/command"
	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// planAnew plans the pull request now. Of a fork it plans what it may read: nothing is rehearsed.
func (t *talk) planAnew(ctx context.Context) (reply, error) {
	pr, err := t.pull(ctx, t.Number)
	if err != nil {
		return reply{}, err
	}
	switch {
	case pr.GetState() != "open":
		return refusal("the pull request is not open", ""), nil
	case pr.GetBase().GetRef() != t.branch:
		return refusal("it does not go into "+t.branch+", and only that is released", ""), nil
	}
	t.allowed = pr.GetHead().GetSHA()
	if err := t.plan(ctx, t.Number); err != nil {
		return reply{}, err
	}
	return done(report.Sentence("planned anew: the comment with the plan says what it would change", "")), nil
}

// mergedPull is the pull request, which must be merged into the default branch.
func (t *talk) mergedPull(ctx context.Context) (*github.PullRequest, error) {
	pr, err := t.pull(ctx, t.Number)
	switch {
	case err != nil:
		return nil, err
	case !pr.GetMerged():
		return nil, refuse("merge it first", "what is applied is what the default branch has, and this is not merged")
	case pr.GetBase().GetRef() != t.branch:
		return nil, refuse("", "it was merged into %s, and only %s is released", pr.GetBase().GetRef(), t.branch)
	}
	return pr, nil
}

// planNow plans an environment for a commit as it is this moment.
func (t *talk) planNow(ctx context.Context, commit string, target release.Target) (*release.Plan, *release.Desired, error) {
	c, err := t.fetch(ctx, commit)
	if err != nil {
		return nil, nil, err
	}
	desired, err := release.Read(ctx, commit, c.Files)
	if err != nil {
		return nil, nil, err
	}
	if len(c.Parents) > 0 {
		if err := t.addPurging(ctx, desired, c.Parents[0]); err != nil {
			return nil, nil, err
		}
	}
	t.addCampaigns(desired, nil, false)
	snap, err := target.Store.Snapshot(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer snap.Close()
	p, err := release.MakePlanSince(ctx, desired, target.Name, snap, t.files)
	if err == nil {
		err = release.PlanPurges(ctx, p, desired)
	}
	if err == nil {
		err = release.PreviewCampaigns(ctx, p, desired)
	}
	return p, desired, err
}

// apply lets a merged pull request go to an environment that waits for someone, or that stopped and was unlocked
// since. It is bound to the plan that was last shown: where that has changed, the plan as it is now is shown, and
// nothing is applied.
func (t *talk) apply(ctx context.Context, c command.Command) (reply, error) {
	pr, err := t.mergedPull(ctx)
	if err != nil {
		return reply{}, err
	}
	merged := pr.GetMergeCommitSHA()
	config, err := t.policyOfMerge(ctx, pr)
	if err != nil {
		return reply{}, err
	}
	target, asked, err := t.target(ctx, config, c.Env)
	if err != nil {
		return reply{}, err
	}
	if asked.Approval {
		if err := t.secondPerson(ctx, pr, target); err != nil {
			return reply{}, err
		}
	}
	p, _, err := t.planNow(ctx, merged, target)
	if err != nil {
		return reply{}, err
	}
	shown, err := t.shownDigest(ctx, target.Store, merged)
	if err != nil {
		return reply{}, err
	}
	if p.Digest != "" && !p.Idle() && p.Digest != shown {
		t.shown = append(t.shown, shownPlan{t.line, target.Store, mysqlstore.Shown{Repository: t.repository, Pull: t.Number, Commit: merged, Digest: p.Digest}})
		return reply{report.Refused, report.Sentence("what it would change in "+c.Env+" is not what was shown last", "read it as it is now; to take it, say `/liveops apply "+c.Env+"` again") +
			"\n\n" + report.PlansMarkdown([]*release.Plan{p})}, nil
	}
	if p.Digest != "" { // also where no approval is asked for: this is the plan that the release is held to now
		err := target.Store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: t.repository, Pull: t.Number, Digest: p.Digest, By: t.Author})
		if err != nil {
			return reply{}, err
		}
	}
	lacks, err := t.lacks(ctx, target, merged)
	if err != nil {
		return reply{}, err
	}
	progress, err := t.releasePull(ctx, pr, lacks)
	if err != nil {
		return reply{}, err
	}
	return t.tellStep(progress, c.Env), nil
}

// lacks says whether a commit is yet to come to an environment.
func (t *talk) lacks(ctx context.Context, target release.Target, commit string) (bool, error) {
	st, err := target.Store.State(ctx)
	if err != nil {
		return false, err
	}
	relation, _, err := history{t.job}.Between(ctx, st.Commit, commit)
	return relation == datarepo.Ahead, err
}

// tellStep is the answer where a release has come to an end for now.
func (t *talk) tellStep(p *release.Progress, environment string) reply {
	if p != nil {
		for i := range p.Steps {
			if s := &p.Steps[i]; s.Environment == environment {
				text := report.StepSentence(s, p.Zone)
				if s.State == release.Applied || s.State == release.Same {
					return done(text)
				}
				return reply{report.Refused, text}
			}
		}
	}
	return done(report.Sentence("`"+environment+"` has it already", ""))
}

// policyOfMerge is the policy that a merge is held to.
func (t *talk) policyOfMerge(ctx context.Context, pr *github.PullRequest) (*datarepo.Config, error) {
	c, err := t.fetch(ctx, pr.GetMergeCommitSHA())
	if err != nil {
		return nil, err
	}
	config, err := t.policy(ctx, beforeMerge(pr, c))
	if err == nil && config == nil {
		err = refuse("", "before this merge %s had no valid liveops.yaml that could say where to go", t.branch)
	}
	return config, err
}

// target opens an environment.
func (t *talk) target(ctx context.Context, config *datarepo.Config, name string) (release.Target, datarepo.Environment, error) {
	for _, e := range config.Environments {
		if e.Name == name {
			store, err := t.Stores.Store(ctx, name)
			return release.Target{Name: name, After: e.After, Store: store}, e, err
		}
	}
	return release.Target{}, datarepo.Environment{}, refuse("", "liveops.yaml had no environment %s before this merge", name)
}

// confirm says, as a second person, that what goes past a limit is meant: of each environment where the plan last shown
// does, and no other plan.
func (t *talk) confirm(ctx context.Context) (reply, error) {
	r, err := t.confirmShown(ctx)
	if err != nil || !t.Pull || r.state == report.Done { // what was shown last is a promotion
		return r, err
	}
	pr, err := t.pull(ctx, t.Number)
	if err != nil {
		return reply{}, err
	}
	config, merged, commit := t.config, "", ""
	switch {
	case pr.GetMerged():
		if config, err = t.policyOfMerge(ctx, pr); err != nil {
			return reply{}, err
		}
		merged = pr.GetMergeCommitSHA()
		commit = merged
	case pr.GetState() != "open":
		return refusal("the pull request is closed", ""), nil
	default:
		_, _, c, err := t.mergeResult(ctx, t.Number)
		if errors.Is(err, errConflict) || errors.Is(err, errClosed) {
			return refusal(err.Error(), ""), nil
		}
		if err != nil {
			return reply{}, err
		}
		commit = c.ID
	}
	targets, failed := t.targets(ctx, config)
	for _, target := range targets {
		if err := failed[target.Name]; err != nil {
			return reply{}, err
		}
	}
	if err := t.secondPerson(ctx, pr, targets...); err != nil {
		return reply{}, err
	}
	confirmed, changed, err := t.confirmLimits(ctx, config, targets, commit, merged)
	if err != nil {
		return reply{}, err
	}
	if len(confirmed) == 0 && len(changed) == 0 && merged != "" { // an earlier try may have confirmed, and released
		if confirmed, err = t.confirmedBefore(ctx, targets); err != nil {
			return reply{}, err
		}
	}
	switch {
	case len(changed) > 0:
		return refusal("what it would change in "+strings.Join(changed, ", ")+" is not what was shown last", "read the plan as it is now; `/liveops plan`, or the release's comment, shows it"), nil
	case len(confirmed) == 0:
		return refusal("no limit is passed that had to be confirmed", ""), nil
	}
	text := "confirmed for " + strings.Join(confirmed, ", ")
	if merged == "" { // the plan's comment, and its check, say so too
		err := t.askForPlan(ctx, fmt.Sprintf("confirmed-%d-%d", t.Comment, t.line), pullJob{Number: t.Number})
		return done(report.Sentence(text+": on merge it goes on, as long as the plan stays the one that is shown", "")), err
	}
	if _, err := t.releasePull(ctx, pr, false); err != nil {
		return reply{}, err
	}
	return done(report.Sentence(text+"; the release went on, its comment says how far", "")), nil
}

// confirmedBefore are the environments whose plan this very comment has confirmed in an earlier try.
func (t *talk) confirmedBefore(ctx context.Context, targets []release.Target) (confirmed []string, err error) {
	for _, target := range targets {
		all, err := target.Store.Confirmations(ctx, t.repository, t.Number)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			if c.Kind == mysqlstore.Limits && strings.EqualFold(c.By, t.Author) && c.At.After(t.asked) {
				confirmed = append(confirmed, fmt.Sprintf("%s (plan `%s`)", target.Name, release.ShortDigest(c.Digest)))
				break
			}
		}
	}
	return confirmed, nil
}

// confirmLimits records the confirmation of each environment's plan that goes past a limit and is the one that was shown.
func (t *talk) confirmLimits(ctx context.Context, config *datarepo.Config, targets []release.Target, commit, merged string) (confirmed, changed []string, err error) {
	policy := release.PolicyOf(config)
	for _, target := range targets {
		p, desired, err := t.planNow(ctx, commit, target)
		if err != nil {
			return nil, nil, err
		}
		shown, err := t.shownDigest(ctx, target.Store, merged)
		if err != nil {
			return nil, nil, err
		}
		if merged != "" {
			open, err := release.OpenPurges(ctx, desired, target)
			if err != nil {
				return nil, nil, err
			}
			if open != nil { // its rows are there: what is left is of the plan that it was released by
				p, shown = open, open.Digest
			}
		}
		if p.Digest == "" || len(policy.Excesses(p)) == 0 {
			continue
		}
		if shown != p.Digest {
			changed = append(changed, target.Name)
			continue
		}
		err = target.Store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Limits, Repository: t.repository, Pull: t.Number, Digest: p.Digest, Purged: p.Purged(), By: t.Author})
		if err != nil {
			return nil, nil, err
		}
		what := fmt.Sprintf("plan `%s`", release.ShortDigest(p.Digest))
		if n := p.Purged(); n > 0 {
			what += fmt.Sprintf(", %d user documents", n)
		}
		confirmed = append(confirmed, target.Name+" ("+what+")")
	}
	return confirmed, changed, nil
}
