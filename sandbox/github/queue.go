package github

import (
	"context"
	"sync"
)

// queue hands items to one worker in the order they were added. It can be held
// back, and waited for. The zero value is not ready; use newQueue.
type queue[T any] struct {
	mu      sync.Mutex
	changed chan struct{} // closed, and made anew, at every change
	items   []T
	busy    bool
	holds   int
}

func newQueue[T any]() *queue[T] {
	return &queue[T]{changed: make(chan struct{})}
}

// change runs f under the lock and wakes all who wait.
func (q *queue[T]) change(f func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	f()
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *queue[T]) add(item T) {
	q.change(func() { q.items = append(q.items, item) })
}

// hold keeps the worker from taking another item until release is called.
// Several holds add up; a second call of the same release does nothing.
func (q *queue[T]) hold() (release func()) {
	q.change(func() { q.holds++ })
	return sync.OnceFunc(func() { q.change(func() { q.holds-- }) })
}

// await blocks until ready, which is called under the lock, returns true.
func (q *queue[T]) await(ctx context.Context, ready func() bool) error {
	for {
		q.mu.Lock()
		done, changed := ready(), q.changed
		q.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// idle waits until there is no item and the worker is at rest.
func (q *queue[T]) idle(ctx context.Context) error {
	return q.await(ctx, func() bool { return len(q.items) == 0 && !q.busy })
}

// run is the worker: it calls work for one item at a time until ctx ends.
func (q *queue[T]) run(ctx context.Context, work func(T)) {
	for {
		var item T
		err := q.await(ctx, func() bool {
			if len(q.items) == 0 || q.holds > 0 {
				return false
			}
			item, q.items, q.busy = q.items[0], q.items[1:], true
			return true
		})
		if err != nil || ctx.Err() != nil {
			return
		}
		work(item)
		q.change(func() { q.busy = false })
	}
}
