package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func batchesOf(t *testing.T, e *Engine, environment string) *Batches {
	t.Helper()
	b, err := e.Batches(t.Context(), environment)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fetched takes what comes in hand, and tells numbers and data.
func fetched(t *testing.T, b *Batches, run int64, n int) (all []*Batch, told []string) {
	t.Helper()
	taking, err := b.Take(t.Context(), run, n)
	if err != nil {
		t.Fatal(err)
	}
	for len(all) < n {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		one, err := taking.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	taking.Stop()
	for _, one := range all {
		told = append(told, fmt.Sprintf("%d %s", one.Seq, one.Data))
	}
	return all, told
}

func TestBatchesOfRunsAreApart(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	b, other := batchesOf(t, e, "staging"), batchesOf(t, e, "production")
	for _, run := range []int64{1, 2} {
		if err := b.Begin(t.Context(), run); err != nil {
			t.Fatal(err)
		}
		for seq := 1; seq <= 2; seq++ {
			for range 2 { // published again, it is the same
				if err := b.Publish(t.Context(), run, seq, fmt.Appendf(nil, "of %d", run)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	first, told := fetched(t, b, 1, 1)
	if want := []string{"1 of 1"}; !slices.Equal(told, want) {
		t.Errorf("run 1: %q, want %q", told, want)
	}
	if _, told := fetched(t, b, 2, 9); !slices.Equal(told, []string{"1 of 2", "2 of 2"}) {
		t.Errorf("run 2: %q", told)
	}
	if err := first[0].Done(); err != nil {
		t.Fatal(err)
	}
	if err := b.Publish(t.Context(), 1, 1, nil); err != nil { // and neither is it when it is done
		t.Fatal(err)
	}
	second, told := fetched(t, b, 1, 9)
	if !slices.Equal(told, []string{"2 of 1"}) {
		t.Errorf("run 1 after its first: %q", told)
	}
	if err := second[0].Keep(); err != nil {
		t.Fatal(err)
	}
	if err := second[0].Back(); err != nil {
		t.Fatal(err)
	}
	if _, told := fetched(t, b, 1, 9); !slices.Equal(told, []string{"2 of 1"}) {
		t.Errorf("given back: %q", told)
	}
	if _, err := other.Take(t.Context(), 1, 1); !errors.Is(err, ErrNoRun) {
		t.Errorf("in another environment: %v", err)
	}
	if err := b.End(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := b.End(t.Context(), 1); err != nil {
		t.Errorf("a second time: %v", err)
	}
	if _, err := b.Take(t.Context(), 1, 1); !errors.Is(err, ErrNoRun) {
		t.Errorf("after its end: %v", err)
	}
	if _, err := e.Batches(t.Context(), "a.b"); err == nil {
		t.Error("a subject was taken for a name")
	}
}

func TestBatchesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	e := opened(t, Options{Dir: dir})
	b := batchesOf(t, e, "staging")
	if err := b.Begin(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	for seq := 1; seq <= 2; seq++ {
		if err := b.Publish(t.Context(), 7, seq, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := fetched(t, b, 7, 1)
	if err := got[0].Done(); err != nil {
		t.Fatal(err)
	}
	await(t, "what is done is gone", func() bool { // the word of it is not answered
		info, err := b.stream.Info(t.Context())
		return err == nil && info.State.Msgs == 1
	})
	closed(t, e)
	b = batchesOf(t, opened(t, Options{Dir: dir}), "staging")
	for seq := 1; seq <= 2; seq++ {
		if err := b.Publish(t.Context(), 7, seq, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, told := fetched(t, b, 7, 9); !slices.Equal(told, []string{"2 x", "1 x"}) {
		t.Errorf("after a restart: %q", told)
	}
}

func TestAsk(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	b, other := batchesOf(t, e, "staging"), batchesOf(t, e, "production")
	if _, err := b.Ask(t.Context(), []byte("?")); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody: %v", err)
	}
	stop, err := b.Answer(func(_ context.Context, question []byte) ([]byte, error) {
		if string(question) == "fail" {
			return nil, errors.New("no\nway")
		}
		return append([]byte("re: "), question...), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Ask(t.Context(), []byte("a")); err != nil || string(got) != "re: a" {
		t.Errorf("answer %q, %v", got, err)
	}
	if _, err := b.Ask(t.Context(), []byte("fail")); err == nil || errors.Is(err, ErrNobody) {
		t.Errorf("a failure: %v", err)
	}
	if _, err := other.Ask(t.Context(), []byte("a")); !errors.Is(err, ErrNobody) {
		t.Errorf("of another environment: %v", err)
	}
	stop()
	if _, err := b.Ask(t.Context(), []byte("a")); !errors.Is(err, ErrNobody) {
		t.Errorf("after the end: %v", err)
	}
}

// A run has a queue from Begin to End; what is left of one without a queue is known, too.
func TestRunsWithQueues(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir()})
	b, other := batchesOf(t, e, "staging"), batchesOf(t, e, "production")
	is := func(b *Batches, want ...int64) {
		t.Helper()
		if got, err := b.Runs(t.Context()); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
	}
	is(b)
	for _, run := range []int64{12, 3} {
		if err := b.Begin(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	for _, run := range []int64{3, 40} {
		if err := b.Publish(t.Context(), run, 1, nil); err != nil {
			t.Fatal(err)
		}
	}
	is(b, 3, 12, 40)
	is(other)
	for _, run := range []int64{3, 40} {
		if err := b.End(t.Context(), run); err != nil {
			t.Fatal(err)
		}
	}
	is(b, 12)
}
