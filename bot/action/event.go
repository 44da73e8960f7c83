package action

import (
	"encoding/json"
	"errors"
	"fmt"
)

// EventError is an event that a workflow must not hand to liveops.
type EventError struct{ Event, Reason string }

// Error names the event.
func (e *EventError) Error() string { return "the event " + e.Event + " " + e.Reason }

// event is what a run is to do for its event.
type event struct {
	skip    string // why there is nothing to do; "" where there is
	deliver bool   // the event goes through the bot's handlers, as a delivery of the webhook would
	bring   bool   // environments are brought up to date
	number  int    // the pull request whose plan the run is about; 0 where it is about none
}

// readEvent reads an event by its payload (https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows),
// which is that of the webhook. An *EventError is one that a workflow should not name.
func readEvent(name string, payload []byte) (event, error) {
	switch name {
	case "pull_request":
		return readPullRequest(payload)
	case "push":
		return readPush(payload)
	case "issue_comment":
		return event{deliver: true}, nil
	case "schedule", "workflow_dispatch", "repository_dispatch":
		return event{bring: true}, nil
	case "pull_request_target":
		return event{}, &EventError{name, "is refused: it gives the run of a fork's pull request the secrets, and what a fork brings must not be read with them. Use pull_request"}
	}
	return event{}, &EventError{name, "is none that liveops handles: pull_request, push, issue_comment, schedule, workflow_dispatch and repository_dispatch are"}
}

func readPullRequest(payload []byte) (event, error) {
	var e struct {
		Action      string `json:"action"`
		Number      int    `json:"number"`
		PullRequest struct {
			Merged bool `json:"merged"`
			Head   side `json:"head"`
			Base   side `json:"base"`
		} `json:"pull_request"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return event{}, fmt.Errorf("read the pull_request event: %w", err)
	}
	if e.Number <= 0 || e.PullRequest.Base.Repo == nil {
		return event{}, errors.New("read the pull_request event: it names no pull request")
	}
	head, base := e.PullRequest.Head.Repo, e.PullRequest.Base.Repo
	switch {
	case e.Action == "closed" && e.PullRequest.Merged:
		if isFork(head, base) {
			return event{skip: "The merge of a fork's pull request has no secrets in GitHub Actions. A workflow on push to the default branch takes it to the environments."}, nil
		}
		return event{bring: true}, nil
	case e.Action == "closed":
		return event{skip: "The pull request was closed without a merge: there is nothing to do."}, nil
	case isFork(head, base):
		return event{skip: "The pull request is from a fork: GitHub gives its runs no secrets, so that no environment can be asked, and nothing is planned. " +
			"Someone who may can have it planned by a comment `/liveops plan`, or push the branch to this repository."}, nil
	}
	switch e.Action {
	case "opened", "synchronize", "reopened", "ready_for_review", "edited":
		return event{deliver: true, number: e.Number}, nil
	}
	return event{skip: "Nothing to do when a pull request is `" + onlyLetters(e.Action) + "`."}, nil
}

// side is the head or the base of a pull request; its repository is null where that is gone.
type side struct {
	Repo *repo `json:"repo"`
}

// repo is a repository in a payload.
type repo struct {
	FullName      string `json:"full_name"`
	DefaultBranch string `json:"default_branch"`
}

// isFork says whether a pull request comes from another repository; also from one that is gone.
func isFork(head, base *repo) bool { return head == nil || head.FullName != base.FullName }

func readPush(payload []byte) (event, error) {
	var e struct {
		Ref        string `json:"ref"`
		Deleted    bool   `json:"deleted"`
		Repository *repo  `json:"repository"`
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		return event{}, fmt.Errorf("read the push event: %w", err)
	}
	if e.Repository == nil || e.Repository.DefaultBranch == "" {
		return event{}, errors.New("read the push event: it names no default branch")
	}
	if e.Deleted || e.Ref != "refs/heads/"+e.Repository.DefaultBranch {
		return event{skip: "The push is not to the default branch: there is nothing to do."}, nil
	}
	return event{deliver: true, bring: true}, nil
}
