package github_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func TestIssues(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	bot := w.client(botToken).Issues
	drift, body := "Drift in production", "one row"
	created, _, err := bot.Create(t.Context(), "acme", "data", &gogithub.IssueRequest{
		Title: &drift, Body: &body, Labels: &[]string{"liveops:drift", "production"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if created.GetNumber() != n+1 || created.IsPullRequest() || len(created.Labels) != 2 || created.GetState() != "open" {
		t.Errorf("created %v", created)
	}
	other, err := w.repo.OpenIssue(github.NewIssue{Title: "Question", Author: "reader", Labels: []string{"production"}})
	if err != nil {
		t.Fatal(err)
	}
	list := func(o gogithub.IssueListByRepoOptions) string {
		t.Helper()
		got, _, err := bot.ListByRepo(t.Context(), "acme", "data", &o)
		if err != nil {
			return refusal(err)
		}
		var numbers []string
		for _, i := range got {
			numbers = append(numbers, fmt.Sprint(i.GetNumber(), i.IsPullRequest()))
		}
		return strings.Join(numbers, " ")
	}
	expect(t, "all open ones", list(gogithub.IssueListByRepoOptions{}), "3 false 2 false 1 true")
	expect(t, "with both labels", list(gogithub.IssueListByRepoOptions{Labels: []string{"production", "LiveOps:drift"}}), "2 false")
	expect(t, "a reader's labels are dropped", list(gogithub.IssueListByRepoOptions{Creator: "reader", Labels: []string{"production"}}), "")
	expect(t, "by creator", list(gogithub.IssueListByRepoOptions{Creator: "Reader"}), "3 false")
	expect(t, "not there", list(gogithub.IssueListByRepoOptions{Assignee: "x"}), "501 The sandbox does not implement the parameter assignee")

	closed, reason := "closed", "not_planned"
	edited, _, err := bot.Edit(t.Context(), "acme", "data", created.GetNumber(), &gogithub.IssueRequest{State: &closed, StateReason: &reason, Labels: &[]string{"production"}})
	if err != nil {
		t.Fatal(err)
	}
	if edited.GetState() != "closed" || edited.GetStateReason() != "not_planned" || len(edited.Labels) != 1 || edited.GetClosedBy().GetLogin() != "liveops[bot]" {
		t.Errorf("closed %v", edited)
	}
	expect(t, "closed ones", list(gogithub.IssueListByRepoOptions{State: "closed"}), "2 false")
	labels, _, err := bot.AddLabelsToIssue(t.Context(), "acme", "data", n, []string{"held", "held"})
	if err != nil || len(labels) != 1 {
		t.Errorf("labels %v, %v", labels, err)
	}
	if pull := w.get(botToken, n); len(pull.Labels) != 1 || pull.Labels[0].GetName() != "held" {
		t.Errorf("labels of the pull request %v", pull.Labels)
	}
	if _, err := bot.RemoveLabelForIssue(t.Context(), "acme", "data", n, "held"); err != nil {
		t.Error(err)
	}
	if got := w.repo.Issues(); len(got) != 2 || got[0].StateReason != "not_planned" || got[1].Number != other {
		t.Errorf("issues %+v", got)
	}
}

func TestIssueRefusals(t *testing.T) {
	w := newWorld(t, github.Options{})
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "Question", Author: "writer"})
	if err != nil {
		t.Fatal(err)
	}
	create := func(title, body string) error {
		_, _, err := w.client(botToken).Issues.Create(t.Context(), "acme", "data", &gogithub.IssueRequest{Title: &title, Body: &body})
		return err
	}
	edit := func(token string, request gogithub.IssueRequest) error {
		_, _, err := w.client(token).Issues.Edit(t.Context(), "acme", "data", n, &request)
		return err
	}
	_, _, noTitle := w.client(botToken).Issues.Create(t.Context(), "acme", "data", &gogithub.IssueRequest{})
	_, _, noPull := w.client(botToken).PullRequests.Get(t.Context(), "acme", "data", n)
	_, _, labels := w.client(readerToken).Issues.AddLabelsToIssue(t.Context(), "acme", "data", n, []string{"a"})
	_, missing := w.client(botToken).Issues.RemoveLabelForIssue(t.Context(), "acme", "data", n, "a")
	done, because, closed := "done", "because", "closed"
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"no title", noTitle, "422 Invalid request.\n\n\"title\" wasn't supplied."},
		{"blank title", create(" ", ""), "422 Validation Failed [Issue|title|missing_field|]"},
		{"long title", create(strings.Repeat("검", 257), ""), "422 Validation Failed [Issue|title|custom|title is too long (maximum is 256 characters)]"},
		{"long body", create("t", strings.Repeat("검", 65537)), "422 Validation Failed [Issue|body|custom|body is too long (maximum is 65536 characters)]"},
		{"state", edit(botToken, gogithub.IssueRequest{State: &done}), "422 Invalid request.\n\nFor 'properties/state', done is not a member of [open, closed]."},
		{"reason", edit(botToken, gogithub.IssueRequest{State: &closed, StateReason: &because}), "422 Invalid request.\n\nFor 'properties/state_reason', because is not a member of [completed, not_planned, duplicate, reopened]."},
		{"by a reader", edit(readerToken, gogithub.IssueRequest{State: &closed}), "403 Resource not accessible by personal access token"},
		{"labels by a reader", labels, "403 Resource not accessible by personal access token"},
		{"a label it lacks", missing, "404 Label does not exist"},
		{"as a pull request", noPull, "404 Not Found"},
	}
	for _, test := range tests {
		expect(t, test.name, refusal(test.err), test.want)
	}
	if i, err := w.repo.Issue(n); err != nil || i.State != "open" {
		t.Errorf("the refusals left %+v, %v", i, err)
	}
}

func TestEventsOfAnIssue(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	n, err := w.repo.OpenIssue(github.NewIssue{Title: "Drift", Author: "liveops[bot]", Labels: []string{"drift"}})
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.repo.AddComment(n, "liveops[bot]", "still there")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.client(botToken).Issues.DeleteComment(t.Context(), "acme", "data", id); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.CloseIssue(n, "writer"); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.ReopenIssue(n, "writer"); err != nil {
		t.Fatal(err)
	}
	w.delivered()
	events := r.take()
	want := []string{"issues opened", "issues labeled", "issue_comment created", "issue_comment deleted", "issues closed", "issues reopened"}
	if got := names(events); !slices.Equal(got, want) {
		t.Fatalf("events %v, want %v", got, want)
	}
	comment := events[2].(*gogithub.IssueCommentEvent)
	if comment.GetIssue().IsPullRequest() || comment.GetIssue().GetNumber() != n || comment.GetSender().GetType() != "Bot" {
		t.Errorf("comment on an issue %v", comment)
	}
	if closed := events[4].(*gogithub.IssuesEvent); closed.GetIssue().GetState() != "closed" || closed.GetSender().GetLogin() != "writer" {
		t.Errorf("closed %v", closed)
	}
	deliveries := w.srv.Deliveries()
	if payload := string(deliveries[3].Payload); !strings.Contains(payload, `"performed_via_github_app":{`) {
		t.Errorf("a comment of an App does not name it: %s", payload)
	}
}
