package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

func deploymentRoutes() []route {
	const docs = "https://docs.github.com/en/rest/deployments"
	return []route{
		{"GET /repos/{owner}/{repo}/deployments", Read, docs + "/deployments#list-deployments", listDeployments},
		{"POST /repos/{owner}/{repo}/deployments", Write, docs + "/deployments#create-a-deployment", createDeployment},
		{"GET /repos/{owner}/{repo}/deployments/{id}", Read, docs + "/deployments#get-a-deployment", getDeployment},
		{"DELETE /repos/{owner}/{repo}/deployments/{id}", Write, docs + "/deployments#delete-a-deployment", deleteDeployment},
		{"GET /repos/{owner}/{repo}/deployments/{id}/statuses", Read, docs + "/statuses#list-deployment-statuses", listDeploymentStatuses},
		{"POST /repos/{owner}/{repo}/deployments/{id}/statuses", Write, docs + "/statuses#create-a-deployment-status", createDeploymentStatus},
		{"GET /repos/{owner}/{repo}/deployments/{id}/statuses/{status}", Read, docs + "/statuses#get-a-deployment-status", getDeploymentStatus},
	}
}

// deployment is the deployment that the path names.
func (c *call) deployment() (*deployment, error) {
	id, err := c.number("id")
	if err != nil {
		return nil, err
	}
	for _, d := range c.repo.deployments {
		if d.ID == int64(id) {
			return d, nil
		}
	}
	return nil, notFound()
}

// listDeployments lists the newest first. See
// https://docs.github.com/en/rest/deployments/deployments#list-deployments
func listDeployments(c *call) (answer, error) {
	list := []*deployment{}
	for _, d := range slices.Backward(c.repo.deployments) {
		matches := true
		for name, value := range map[string]string{"sha": d.SHA, "ref": d.Ref, "task": d.Task, "environment": d.Environment} {
			if wanted := c.query.Get(name); wanted != "" && wanted != "none" && wanted != value {
				matches = false
			}
		}
		if matches {
			list = append(list, d)
		}
	}
	documents := []document{}
	for _, d := range page(c, list) {
		documents = append(documents, d.document())
	}
	return found(documents)
}

func getDeployment(c *call) (answer, error) {
	d, err := c.deployment()
	if err != nil {
		return answer{}, err
	}
	return found(d.document())
}

// deploymentInput is the body of
// https://docs.github.com/en/rest/deployments/deployments#create-a-deployment
type deploymentInput struct {
	Ref              string          `json:"ref"`
	Task             string          `json:"task"`
	AutoMerge        *bool           `json:"auto_merge"`
	RequiredContexts *[]string       `json:"required_contexts"`
	Payload          json.RawMessage `json:"payload"`
	Environment      string          `json:"environment"`
	Description      string          `json:"description"`
	Transient        bool            `json:"transient_environment"`
	Production       *bool           `json:"production_environment"`
}

// createDeployment refuses with 409 what is not green or conflicts with the
// default branch, and answers 202 without a deployment when it merged the
// default branch into the ref instead. See
// https://docs.github.com/en/rest/deployments/deployments#create-a-deployment
func createDeployment(c *call) (answer, error) {
	var in deploymentInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Ref == "" {
		return answer{}, notSupplied("ref")
	}
	if err := checkDescription("Deployment", in.Description); err != nil {
		return answer{}, err
	}
	sha := c.repo.resolve(in.Ref)
	if sha.IsZero() {
		return answer{}, &APIError{Status: http.StatusUnprocessableEntity, Message: "No ref found for: " + in.Ref}
	}
	if in.AutoMerge == nil || *in.AutoMerge {
		merged, err := c.autoMerge(in.Ref)
		if err != nil || merged.status != 0 {
			return merged, err
		}
	}
	if unmet := c.repo.unmet(sha, in.RequiredContexts); len(unmet) > 0 {
		return answer{}, &APIError{
			Status:  http.StatusConflict,
			Message: fmt.Sprintf("Conflict: Commit status checks failed for %s", in.Ref),
			Errors:  []FieldError{{Resource: "Deployment", Code: "invalid", Field: "required_contexts", Contexts: unmet}},
		}
	}
	d := c.repo.deploy(in, sha, c.user)
	c.header.Set("Location", c.repo.api("/deployments/%d", d.ID))
	return answer{http.StatusCreated, d.document()}, nil
}

