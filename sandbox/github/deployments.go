package github

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Deployment is a deployment as the Go methods show it. See
// https://docs.github.com/en/rest/deployments/deployments
type Deployment struct {
	ID                    int64
	Ref, SHA              string
	Environment, Task     string
	Description           string
	Creator               string // login
	Payload               string // JSON
	Transient, Production bool
	Created               time.Time
	Statuses              []DeploymentStatus // oldest first
}

// DeploymentStatus is one status of a deployment. See
// https://docs.github.com/en/rest/deployments/statuses
type DeploymentStatus struct {
	ID                     int64
	State                  string // error, failure, inactive, in_progress, queued, pending or success
	Description            string
	LogURL, EnvironmentURL string
	Creator                string // login
	Created                time.Time
}

// State is that of the newest status; empty if there is none.
func (d Deployment) State() string {
	if len(d.Statuses) == 0 {
		return ""
	}
	return d.Statuses[len(d.Statuses)-1].State
}

// deployment is a deployment as the server keeps it.
type deployment struct {
	Deployment
	repo    *Repo
	creator *account
	payload json.RawMessage
	updated time.Time
}

// Deployments are the deployments of the repository, oldest first.
func (r *Repo) Deployments() []Deployment {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Deployment
	for _, d := range r.deployments {
		shown := d.Deployment
		shown.Statuses = slices.Clone(d.Statuses)
		list = append(list, shown)
	}
	return list
}

// addStatus adds a status to the deployment.
func (d *deployment) addStatus(st DeploymentStatus, by *account) DeploymentStatus {
	now := d.repo.s.now()
	st.ID, st.Creator, st.Created = d.repo.s.nextID(), by.Login, now
	d.Statuses = append(d.Statuses, st)
	d.updated = now
	return st
}

// deactivateOthers makes the earlier deployments to the same environment
// inactive, as auto_inactive says: those that succeeded and are neither
// transient nor of production. See
// https://docs.github.com/en/rest/deployments/deployments#inactive-deployments
func (d *deployment) deactivateOthers(by *account) {
	for _, other := range d.repo.deployments {
		if other == d {
			return
		}
		if other.Environment == d.Environment && other.State() == "success" && !other.Transient && !other.Production {
			other.addStatus(DeploymentStatus{State: "inactive"}, by)
		}
	}
}

// RequiredContext is a commit status or a check run that a deployment asks for.
type RequiredContext struct {
	Context string `json:"context"`
	State   string `json:"state"`
}

// contexts are the newest statuses and check runs of a commit, by context.
func (r *Repo) contexts(sha plumbing.Hash) []RequiredContext {
	_, statuses := r.combined(sha)
	var list []RequiredContext
	for _, st := range statuses {
		list = append(list, RequiredContext{st.Context, st.State})
	}
	for _, run := range r.latestRuns(sha) {
		state := "failure"
		switch {
		case run.passes():
			state = "success"
		case run.Status != statusCompleted:
			state = "pending"
		}
		list = append(list, RequiredContext{run.Name, state})
	}
	return list
}

// unmet are the required contexts that are not successful on a commit, in the
// order asked for; with required nil all that there are, are required.
func (r *Repo) unmet(sha plumbing.Hash, required *[]string) []RequiredContext {
	all := r.contexts(sha)
	list := []RequiredContext{}
	if required == nil {
		for _, one := range all {
			if one.State != "success" {
				list = append(list, one)
			}
		}
		return list
	}
	for _, name := range *required {
		at := slices.IndexFunc(all, func(one RequiredContext) bool { return one.Context == name })
		switch {
		case at < 0:
			list = append(list, RequiredContext{name, "pending"})
		case all[at].State != "success":
			list = append(list, all[at])
		}
	}
	return list
}
