package github

import (
	"context"
	"errors"
	"reflect"
	"testing"
)

func TestQueueKeepsOrderAndHolds(t *testing.T) {
	q := newQueue[int]()
	ctx, cancel := context.WithCancel(t.Context())
	var done []int
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.run(ctx, func(n int) { done = append(done, n) })
	}()

	one, two := q.hold(), q.hold()
	for n := range 5 {
		q.add(n)
	}
	one()
	one() // a second call of one release does not lift the other hold
	expired, stop := context.WithCancel(t.Context())
	stop()
	if err := q.idle(expired); !errors.Is(err, context.Canceled) {
		t.Errorf("a held queue is idle: %v", err)
	}
	two()
	if err := q.idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-ended
	if want := []int{0, 1, 2, 3, 4}; !reflect.DeepEqual(done, want) {
		t.Errorf("worked on %v, want %v", done, want)
	}
}
