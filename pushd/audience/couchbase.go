package audience

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"liveops/pushd/campaign"
)

// Bucket is an environment's Couchbase, as far as its push tokens need it.
type Bucket interface {
	// Ask runs a SQL++ statement that may only read, and gives its rows as they come. In a scope other than "" FROM names
	// its collections. limit is how long it may take; 0 leaves that to the bucket.
	Ask(ctx context.Context, scope, statement string, named map[string]any, limit time.Duration, each func(row json.RawMessage) error) error
	// Body reads a document of a collection, with its CAS; nil where there is none.
	Body(ctx context.Context, scope, collection, id string) (body []byte, cas uint64, err error)
	// Discard removes a document if its CAS is still the given one, and says whether it has.
	Discard(ctx context.Context, scope, collection, id string, cas uint64) (bool, error)
}

// Couchbase is the bucket with an environment's tokens, as a SELECT gives them (Table.Select, or a campaign's own). Texts are
// compared in any case, numbers as they are, and a number with a text as texts.
type Couchbase struct {
	Bucket   Bucket
	PageRows int           // how many tokens one statement reads; 0 for 10,000, and for 50,000 where the SELECT is carried out as a whole for each
	Limit    time.Duration // how long one statement may take; 0 leaves that to the bucket
	Log      *slog.Logger  // is told which dead tokens are kept, and why; slog.Default by default
	// AfterFunc calls f in a while, unless stop is called before: time.AfterFunc by default. What was read for batches that
	// are handed out again is kept for a minute by it.
	AfterFunc func(d time.Duration, f func()) (stop func() bool)

	last lastPage
}

// wholeRows is how many tokens one statement reads of a SELECT that is carried out as a whole each time: 300 statements for
// fifteen million, and some ten megabytes while it is read.
const wholeRows = 50_000

// check refuses a query that could not be asked of Couchbase.
func (c *Couchbase) check(q *Query) error {
	switch {
	case q.selected() == nil || q.SQL != "":
		return errors.New("the tokens of this audience are in MySQL, and Couchbase is asked")
	case q.Table.Token == "" || q.Table.Platform == "":
		return errors.New("an audience needs the names of its tokens and platforms")
	}
	return q.checkConditions(q.Table.Select != nil)
}

// Pages reads the tokens of a query that come behind a cursor, in pages of one platform each; pages may be short, and
// empty tokens are passed over. An error ends the sequence. Each page is read by itself: what is registered, or is
// taken out, between two pages is met, or not, as it comes.
func (c *Couchbase) Pages(ctx context.Context, q Query, after Cursor) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		if err := c.check(&q); err != nil {
			yield(Page{}, err)
			return
		}
		if err := c.resolve(ctx, &q); err != nil {
			yield(Page{}, err)
			return
		}
		for _, p := range q.parts() {
			if after != (Cursor{}) && (p.platform != after.Platform || p.value != after.Value) {
				continue
			}
			for page, err := range c.pagesOf(ctx, &q, p, after.Token, "") {
				if !yield(page, err) || err != nil {
					return
				}
			}
			after = Cursor{}
		}
	}
}

// Between reads all tokens behind a cursor up to and with a token of the same platform and value, each once: what a batch has
// that is to be handed out again, and what was registered in between since.
func (c *Couchbase) Between(ctx context.Context, q Query, after Cursor, to string) ([]Token, error) {
	if err := c.check(&q); err != nil {
		return nil, err
	}
	if err := c.resolve(ctx, &q); err != nil {
		return nil, err
	}
	for _, p := range q.parts() {
		if p.platform != after.Platform || p.value != after.Value {
			continue
		}
		if q.selected().Ordered == "" {
			if tokens, known, err := c.betweenWhole(ctx, &q, p, after.Token, to); known || err != nil {
				return tokens, err
			}
		}
		return allOf(c.pagesOf(ctx, &q, p, after.Token, to))
	}
	return nil, fmt.Errorf("the audience has no platform %s with the value %q", after.Platform, after.Value)
}

// mostListed is how many tokens users of lists may have in all.
const mostListed = 100_000

// resolve finds the tokens of users that alone are to get something from a campaign's own SELECT, which need not give users.
func (c *Couchbase) resolve(ctx context.Context, q *Query) error {
	if q.SQLPP == nil || q.Only == nil || len(q.Only.Users) == 0 {
		return nil
	}
	only := &People{Tokens: append([]campaign.Token(nil), q.Only.Tokens...)}
	for page, err := range c.Pages(ctx, Query{Table: q.Table, Platforms: q.Platforms, Only: &People{Users: q.Only.Users}}, Cursor{}) {
		if err != nil {
			return fmt.Errorf("read the tokens of %d users: %w", len(q.Only.Users), err)
		}
		for _, t := range page.Tokens {
			only.Tokens = append(only.Tokens, campaign.Token{Platform: page.At.Platform, Token: t.Token})
		}
		if len(only.Tokens) > mostListed {
			return fmt.Errorf("%d users have more than %d tokens", len(q.Only.Users), mostListed)
		}
	}
	if len(only.Tokens) == 0 { // nobody
		only.Tokens = []campaign.Token{{Platform: campaign.IOS}}
	}
	q.Only = only
	return nil
}

// rows is how many tokens one statement of a query reads.
func (c *Couchbase) rows(q *Query) int {
	switch {
	case c.PageRows > 0:
		return c.PageRows
	case q.selected().Ordered == "":
		return wholeRows
	}
	return pageRows
}

// ask runs a statement of a query.
func (c *Couchbase) ask(ctx context.Context, q *Query, st *plus, each func(json.RawMessage) error) error {
	return c.Bucket.Ask(ctx, q.Table.scope(), st.String(), st.named, c.Limit, each)
}

// scope is what FROM names collections of; "" where it names buckets.
func (t *Table) scope() string {
	if t.Scope == "" && t.Collection != "" {
		return "_default"
	}
	return t.Scope
}
