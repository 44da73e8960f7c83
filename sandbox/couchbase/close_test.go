package couchbase_test

import (
	"sync/atomic"
	"testing"

	"liveops/sandbox/couchbase"
)

// TestCloseWaits closes a server while it answers: Close must return after the answer's end.
func TestCloseWaits(t *testing.T) {
	s := withView(t, couchbase.Options{}, emitKey, `{"key":1}`)
	entered, release := make(chan struct{}), make(chan struct{})
	var done atomic.Bool
	s.Before(func(couchbase.Operation) { close(entered); <-release })
	s.After(func(couchbase.Operation) { done.Store(true) })
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		resp, err := get(s.WebURL() + "/game/_design/inventory/_view/by_item?stale=false")
		if err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-entered
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	<-asked // the connection is gone, and with it the client
	select {
	case err := <-closed:
		t.Fatalf("closed (%v) while it answers", err)
	default:
	}
	close(release)
	if err := <-closed; err != nil || !done.Load() {
		t.Errorf("closed: %v, the answer was done: %v", err, done.Load())
	}
}
