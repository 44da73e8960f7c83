package github

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"
)

// checkDescription holds the description of a deployment or of its status to
// https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
func checkDescription(resource, description string) error {
	if utf8.RuneCountInString(description) <= maxDescription {
		return nil
	}
	return invalid(FieldError{Resource: resource, Code: "custom", Field: "description", Message: tooLong("description", maxDescription)})
}

// createDeploymentStatus makes the earlier deployments inactive on a success,
// unless auto_inactive is false. See
// https://docs.github.com/en/rest/deployments/statuses#create-a-deployment-status
func createDeploymentStatus(c *call) (answer, error) {
	d, err := c.deployment()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		State          *string `json:"state"`
		TargetURL      string  `json:"target_url"`
		LogURL         string  `json:"log_url"`
		Description    string  `json:"description"`
		Environment    string  `json:"environment"`
		EnvironmentURL string  `json:"environment_url"`
		AutoInactive   *bool   `json:"auto_inactive"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.State == nil {
		return answer{}, notSupplied("state")
	}
	err = firstError(
		checkMember("state", in.State, "error", "failure", "inactive", "in_progress", "queued", "pending", "success"),
		checkDescription("DeploymentStatus", in.Description),
	)
	if err != nil {
		return answer{}, err
	}
	d.Environment = cmp.Or(in.Environment, d.Environment)
	st := d.addStatus(DeploymentStatus{
		State: *in.State, Description: in.Description, LogURL: cmp.Or(in.LogURL, in.TargetURL), EnvironmentURL: in.EnvironmentURL,
	}, c.user)
	if *in.State == "success" && (in.AutoInactive == nil || *in.AutoInactive) {
		d.deactivateOthers(c.user)
	}
	c.header.Set("Location", c.repo.api("/deployments/%d/statuses/%d", d.ID, st.ID))
	return answer{http.StatusCreated, d.statusDocument(st)}, nil
}

// listDeploymentStatuses lists the newest first.
func listDeploymentStatuses(c *call) (answer, error) {
	d, err := c.deployment()
	if err != nil {
		return answer{}, err
	}
	list := slices.Clone(d.Statuses)
	slices.Reverse(list)
	documents := []document{}
	for _, st := range page(c, list) {
		documents = append(documents, d.statusDocument(st))
	}
	return found(documents)
}

func getDeploymentStatus(c *call) (answer, error) {
	d, err := c.deployment()
	if err != nil {
		return answer{}, err
	}
	for _, st := range d.Statuses {
		if fmt.Sprint(st.ID) == c.r.PathValue("status") {
			return found(d.statusDocument(st))
		}
	}
	return answer{}, notFound()
}

// statusDocument describes a status of the deployment; see
// https://docs.github.com/en/rest/deployments/statuses#get-a-deployment-status
func (d *deployment) statusDocument(st DeploymentStatus) document {
	r := d.repo
	creator, _ := r.s.account(st.Creator) // accounts never go away
	return document{
		"id": st.ID, "node_id": nodeID("DeploymentStatus", st.ID), "state": st.State, "description": st.Description,
		"environment": d.Environment, "environment_url": st.EnvironmentURL, "log_url": st.LogURL, "target_url": st.LogURL,
		"creator": r.s.userDocument(creator), "performed_via_github_app": r.s.appDocument(creator),
		"created_at": stamp(st.Created), "updated_at": stamp(st.Created),
		"url":            r.api("/deployments/%d/statuses/%d", d.ID, st.ID),
		"deployment_url": r.api("/deployments/%d", d.ID), "repository_url": r.api(""),
	}
}
