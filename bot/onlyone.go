package bot

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/bot/access"
	"liveops/datarepo"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// first is the environment whose ledger says which merges are owed: the first or, where the job is about one, that.
func (j *job) first(targets []release.Target) release.Target {
	for _, t := range targets {
		if t.Name == j.only {
			return t
		}
	}
	return targets[0]
}

// runPipeline releases to all environments or, where the job is about one, to that alone; what is told has the others
// as they stand by their ledgers.
func (j *job) runPipeline(ctx context.Context, p *release.Pipeline, q release.Request) (*release.Progress, error) {
	if j.only == "" {
		return p.Run(ctx, q)
	}
	others, err := j.standing(ctx, p.Targets, q.Commit.ID)
	if err != nil {
		return &release.Progress{Commit: q.Commit, Actor: q.Actor}, err
	}
	if !slices.ContainsFunc(p.Targets, func(t release.Target) bool { return t.Name == j.only }) {
		j.note("before " + release.ShortDigest(q.Commit.ID) + " liveops.yaml had no environment " + j.only + ": it takes the next merge")
		return &release.Progress{Commit: q.Commit, Actor: q.Actor, Zone: q.Policy.Zone(), Steps: others}, nil
	}
	all := func(part *release.Progress) *release.Progress { return among(others, part) }
	report := q.Report
	q.Only, q.Report = j.only, func(part *release.Progress) { report(all(part)) }
	part, err := p.Run(ctx, q)
	if err == nil {
		var approved bool
		if approved, err = j.approved(ctx, part, q); err == nil && approved {
			part, err = p.Run(ctx, q)
		}
	}
	return all(part), err
}

// among puts the step of one environment among those of the others. Where it stopped, those after it that have not the
// commit are not reached.
func among(others []release.Step, part *release.Progress) *release.Progress {
	if part == nil || len(part.Steps) == 0 {
		return part
	}
	all := *part
	all.Steps = slices.Clone(others)
	one, passed := part.Steps[0], false
	for i := range all.Steps {
		s := &all.Steps[i]
		switch {
		case s.Environment == one.Environment:
			*s, passed = one, true
		case passed && one.State == release.Stopped && s.State == release.Waiting:
			s.State = release.Skipped
		}
	}
	return &all
}

