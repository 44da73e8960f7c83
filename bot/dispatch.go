package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"liveops/engine"
)

// The kinds of jobs. All but a push are about one pull request, which a pullJob names.
const (
	kindPlan    = "plan"    // shows what a pull request would change
	kindMerged  = "merged"  // comes behind the plans of its pull request, and has it released
	kindRelease = "release" // takes a merged pull request to the environments
	kindPush    = "push"    // looks at a push to the default branch; its body is a pushed
)

// pullJob is the body of a job about a pull request.
type pullJob struct {
	Number int `json:"number"`
	Try    int `json:"try,omitempty"` // of a plan: how often an environment gave no answer before

	ByItself bool `json:"byItself,omitempty"` // of a release: nobody asked for it (see job.goOn)
}

// replanEvent is the event of the deliveries by which bots of an earlier version asked themselves for plans; their
// bodies are pullJobs. GitHub has no event of that name.
const replanEvent = "liveops.replan"

// Dispatch enqueues the jobs that a delivery leads to. It asks nobody anything: a delivery only says which pull
// request or branch to look at.
func (b *Bot) Dispatch(ctx context.Context, d engine.Delivery, attempt int) error {
	job, err := jobOf(d)
	if err != nil {
		b.Log.Error("delivery not read", "delivery", d.ID, "event", d.Event, "error", err)
		return engine.Park(err)
	}
	if job == nil {
		return nil
	}
	return b.enqueue(ctx, *job)
}

// jobOf is the job that a delivery leads to, under the delivery's id; nil where there is nothing to be done.
func jobOf(d engine.Delivery) (*engine.Job, error) {
	switch d.Event {
	case "pull_request":
		return pullRequestJob(d)
	case "push":
		return pushJob(d)
	case "issue_comment":
		return commentJob(d)
	case "check_run", "check_suite":
		return rerunJob(d)
	case replanEvent:
		var again pullJob
		if err := json.Unmarshal(d.Body, &again); err != nil {
			return nil, fmt.Errorf("read the delivery: %w", err)
		}
		job := planJob(d.Repository, d.ID, again)
		return &job, nil
	}
	return nil, nil
}

// pullRequestJob is the job of a pull_request event
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request). The event only says which
// pull request to look at: how it stands is asked of GitHub, since deliveries come late and out of order.
func pullRequestJob(d engine.Delivery) (*engine.Job, error) {
	var e struct {
		Action      string `json:"action"`
		Number      int    `json:"number"`
		PullRequest struct {
			Merged bool `json:"merged"`
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, fmt.Errorf("read the pull_request event: %w", err)
	}
	if e.Number <= 0 {
		return nil, errors.New("read the pull_request event: it names no pull request")
	}
	switch e.Action {
	case "opened", "reopened", "synchronize", "ready_for_review", "edited":
		job := planJob(d.Repository, d.ID, pullJob{Number: e.Number})
		return &job, nil
	case "closed":
		if e.PullRequest.Merged {
			job := aboutPull(engine.Plans, kindMerged, d.Repository, d.ID, pullJob{Number: e.Number})
			return &job, nil
		}
	}
	return nil, nil
}

// rerunJob is the job of someone's pressing "Re-run" at the check of a pull request
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_run): it is planned anew.
func rerunJob(d engine.Delivery) (*engine.Job, error) {
	type pulls struct {
		PullRequests []struct {
			Number int `json:"number"`
		} `json:"pull_requests"`
	}
	var e struct {
		Action     string `json:"action"`
		CheckRun   *pulls `json:"check_run"`
		CheckSuite *pulls `json:"check_suite"`
	}
	if err := json.Unmarshal(d.Body, &e); err != nil {
		return nil, fmt.Errorf("read the %s event: %w", d.Event, err)
	}
	of := e.CheckRun
	if of == nil {
		of = e.CheckSuite
	}
	if e.Action != "rerequested" || of == nil || len(of.PullRequests) == 0 || of.PullRequests[0].Number <= 0 {
		return nil, nil
	}
	job := planJob(d.Repository, d.ID, pullJob{Number: of.PullRequests[0].Number})
	return &job, nil
}

// planJob plans a pull request. One that another waits behind is dropped: only the newest head is planned, and what
// moved several times in between is looked at once.
func planJob(repository, id string, p pullJob) engine.Job {
	job := aboutPull(engine.Plans, kindPlan, repository, id, p)
	job.Supersede = kindPlan
	return job
}

// releaseJob releases a merged pull request. Releases of one repository come one after the other.
func releaseJob(repository, id string, number int) engine.Job {
	return releaseOf(repository, id, pullJob{Number: number})
}

// goOnJob is releaseJob where nobody asks for it.
func goOnJob(repository, id string, number int) engine.Job {
	return releaseOf(repository, id, pullJob{Number: number, ByItself: true})
}

func releaseOf(repository, id string, p pullJob) engine.Job {
	job := aboutPull(engine.Releases, kindRelease, repository, id, p)
	job.Key = strings.ToLower(repository)
	return job
}

func aboutPull(l engine.Lane, kind, repository, id string, p pullJob) engine.Job {
	body, _ := json.Marshal(p) // two numbers
	about := fmt.Sprintf("%s#%d", repository, p.Number)
	return engine.Job{ID: id, Lane: l, Key: strings.ToLower(about), Kind: kind, Repository: repository, About: about, Body: body}
}

func (b *Bot) enqueue(ctx context.Context, j engine.Job) error {
	j.Asked = b.Now()
	if _, err := b.Queue.Enqueue(ctx, j); err != nil {
		return fmt.Errorf("enqueue the %s of %s: %w", j.Kind, j.About, err)
	}
	return nil
}
