package github_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

const secret = "shared between the two"

// receiver is a webhook receiver that verifies as a real one does.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	events []any
	guids  []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusAccepted}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		payload, err := gogithub.ValidatePayload(request, []byte(secret))
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		event, err := gogithub.ParseWebHook(gogithub.WebHookType(request), payload)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.events = append(r.events, event)
		r.guids = append(r.guids, gogithub.DeliveryID(request))
		w.WriteHeader(r.status)
		_, _ = io.WriteString(w, "noted")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// take returns the events since the last call.
func (r *receiver) take() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

// names are the events as "event action".
func names(events []any) []string {
	var list []string
	for _, event := range events {
		switch e := event.(type) {
		case *gogithub.PingEvent:
			list = append(list, "ping")
		case *gogithub.PushEvent:
			list = append(list, "push "+e.GetRef())
		case *gogithub.PullRequestEvent:
			list = append(list, "pull_request "+e.GetAction())
		case *gogithub.IssueCommentEvent:
			list = append(list, "issue_comment "+e.GetAction())
		case *gogithub.CheckRunEvent:
			list = append(list, "check_run "+e.GetAction())
		case *gogithub.CheckSuiteEvent:
			list = append(list, "check_suite "+e.GetAction())
		case *gogithub.PullRequestReviewEvent:
			list = append(list, "pull_request_review "+e.GetAction())
		case *gogithub.IssuesEvent:
			list = append(list, "issues "+e.GetAction())
		default:
			list = append(list, "unexpected")
		}
	}
	return list
}

func (w world) hooked() *receiver {
	w.Helper()
	r := newReceiver(w.T)
	w.srv.SetWebhook(r.URL, secret)
	w.delivered()
	if got := names(r.take()); !slices.Equal(got, []string{"ping"}) {
		w.Fatalf("a new webhook got %v, want a ping", got)
	}
	return r
}

func TestEventsOfAPullRequest(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	step := func(what string, do func() error, want ...string) []any {
		t.Helper()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		w.delivered()
		events := r.take()
		if got := names(events); !slices.Equal(got, want) {
			t.Fatalf("%s: events %v, want %v", what, got, want)
		}
		return events
	}
	commit := func(branch, content string) func() error {
		return func() error {
			_, err := w.repo.Commit(branch, "m", "writer", map[string][]byte{"a": []byte(content)})
			return err
		}
	}

	step("branch", commit("price", "1"), "push refs/heads/price")
	before := w.repo.Tip("price")
	opened := step("open", func() error {
		_, err := w.repo.OpenPull(github.NewPull{Title: "t", Head: "price", Author: "writer", Draft: true})
		return err
	}, "pull_request opened")[0].(*gogithub.PullRequestEvent)
	if !opened.GetPullRequest().GetDraft() || opened.GetNumber() != 1 || opened.GetRepo().GetFullName() != "acme/data" || opened.GetSender().GetLogin() != "writer" {
		t.Errorf("opened %v", opened)
	}
	events := step("second push", commit("price", "2"), "push refs/heads/price", "pull_request synchronize")
	synchronized := events[1].(*gogithub.PullRequestEvent)
	expect(t, "before", synchronized.GetBefore(), before)
	expect(t, "after", synchronized.GetAfter(), w.repo.Tip("price"))
	expect(t, "head", synchronized.GetPullRequest().GetHead().GetSHA(), w.repo.Tip("price"))
	if synchronized.GetPullRequest().Mergeable != nil {
		t.Error("mergeable is known at once")
	}
	step("ready", func() error { return w.repo.MarkReady(1, "writer") }, "pull_request ready_for_review")
	closed := step("close", func() error { return w.repo.ClosePull(1, "writer") }, "pull_request closed")[0].(*gogithub.PullRequestEvent)
	if closed.GetPullRequest().GetMerged() {
		t.Error("closed without a merge says merged")
	}
	step("reopen", func() error { return w.repo.ReopenPull(1, "writer") }, "pull_request reopened")
	title := "new"
	step("retitle", func() error {
		_, _, err := w.client(writerToken).PullRequests.Edit(t.Context(), "acme", "data", 1, &gogithub.PullRequest{Title: &title})
		return err
	}, "pull_request edited")

	merge := func() error { _, err := w.repo.Merge(1, "merge", "acme"); return err }
	events = step("merge", merge, "pull_request closed", "push refs/heads/main")
	merged := events[0].(*gogithub.PullRequestEvent).GetPullRequest()
	if !merged.GetMerged() || merged.GetMergeCommitSHA() != w.repo.Tip("main") || merged.GetMergedBy().GetLogin() != "acme" {
		t.Errorf("merged %v", merged)
	}
	step("delete the branch of a merged one", func() error {
		sh := w.realGit()
		sh.git("init", "c")
		_, err := sh.in("c").try("push", w.remote(writerToken), ":price")
		return err
	}, "push refs/heads/price")
}

