package push

import (
	"sync"
	"sync/atomic"
)

// Counts say what a gateway has taken so far.
type Counts struct {
	// Accepted is how many messages were accepted, repeats included.
	Accepted int64
	// Tokens is how many different tokens they were for, and Repeated how many of these got more than one.
	Tokens, Repeated int64
	// Most is how many messages the token got that got most.
	Most int64
	// Texts is how many different bodies were accepted, the token in them left out.
	Texts int64
	// Refused is how many answers were none of acceptance, by the reason in the vendor's words.
	Refused map[string]int64
	// Connections is how many were opened, and Open how many stand.
	Connections, Open int64
	// Overlimit is how many streams were refused because the client had more open than it may.
	Overlimit int64
}

// pageBits is how many numbered tokens a page of the bitmap holds; numbers are below maxNumber.
const (
	pageBits  = 1 << 16
	maxNumber = 1 << 28
)

// A counter counts tokens: numbered ones in a bitmap of pages, others by their hash.
type counter struct {
	accepted, tokens atomic.Int64
	pages            [maxNumber / pageBits]atomic.Pointer[countPage] // by number / pageBits
	shards           [64]hashShard
	mu               sync.Mutex
	repeats          map[Mark]int64 // messages beyond the first, by token
	texts            map[uint64]struct{}
	refused          map[string]int64
}

type countPage [pageBits / 64]atomic.Uint64

type hashShard struct {
	mu   sync.Mutex
	seen map[uint64]struct{}
}

func newCounter() *counter {
	c := &counter{repeats: map[Mark]int64{}, texts: map[uint64]struct{}{}, refused: map[string]int64{}}
	for i := range c.shards {
		c.shards[i].seen = map[uint64]struct{}{}
	}
	return c
}

// accept counts a message.
func (c *counter) accept(m Mark) {
	c.accepted.Add(1)
	if c.first(m) {
		c.tokens.Add(1)
		return
	}
	c.mu.Lock()
	c.repeats[m]++
	c.mu.Unlock()
}

// first marks a token as seen, and says whether it was not before.
func (c *counter) first(m Mark) bool {
	if m.Numbered {
		bit := uint64(1) << (m.Number % 64)
		return c.page(m.Number / pageBits)[m.Number%pageBits/64].Or(bit)&bit == 0
	}
	s := &c.shards[m.Number%uint64(len(c.shards))]
	s.mu.Lock()
	defer s.mu.Unlock()
	_, seen := s.seen[m.Number]
	s.seen[m.Number] = struct{}{}
	return !seen
}

func (c *counter) page(i uint64) *countPage {
	if p := c.pages[i].Load(); p != nil {
		return p
	}
	c.pages[i].CompareAndSwap(nil, &countPage{})
	return c.pages[i].Load()
}

// text counts a body, by its hash.
func (c *counter) text(hash uint64) {
	c.mu.Lock()
	c.texts[hash] = struct{}{}
	c.mu.Unlock()
}

func (c *counter) refuse(reason string) {
	c.mu.Lock()
	c.refused[reason]++
	c.mu.Unlock()
}

// fill writes what was counted.
func (c *counter) fill(to *Counts) {
	to.Accepted, to.Tokens = c.accepted.Load(), c.tokens.Load()
	to.Most = min(to.Tokens, 1)
	to.Refused = map[string]int64{}
	c.mu.Lock()
	defer c.mu.Unlock()
	to.Repeated, to.Texts = int64(len(c.repeats)), int64(len(c.texts))
	for _, n := range c.repeats {
		to.Most = max(to.Most, 1+n)
	}
	for reason, n := range c.refused {
		to.Refused[reason] = n
	}
}

// times is how many messages for a token were accepted.
func (c *counter) times(m Mark) int64 {
	seen := false
	if m.Numbered {
		if p := c.pages[m.Number/pageBits].Load(); p != nil {
			seen = p[m.Number%pageBits/64].Load()&(1<<(m.Number%64)) != 0
		}
	} else {
		s := &c.shards[m.Number%uint64(len(c.shards))]
		s.mu.Lock()
		_, seen = s.seen[m.Number]
		s.mu.Unlock()
	}
	if !seen {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return 1 + c.repeats[m]
}
