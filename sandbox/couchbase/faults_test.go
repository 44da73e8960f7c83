package couchbase_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"

	"liveops/sandbox/couchbase"
)

// open starts a stand-in and opens the default collection of its bucket.
func open(t *testing.T, o couchbase.Options) (*couchbase.Server, *gocb.Collection) {
	t.Helper()
	s := start(t, o)
	return s, bucket(t, s).DefaultCollection()
}

func bucket(t *testing.T, s *couchbase.Server) *gocb.Bucket {
	t.Helper()
	c := connect(t, s)
	t.Cleanup(func() { _ = c.Close(nil) })
	b := c.Bucket("game")
	if err := b.WaitUntilReady(10*time.Second, nil); err != nil {
		t.Fatal(err)
	}
	return b
}

func body(t *testing.T, s *couchbase.Server, id string) string {
	t.Helper()
	d, ok := s.Bucket("game").DefaultCollection().Get(id)
	if !ok {
		return ""
	}
	return string(d.Body)
}

func TestTemporaryFailuresAreRetriedByTheClient(t *testing.T) {
	for _, f := range []couchbase.Failure{couchbase.TemporaryFailure, couchbase.Busy, couchbase.OutOfMemory, couchbase.NotMyVBucket} {
		s, docs := open(t, couchbase.Options{})
		s.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Upsert}, Failure: f, Times: 2})
		if _, err := docs.Upsert("a", 1, nil); err != nil {
			t.Errorf("failure %d: %v", f, err)
		}
		if got := s.Count(couchbase.Upsert); got != 3 {
			t.Errorf("failure %d: asked %d times, want 3", f, got)
		}
	}
}

func TestFailuresReachAClientThatDoesNotRetry(t *testing.T) {
	s, docs := open(t, couchbase.Options{})
	s.Inject(couchbase.Fault{Failure: couchbase.TemporaryFailure, Match: func(o couchbase.Operation) bool { return o.Key == "bad" }})
	_, err := docs.Upsert("bad", 1, &gocb.UpsertOptions{RetryStrategy: failFast{}})
	if !errors.Is(err, gocb.ErrTemporaryFailure) {
		t.Errorf("%v, want ErrTemporaryFailure", err)
	}
	if _, err := docs.Upsert("good", 1, &gocb.UpsertOptions{RetryStrategy: failFast{}}); err != nil {
		t.Errorf("another key: %v", err)
	}
	s.ClearFaults()
	if _, err := docs.Upsert("bad", 1, &gocb.UpsertOptions{RetryStrategy: failFast{}}); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

func TestALostConnectionLeavesAWriteDoneOrNot(t *testing.T) {
	for failure, want := range map[couchbase.Failure]string{couchbase.DropBefore: "1", couchbase.DropAfter: "2"} {
		s, docs := open(t, couchbase.Options{})
		if _, err := docs.Upsert("a", 1, nil); err != nil {
			t.Fatal(err)
		}
		s.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Replace}, Failure: failure, Times: 1})
		if _, err := docs.Replace("a", 2, nil); err == nil {
			t.Errorf("failure %d: the client heard of success", failure)
		}
		if got := body(t, s, "a"); got != want {
			t.Errorf("failure %d: body %s, want %s", failure, got, want)
		}
		if _, err := docs.Replace("a", 3, nil); err != nil { // the client connects again
			t.Errorf("failure %d: afterwards: %v", failure, err)
		}
	}
}

func TestSlowAnswersRunIntoTheClientsTimeout(t *testing.T) {
	s, docs := open(t, couchbase.Options{})
	s.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Upsert}, Failure: couchbase.Slow, Delay: 10 * time.Minute, Times: 1})
	if _, err := docs.Upsert("a", 1, &gocb.UpsertOptions{Timeout: 200 * time.Millisecond}); !errors.Is(err, gocb.ErrAmbiguousTimeout) {
		t.Errorf("%v, want ErrAmbiguousTimeout", err)
	}
	if got := body(t, s, "a"); got != "1" {
		t.Errorf("body %q: a slow write is still done", got)
	}
	// Close must not wait the ten minutes: the test would.
}

func TestFaultsByProbabilityFollowTheSeed(t *testing.T) {
	run := func(seed uint64) (failed []int) {
		s, docs := open(t, couchbase.Options{Seed: seed})
		s.Inject(couchbase.Fault{Ops: []couchbase.Op{couchbase.Upsert}, Failure: couchbase.Busy, Probability: 0.3})
		for i := range 100 {
			if _, err := docs.Upsert("a", i, &gocb.UpsertOptions{RetryStrategy: failFast{}}); err != nil {
				failed = append(failed, i)
			}
		}
		return failed
	}
	first, again, other := run(1), run(1), run(2)
	if !slices.Equal(first, again) || slices.Equal(first, other) || len(first) < 10 || len(first) > 60 {
		t.Errorf("failed: %v, with the same seed %v, with another %v", first, again, other)
	}
}

