package purgerun

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"liveops/sync/purge"
)

// Options say how a purge is run; what is zero has a default.
type Options struct {
	Actor  string // who runs it
	Commit string // that it came with

	Parallel int // documents at work at once; 64
	Batch    int // documents whose images are written together; 256
	Limit    int // most documents changed in all; 0 takes the purge's own, below 0 is none
	Room     int // most documents changed in all by liveops.yaml, beside Limit; 0 for no bound, below 0 for none
	Attempts int // tries at one document, whose waits grow up to 5 s; 16
	Rounds   int // most times that candidates are selected; 50

	Progress func(purge.Run) // told at most once in Every, from one goroutine at a time; may be nil
	Every    time.Duration   // 3 s

	Now   func() time.Time                                 // the clock
	Wait  func(ctx context.Context, d time.Duration) error // returns early with ctx's error
	NewID func() string                                    // the id of a new run: letters and digits
}

func (o Options) complete() Options {
	o.Parallel = positive(o.Parallel, 64)
	o.Batch = positive(o.Batch, 256)
	o.Attempts = positive(o.Attempts, 16)
	o.Rounds = positive(o.Rounds, 50)
	if o.Every <= 0 {
		o.Every = 3 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.NewID == nil {
		o.NewID = newID
	}
	return o
}

func positive(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newID makes an id that is a name in an extended attribute: it begins with a letter.
func newID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return "r" + hex.EncodeToString(b)
}

// backoff is how long the nth try waits, from the second on.
func backoff(attempt int) time.Duration {
	const first, longest = 20 * time.Millisecond, 5 * time.Second
	if attempt > 8 {
		return longest
	}
	return min(first<<(attempt-1), longest)
}
