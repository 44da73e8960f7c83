package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// Count counts a query's tokens by platform and language, each token once; where its SELECT names $platform, once for each value
// of the platform.
func (c *Couchbase) Count(ctx context.Context, q Query) (map[Group]int, error) {
	counts := map[Group]int{}
	err := c.groups(ctx, q, q.plusLanguage(), true, func(p campaign.Platform, language string, n int) {
		counts[Group{Platform: p, Language: language}] += n
	})
	if err != nil {
		return nil, fmt.Errorf("count the audience: %w", err)
	}
	return counts, nil
}

// Values counts a query's tokens by what a column of it has, in the way of Count; NULL is "".
func (c *Couchbase) Values(ctx context.Context, q Query, column string) (map[string]int, error) {
	counts := map[string]int{}
	err := c.groups(ctx, q, valueOf(column), true, func(_ campaign.Platform, value string, n int) { counts[value] += n })
	if err != nil {
		return nil, fmt.Errorf("count the audience by %s: %w", column, err)
	}
	return counts, nil
}

// Zones are the different texts of a column of time zones, sorted. It fails where there are more than zones can be.
func (c *Couchbase) Zones(ctx context.Context, t Table, column string) ([]string, error) {
	seen := map[string]bool{}
	err := c.groups(ctx, Query{Table: t}, valueOf(column), false, func(_ campaign.Platform, zone string, _ int) { seen[zone] = true })
	if err == nil && len(seen) > mostZones {
		err = fmt.Errorf("it has more than %d different texts", mostZones)
	}
	if err != nil {
		return nil, fmt.Errorf("read the time zones in %s: %w", column, err)
	}
	delete(seen, "")
	var all []string
	for zone := range seen {
		all = append(all, zone)
	}
	slices.Sort(all)
	return all, nil
}

// groups gives what an expression has for each platform's tokens, and how many of each if they are to be counted.
func (c *Couchbase) groups(ctx context.Context, q Query, by string, counted bool, each func(p campaign.Platform, value string, n int)) error {
	if err := c.check(&q); err != nil {
		return err
	}
	if err := c.resolve(ctx, &q); err != nil {
		return err
	}
	for _, p := range q.platforms() {
		asked := [][]string{q.Table.values(p)}
		if q.selected().ByPlatform {
			asked = slices.Collect(slices.Chunk(asked[0], 1))
		}
		for _, values := range asked {
			err := c.ask(ctx, &q, q.plusCount(values, by, counted), func(raw json.RawMessage) error {
				var row struct {
					Value string
					N     int
				}
				err := json.Unmarshal(raw, &row)
				each(p, row.Value, row.N)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Columns are the names that a query's SELECT gives, without types, by which tokens and their like are found; nil where only the documents know, as
// with `t.*`. The SELECT is prepared and not carried out
// (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/prepare.html).
func (c *Couchbase) Columns(ctx context.Context, q Query) ([]datasheets.Column, error) {
	if err := c.check(&q); err != nil {
		return nil, err
	}
	names := []string{}
	st := q.of("", "", 0)
	st.WriteString("PREPARE " + q.selected().Text)
	err := c.ask(ctx, &q, st, func(raw json.RawMessage) error {
		var prepared struct{ Signature json.RawMessage }
		if err := json.Unmarshal(raw, &prepared); err != nil {
			return err
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal(prepared.Signature, &fields) != nil { // RAW: objects, or no names at all
			names = nil
			return nil
		}
		for name := range fields {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if slices.Contains(names, "*") {
		return nil, nil
	}
	slices.Sort(names)
	columns := make([]datasheets.Column, len(names))
	for i, name := range names {
		columns[i].Name = name
	}
	return columns, nil
}
