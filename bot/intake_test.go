package bot_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"liveops/bot"
	"liveops/engine"
	"liveops/sandbox/github"
)

// sign is the signature that GitHub sends.
func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// request is a delivery to the bot's webhook, well made.
func (w *world) request(id, event string, body []byte) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodPost, w.url, bytes.NewReader(body))
	w.must(err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Delivery", id)
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-Hub-Signature-256", sign(secret, body))
	return r
}

func (w *world) do(r *http.Request) int {
	w.Helper()
	response, err := http.DefaultClient.Do(r)
	w.must(err)
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	return response.StatusCode
}

// send sends a delivery of GitHub's by hand, under its own id or another one.
func (w *world) send(d github.Delivery, id string) int {
	w.Helper()
	if id == "" {
		id = d.GUID
	}
	return w.do(w.request(id, d.Event, d.Payload))
}

func TestIntake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.startWith(func(e *engine.Engine) bot.Queue { return onlyStores{e} })
	w.must(w.github.WaitDelivered(w.deadline()))
	const ours = `{"action":"opened","number":1,"repository":{"full_name":"studio/game-data"}}`
	tests := []struct {
		name   string
		event  string
		body   string
		change func(r *http.Request)
		code   int
		stored bool
	}{
		{name: "well signed", body: ours, code: 202, stored: true},
		{name: "signed with the secret that is being retired", body: ours, code: 202, stored: true,
			change: func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign(oldSecret, []byte(ours))) }},
		{name: "the repository in other letters", body: strings.Replace(ours, "studio", "Studio", 1), code: 202, stored: true},
		{name: "no signature", body: ours, code: 401, change: func(r *http.Request) { r.Header.Del("X-Hub-Signature-256") }},
		{name: "an empty signature", body: ours, code: 401, change: func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "sha256=") }},
		{name: "signed with another secret", body: ours, code: 401,
			change: func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign("guess", []byte(ours))) }},
		{name: "signed with an empty secret", body: ours, code: 401,
			change: func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", sign("", []byte(ours))) }},
		{name: "the old SHA-1 signature alone", body: ours, code: 401, change: func(r *http.Request) {
			r.Header.Set("X-Hub-Signature", r.Header.Get("X-Hub-Signature-256"))
			r.Header.Del("X-Hub-Signature-256")
		}},
		{name: "the algorithm left out", body: ours, code: 401, change: func(r *http.Request) {
			r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
		}},
		{name: "the body changed on its way", body: ours, code: 401,
			change: func(r *http.Request) {
				r.Header.Set("X-Hub-Signature-256", sign(secret, []byte(strings.Replace(ours, "1", "2", 1))))
			}},
		{name: "a body of 30 MB", body: strings.Repeat(" ", 30<<20), code: 413},
		{name: "not JSON", body: "payload=%7B%7D", code: 400},
		{name: "a JSON list", body: "[]", code: 400},
		{name: "null", body: "null", code: 200},
		{name: "an event that is not handled", event: "star", body: ours, code: 200},
		{name: "another repository", body: `{"repository":{"full_name":"studio/game"}}`, code: 200},
		{name: "no repository", body: `{"repository":null}`, code: 200},
		{name: "an event of the bot's own", event: "liveops.replan", body: ours, code: 200},
		{name: "no delivery id", body: ours, code: 400, change: func(r *http.Request) { r.Header.Del("X-GitHub-Delivery") }},
		{name: "a delivery id that is none", body: ours, code: 400, change: func(r *http.Request) { r.Header.Set("X-GitHub-Delivery", "é b") }},
		{name: "no event", body: ours, code: 400, change: func(r *http.Request) { r.Header.Del("X-GitHub-Event") }},
		{name: "not a POST", body: ours, code: 405, change: func(r *http.Request) { r.Method = http.MethodPut }},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := w.waiting()
			if test.event == "" {
				test.event = "pull_request"
			}
			r := w.request(fmt.Sprintf("intake-%d", i), test.event, []byte(test.body))
			if test.change != nil {
				test.change(r)
			}
			if code := w.do(r); code != test.code {
				t.Errorf("answered %d, want %d", code, test.code)
			}
			if stored := w.waiting() > before; stored != test.stored {
				t.Errorf("stored: %v, want %v", stored, test.stored)
			}
		})
	}
}

func (w *world) waiting() int {
	w.Helper()
	waiting, _, err := w.queue.Depth(w.deadline())
	w.must(err)
	return waiting
}

// onlyStores is a queue that is not worked off.
type onlyStores struct{ bot.Queue }

func (onlyStores) Work(ctx context.Context, _ engine.Handlers) error {
	<-ctx.Done()
	return nil
}

func TestDuplicateDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.startWith(func(e *engine.Engine) bot.Queue { return onlyStores{e} })
	w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	all := w.github.Deliveries()
	last := all[len(all)-1]
	if last.Action != "opened" {
		t.Fatalf("the last delivery is %+v", last)
	}
	before := w.waiting()
	w.must(w.github.Redeliver(last.ID))
	w.must(w.github.WaitDelivered(w.deadline()))
	if code := w.send(last, ""); code != http.StatusAccepted {
		t.Errorf("a replay is answered %d, want 202", code)
	}
	if n := w.waiting(); n != before {
		t.Errorf("%d deliveries wait, want %d", n, before)
	}
	if w.send(last, "another-id"); w.waiting() != before+1 {
		t.Error("another delivery with the same body is not stored")
	}
}

// failing is a queue whose disk is full.
type failing struct{ onlyStores }

func (failing) Deliver(context.Context, engine.Delivery) (bool, error) {
	return false, errors.New("no space left on device")
}

func TestQueueFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.startWith(func(e *engine.Engine) bot.Queue { return failing{onlyStores{e}} })
	w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	for _, d := range w.github.Deliveries() {
		if d.Event == "pull_request" && d.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("answered %d: %s, want 503", d.StatusCode, d.ResponseBody)
		}
	}
}
