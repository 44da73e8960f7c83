package bot_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/engine"
	"liveops/sync/mysqlstore"
)

// pullActions are those of https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request.
var pullActions = []string{"assigned", "auto_merge_disabled", "auto_merge_enabled", "closed", "converted_to_draft", "demilestoned", "dequeued",
	"edited", "enqueued", "labeled", "locked", "milestoned", "opened", "ready_for_review", "reopened", "review_request_removed",
	"review_requested", "synchronize", "unassigned", "unlabeled", "unlocked"}

// bodies are payloads, well made and not.
func bodies() []string {
	list := []string{"", "{", "null", "[]", "0", `"text"`, "{}", `{"number":null}`, `{"repository":null,"number":1}`, `{"action":{}}`,
		`{"action":"opened"}`, `{"action":"opened","number":-1}`, `{"action":"opened","number":1e400}`, `{"action":"opened","number":99999999999999999999}`,
		`{"action":"closed","number":1,"pull_request":null}`, `{"action":"closed","number":1,"pull_request":{"merged":true}}`,
		`{"ref":null}`, `{"ref":"refs/heads/"}`, `{"ref":"refs/heads/main","repository":null}`,
		`{"ref":"refs/heads/main","repository":{"default_branch":"main"},"commits":[null],"after":"x"}`,
		`{"ref":"refs/heads/main","repository":{"default_branch":"main"},"commits":[{"added":["liveops.yaml"]}],"head_commit":null,"after":"../../user"}`,
		`{"ref":"refs/heads/main","repository":{"default_branch":"main"},"deleted":true}`,
		`{"number":1e9}`, strings.Repeat(`{"a":`, 5000),
	}
	for _, action := range pullActions {
		list = append(list, fmt.Sprintf(`{"action":%q,"number":1,"pull_request":{"number":1,"merged":true},"repository":{"full_name":%q}}`, action, repository))
	}
	return list
}

// lonely is a bot whose GitHub answers everything with the same document, and that has no environment.
func lonely(t testing.TB, answer string) (*bot.Bot, *stored) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		rw.Write([]byte(answer))
	}))
	t.Cleanup(server.Close)
	h, err := hub.New(hub.Options{Token: botToken, URL: server.URL, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	queue := &stored{}
	b, err := bot.New(context.Background(), bot.Options{Secrets: []string{secret}, Repositories: []string{repository}, Hub: h,
		Queue: queue, Stores: noStores{}, Log: slog.New(slog.DiscardHandler),
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }})
	if err != nil {
		t.Fatal(err)
	}
	return b, queue
}

type noStores struct{}

func (noStores) Store(context.Context, string) (*mysqlstore.Store, error) {
	return nil, &bot.SettingError{Setting: "LIVEOPS_STAGING_MYSQL_DSN", Reason: "is not set"}
}

// stored is a queue that keeps what it is given.
type stored struct {
	list []engine.Delivery
	jobs []engine.Job
}

func (*stored) Retry(context.Context, string) error { return engine.ErrNotParked }

func (s *stored) Deliver(_ context.Context, d engine.Delivery) (bool, error) {
	s.list = append(s.list, d)
	return false, nil
}

func (*stored) Jobs(context.Context) ([]engine.Standing, error)   { return nil, nil }
func (*stored) Parked(context.Context) ([]engine.Parked, error)   { return nil, nil }
func (*stored) Cancel(context.Context, engine.Lane, string) error { return engine.ErrNoJob }

func (s *stored) Enqueue(_ context.Context, j engine.Job) (bool, error) {
	s.jobs = append(s.jobs, j)
	return false, nil
}