func TestAHookComesBetweenAReadAndItsWrite(t *testing.T) {
	s, docs := open(t, couchbase.Options{})
	own := s.Bucket("game").DefaultCollection()
	own.Put("a", couchbase.Document{Body: []byte(`{"coins":500}`)})
	got, err := docs.Get("a", nil)
	if err != nil {
		t.Fatal(err)
	}
	once := sync.OnceFunc(func() { own.Put("a", couchbase.Document{Body: []byte(`{"coins":700}`)}) })
	s.Before(func(o couchbase.Operation) {
		if o.Op == couchbase.Replace && o.Key == "a" && o.CAS == uint64(got.Cas()) {
			once()
		}
	})
	if _, err := docs.Replace("a", 1, &gocb.ReplaceOptions{Cas: got.Cas()}); !errors.Is(err, gocb.ErrCasMismatch) {
		t.Errorf("%v, want ErrCasMismatch", err)
	}
	if got := body(t, s, "a"); got != `{"coins":700}` {
		t.Errorf("body %s: the other writer's is lost", got)
	}
	var after []couchbase.Op
	s.ClearHooks()
	s.After(func(o couchbase.Operation) { after = append(after, o.Op) })
	if _, err := docs.Get("a", nil); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(after, []couchbase.Op{couchbase.Get}) {
		t.Errorf("after: %v", after)
	}
}

func TestExpiryFollowsTheClock(t *testing.T) {
	var mu sync.Mutex
	now := time.Date(2013, 12, 20, 0, 0, 0, 0, time.UTC)
	s, docs := open(t, couchbase.Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	advance := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	if _, err := docs.Insert("a", 1, &gocb.InsertOptions{Expiry: time.Hour}); err != nil {
		t.Fatal(err)
	}
	s.Bucket("game").DefaultCollection().Put("b", couchbase.Document{Body: []byte("1"), Expires: now.Add(2 * time.Hour)})
	advance(time.Hour - time.Second)
	if _, err := docs.Get("a", nil); err != nil {
		t.Errorf("a second before: %v", err)
	}
	advance(time.Second)
	if _, err := docs.Get("a", nil); !errors.Is(err, gocb.ErrDocumentNotFound) {
		t.Errorf("when it expires: %v", err)
	}
	if _, err := docs.Insert("a", 2, nil); err != nil {
		t.Errorf("its id is not free: %v", err)
	}
	if got, want := s.Bucket("game").DefaultCollection().IDs(), []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("ids: %v, want %v", got, want)
	}
	advance(24 * time.Hour)
	if got := s.Bucket("game").DefaultCollection().IDs(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("a day later: %v", got)
	}
}

func TestNoIncrementUnderCASIsLost(t *testing.T) {
	s, docs := open(t, couchbase.Options{Seed: 7})
	if _, err := docs.Insert("n", 0, nil); err != nil {
		t.Fatal(err)
	}
	s.Inject(couchbase.Fault{Failure: couchbase.TemporaryFailure, Probability: 0.05})
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range each {
				if err := increment(docs, "n"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := body(t, s, "n"); got != fmt.Sprint(workers*each) {
		t.Errorf("%s, want %d", got, workers*each)
	}
}

// increment reads a number and replaces it by its successor, until no other writer comes between.
func increment(docs *gocb.Collection, id string) error {
	for {
		got, err := docs.Get(id, nil)
		if err != nil {
			return err
		}
		var n int
		if err := got.Content(&n); err != nil {
			return err
		}
		_, err = docs.Replace(id, n+1, &gocb.ReplaceOptions{Cas: got.Cas()})
		if !errors.Is(err, gocb.ErrCasMismatch) {
			return err
		}
	}
}

func TestDisconnectAndClose(t *testing.T) {
	s, docs := open(t, couchbase.Options{})
	if _, err := docs.Upsert("a", 1, nil); err != nil {
		t.Fatal(err)
	}
	s.Disconnect()
	if _, err := docs.Get("a", nil); err != nil { // reads are tried again on a new connection
		t.Errorf("after Disconnect: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if _, err := docs.Get("a", &gocb.GetOptions{Timeout: 200 * time.Millisecond}); err == nil {
		t.Error("a closed server answered")
	}
}

func TestKeyLimits(t *testing.T) {
	s, docs := open(t, couchbase.Options{})
	if err := s.Bucket("game").CreateScope("live"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Bucket("game").CreateCollection("live", "users"); err != nil {
		t.Fatal(err)
	}
	b := bucket(t, s)
	key := func(n int) string { return fmt.Sprintf("%0*d", n, 0) }
	for _, c := range []struct {
		in   *gocb.Collection
		n    int
		fits bool
	}{
		{docs, 250, true}, {docs, 251, false}, {b.Scope("live").Collection("users"), 246, true}, {b.Scope("live").Collection("users"), 247, false},
	} {
		_, err := c.in.Upsert(key(c.n), 1, nil)
		if (err == nil) != c.fits {
			t.Errorf("%s, %d bytes: %v", c.in.Name(), c.n, err)
		}
	}
}
