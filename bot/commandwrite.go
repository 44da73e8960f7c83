package bot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"liveops/bot/command"
	"liveops/sync/export"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
	"liveops/sync/report"
	"liveops/sync/revert"
)

// requestID names what a command asks of a database, so that it is done once however often the command is run.
func (t *talk) requestID() string { return fmt.Sprintf("comment-%d-%d", t.Comment, t.line) }

// rollback takes a release back, and opens the pull request that brings Git to the same state.
func (t *talk) rollback(ctx context.Context, c command.Command) (reply, error) {
	target, _, err := t.target(ctx, t.config, c.Env)
	if err != nil {
		return reply{}, err
	}
	back, err := t.rollbackRows(ctx, target.Store, c)
	var changed *mysqlstore.ChangedError
	switch {
	case errors.As(err, &changed):
		return reply{report.Refused, report.ChangedText(changed)}, nil
	case errors.Is(err, mysqlstore.ErrNotUndoable), errors.Is(err, mysqlstore.ErrNoRelease):
		return refusal(err.Error(), ""), nil
	case err != nil:
		return reply{}, err
	}
	text := report.RollbackMarkdown(c.Env, back)
	after, err := t.revert(ctx, target, back)
	if err != nil {
		return t.halfDone(ctx, text, err, "on a checkout of the default branch run `"+fmt.Sprintf("liveops rollback --env %s %d --write-files", c.Env, back.Undoes)+"`, and open the pull request from there")
	}
	return done(text + after), nil
}

// halfDone is the answer of a command that changed rows, as text says, and then could not open its pull request: whoever
// reads it must know of the first. While another try may mend the error it is returned instead.
func (t *talk) halfDone(ctx context.Context, text string, err error, mend string) (reply, error) {
	var no *refusedError
	var why string
	switch {
	case errors.As(err, &no):
		why, mend = no.text, orElse(no.mend, mend)
	case ctx.Err() != nil, t.passes(err) && !t.last:
		return reply{}, err
	default:
		why = reason(err)
	}
	t.log.Error("rows are changed, and no pull request is opened", "error", err)
	return reply{report.Failed, text + "\n\n" + report.Sentence("the pull request that belongs to it was not opened: "+why, mend)}, nil
}

func orElse(text, instead string) string {
	if text == "" {
		return instead
	}
	return text
}

// rollbackRows restores the rows; a request that was done before gives what it did.
func (t *talk) rollbackRows(ctx context.Context, store *mysqlstore.Store, c command.Command) (mysqlstore.Rollback, error) {
	if found, err := store.ReleaseOf(ctx, t.requestID()); err != nil || found != nil {
		if err != nil {
			return mysqlstore.Rollback{}, err
		}
		return store.RollbackBy(ctx, found.ID)
	}
	undone, err := store.Undoable(ctx, c.Release)
	if err != nil {
		return mysqlstore.Rollback{}, err
	}
	return store.Rollback(ctx, mysqlstore.RollbackRequest{ID: t.requestID(), Release: undone.ID, Actor: t.Author, Through: c.Through, KeepChanged: c.KeepChanged})
}

// revert opens the pull request that brings Git to where a rollback left an environment, and tells of it.
func (t *talk) revert(ctx context.Context, target release.Target, back mysqlstore.Rollback) (string, error) {
	head, err := t.fetch(ctx, t.base.tip)
	if err != nil {
		return "", err
	}
	snap, err := target.Store.Snapshot(ctx)
	if err != nil {
		return "", err
	}
	defer snap.Close()
	r, err := revert.Of(ctx, &back, func(id string) (fs.FS, error) { return t.files(ctx, id) }, head.Files, target.Name, snap)
	if errors.Is(err, revert.ErrFirst) {
		return report.Sentence("Git has no state before this release, so that no pull request can bring it back there", "revert the change by hand"), nil
	}
	if err != nil {
		return "", fmt.Errorf("find what brings Git back: %w", err)
	}
	told := report.Reverted{Environment: target.Name, Release: back.Undoes, Actor: t.Author, Agrees: r.Agrees, Differs: r.Differs}
	p := proposal{branch: fmt.Sprintf("liveops/rollback-%s-%d", target.Name, back.ID), onto: t.base.tip, base: t.branch, asker: t.Author,
		title: fmt.Sprintf("Take back release %d of %s", back.Undoes, target.Name)}
	for _, f := range r.Changes {
		told.Files = append(told.Files, report.RevertedFile{Path: f.Path, How: string(f.How), Why: f.Why})
		if f.How != revert.Cannot {
			p.files = append(p.files, fileChange{path: f.Path, content: f.Content, deleted: f.Delete})
		}
	}
	if len(p.files) > 0 {
		p.body = report.RevertBody(told)
		if told.Pull, err = t.propose(ctx, p); err != nil {
			return "", err
		}
	}
	return report.RevertMarkdown(told), nil
}