// handle hands a delivery to a bot whose queue s is, and then what it leads to, until nothing is left to be done. It
// returns the first error.
func (s *stored) handle(ctx context.Context, b *bot.Bot, d engine.Delivery, attempt int) error {
	s.jobs = nil
	err := b.Dispatch(ctx, d, attempt)
	const most = 20 // a plan may ask for itself, for ever
	for n := 0; len(s.jobs) > 0 && n < most; n++ {
		next := s.jobs[0]
		s.jobs = s.jobs[1:]
		err = cmp.Or(err, b.Do(ctx, next, attempt))
	}
	return err
}

func (s *stored) Work(ctx context.Context, _ engine.Handlers) error {
	<-ctx.Done()
	return nil
}

// No payload, and no answer of GitHub's, makes the bot panic.
func TestPayloads(t *testing.T) {
	for _, answer := range []string{"{}", "null", `{"login":"liveops-bot","state":"open"}`} {
		b, queue := lonely(t, answer)
		for _, event := range []string{"pull_request", "push", "liveops.replan", "star", ""} {
			for _, body := range bodies() {
				queue.handle(t.Context(), b, engine.Delivery{ID: "1", Event: event, Repository: repository, Body: []byte(body)}, 1)
				queue.handle(t.Context(), b, engine.Delivery{ID: "1", Event: event, Body: []byte(body)}, 1)
			}
		}
	}
}

// Only some actions are answered at all, whatever else GitHub adds.
func TestActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	queue := &stored{}
	b, err := newBot(w, queue)
	w.must(err)
	plans := map[string]bool{"opened": true, "reopened": true, "synchronize": true, "ready_for_review": true, "edited": true}
	for _, action := range append(pullActions, "an_action_of_tomorrow") {
		before := len(w.wire.written())
		body := fmt.Sprintf(`{"action":%q,"number":%d,"pull_request":{"merged":false}}`, action, n)
		w.must(queue.handle(t.Context(), b, engine.Delivery{ID: "1", Event: "pull_request", Repository: repository, Body: []byte(body)}, 1))
		if wrote := len(w.wire.written()) > before; wrote != plans[action] {
			t.Errorf("%s: wrote %v, want %v", action, wrote, plans[action])
		}
	}
}

// FuzzHandle feeds the worker whatever a signed delivery could hold.
func FuzzHandle(f *testing.F) {
	for _, body := range bodies() {
		f.Add("pull_request", []byte(body))
		f.Add("push", []byte(body))
	}
	b, queue := lonely(f, `{"login":"liveops-bot"}`)
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		queue.handle(t.Context(), b, engine.Delivery{ID: "1", Event: event, Repository: repository, Body: body}, 1)
	})
}

// FuzzIntake sends whatever a stranger may send: without the secret nothing is stored, with it only what is of
// the configured repository.
func FuzzIntake(f *testing.F) {
	for _, body := range bodies() {
		f.Add("pull_request", "1", "sha256=00", []byte(body), false)
		f.Add("push", "1", "", []byte(body), true)
	}
	b, queue := lonely(f, `{"login":"liveops-bot"}`)
	h := b.Handler()
	f.Fuzz(func(t *testing.T, event, id, signature string, body []byte, signed bool) {
		if signed {
			signature = sign(secret, body)
		}
		r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
		r.Header.Set("X-GitHub-Event", event)
		r.Header.Set("X-GitHub-Delivery", id)
		r.Header.Set("X-Hub-Signature-256", signature)
		answer := httptest.NewRecorder()
		queue.list = nil
		h.ServeHTTP(answer, r)
		genuine := signature == sign(secret, body)
		switch {
		case !genuine && answer.Code != http.StatusUnauthorized, genuine && answer.Code == http.StatusUnauthorized:
			t.Errorf("genuine: %v, answered %d", genuine, answer.Code)
		case len(queue.list) > 0 != (answer.Code == http.StatusAccepted):
			t.Errorf("answered %d, stored %d", answer.Code, len(queue.list))
		case len(queue.list) > 0 && !strings.EqualFold(queue.list[0].Repository, repository):
			t.Errorf("stored a delivery of %s", queue.list[0].Repository)
		}
	})
}
