package bot_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// parcel is a delivery of GitHub's.
type parcel struct {
	header http.Header
	body   []byte
}

// courier takes GitHub's deliveries and brings them to the bot as fast as it can: several at once, out of order, a part
// of them twice. What gets no 2xx is sent again, as a person would redeliver it; what got one never is.
type courier struct {
	*httptest.Server
	mu       sync.Mutex
	changed  *sync.Cond // of everything below
	random   *rand.Rand
	to       string // where the bot is; "" while it is nowhere
	waiting  []parcel
	known    []parcel // every delivery once
	carried  int      // in hand
	answered int      // with a 2xx
	closed   bool
	refused  map[int]int // other answers than 2xx, by status; 0 for none

	senders sync.WaitGroup
}

// These are how many deliveries are sent at once, and how far one may overtake others.
const (
	senders   = 8
	overtakes = 12
)

func newCourier(t *testing.T, seed uint64) *courier {
	c := &courier{random: rand.New(rand.NewPCG(seed, 1)), refused: map[int]int{}}
	c.changed = sync.NewCond(&c.mu)
	c.Server = httptest.NewServer(http.HandlerFunc(c.take))
	for range senders {
		c.senders.Go(c.send)
	}
	t.Cleanup(func() {
		c.Close()
		c.change(func() { c.closed = true })
		c.senders.Wait()
	})
	return c
}

func (c *courier) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.changed.Broadcast()
}

// take accepts a delivery from GitHub, and has a part of them sent twice.
func (c *courier) take(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // GitHub is being closed
	}
	c.change(func() {
		p := parcel{r.Header.Clone(), body}
		c.known = append(c.known, p)
		c.waiting = append(c.waiting, p)
		if c.random.IntN(5) == 0 {
			c.waiting = append(c.waiting, p)
		}
	})
}

// String says what was carried.
func (c *courier) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d deliveries taken up, of which %d had been before; others' answers: %v", c.answered, c.answered-len(c.known), c.refused)
}

// again sends deliveries that were sent before until as many as wanted were taken up in all.
func (c *courier) again(want int) {
	c.change(func() {
		for n := c.answered + c.carried + len(c.waiting); n < want; n++ {
			c.waiting = append(c.waiting, c.known[c.random.IntN(len(c.known))])
		}
	})
}

// moveTo says where the bot is from now on.
func (c *courier) moveTo(url string) { c.change(func() { c.to = url }) }

// pick takes the next delivery to be sent, and where to.
func (c *courier) pick() (p parcel, to string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && (len(c.waiting) == 0 || c.to == "") {
		c.changed.Wait()
	}
	if c.closed {
		return p, "", false
	}
	i := c.random.IntN(min(len(c.waiting), overtakes))
	p = c.waiting[i]
	c.waiting = append(c.waiting[:i:i], c.waiting[i+1:]...)
	c.carried++
	return p, c.to, true
}

// send sends one delivery after the other.
func (c *courier) send() {
	for {
		p, to, ok := c.pick()
		if !ok {
			return
		}
		status := post(p, to)
		c.change(func() {
			c.carried--
			if status/100 == 2 {
				c.answered++
				return
			}
			c.refused[status]++
			c.waiting = append(c.waiting, p)
			if status == 0 && c.to == to { // nobody is there
				c.to = ""
			}
		})
	}
}

func post(p parcel, to string) (status int) {
	r, err := http.NewRequest(http.MethodPost, to, bytes.NewReader(p.body))
	if err != nil {
		return 0
	}
	r.Header = p.header.Clone()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// await waits until so many deliveries were answered well, or all that there are; ctx's end is told by its error.
func (c *courier) await(ctx context.Context, answered int) error {
	defer context.AfterFunc(ctx, func() { c.change(func() {}) })()
	c.mu.Lock()
	defer c.mu.Unlock()
	for ctx.Err() == nil && c.answered < answered {
		c.changed.Wait()
	}
	return ctx.Err()
}
