package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"liveops/pushd/campaign"
)

const (
	deadAsked = 2000 // tokens that one statement looks up, where the SELECT is carried out as a whole
	deadTwice = 100  // documents of one token that are looked up, where an index finds them
	deadAtOne = 16   // documents, or tokens, that are at work at the same time
)

// Remove removes the documents of dead tokens, and returns how many. It removes a document only as the SELECT gives it: what
// has fields that the SELECT does not give, or gives with another value, holds more than the token, or was changed since, and stays;
// so does one that was renewed since the token was dead or for which the SELECT gives no such time (null is never), one whose token is
// not a field of its own, and, by its CAS, one that is changed meanwhile. Why some are kept, the log says, once for each
// reason. Where nothing says which documents there are, or when a token was renewed,
// all are kept. It may be called again with the same tokens.
func (c *Couchbase) Remove(ctx context.Context, t Table, dead []Dead) (int, error) {
	if t.Select == nil || t.ID == "" || t.UpdatedAt == "" {
		return 0, nil
	}
	found, err := c.documentsOf(ctx, t, dead)
	if err != nil {
		return 0, fmt.Errorf("look up %d dead tokens: %w", len(dead), err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(deadAtOne)
	outcomes := make([]string, len(found))
	for i, f := range found {
		g.Go(func() (err error) {
			outcomes[i], err = c.discard(ctx, t, f)
			return err
		})
	}
	err = g.Wait()
	if err != nil {
		err = fmt.Errorf("remove the documents of %d dead tokens: %w", len(dead), err)
	}
	return c.tell(outcomes), err
}

// removed is the outcome of a document that is gone; others say why one is kept.
const removed = "removed"

// tell counts what was removed, and has the log say why the rest was kept.
func (c *Couchbase) tell(outcomes []string) int {
	counts := map[string]int{}
	for _, o := range outcomes {
		if o != "" {
			counts[o]++
		}
	}
	n := counts[removed]
	delete(counts, removed)
	log := c.Log
	if log == nil {
		log = slog.Default()
	}
	for _, why := range slices.Sorted(maps.Keys(counts)) {
		log.Warn("documents of dead tokens are kept", "documents", counts[why], "because", why)
	}
	return n
}

// row is what a SELECT gives, by name.
type row map[string]json.RawMessage

func (r row) text(name string) string {
	var s string
	if json.Unmarshal(r[name], &s) != nil {
		return ""
	}
	return s
}

// corpse is a document of a dead token, as the SELECT gives it.
type corpse struct {
	Dead
	row row
}

// documentsOf looks dead tokens up.
func (c *Couchbase) documentsOf(ctx context.Context, t Table, dead []Dead) (all []corpse, err error) {
	byToken := map[campaign.Platform]map[string]Dead{}
	for _, d := range dead {
		if byToken[d.Platform] == nil {
			byToken[d.Platform] = map[string]Dead{}
		}
		if known, twice := byToken[d.Platform][d.Token]; !twice || d.Since.After(known.Since) {
			byToken[d.Platform][d.Token] = d
		}
	}
	for _, p := range campaign.Platforms() {
		if len(byToken[p]) == 0 {
			continue
		}
		values := t.values(p)
		asked := [][]string{values}
		if t.Select.ByPlatform {
			asked = slices.Collect(slices.Chunk(values, 1))
		}
		tokens := slices.Sorted(maps.Keys(byToken[p]))
		for _, values := range asked {
			rows, err := c.rowsOf(ctx, t, values, tokens)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				if d, is := byToken[p][r.text(t.Token)]; is {
					all = append(all, corpse{d, r})
				}
			}
		}
	}
	return all, nil
}

// rowsOf are those with some tokens, and one of some values in the column of platforms.
func (c *Couchbase) rowsOf(ctx context.Context, t Table, values, tokens []string) ([]row, error) {
	size := deadAsked
	if t.Select.Ordered != "" {
		size = 1 // an index finds it
	}
	chunks := slices.Collect(slices.Chunk(tokens, size))
	rows := make([][]row, len(chunks))
	g, ctx := errgroup.WithContext(ctx)
	if g.SetLimit(1); size == 1 {
		g.SetLimit(deadAtOne)
	}
	for i, some := range chunks {
		g.Go(func() error {
			q := &Query{Table: t}
			return c.ask(ctx, q, q.plusRows(values, some), func(raw json.RawMessage) error {
				var r row
				err := json.Unmarshal(raw, &r)
				rows[i] = append(rows[i], r)
				return err
			})
		})
	}
	err := g.Wait()
	return slices.Concat(rows...), err
}

// plusRows is the statement for whole rows of some tokens. One that an index finds is looked up from right before it on.
func (q *Query) plusRows(values, tokens []string) *plus {
	s := q.of(values[0], before(tokens[0]), deadTwice)
	s.WriteString("SELECT RAW t" + q.nested() + " WHERE " + field(q.Table.Token) + " IN " + s.arg(tokens) + q.platformIs(s, values))
	return s
}

// before is a text that comes before a token, and before hardly any other that does.
func before(token string) string {
	if token == "" || token[len(token)-1] <= ' ' || token[len(token)-1] > '~' {
		return ""
	}
	return token[:len(token)-1] + string(rune(token[len(token)-1]-1)) + "\uffff"
}

// discard removes a document, or says why it stays; "" where it is gone already, was renewed since, or is changed meanwhile.
func (c *Couchbase) discard(ctx context.Context, t Table, f corpse) (string, error) {
	id := f.row.text(t.ID)
	if id == "" {
		return "the query gives no text as " + t.ID, nil
	}
	if renewed, known := renewedAt(f.row[t.UpdatedAt]); !known {
		return "the query gives no time as " + t.UpdatedAt, nil
	} else if renewed.After(f.Since) {
		return "", nil
	}
	body, cas, err := c.Bucket.Body(ctx, t.Scope, t.Collection, id)
	if err != nil || body == nil {
		return "", err
	}
	if why := f.more(body); why != "" {
		return why, nil
	}
	gone, err := c.Bucket.Discard(ctx, t.Scope, t.Collection, id, cas)
	switch {
	case err != nil:
		return "", err
	case gone:
		return removed, nil
	}
	return "", nil
}

// more says what of a document the row does not have; "" where it has it all.
func (f corpse) more(body []byte) string {
	var document map[string]json.RawMessage
	if json.Unmarshal(body, &document) != nil {
		return "they are no JSON objects"
	}
	own := false
	for name, value := range document {
		given, is := f.row[name]
		if !is {
			return "they have fields that the query does not give"
		}
		if !same(given, value) {
			return "they were changed just then, or the query gives something else under the names of their fields"
		}
		var text string
		own = own || json.Unmarshal(value, &text) == nil && text == f.Token
	}
	if !own {
		return "the token is not a field of its own in them"
	}
	return ""
}

// same compares values as JSON has them: the query service writes numbers anew.
func same(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// renewedAt reads when a token was renewed: ISO 8601, in UTC where it has no offset; a number of milliseconds, or of seconds,
// since 1970. null is never, the zero time. known is false for what is none of these, and where the row has no such field: a query that
// has the time under another name says nothing about renewals.
func renewedAt(raw json.RawMessage) (at time.Time, known bool) {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return time.Time{}, false
	}
	switch v := value.(type) {
	case nil:
		return time.Time{}, true
	case float64:
		if v < secondsEnd {
			v *= 1000
		}
		return time.UnixMilli(int64(v)).UTC(), true
	case string:
		for _, format := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
			if t, err := time.Parse(format, v); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}