// promote brings tables from one environment to a later one: rows that no sheet owns at once, what sheets own by a pull
// request, since the next merge would undo anything else.
func (t *talk) promote(ctx context.Context, c command.Command) (reply, error) {
	if !release.Leads(t.config, c.From, c.Env) {
		return refusal("`"+c.Env+"` does not come after `"+c.From+"` in liveops.yaml", "rows are promoted the way that releases go"), nil
	}
	desired, err := t.wanted(ctx)
	if err != nil {
		return reply{}, err
	}
	if len(desired.Problems) > 0 { // a workbook that cannot be read hides what sheets own
		return reply{report.Refused, report.Sentence("the data repo has problems, so that it is not known what sheets own", "mend these first") + "\n\n" + report.ProblemsMarkdown(desired.Problems)}, nil
	}
	from, _, err := t.target(ctx, t.config, c.From)
	if err != nil {
		return reply{}, err
	}
	to, _, err := t.target(ctx, t.config, c.Env)
	if err != nil {
		return reply{}, err
	}
	before, err := to.Store.ReleaseOf(ctx, t.requestID())
	if err != nil {
		return reply{}, err
	}
	holders, err := holdersOf(ctx, from, to)
	if err != nil {
		return reply{}, err
	}
	defer holders.close()
	tables := c.Tables
	if len(tables) == 0 {
		tables = desired.SheetTables()
	}
	compared, err := release.Compare(ctx, desired, holders.from, holders.to, tables, nil)
	if err != nil {
		return reply{}, err
	}
	if len(compared.Problems) > 0 {
		return reply{report.Refused, report.ProblemsMarkdown(compared.Problems)}, nil
	}
	text := ""
	if before != nil { // of a try that ended before its answer
		text = report.Promoted(c.From, c.Env, *before)
	} else if direct := compared.Direct(desired); direct.Count().Total() > 0 {
		r, err := t.promoteDirect(ctx, c, desired, direct, to)
		if err != nil || r.state != report.Done {
			return r, err
		}
		text = r.text
	}
	owned := slices.Sorted(slices.Values(slices.Concat(compared.Owned, compared.Shared)))
	if len(owned) > 0 {
		proposed, err := t.proposeExport(ctx, holders.from.Snapshot, desired, c.Env, owned, fmt.Sprintf("liveops/promote-%d-%d", t.Comment, t.line),
			fmt.Sprintf("Bring what %s holds into the sheets of %s", c.From, strings.Join(owned, ", ")))
		if err != nil && text != "" {
			return t.halfDone(ctx, text, err, "say the command again: the rows stay as they are")
		}
		if err != nil {
			return reply{}, err
		}
		text += proposed
	}
	if text == "" {
		text = report.Sentence("nothing differs", "")
	}
	return done(text), nil
}

// promoteDirect brings the rows that no sheet owns, if the limits let it.
func (t *talk) promoteDirect(ctx context.Context, c command.Command, desired *release.Desired, p *release.Plan, to release.Target) (reply, error) {
	if r, err := t.pastLimits(ctx, to, p); err != nil || r.state != report.Done {
		return r, err
	}
	r, err := to.Store.Promote(ctx, mysqlstore.Request{ID: t.requestID(), Digest: p.Digest, Actor: t.Author, Epoch: p.Base.Epoch, Read: p.Base.Read, Tables: p.Tables, Tests: desired.Tests})
	return done(report.Promoted(c.From, c.Env, r) + report.PlansMarkdown([]*release.Plan{p})), err
}

// pastLimits refuses a promotion that deletes more than the limits allow and nobody else has confirmed; it is
// Done where it may go.
func (t *talk) pastLimits(ctx context.Context, to release.Target, p *release.Plan) (reply, error) {
	excesses := release.PolicyOf(t.config).Excesses(p)
	if len(excesses) == 0 {
		return done(""), nil
	}
	all, err := to.Store.Confirmations(ctx, t.repository, t.Number)
	if err != nil {
		return reply{}, err
	}
	others := slices.DeleteFunc(all, func(c mysqlstore.Confirmation) bool { return strings.EqualFold(c.By, t.Author) })
	if by, _ := release.Confirmed(others, mysqlstore.Limits, p.Digest); by != nil {
		return done(""), nil
	}
	t.shown = append(t.shown, shownPlan{t.line, to.Store, mysqlstore.Shown{Repository: t.repository, Pull: t.Number, Commit: ofPromotion, Digest: p.Digest}})
	var past []string
	for _, e := range excesses {
		past = append(past, e.String())
	}
	return reply{report.Refused, report.Sentence("it "+strings.Join(past, ", and "), "someone else comments `/liveops confirm`; then say it again") + "\n\n" + report.PlansMarkdown([]*release.Plan{p})}, nil
}

// ofPromotion stands in mysqlstore.Shown in place of a merge's commit, where what was shown is a promotion.
const ofPromotion = "promotion"

