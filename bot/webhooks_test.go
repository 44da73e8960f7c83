package bot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/bot"
	"liveops/bot/hub"
	"liveops/engine"
)

// taken are the events that are stored; all others are answered and forgotten.
var taken = []string{"pull_request", "push", "issue_comment.created", "check_run.rerequested", "check_suite.rerequested"}

// leadsTo is the kind of the job that an event's action leads to; all others lead to none. A push counts where it is to
// the default branch, and leaves it there.
func leadsTo(h webhook) string {
	switch h.name() {
	case "pull_request.opened", "pull_request.reopened", "pull_request.synchronize", "pull_request.ready_for_review", "pull_request.edited":
		return "plan"
	case "pull_request.closed":
		if h.body["pull_request"].(doc)["merged"] == true {
			return "merged"
		}
	case "check_run.rerequested", "check_suite.rerequested":
		return "plan"
	case "issue_comment.created":
		return "commands"
	case "push":
		if h.body["ref"] == "refs/heads/main" && h.body["deleted"] == false {
			return "push"
		}
	}
	return ""
}

// watched is a bot on a GitHub that has nothing, and how often that one was asked to write.
func watched(t testing.TB) (*bot.Bot, *stored, *atomic.Int64) {
	t.Helper()
	writes := &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			writes.Add(1)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"login":"liveops-bot"}`)
	}))
	t.Cleanup(server.Close)
	noWait := func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	h, err := hub.New(hub.Options{Token: botToken, URL: server.URL, Wait: noWait})
	if err != nil {
		t.Fatal(err)
	}
	queue := &stored{}
	b, err := bot.New(context.Background(), bot.Options{Secrets: []string{secret}, Repositories: []string{repository}, Hub: h, Queue: queue,
		Stores: noStores{}, Log: slog.New(slog.DiscardHandler), Wait: noWait})
	if err != nil {
		t.Fatal(err)
	}
	return b, queue, writes
}

// receive sends a signed body to the bot, and returns the answer and what was stored.
func receive(b *bot.Bot, queue *stored, event string, body []byte) (status int, list []engine.Delivery) {
	r := httptest.NewRequest(http.MethodPost, "/webhook", bytes.NewReader(body))
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "5a4db0c0-0000-4000-8000-000000000001")
	r.Header.Set("X-Hub-Signature-256", sign(secret, body))
	answer := httptest.NewRecorder()
	queue.list = nil
	b.Handler().ServeHTTP(answer, r)
	return answer.Code, queue.list
}

// Every documented event and action is answered as it should be, and leads to what it should lead to; nothing is written
// to GitHub for one that leads to nothing.
func TestDocumentedWebhooks(t *testing.T) {
	b, queue, writes := watched(t)
	events, jobs := map[string]bool{}, map[string]int{}
	for _, h := range webhooks() {
		events[h.event] = true
		want := http.StatusOK
		if slices.Contains(taken, h.event) || slices.Contains(taken, h.name()) {
			want = http.StatusAccepted
		}
		status, list := receive(b, queue, h.event, h.json())
		if status != want || len(list) > 0 != (want == http.StatusAccepted) {
			t.Errorf("%s is answered %d, and stored %d times; want %d", h.name(), status, len(list), want)
		}
		got := []string{}
		for _, d := range append(list, engine.Delivery{ID: "d", Event: h.event, Repository: repository, Body: h.json()}) { // which one of an older version may have stored
			queue.jobs = nil
			if err := b.Dispatch(t.Context(), d, 1); err != nil {
				t.Errorf("%s: %v", h.name(), err)
			}
			kind := ""
			for _, j := range queue.jobs {
				kind += j.Kind
				jobs[j.Kind]++
			}
			got = append(got, kind)
		}
		if kinds := slices.Compact(got); len(kinds) != 1 || kinds[0] != leadsTo(h) {
			t.Errorf("%s leads to %q, want %q", h.name(), kinds, leadsTo(h))
		}
	}
	if n := writes.Load(); n > 0 {
		t.Errorf("GitHub was written to %d times", n)
	}
	if len(events) < len(taken)+50 || len(jobs) != 4 {
		t.Errorf("the test tests little: %d events, which lead to %v", len(events), jobs)
	}
}

// strange are values that a field may have in place of what is documented.
func strange() []any {
	return []any{nil, "", "../..\n<!-- liveops:plan -->", false, -1, math.MaxInt64, json.Number("1e400"), json.Number("99999999999999999999"), []any{}, []any{nil}, doc{}, doc{"id": nil}}
}

// variants calls f with an object in which one of the fields, at any depth, has a strange value or is missing. The object
// is the same each time.
func variants(root, at any, f func(path string), path string) {
	switch at := at.(type) {
	case doc:
		for _, k := range slices.Sorted(maps.Keys(at)) {
			was, here := at[k], path+"."+k
			for i, v := range strange() {
				at[k] = v
				f(fmt.Sprintf("%s as strange value %d", here, i))
			}
			delete(at, k)
			f("without " + here)
			at[k] = was
			variants(root, was, f, here)
		}
	case []any:
		for i, one := range at {
			variants(root, one, f, fmt.Sprintf("%s[%d]", path, i))
		}
	}
}

// No payload of an event that is handled, whatever is wrong with one of its fields or wherever it ends, is answered as
// the bot's fault, makes the bot panic, or leads to more than one job; what cannot be read is parked.
func TestBrokenWebhooks(t *testing.T) {
	b, queue, _ := watched(t)
	did := map[string]bool{} // the jobs that were done, since most are the same
	try := func(what string, h webhook, body []byte) {
		defer func() {
			if p := recover(); p != nil {
				t.Errorf("%s: panic: %v", what, p)
			}
		}()
		status, _ := receive(b, queue, h.event, body)
		if !slices.Contains([]int{http.StatusOK, http.StatusAccepted, http.StatusBadRequest}, status) {
			t.Errorf("%s is answered %d", what, status)
		}
		d := engine.Delivery{ID: "d", Event: h.event, Repository: repository, Body: body}
		queue.jobs = nil
		err := b.Dispatch(t.Context(), d, 1)
		if len(queue.jobs) > 1 || err != nil && len(queue.jobs) > 0 {
			t.Errorf("%s leads to %v, %v", what, queue.jobs, err)
		}
		done := ""
		for _, j := range queue.jobs {
			done += j.Kind + string(j.Body)
		}
		if !did[done] {
			did[done] = true
			_ = queue.handle(t.Context(), b, d, 1) // GitHub's answers make no sense here: only that it ends matters
		}
	}
	tried, varied := 0, map[string]bool{}
	for _, h := range webhooks() {
		whole := h.json()
		for n := 0; n < len(whole); n += 1 + len(whole)/12 {
			try(fmt.Sprintf("%s cut after %d bytes", h.name(), n), h, whole[:n])
			tried++
		}
		if kind := leadsTo(h); kind == "" || varied[kind] {
			continue
		}
		varied[leadsTo(h)] = true
		variants(h.body, h.body, func(path string) {
			if !strings.Contains(path, "_url") { // of which there are many
				try(h.name()+" "+path, h, h.json())
				tried++
			}
		}, "")
	}
	t.Logf("%d payloads lead to %d different jobs", tried, len(did)-1)
}

// FuzzDispatch dispatches whatever a signed delivery could hold: it leads to one job at most, which is the delivery's, or the
// comment's, and of a lane, and to the same one again.
func FuzzDispatch(f *testing.F) {
	for _, h := range webhooks() {
		f.Add(h.event, h.json())
	}
	for _, body := range bodies() {
		f.Add("pull_request", []byte(body))
		f.Add("push", []byte(body))
		f.Add("liveops.replan", []byte(body))
	}
	b, queue, writes := watched(f)
	dispatch := func(event string, body []byte) (engine.Job, bool, error) {
		queue.jobs = nil
		err := b.Dispatch(context.Background(), engine.Delivery{ID: "d", Event: event, Repository: repository, Body: body}, 1)
		if len(queue.jobs) != 1 {
			return engine.Job{}, len(queue.jobs) == 0, err
		}
		j := queue.jobs[0]
		j.Asked = time.Time{}
		return j, (j.ID == "d" || strings.HasPrefix(j.ID, "comment-")) && j.Key != "" && j.Kind != "" && slices.Contains([]engine.Lane{engine.Plans, engine.Releases, engine.Commands, engine.Waits}, j.Lane), err
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		first, sound, err := dispatch(event, body)
		again, _, err2 := dispatch(event, body)
		if !sound || (err != nil) != (err2 != nil) || err != nil && first.ID != "" || fmt.Sprint(first) != fmt.Sprint(again) {
			t.Errorf("%s leads to %+v, %v and then to %+v, %v", event, first, err, again, err2)
		}
		if writes.Load() > 0 {
			t.Error("GitHub was written to")
		}
	})
}
