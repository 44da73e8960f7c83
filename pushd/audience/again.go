package audience

import (
	"context"
	"reflect"
	"sort"
	"sync"
	"time"
)

// lastPage is what was read last for batches that are handed out again, which come one behind the other: where the whole
// SELECT is carried out for each statement, one is enough for many of them.
type lastPage struct {
	mu     sync.Mutex
	query  Query
	part   part
	after  string // it has the tokens behind this,
	to     string // up to and with this
	end    bool   // and there are no more
	tokens []Token
	read   time.Time
}

// lastPageFor is how long it counts.
const lastPageFor = time.Minute

// betweenWhole is Between for a SELECT that is carried out as a whole. known is false where one statement does not reach so far.
func (c *Couchbase) betweenWhole(ctx context.Context, q *Query, p part, after, to string) (tokens []Token, known bool, err error) {
	l := &c.last
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.has(q, p, after, to) {
		tokens, last, more, err := c.page(ctx, q, p, after, "")
		if err != nil {
			return nil, false, err
		}
		l.query, l.part, l.after, l.to, l.end, l.tokens, l.read = *q, p, after, last, !more, tokens, time.Now()
	}
	if !l.has(q, p, after, to) {
		return nil, false, nil
	}
	first := sort.Search(len(l.tokens), func(i int) bool { return l.tokens[i].Token > after })
	end := sort.Search(len(l.tokens), func(i int) bool { return l.tokens[i].Token > to })
	return append([]Token(nil), l.tokens[first:end]...), true, nil
}

// has says whether the page has what stands between two tokens.
func (l *lastPage) has(q *Query, p part, after, to string) bool {
	return !l.read.IsZero() && time.Since(l.read) < lastPageFor && l.after <= after && (l.end || to <= l.to) &&
		reflect.DeepEqual(l.part, p) && reflect.DeepEqual(l.query, *q)
}