// confirmShown confirms the promotions, and the pushes besides their times, that were shown last on an issue or a pull request. On a pull request, one that the
// author of the comment has confirmed before is passed over: they mean its own plan now.
func (t *talk) confirmShown(ctx context.Context) (reply, error) {
	targets, failed := t.targets(ctx, t.config)
	var confirmed []string
	for _, target := range targets {
		if setting := (*SettingError)(nil); errors.As(failed[target.Name], &setting) {
			continue // nothing was promoted there
		}
		if err := failed[target.Name]; err != nil {
			return reply{}, err
		}
		shown, err := target.Store.Shown(ctx, t.repository, t.Number)
		if err != nil {
			return reply{}, err
		}
		if shown == nil || shown.Commit != ofPromotion && shown.Commit != ofPush {
			continue
		}
		kind, what := mysqlstore.Limits, "plan"
		if shown.Commit == ofPush {
			kind, what = mysqlstore.Push, "push"
		}
		if known, err := t.hasConfirmed(ctx, target.Store, kind, shown.Digest); err != nil || known && t.Pull {
			if err != nil {
				return reply{}, err
			}
			continue
		}
		err = target.Store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: kind, Repository: t.repository, Pull: t.Number, Digest: shown.Digest, By: t.Author})
		if err != nil {
			return reply{}, err
		}
		confirmed = append(confirmed, fmt.Sprintf("%s (%s `%s`)", target.Name, what, release.ShortDigest(shown.Digest)))
	}
	if len(confirmed) == 0 {
		return refusal("nothing here waits for a confirmation", ""), nil
	}
	return done(report.Sentence("confirmed for "+strings.Join(confirmed, ", "), "whoever asked for it says it again; their own confirmation does not count")), nil
}

// hasConfirmed says whether the author of the comment has confirmed what has a digest.
func (t *talk) hasConfirmed(ctx context.Context, s *mysqlstore.Store, kind mysqlstore.ConfirmationKind, digest string) (bool, error) {
	all, err := s.Confirmations(ctx, t.repository, t.Number)
	return slices.ContainsFunc(all, func(c mysqlstore.Confirmation) bool {
		return c.Kind == kind && c.Digest == digest && strings.EqualFold(c.By, t.Author)
	}), err
}

// export brings tables of an environment into the workbooks, as a pull request.
func (t *talk) export(ctx context.Context, c command.Command) (reply, error) {
	desired, err := t.wanted(ctx)
	if err != nil {
		return reply{}, err
	}
	if len(desired.Problems) > 0 {
		return reply{report.Refused, report.Sentence("the data repo has problems, so that it is not known where the tables stand", "mend these first") + "\n\n" + report.ProblemsMarkdown(desired.Problems)}, nil
	}
	target, _, err := t.target(ctx, t.config, c.Env)
	if err != nil {
		return reply{}, err
	}
	snap, err := target.Store.Snapshot(ctx)
	if err != nil {
		return reply{}, err
	}
	defer snap.Close()
	for _, name := range c.Tables {
		if snap.Tables[name] == nil {
			return refusal("`"+c.Env+"` has no table `"+name+"`", nearestTable(name, snap)), nil
		}
	}
	text, err := t.proposeExport(ctx, snap, desired, c.Env, c.Tables, fmt.Sprintf("liveops/export-%d-%d", t.Comment, t.line),
		fmt.Sprintf("Bring what %s holds into the sheets of %s", c.Env, strings.Join(c.Tables, ", ")))
	return done(text), err
}

// proposeExport writes tables into the workbooks of the default branch and opens a pull request with those that change.
func (t *talk) proposeExport(ctx context.Context, snap *mysqlstore.Snapshot, desired *release.Desired, environment string, tables []string, branch, title string) (string, error) {
	head, err := t.fetch(ctx, t.base.tip)
	if err != nil {
		return "", err
	}
	described, others := desired.Described(tables)
	var targets []export.Target
	for _, d := range described {
		targets = append(targets, export.Target{Mapping: d.Mapping, Sheets: d.Sheets})
	}
	files, err := export.Files(ctx, snap, targets, others, desired.Mapping, export.Reading{Scope: desired.Scope(environment), Location: desired.Location()},
		func(path string) ([]byte, error) { return fs.ReadFile(head.Files, path) })
	var problems *export.ProblemsError
	var table *export.TableError
	if errors.As(err, &problems) || errors.As(err, &table) {
		return "", refuse("", "%s", err.Error())
	}
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return report.Sentence("the sheets of "+strings.Join(tables, ", ")+" say what the database holds already", ""), nil
	}
	if t.Run != nil && t.Run.Artifact != nil {
		return t.keepFiles(files)
	}
	p := proposal{branch: branch, onto: t.base.tip, base: t.branch, title: title, asker: t.Author}
	var paths []string
	for _, f := range files {
		p.files = append(p.files, fileChange{path: f.Path, content: f.Data})
		paths = append(paths, f.Path)
	}
	p.body = report.ProposalBody(t.Author, t.Number, paths)
	n, err := t.propose(ctx, p)
	return report.Proposed(n, paths), err
}

// keepFiles keeps the workbooks of an export as artifacts of the workflow run, in place of a pull request.
func (t *talk) keepFiles(files []export.File) (string, error) {
	var paths []string
	for _, f := range files {
		if err := t.Run.Artifact(f.Path, f.Data); err != nil {
			return "", err
		}
		paths = append(paths, f.Path)
	}
	return report.Kept(paths), nil
}
