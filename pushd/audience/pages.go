package audience

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

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

// read reads one page, each token once. more says whether there may be more behind last. Where a SELECT gives its rows whether they
// belong to the audience or not, a page that is full may end among those of its last token, of which another one may belong to it:
// then the page ends before that token, and where it has no other, more is read.
func (c *Couchbase) read(ctx context.Context, q *Query, p part, after, to string) (tokens []Token, last string, more bool, err error) {
	for limit := c.rows(q); ; limit *= 2 {
		l, err := c.leaf(ctx, q, p, after, to, limit)
		beyond := to != "" && l.last > to
		switch {
		case err != nil:
			return nil, after, false, err
		case !l.full || beyond || l.last == after:
			return l.tokens, l.last, false, nil
		case q.selected().Ordered == "":
			return l.tokens, l.last, to == "" || l.last < to, nil
		case l.before > after:
			if n := len(l.tokens); n > 0 && l.tokens[n-1].Token == l.last {
				l.tokens = l.tokens[:n-1]
			}
			return l.tokens, l.before, true, nil
		}
	}
}

// leaf is what one statement gives.
type leaf struct {
	tokens []Token // of the audience, each once
	last   string  // the last token of all; after where there is none
	before string  // the one before it
	full   bool    // it has as many rows as it may, so that there may be more
}

// leaf asks for so many rows. A token that is stored twice comes twice in a row.
func (c *Couchbase) leaf(ctx context.Context, q *Query, p part, after, to string, limit int) (leaf, error) {
	l := leaf{last: after, before: after}
	n, texts, kept := 0, 0, after
	err := c.ask(ctx, q, q.plusPage(p, after, to, limit), func(raw json.RawMessage) error {
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
		if !is || token <= after {
			return nil
		}
		if token > l.last {
			l.before, l.last = l.last, token
		}
		if row.Hit && token != kept && (to == "" || token <= to) {
			kept = token
			l.tokens = append(l.tokens, Token{token, row.Language})
		}
		return nil
	})
	l.full = n >= limit
	if err == nil && to == "" && l.full && texts == n && l.last == after { // else what is no text is behind all that is
		err = errors.New("the query gives no token behind $after")
	}
	return l, err
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
