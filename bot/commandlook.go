package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"liveops/bot/access"
	"liveops/bot/command"
	"liveops/engine"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
)

// help lists the commands, or tells of one.
func (t *talk) help(ctx context.Context, c command.Command) (reply, error) {
	known := map[command.Permission]access.Decision{}
	for _, s := range command.Commands() {
		if _, ok := known[s.Needs]; ok {
			continue
		}
		d, err := t.may(ctx, s.Needs)
		if err != nil {
			return reply{}, err
		}
		known[s.Needs] = d
	}
	if c.Topic == "" {
		return done(command.Commands().Help(func(p command.Permission) bool { return known[p].Allowed })), nil
	}
	permissions, err := access.ParsePermissions(t.config.Permissions)
	if err != nil {
		return reply{}, err
	}
	for _, s := range command.Commands() {
		if s.Name == c.Topic {
			return done(s.HelpOn(known[s.Needs].Allowed, report.Sentence(permissions.Needed(string(s.Needs)), ""))), nil
		}
	}
	return refusal("there is no command `"+c.Topic+"`", ""), nil
}

// releasesShown is how many releases of an environment the status lists.
const releasesShown = 5

// wanted is what the default branch wants.
func (t *talk) wanted(ctx context.Context) (*release.Desired, error) {
	if t.desired != nil {
		return t.desired, nil
	}
	c, err := t.fetch(ctx, t.base.tip)
	if err != nil {
		return nil, err
	}
	t.desired, err = release.Read(ctx, t.base.tip, c.Files)
	return t.desired, err
}

// standing shows where every environment is, and what waits, is in hand or was given up. An environment that gives
// no answer has the reason in its place.
func (t *talk) standing(ctx context.Context) (reply, error) {
	desired, err := t.wanted(ctx)
	if err != nil {
		return reply{}, err
	}
	targets, failed := t.targets(ctx, t.config)
	var all []report.EnvironmentStatus
	for _, target := range targets {
		err := failed[target.Name]
		var s release.Status
		if err == nil {
			s, err = release.ReadStatus(ctx, target, desired, releasesShown, nil)
		}
		switch {
		case ctx.Err() != nil:
			return reply{}, ctx.Err()
		case err != nil:
			t.log.Warn("status: an environment gave no answer", "environment", target.Name, "error", err)
			all = append(all, report.EnvironmentStatus{Name: target.Name, Error: reason(err)})
		default:
			all = append(all, report.StatusOf(s))
		}
	}
	work, err := t.work(ctx)
	return done(report.StatusMarkdown(all) + work), err
}

// work is what waits, is in hand or was set aside in this repository.
func (t *talk) work(ctx context.Context) (string, error) {
	jobs, err := t.Queue.Jobs(ctx)
	if err != nil {
		return "", err
	}
	parked, err := t.Queue.Parked(ctx)
	if err != nil {
		return "", err
	}
	var lines []report.Work
	for _, s := range jobs {
		if strings.EqualFold(s.Repository, t.repository) && s.ID != fmt.Sprintf("comment-%d", t.Comment) {
			lines = append(lines, report.Work{What: s.Kind, About: s.About, State: string(s.State), Since: s.Since, Reason: s.Reason})
		}
	}
	for _, p := range parked {
		if strings.EqualFold(p.Repository, t.repository) {
			lines = append(lines, report.Work{What: p.Kind, About: p.About, State: "given up", Since: p.At, Reason: p.Reason})
		}
	}
	return report.WorkMarkdown(lines), nil
}

