package audience

import (
	"context"
	"reflect"
	"slices"
	"sort"
	"sync"
	"time"
)

// lastPage keeps what was read last for batches that are handed out again, which come one behind the other: where the whole
// SELECT is carried out for each statement, one is enough for many of them.
type lastPage struct {
	mu     sync.Mutex
	kept   *keptPage   // nil where nothing is kept
	forget func() bool // calls off that it is forgotten
}

// keptPage is a page of a query's part.
type keptPage struct {
	query  Query
	part   part
	after  string // it has the tokens behind this,
	to     string // up to and with this
	end    bool   // and there are no more
	tokens []Token
}

// lastPageFor is how long a page is kept.
const lastPageFor = time.Minute

// betweenWhole is Between for a SELECT that is carried out as a whole. known is false where one statement does not reach so far.
func (c *Couchbase) betweenWhole(ctx context.Context, q *Query, p part, after, to string) (tokens []Token, known bool, err error) {
	l := &c.last
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.kept.has(q, p, after, to) {
		tokens, last, more, err := c.page(ctx, q, p, after, "")
		if err != nil {
			return nil, false, err
		}
		c.keep(&keptPage{*q, p, after, last, !more, tokens})
	}
	k := l.kept
	if !k.has(q, p, after, to) {
		return nil, false, nil
	}
	first := sort.Search(len(k.tokens), func(i int) bool { return k.tokens[i].Token > after })
	end := sort.Search(len(k.tokens), func(i int) bool { return k.tokens[i].Token > to })
	return slices.Clone(k.tokens[first:end]), true, nil
}

// keep keeps a page in place of the last one, and forgets it in a while. c.last is locked.
func (c *Couchbase) keep(k *keptPage) {
	l := &c.last
	if l.forget != nil {
		l.forget()
	}
	after := c.AfterFunc
	if after == nil {
		after = func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }
	}
	l.kept = k
	l.forget = after(lastPageFor, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.kept == k { // another one may have been read just then
			l.kept, l.forget = nil, nil
		}
	})
}

// has says whether the page has what stands between two tokens; nil has nothing.
func (k *keptPage) has(q *Query, p part, after, to string) bool {
	return k != nil && k.after <= after && (k.end || to <= k.to) && reflect.DeepEqual(k.part, p) && reflect.DeepEqual(k.query, *q)
}