func TestPushEvent(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	before := w.repo.Tip("main")
	sh := w.realGit()
	sh.git("clone", w.remote(writerToken), "c")
	c := sh.in("c")
	c.write("new", "1")
	c.git("add", "new")
	c.git("commit", "-m", "one")
	c.write("liveops.yaml", "timezone: UTC\n")
	c.git("rm", "-q", "datasheets/items.xlsx")
	c.git("commit", "-am", "two")
	c.git("push", "origin", "main")
	c.git("reset", "--hard", before)
	c.git("push", "--force", "origin", "main")
	w.delivered()
	events := r.take()
	if got := names(events); len(got) != 2 {
		t.Fatalf("events %v", got)
	}
	push := events[0].(*gogithub.PushEvent)
	expect(t, "before", push.GetBefore(), before)
	expect(t, "pusher", push.GetPusher().GetName()+" "+push.GetSender().GetLogin(), "writer writer")
	if push.GetForced() || push.GetCreated() || len(push.Commits) != 2 {
		t.Fatalf("push %v", push)
	}
	two := push.Commits[1]
	expect(t, "message", strings.TrimSpace(two.GetMessage()), "two")
	expect(t, "paths", strings.Join(slices.Concat(push.Commits[0].Added, two.Modified, two.Removed), " "), "new liveops.yaml datasheets/items.xlsx")
	expect(t, "head commit", push.GetHeadCommit().GetID(), push.GetAfter())
	forced := events[1].(*gogithub.PushEvent)
	if !forced.GetForced() || forced.GetAfter() != before || len(forced.Commits) != 0 {
		t.Errorf("forced push %v", forced)
	}
}

func TestCommentEvents(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	r := w.hooked()
	text := func(s string) *gogithub.IssueComment { return &gogithub.IssueComment{Body: &s} }
	bot := w.client(botToken).Issues
	c, _, err := bot.CreateComment(t.Context(), "acme", "data", n, text("one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bot.EditComment(t.Context(), "acme", "data", c.GetID(), text("two")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.AddComment(n, "writer", "/liveops plan"); err != nil {
		t.Fatal(err)
	}
	w.delivered()
	events := r.take()
	if got := names(events); !slices.Equal(got, []string{"issue_comment created", "issue_comment edited", "issue_comment created"}) {
		t.Fatalf("events %v", got)
	}
	edited := events[1].(*gogithub.IssueCommentEvent)
	expect(t, "from", edited.GetChanges().GetBody().GetFrom(), "one")
	expect(t, "body", edited.GetComment().GetBody(), "two")
	command := events[2].(*gogithub.IssueCommentEvent)
	expect(t, "sender", command.GetSender().GetLogin(), "writer")
	if !command.GetIssue().IsPullRequest() || command.GetIssue().GetNumber() != n {
		t.Errorf("issue %v", command.GetIssue())
	}
}

func TestDeliveries(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	r.answer(http.StatusServiceUnavailable)
	w.commit("main", "one", map[string]string{"a": "1"})
	w.delivered()
	r.answer(http.StatusAccepted)
	all := w.srv.Deliveries()
	failed := all[len(all)-1]
	if failed.StatusCode != 503 || string(failed.ResponseBody) != "noted" || failed.Event != "push" {
		t.Errorf("delivery %+v", failed)
	}
	if got := r.take(); len(got) != 1 {
		t.Errorf("a failed delivery was tried %d times", len(got))
	}
	if err := w.srv.Redeliver(failed.ID); err != nil {
		t.Fatal(err)
	}
	w.delivered()
	all = w.srv.Deliveries()
	again := all[len(all)-1]
	if again.StatusCode != 202 || !again.Redelivery || again.GUID != failed.GUID || again.ID == failed.ID || string(again.Payload) != string(failed.Payload) {
		t.Errorf("redelivery %+v", again)
	}
	if !json.Valid(again.Payload) || !strings.HasPrefix(again.Header.Get("User-Agent"), "GitHub-Hookshot/") {
		t.Errorf("request %v", again.Header)
	}
	if err := w.srv.Redeliver(-1); err == nil {
		t.Error("redelivered what never was")
	}

	r.Close()
	w.commit("main", "two", map[string]string{"a": "2"})
	w.delivered()
	all = w.srv.Deliveries()
	if unheard := all[len(all)-1]; !unheard.Sent || unheard.StatusCode != 0 || unheard.Err == "" {
		t.Errorf("delivery to nobody %+v", unheard)
	}
}

func TestCloseWithDeliveriesHeldOrStuck(t *testing.T) {
	for name, held := range map[string]bool{"held": true, "stuck": false} {
		t.Run(name, func(t *testing.T) {
			srv, err := github.New(github.Options{Users: []github.User{{Login: "a"}}})
			if err != nil {
				t.Fatal(err)
			}
			arrived, done := make(chan struct{}), make(chan struct{})
			stuck := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				close(arrived)
				<-done
			}))
			defer stuck.Close()
			defer close(done)
			if held {
				defer srv.HoldDeliveries()()
			}
			srv.SetWebhook(stuck.URL, secret)
			if !held {
				<-arrived
			}
			if err := srv.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
