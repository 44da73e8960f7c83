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

// pagesOf reads the tokens of one part behind a token, up to and with another unless that is "". An error is its last.
func (c *Couchbase) pagesOf(ctx context.Context, q *Query, p part, after, to string) iter.Seq2[Page, error] {
	return func(yield func(Page, error) bool) {
		for {
			tokens, last, more, err := c.page(ctx, q, p, after, to)
			if err != nil {
				yield(Page{}, err)
				return
			}
			if len(tokens) > 0 && !yield(Page{Cursor{p.platform, p.value, tokens[len(tokens)-1].Token}, tokens}, nil) || !more {
				return
			}
			after = last
		}
	}
}

// page reads one page of a part, without the tokens that an earlier one has.
func (c *Couchbase) page(ctx context.Context, q *Query, p part, after, to string) (tokens []Token, last string, more bool, err error) {
	tokens, last, more, err = c.read(ctx, q, p, after, to)
	if err == nil && len(p.earlier) > 0 {
		tokens, err = c.notEarlier(ctx, q, p, after, tokens)
	}
	if err != nil {
		err = fmt.Errorf("read the tokens of %s behind %.12q: %w", p.platform, after, err)
	}
	return tokens, last, more, err
}

// read reads one page. A token that is stored twice comes twice in a row and is kept once. more says whether there may be
// more behind last.
func (c *Couchbase) read(ctx context.Context, q *Query, p part, after, to string) (tokens []Token, last string, more bool, err error) {
	n, previous, texts := 0, after, 0
	last = after
	rows := c.rows(q)
	st := q.plusPage(p, after, to, rows)
	err = c.ask(ctx, q, st, func(raw json.RawMessage) error {
		var row struct {
			Token    any
			Language string
			Hit      bool // what is no truth value is false
		}
		if err := json.Unmarshal(raw, &row); err != nil {
			return fmt.Errorf("a row of the tokens: %w", err)
		}
		n++
		token, is := row.Token.(string)
		if is {
			texts++
		}
		if !is || token <= after || to != "" && token > to {
			return nil
		}
		last = max(last, token)
		if row.Hit && token != previous {
			previous = token
			tokens = append(tokens, Token{token, row.Language})
		}
		return nil
	})
	if err == nil && to == "" && n >= rows && texts == n && last == after { // else what is no text is behind all that is
		err = errors.New("the query gives no token behind $after")
	}
	return tokens, last, n >= rows && last > after && (to == "" || last < to), err
}

// notEarlier leaves those tokens out that stand behind another one with an earlier value of the platform, too: they were met there.
func (c *Couchbase) notEarlier(ctx context.Context, q *Query, p part, after string, tokens []Token) ([]Token, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	met := map[string]bool{}
	for _, t := range tokens {
		met[t.Token] = false
	}
	for _, value := range p.earlier {
		for page, err := range c.pagesOf(ctx, q, part{platform: p.platform, value: value}, after, tokens[len(tokens)-1].Token) {
			if err != nil {
				return nil, err
			}
			for _, t := range page.Tokens {
				if _, here := met[t.Token]; here {
					met[t.Token] = true
				}
			}
		}
	}
	var left []Token
	for _, t := range tokens {
		if !met[t.Token] {
			left = append(left, t)
		}
	}
	return left, nil
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