// lock holds an environment.
func (t *talk) lock(ctx context.Context, c command.Command) (reply, error) {
	store, err := t.Stores.Store(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	h, err := store.SetHold(ctx, c.Reason, t.Author)
	if err != nil {
		return reply{}, err
	}
	return done(report.Held(c.Env, h, h.By == t.Author && h.Reason == c.Reason)), nil
}

// unlock lifts an environment's hold.
func (t *talk) unlock(ctx context.Context, c command.Command) (reply, error) {
	store, err := t.Stores.Store(ctx, c.Env)
	if err != nil {
		return reply{}, err
	}
	h, err := store.LiftHold(ctx, t.Author)
	if err != nil {
		return reply{}, err
	}
	return done(report.Lifted(c.Env, h)), nil
}

// retry takes up again what was set aside here, and what can be done again in any case: the plan of an open pull
// request, the release of a merged one.
func (t *talk) retry(ctx context.Context) (reply, error) {
	parked, err := t.Queue.Parked(ctx)
	if err != nil {
		return reply{}, err
	}
	again := 0
	about := fmt.Sprintf("%s#%d", t.repository, t.Number)
	for _, p := range parked {
		if !strings.EqualFold(p.About, about) {
			continue
		}
		if err := t.Queue.Retry(ctx, p.ID); err != nil && !errors.Is(err, engine.ErrNotParked) {
			return reply{}, err
		}
		again++
	}
	if t.Pull {
		pr, err := t.pull(ctx, t.Number)
		if err != nil {
			return reply{}, err
		}
		id := fmt.Sprintf("retry-%d", t.Comment)
		switch {
		case pr.GetMerged():
			return done(report.Sentence("the release is taken up again; its comment follows it", "")), t.enqueue(ctx, releaseJob(t.repository, id, t.Number))
		case pr.GetState() == "open":
			return done(report.Sentence("the plan is made anew; its comment follows", "")), t.enqueue(ctx, planJob(t.repository, id, pullJob{Number: t.Number}))
		}
	}
	if again == 0 {
		return refusal("nothing failed here that could be tried again", ""), nil
	}
	return done(report.Sentence(fmt.Sprintf("%d given up before, taken up again", again), "")), nil
}

// cancel drops what waits here and has not begun.
func (t *talk) cancel(ctx context.Context) (reply, error) {
	jobs, err := t.Queue.Jobs(ctx)
	if err != nil {
		return reply{}, err
	}
	about := fmt.Sprintf("%s#%d", t.repository, t.Number)
	dropped, begun := t.clock.drop(about), 0
	for _, s := range jobs {
		switch {
		case !strings.EqualFold(s.About, about) || s.Kind == kindCommands: // every comment gets its answer
		case s.State == engine.InHand:
			begun++
		default:
			if err := t.Queue.Cancel(ctx, s.Lane, s.ID); err != nil && !errors.Is(err, engine.ErrNoJob) {
				return reply{}, err
			}
			dropped++
		}
	}
	waited, err := t.cancelRelease(ctx)
	if err != nil {
		return reply{}, err
	}
	if waited {
		dropped = max(dropped, 1)
	}
	switch {
	case dropped > 0:
		return done(report.Sentence(fmt.Sprintf("dropped: %d that waited", dropped), "")), nil
	case begun > 0:
		return refusal("what is here has begun already, and is not broken off", "take it back afterwards, with `/liveops rollback`"), nil
	}
	return refusal("nothing waits here", ""), nil
}

// cancelRelease has the comment of a release that waits say that it does not go on by itself, and says whether one waits:
// whichever process has the timer, and whoever looks later for what was missed, reads it there.
func (t *talk) cancelRelease(ctx context.Context) (waits bool, err error) {
	if !t.Pull {
		return false, nil
	}
	pr, err := t.pull(ctx, t.Number)
	if err != nil || !pr.GetMerged() {
		return false, err
	}
	marker := report.MergeMarker(pr.GetMergeCommitSHA())
	told, err := t.findComment(ctx, t.Number, marker)
	if err != nil {
		return false, fmt.Errorf("look for the comment of #%d: %w", t.Number, err)
	}
	canceled, waits := report.MergeCanceled(pr.GetMergeCommitSHA(), told.GetBody(), t.Author)
	if !waits {
		return false, nil
	}
	return true, t.upsert(ctx, t.Number, marker, canceled)
}

// shownDigest is the digest of the plan that a pull request, or an issue, last showed for an environment; "" where it
// showed none. merge is the commit of a merged pull request.
func (t *talk) shownDigest(ctx context.Context, s *mysqlstore.Store, merge string) (string, error) {
	shown, err := s.Shown(ctx, t.repository, t.Number)
	if err != nil {
		return "", err
	}
	if merge != "" && shown != nil && shown.Commit == merge {
		return shown.Digest, nil
	}
	r, err := s.Review(ctx, t.repository, t.Number)
	if err != nil || r == nil {
		return "", err
	}
	return r.Digest, nil
}