// standing is how every environment stands to a commit by its ledger: it has it, by a release of its own or with a later
// one, or it waits for it.
func (j *job) standing(ctx context.Context, targets []release.Target, commit string) ([]release.Step, error) {
	var steps []release.Step
	for _, t := range targets {
		step, err := j.standingOf(ctx, t, commit)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

func (j *job) standingOf(ctx context.Context, t release.Target, commit string) (release.Step, error) {
	step := release.Step{Environment: t.Name, State: release.Waiting}
	st, err := t.Store.State(ctx)
	if err != nil || st.Commit == "" {
		return step, err
	}
	relation, _, err := history{j}.Between(ctx, st.Commit, commit)
	if err != nil || relation != datarepo.Same && relation != datarepo.Behind {
		return step, err
	}
	step.State = release.Same
	releases, err := t.Store.Releases(ctx, 200)
	for _, done := range releases { // the newest first
		if done.Commit == commit && done.Kind == mysqlstore.ApplyKind && done.State == mysqlstore.Applied {
			step.WasTaken(done)
			break
		}
	}
	return step, err
}

// approved records, for a step that waits for approval, that of the person who let this workflow run go on to the
// environment of the same name at GitHub, and says whether the release may be run again. Who wrote the change does not
// count. Where nobody is left, the step says so.
//
// What was approved is the plan that the pull request showed: a step whose plan is another one stops before anybody is
// asked.
func (j *job) approved(ctx context.Context, part *release.Progress, q release.Request) (bool, error) {
	if j.Run == nil || j.Run.Approvals == 0 || len(part.Paused()) == 0 {
		return false, nil
	}
	s := part.Paused()[0]
	i := slices.IndexFunc(s.Waits, func(w release.Wait) bool { return w.Kind == release.Unapproved })
	if i < 0 {
		return false, nil
	}
	by, why, err := j.approver(ctx, s.Environment, q)
	if err != nil {
		return false, err
	}
	if by == "" {
		s.Waits[i].Reason += "; " + why
		s.Reason += "; " + why
		return false, nil
	}
	store, err := j.Stores.Store(ctx, s.Environment)
	if err != nil {
		return false, err
	}
	j.log.Info("approved by the environment at GitHub", "environment", s.Environment, "by", by)
	return true, store.SaveConfirmation(ctx, mysqlstore.Confirmation{Kind: mysqlstore.Approval, Repository: j.repository, Pull: q.Pull, Digest: s.Plan.Digest, By: by})
}

// approver is who approved this workflow run for an environment and did not write the pull request; "" for nobody, and
// why.
func (j *job) approver(ctx context.Context, environment string, q release.Request) (login, why string, err error) {
	relation, _, err := history{j}.Between(ctx, j.Run.Commit, q.Commit.ID)
	if err != nil {
		return "", "", err
	}
	if relation != datarepo.Same && relation != datarepo.Behind {
		return "", "this workflow run, and who approved it, is of " + release.ShortDigest(j.Run.Commit) + ", which has not this merge", nil
	}
	logins, err := j.reviewers(ctx, environment)
	if err != nil {
		return "", "", err
	}
	if len(logins) == 0 {
		return "", "nobody approved this workflow run for the environment " + environment + " at GitHub, which needs required reviewers for that", nil
	}
	pr, err := j.pull(ctx, q.Pull)
	if err != nil {
		return "", "", err
	}
	writers, err := j.writers(ctx, q.Pull)
	if err != nil {
		return "", "", err
	}
	var refused []string
	for _, login := range logins {
		err := access.SecondPerson(login, pr.GetUser().GetLogin(), writers)
		if err == nil {
			return login, "", nil
		}
		refused = append(refused, err.Error())
	}
	return "", strings.Join(refused, "; "), nil
}

// reviewers are those who approved the workflow run for an environment
// (https://docs.github.com/en/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run), whose name GitHub
// compares without regard to case.
func (j *job) reviewers(ctx context.Context, environment string) ([]string, error) {
	request, err := j.GitHub.NewRequest(http.MethodGet, fmt.Sprintf("repos/%s/%s/actions/runs/%d/approvals", j.owner, j.name, j.Run.Approvals), nil)
	if err != nil {
		return nil, err
	}
	var reviews []struct {
		State        string `json:"state"`
		Environments []struct {
			Name string `json:"name"`
		} `json:"environments"`
		User struct {
			Login string `json:"login"`
		} `json:"user"`
	}
	if _, err := j.GitHub.Do(ctx, request, &reviews); err != nil {
		return nil, fmt.Errorf("ask who approved workflow run %d: %w", j.Run.Approvals, err)
	}
	var logins []string
	for _, r := range reviews {
		for _, e := range r.Environments {
			if r.State == "approved" && strings.EqualFold(e.Name, environment) {
				logins = append(logins, r.User.Login)
			}
		}
	}
	return logins, nil
}

// writers are the logins of those who wrote or committed the commits of a pull request.
func (j *job) writers(ctx context.Context, pull int) ([]string, error) {
	var logins []string
	o := &github.ListOptions{PerPage: 100}
	for {
		commits, response, err := j.GitHub.PullRequests.ListCommits(ctx, j.owner, j.name, pull, o)
		if err != nil {
			return nil, fmt.Errorf("list the commits of #%d: %w", pull, err)
		}
		for _, c := range commits {
			logins = append(logins, c.GetAuthor().GetLogin(), c.GetCommitter().GetLogin())
		}
		if response.NextPage == 0 {
			return logins, nil
		}
		o.Page = response.NextPage
	}
}
