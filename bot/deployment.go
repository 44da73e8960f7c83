package bot

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-github/v62/github"

	"liveops/sync/release"
	"liveops/sync/report"
)

// tellDeployments shows a release as one GitHub Deployment for each environment
// (https://docs.github.com/en/rest/deployments/deployments), so that GitHub knows which commit is where. A deployment
// is made when its step begins. An account that may not write deployments goes without.
func (j *job) tellDeployments(ctx context.Context, p *release.Progress, link string) error {
	for i := range p.Steps {
		s := &p.Steps[i]
		state, description := report.StepDeployment(s)
		key, what := p.Commit.ID+" "+s.Environment, state+" "+description
		if state == "" || !j.can("deployments") || j.deployed[key] == what {
			continue
		}
		err := j.tellDeployment(ctx, p.Commit.ID, s.Environment, state, description, link)
		if refused(err, http.StatusForbidden, http.StatusNotFound) {
			j.log.Info("this account may not write deployments; none are shown", "error", err)
			j.cannotDo("deployments")
			return nil
		}
		if refused(err, http.StatusConflict, http.StatusUnprocessableEntity) { // it is only shown: no reason to release again
			j.log.Warn("a deployment is not shown", "environment", s.Environment, "error", err)
			err = nil
		}
		if err != nil {
			return fmt.Errorf("show the deployment to %s: %w", s.Environment, err)
		}
		j.deployed[key] = what
	}
	return nil
}

func (j *job) tellDeployment(ctx context.Context, commit, environment, state, description, link string) error {
	d, err := j.deployment(ctx, commit, environment)
	if err != nil {
		return err
	}
	statuses, _, err := j.GitHub.Repositories.ListDeploymentStatuses(ctx, j.owner, j.name, d.GetID(), &github.ListOptions{PerPage: 1})
	if err != nil {
		return err
	}
	if len(statuses) > 0 && statuses[0].GetState() == state && statuses[0].GetDescription() == description { // the newest first
		return nil
	}
	request := &github.DeploymentStatusRequest{State: &state, Description: &description}
	if link != "" {
		request.LogURL = &link
	}
	_, _, err = j.GitHub.Repositories.CreateDeploymentStatus(ctx, j.owner, j.name, d.GetID(), request)
	return err
}

// deployment finds the bot's deployment of a commit to an environment, or makes it.
func (j *job) deployment(ctx context.Context, commit, environment string) (*github.Deployment, error) {
	found, _, err := j.GitHub.Repositories.ListDeployments(ctx, j.owner, j.name,
		&github.DeploymentsListOptions{SHA: commit, Environment: environment, ListOptions: github.ListOptions{PerPage: 100}})
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		if d.GetCreator().GetLogin() == j.self {
			return d, nil
		}
	}
	none := []string{} // liveops has its own gates; by default GitHub refuses while any status is not green, this one's included
	d, _, err := j.GitHub.Repositories.CreateDeployment(ctx, j.owner, j.name, &github.DeploymentRequest{
		Ref: &commit, Environment: &environment, AutoMerge: github.Bool(false), RequiredContexts: &none, Description: github.String("liveops")})
	return d, err
}
