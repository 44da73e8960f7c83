package engine

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
)

// external runs a NATS server as another process would, and returns its URL.
func external(t *testing.T, maxPayload int32) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true,
		MaxPayload: maxPayload, Username: "liveops", Password: "secret",
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(limit) {
		t.Fatal("the server is not ready")
	}
	return strings.Replace(s.ClientURL(), "nats://", "nats://liveops:secret@", 1)
}

func TestAnExternalServer(t *testing.T) {
	url := external(t, maxMessage)
	bot, other := opened(t, Options{URL: url}), opened(t, Options{URL: url})
	for _, id := range []string{"a", "b", "c"} {
		deliver(t, bot, id)
	}
	if duplicate, err := other.Deliver(bounded(t), Delivery{ID: "a"}); err != nil || !duplicate {
		t.Errorf("delivered to another process: %v, %v; want a duplicate", duplicate, err)
	}
	w := working(t, other, done)
	wantHandled(t, w.next(t, 3), "a#1", "b#1", "c#1")
	w.end(t)
	wantDepth(t, bot, 0, 0)
}

func TestAnExternalServerWithASmallLimit(t *testing.T) {
	e := opened(t, Options{URL: external(t, 1<<20), Logger: slog.New(slog.DiscardHandler)})
	_, err := e.Deliver(bounded(t), Delivery{ID: "large", Body: make([]byte, 2<<20)})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("Deliver = %v, want ErrTooLarge", err)
	}
}

func TestAnUnreachableServerIsNamedWithoutItsPassword(t *testing.T) {
	_, err := Open(bounded(t), Options{URL: "nats://liveops:secret@127.0.0.1:1"})
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("Open = %v", err)
	}
}
