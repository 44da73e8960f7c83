package github

import (
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// fireCheckRun sends a check_run event. See
// https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run
func (r *Repo) fireCheckRun(run *checkRun, action string, sender *account) {
	d := run.document()
	d["check_suite"] = r.suiteDocument(run.suite)
	r.fire("check_run", sender, document{"action": action, "check_run": d})
}

// document describes the check run; see
// https://docs.github.com/en/rest/checks/runs#get-a-check-run
func (c *checkRun) document() document {
	r := c.repo
	url := r.api("/check-runs/%d", c.ID)
	return document{
		"id": c.ID, "node_id": nodeID("CheckRun", c.ID), "name": c.Name, "head_sha": c.HeadSHA,
		"status": c.Status, "conclusion": nullable(c.Conclusion), "external_id": c.ExternalID,
		"details_url": c.DetailsURL, "url": url, "html_url": fmt.Sprintf("%s/%s/runs/%d", r.s.url, r.FullName(), c.ID),
		"started_at": stamp(c.Started), "completed_at": stamp(c.Completed),
		"app": r.s.appDocument(c.suite.app), "check_suite": document{"id": c.suite.id},
		"pull_requests": r.pullsAt(c.suite.sha),
		"output": document{
			"title": nullable(c.Title), "summary": nullable(c.Summary), "text": nullable(c.Text),
			"annotations_count": len(c.Annotations), "annotations_url": url + "/annotations",
		},
	}
}

// suiteDocument describes the check suite; see
// https://docs.github.com/en/rest/checks/suites#get-a-check-suite
func (r *Repo) suiteDocument(suite *checkSuite) document {
	status, conclusion, runs := r.suiteState(suite)
	return document{
		"id": suite.id, "node_id": nodeID("CheckSuite", suite.id), "head_sha": suite.sha.String(), "head_branch": r.headBranch(suite.sha),
		"status": status, "conclusion": nullable(conclusion), "latest_check_runs_count": runs,
		"app": r.s.appDocument(suite.app), "pull_requests": r.pullsAt(suite.sha), "repository": r.document(nil),
		"created_at": stamp(suite.created), "updated_at": stamp(suite.updated), "rerequestable": true, "runs_rerequestable": true,
		"url": r.api("/check-suites/%d", suite.id), "check_runs_url": r.api("/check-suites/%d/check-runs", suite.id),
	}
}

// suiteState sums a suite's newest runs up: queued after a request to run them
// again, else the status of one that is not completed, else completed
// with the conclusion of one that does not pass, or success. See
// https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks#about-check-suites
func (r *Repo) suiteState(suite *checkSuite) (status, conclusion string, runs int) {
	status, conclusion = statusCompleted, "success"
	for _, run := range r.latestRuns(suite.sha) {
		if run.suite != suite {
			continue
		}
		runs++
		switch {
		case run.Status != statusCompleted:
			status = run.Status
		case !run.passes():
			conclusion = run.Conclusion
		}
	}
	if suite.rerequested || runs == 0 {
		status = statusQueued
	}
	if status != statusCompleted {
		conclusion = ""
	}
	return status, conclusion, runs
}

// pullsAt are the open pull requests whose head is the commit, in the short form
// of check runs. Those from forks are not among them. See
// https://docs.github.com/en/rest/checks/runs#get-a-check-run
func (r *Repo) pullsAt(sha plumbing.Hash) []document {
	side := func(ref string, sha plumbing.Hash) document {
		return document{"ref": ref, "sha": sha.String(), "repo": document{"id": r.id, "name": r.name, "url": r.api("")}}
	}
	documents := []document{}
	for _, p := range r.pulls {
		if p.state == stateOpen && p.head.sha == sha && p.head.repo == r {
			documents = append(documents, document{
				"id": p.id, "number": p.number, "url": r.api("/pulls/%d", p.number),
				"head": side(p.head.branch, p.head.sha), "base": side(p.base, p.baseSHA),
			})
		}
	}
	return documents
}
