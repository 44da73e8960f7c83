package bot_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"
)

// clock is the time of a test and of the processes that it starts: the real one, and ahead of it by all that was waited
// for. A wait takes no time.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// pass brings the clock to a time, unless it is later already.
func (c *clock) pass(to time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now().Add(c.ahead)
	if d := to.Sub(now); d > 0 {
		c.ahead += d
		now = to
	}
	return now
}

func (c *clock) wait(ctx context.Context, d time.Duration) error {
	c.pass(c.now().Add(d))
	return ctx.Err()
}

// serve lets other processes have the clock, at the address that it returns: a remoteClock is how.
func (c *clock) serve(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to, err := strconv.ParseInt(r.URL.Query().Get("to"), 10, 64)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, c.pass(time.Unix(0, to)).UnixNano())
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// remoteClock is the clock of another process, by its address.
type remoteClock string

func (c remoteClock) now() time.Time { return c.pass(time.Unix(0, 0)) }

func (c remoteClock) pass(to time.Time) time.Time {
	answer, err := http.Get(fmt.Sprintf("%s?to=%d", string(c), to.UnixNano()))
	if err != nil {
		panic(err) // the test has ended, and so does this process
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	now, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		panic(err)
	}
	return time.Unix(0, now)
}

func (c remoteClock) wait(ctx context.Context, d time.Duration) error {
	if d > 0 {
		c.pass(c.now().Add(d))
	}
	return ctx.Err()
}
