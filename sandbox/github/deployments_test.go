package github_test

import (
	"fmt"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// deploy makes a deployment and gives it statuses.
func (w world) deploy(request gogithub.DeploymentRequest, states ...string) *gogithub.Deployment {
	w.Helper()
	repos := w.client(botToken).Repositories
	d, _, err := repos.CreateDeployment(w.Context(), "acme", "data", &request)
	if err != nil {
		w.Fatal(err)
	}
	for _, state := range states {
		if _, _, err := repos.CreateDeploymentStatus(w.Context(), "acme", "data", d.GetID(), &gogithub.DeploymentStatusRequest{State: &state}); err != nil {
			w.Fatal(err)
		}
	}
	return d
}

func TestDeployments(t *testing.T) {
	w := newWorld(t, github.Options{})
	sha := w.repo.Tip("main")
	first := w.deploy(gogithub.DeploymentRequest{Ref: p("main"), Environment: p("staging"), Payload: map[string]any{"release": 1}}, "in_progress", "success")
	live := w.deploy(gogithub.DeploymentRequest{Ref: p(sha)}, "success")
	w.deploy(gogithub.DeploymentRequest{Ref: p("main"), Environment: p("staging"), Description: p("검")}, "success")
	w.deploy(gogithub.DeploymentRequest{Ref: p("main")}, "success")
	expect(t, "of a deployment", fmt.Sprint(first.GetSHA() == sha, first.GetTask(), first.GetEnvironment(), live.GetEnvironment(), string(first.Payload)), `truedeploystagingproduction{"release":1}`)

	var states []string
	for _, d := range w.repo.Deployments() {
		states = append(states, fmt.Sprint(d.Environment, " ", d.State(), " ", d.Production))
	}
	// Production ones stay active: auto_inactive leaves them.
	expect(t, "states", strings.Join(states, ", "), "staging inactive false, production success true, staging success false, production success true")

	repos := w.client(readerToken).Repositories
	list, response, err := repos.ListDeployments(t.Context(), "acme", "data", &gogithub.DeploymentsListOptions{
		SHA: sha, Environment: "staging", ListOptions: gogithub.ListOptions{PerPage: 1},
	})
	if err != nil || len(list) != 1 || list[0].GetDescription() != "검" || response.NextPage != 2 {
		t.Errorf("listed %v, %v", list, err)
	}
	statuses, _, err := repos.ListDeploymentStatuses(t.Context(), "acme", "data", first.GetID(), nil)
	if err != nil || len(statuses) != 3 || statuses[0].GetState() != "inactive" || statuses[2].GetState() != "in_progress" {
		t.Errorf("statuses %v, %v", statuses, err)
	}
	got, _, err := repos.GetDeploymentStatus(t.Context(), "acme", "data", first.GetID(), statuses[1].GetID())
	if err != nil || got.GetState() != "success" || got.GetCreator().GetLogin() != "liveops[bot]" {
		t.Errorf("status %v, %v", got, err)
	}
	if _, err := w.client(botToken).Repositories.DeleteDeployment(t.Context(), "acme", "data", live.GetID()); err == nil {
		t.Error("an active deployment was deleted")
	}
	if _, err := w.client(botToken).Repositories.DeleteDeployment(t.Context(), "acme", "data", first.GetID()); err != nil {
		t.Error(err)
	}
}

func TestDeploymentRefusals(t *testing.T) {
	w := newWorld(t, github.Options{})
	d := w.deploy(gogithub.DeploymentRequest{Ref: p("main")})
	deploy := func(token string, request gogithub.DeploymentRequest) error {
		_, _, err := w.client(token).Repositories.CreateDeployment(t.Context(), "acme", "data", &request)
		return err
	}
	status := func(request gogithub.DeploymentStatusRequest) error {
		_, _, err := w.client(botToken).Repositories.CreateDeploymentStatus(t.Context(), "acme", "data", d.GetID(), &request)
		return err
	}
	if _, _, err := w.client(botToken).Repositories.CreateStatus(t.Context(), "acme", "data", w.repo.Tip("main"), &gogithub.RepoStatus{Context: p("ci"), State: p("pending")}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("검", 141)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"by a reader", deploy(readerToken, gogithub.DeploymentRequest{Ref: p("main")}), "403 Resource not accessible by personal access token"},
		{"no ref", deploy(botToken, gogithub.DeploymentRequest{}), "422 Invalid request.\n\n\"ref\" wasn't supplied."},
		{"no such ref", deploy(botToken, gogithub.DeploymentRequest{Ref: p("none")}), "422 No ref found for: none"},
		{"not green", deploy(botToken, gogithub.DeploymentRequest{Ref: p("main")}), "409 Conflict: Commit status checks failed for main [Deployment|required_contexts|invalid|]"},
		{"a missing context", deploy(botToken, gogithub.DeploymentRequest{Ref: p("main"), RequiredContexts: &[]string{"other"}}), "409 Conflict: Commit status checks failed for main [Deployment|required_contexts|invalid|]"},
		{"nothing required", deploy(botToken, gogithub.DeploymentRequest{Ref: p("main"), RequiredContexts: &[]string{}}), "no refusal: nil"},
		{"description", deploy(botToken, gogithub.DeploymentRequest{Ref: p("main"), Description: &long}), "422 Validation Failed [Deployment|description|custom|description is too long (maximum is 140 characters)]"},
		{"no state", status(gogithub.DeploymentStatusRequest{}), "422 Invalid request.\n\n\"state\" wasn't supplied."},
		{"state", status(gogithub.DeploymentStatusRequest{State: p("done")}), "422 Invalid request.\n\nFor 'properties/state', done is not a member of [error, failure, inactive, in_progress, queued, pending, success]."},
		{"status description", status(gogithub.DeploymentStatusRequest{State: p("success"), Description: &long}), "422 Validation Failed [DeploymentStatus|description|custom|description is too long (maximum is 140 characters)]"},
	}
	for _, test := range tests {
		expect(t, test.name, refusal(test.err), test.want)
	}
}

func TestAutoMergeOfADeployment(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("behind", "a", map[string]string{"a": "1"})
	w.commit("conflict", "b", map[string]string{"b": "1"})
	w.commit("main", "b", map[string]string{"b": "2"})
	repos := w.client(botToken).Repositories
	before := w.repo.Tip("behind")
	_, response, err := repos.CreateDeployment(t.Context(), "acme", "data", &gogithub.DeploymentRequest{Ref: p("behind")})
	if response.StatusCode != 202 || w.repo.Tip("behind") == before || len(w.repo.Deployments()) != 0 {
		t.Errorf("behind the default branch: %s, %v, %d deployments", response.Status, err, len(w.repo.Deployments()))
	}
	_, _, err = repos.CreateDeployment(t.Context(), "acme", "data", &gogithub.DeploymentRequest{Ref: p("conflict")})
	expect(t, "with a conflict", refusal(err), "409 Conflict merging main into conflict")
	before = w.repo.Tip("conflict")
	w.deploy(gogithub.DeploymentRequest{Ref: p("conflict"), AutoMerge: p(false)})
	expect(t, "left alone", w.repo.Tip("conflict"), before)
	w.deploy(gogithub.DeploymentRequest{Ref: p("behind")}, "queued")
}