// autoMerge brings a branch that is behind the default branch up to date. The
// answer has a status if it did, and then there is no deployment.
func (c *call) autoMerge(ref string) (answer, error) {
	r, base := c.repo, c.repo.tip(defaultBranch)
	branch := plumbing.NewBranchReferenceName(ref)
	head := r.tip(ref)
	if ref == defaultBranch || head.IsZero() {
		return answer{}, nil
	}
	if contained, err := r.isAncestor(base, head); err != nil || contained {
		return answer{}, err
	}
	files, clean, err := r.merge(head, base)
	if err != nil {
		return answer{}, err
	}
	if !clean {
		return answer{}, &APIError{Status: http.StatusConflict, Message: fmt.Sprintf("Conflict merging %s into %s", defaultBranch, ref)}
	}
	message := fmt.Sprintf("Merge branch '%s' into %s", defaultBranch, ref)
	commit, err := r.writeCommit(files, message, c.user.signature(c.s.now()), head, base)
	if err != nil {
		return answer{}, err
	}
	if err := r.moveRef(branch, commit, c.user); err != nil {
		return answer{}, err
	}
	return answer{http.StatusAccepted, document{"message": fmt.Sprintf("Auto-merged %s into %s on deployment.", defaultBranch, ref)}}, nil
}

// deploy makes a deployment. One to "production" is of production unless the
// request says otherwise.
func (r *Repo) deploy(in deploymentInput, sha plumbing.Hash, by *account) *deployment {
	environment, now := cmp.Or(in.Environment, "production"), r.s.now()
	production := environment == "production"
	set(&production, in.Production)
	payload := in.Payload
	if len(payload) == 0 || string(payload) == "null" {
		payload = json.RawMessage("{}")
	}
	d := &deployment{
		Deployment: Deployment{
			ID: r.s.nextID(), Ref: in.Ref, SHA: sha.String(), Environment: environment, Task: cmp.Or(in.Task, "deploy"),
			Description: in.Description, Creator: by.Login, Payload: string(payload), Transient: in.Transient,
			Production: production, Created: now,
		},
		repo: r, creator: by, payload: payload, updated: now,
	}
	r.deployments = append(r.deployments, d)
	return d
}

// deleteDeployment refuses an active deployment unless it is the only one. See
// https://docs.github.com/en/rest/deployments/deployments#delete-a-deployment
func deleteDeployment(c *call) (answer, error) {
	d, err := c.deployment()
	if err != nil {
		return answer{}, err
	}
	if d.State() != "inactive" && len(c.repo.deployments) > 1 {
		return answer{}, &APIError{
			Status:  http.StatusUnprocessableEntity,
			Message: "We cannot delete an active deployment unless it is the only deployment in a given environment.",
		}
	}
	c.repo.deployments = slices.DeleteFunc(c.repo.deployments, is(d))
	return answer{http.StatusNoContent, nil}, nil
}

// document describes the deployment; see
// https://docs.github.com/en/rest/deployments/deployments#get-a-deployment
func (d *deployment) document() document {
	r := d.repo
	url := r.api("/deployments/%d", d.ID)
	return document{
		"id": d.ID, "node_id": nodeID("Deployment", d.ID), "sha": d.SHA, "ref": d.Ref, "task": d.Task, "payload": d.payload,
		"environment": d.Environment, "original_environment": d.Environment, "description": nullable(d.Description),
		"transient_environment": d.Transient, "production_environment": d.Production,
		"creator": r.s.userDocument(d.creator), "performed_via_github_app": r.s.appDocument(d.creator),
		"created_at": stamp(d.Created), "updated_at": stamp(d.updated),
		"url": url, "statuses_url": url + "/statuses", "repository_url": r.api(""),
	}
}
