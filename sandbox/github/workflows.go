package github

import "fmt"

// runReview is what a required reviewer of an environment said of a workflow run.
type runReview struct {
	environment string
	state       string
	comment     string
	by          *account
}

// ReviewRun has a required reviewer approve a workflow run for an environment, or reject it. The server runs no
// workflows and knows no environments: any number and name will do.
func (r *Repo) ReviewRun(run int64, environment, by string, approve bool) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	who, err := r.s.account(by)
	if err != nil {
		return fmt.Errorf("review workflow run %d: %w", run, err)
	}
	state := map[bool]string{true: "approved", false: "rejected"}[approve]
	r.runReviews[run] = append(r.runReviews[run], runReview{environment: environment, state: state, by: who})
	return nil
}

func workflowRoutes() []route {
	const docs = "https://docs.github.com/en/rest/actions/workflow-runs"
	return []route{
		{"GET /repos/{owner}/{repo}/actions/runs/{run}/approvals", Read, docs + "#get-the-review-history-for-a-workflow-run", listRunReviews},
	}
}

// listRunReviews lists the reviews of a workflow run, the newest first; none for a run that nobody had to review.
func listRunReviews(c *call) (answer, error) {
	run, err := c.number("run")
	if err != nil {
		return answer{}, err
	}
	list := []document{}
	for _, review := range c.repo.runReviews[int64(run)] {
		list = append([]document{{
			"state": review.state, "comment": review.comment, "user": c.s.userDocument(review.by),
			"environments": []document{{"name": review.environment, "html_url": c.s.url + "/" + c.repo.FullName() + "/deployments/activity_log?environments_filter=" + review.environment}},
		}}, list...)
	}
	return found(list)
}
