package bot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"liveops/engine"
)

// maxBody is GitHub's limit of a webhook's payload
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap).
const maxBody = 25 << 20

// mostReading is how many bodies are read at once.
const mostReading = 16

// handled says whether the bot acts on an event, with its action; others are answered and forgotten. What the bot itself
// writes comes back as events, too.
func handled(event, action string) bool {
	switch event {
	case "pull_request", "push":
		return true
	case "issue_comment":
		return action == "" || action == "created"
	case "check_run", "check_suite":
		return action == "" || action == "rerequested"
	}
	return false
}

// intake receives GitHub's deliveries: it checks the signature, makes the delivery durable, and only then
// answers. GitHub waits ten seconds, and sends nothing twice by itself.
type intake struct {
	secrets      []string
	repositories []string
	queue        Inbox
	log          *slog.Logger
	now          func() time.Time
	reading      chan struct{} // holds one for each body being read, of at most mostReading
}

// ServeHTTP answers 202 for a delivery that is stored (or was before), 200 for one that is ignored, 401 for a
// missing or wrong signature, 413 for a body over GitHub's limit, and 503 where the delivery could not be stored.
func (h *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select { // what is not signed must not take the memory, either
	case h.reading <- struct{}{}:
		defer func() { <-h.reading }()
	case <-r.Context().Done():
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		http.Error(w, "the body is over 25 MB", http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "the body did not arrive whole", http.StatusBadRequest)
		return
	}
	if !h.signed(body, r.Header.Get("X-Hub-Signature-256")) {
		h.log.Warn("delivery refused: wrong or missing signature", "remote", r.RemoteAddr)
		http.Error(w, "X-Hub-Signature-256 is missing or wrong", http.StatusUnauthorized)
		return
	}
	id, event := r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-GitHub-Event")
	if !isDeliveryID(id) || event == "" {
		http.Error(w, "X-GitHub-Delivery or X-GitHub-Event is missing or malformed", http.StatusBadRequest)
		return
	}
	if !handled(event, "") {
		w.WriteHeader(http.StatusOK)
		return
	}
	var payload struct {
		Action     string `json:"action"`
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(body, &payload); err != nil {
		http.Error(w, "the body is not JSON; set the webhook's content type to application/json", http.StatusBadRequest)
		return
	}
	if !contains(h.repositories, payload.Repository.FullName) {
		h.log.Warn("delivery ignored: not a repository of LIVEOPS_REPOSITORIES", "repository", payload.Repository.FullName)
		w.WriteHeader(http.StatusOK)
		return
	}
	if !handled(event, payload.Action) {
		w.WriteHeader(http.StatusOK)
		return
	}
	duplicate, err := h.queue.Deliver(r.Context(), engine.Delivery{
		ID: id, Event: event, Repository: payload.Repository.FullName, Body: body, Received: h.now()})
	if err != nil {
		h.log.Error("delivery not stored", "delivery", id, "error", err)
		http.Error(w, "the delivery could not be stored; redeliver it", http.StatusServiceUnavailable)
		return
	}
	if duplicate { // redelivered by hand: one that was set aside gets another chance
		err := h.queue.Retry(r.Context(), id)
		h.log.Info("delivery known already", "delivery", id, "retried", err == nil)
		if err != nil && !errors.Is(err, engine.ErrNotParked) {
			http.Error(w, "the delivery was set aside and could not be taken up again; redeliver it", http.StatusServiceUnavailable)
			return
		}
	}
	h.log.Info("delivery stored", "delivery", id, "event", event, "repository", payload.Repository.FullName, "duplicate", duplicate)
	w.WriteHeader(http.StatusAccepted)
}

// isDeliveryID says whether a delivery's id is one: GitHub's are GUIDs
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers).
func isDeliveryID(id string) bool {
	return id != "" && len(id) <= 100 && !strings.ContainsFunc(id, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}

// signed checks GitHub's signature against every secret, so that secrets can be rotated
// (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries).
func (h *intake) signed(body []byte, header string) bool {
	given, err := hex.DecodeString(strings.TrimPrefix(header, "sha256="))
	if err != nil || !strings.HasPrefix(header, "sha256=") {
		return false
	}
	ok := false
	for _, secret := range h.secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		ok = hmac.Equal(given, mac.Sum(nil)) || ok
	}
	return ok
}

func contains(repositories []string, name string) bool {
	return slices.ContainsFunc(repositories, func(r string) bool { return strings.EqualFold(r, name) })
}
