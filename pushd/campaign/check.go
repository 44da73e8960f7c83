package campaign

import (
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// Surroundings are what a campaign finds around it: liveops.yaml of the base, and the database as it is.
type Surroundings struct {
	Guards       []string // their names
	Environments []Environment
}

// Environment is what campaigns must know of one that has `push`.
type Environment struct {
	Name     string
	Tokens   Columns
	Actual   []datasheets.Column  // those that the table of tokens has, or their query gives, which has no types; nil where they are not known
	Lists    []string             // the names of its test lists
	Capacity bool                 // servers can be added to it
	Gateways map[Platform]Gateway // nil is Android's by FCM and iOS's by APNs
	// Couchbase says that its tokens are there, where names are equal only letter by letter.
	Couchbase bool
}

// Columns are the columns of the table of tokens, "" for one that liveops.yaml does not name.
type Columns struct {
	Token, Platform, User, UpdatedAt                string
	Country, Language, Segment, LastLogin, Timezone string
}

// Check says what is wrong with a campaign where it is to be run, sorted, each problem at its place in the campaign's file.
func (c *Campaign) Check(s Surroundings) []datasheets.Problem {
	r := &rules{c: c}
	if c.Guard != "" && !slices.Contains(s.Guards, c.Guard) {
		r.add("guard", nearest(c.Guard, s.Guards, "add it to `guards` of liveops.yaml"), "liveops.yaml has no guard named %s", quoted(c.Guard))
	}
	if len(s.Environments) == 0 {
		r.add("", "add `push` to an environment in liveops.yaml", "no environment sends campaigns")
	}
	if c.Capacity != nil && len(s.Environments) > 0 && !slices.ContainsFunc(s.Environments, func(e Environment) bool { return e.Capacity }) {
		r.add("capacity", "add `capacity` to an environment in liveops.yaml, or remove it here", "no environment says which servers to add")
	}
	sized := map[Gateway]bool{APNs: true} // how iOS's tokens are brought to; New looked at APNs
	for _, e := range s.Environments {
		r.environment(e)
		if by := gatewayOf(IOS, e.Gateways); !sized[by] {
			sized[by] = true
			r.sizes(e.Gateways)
		}
	}
	return datasheets.SortProblems(r.problems)
}

func (r *rules) environment(e Environment) {
	c := r.c
	named := []struct {
		key, what, column string
		used              bool
	}{
		{"audience.country", "country", e.Tokens.Country, len(c.Audience.Countries) > 0},
		{"audience.language", "language", e.Tokens.Language, len(c.Audience.Languages) > 0},
		{"audience.segment", "segment", e.Tokens.Segment, len(c.Audience.Segments) > 0},
		{"audience.lastLogin", "lastLogin", e.Tokens.LastLogin, c.Audience.Within > 0 || c.Audience.NotWithin > 0},
		{"timezone", "timezone", e.Tokens.Timezone, c.EachUser},
		{"message", "language", e.Tokens.Language, len(c.messages) > 1 && c.columnsOnly()},
	}
	for _, n := range named {
		switch {
		case n.used && n.column == "":
			r.add(n.key, "add `"+n.what+"` to `push.tokens` of the environment in liveops.yaml", "in %s nothing says which column has the %s of a token", quoted(e.Name), n.what)
		case n.used:
			r.values(n.key, r.column(n.key, n.column, e), e)
		}
	}
	for i := range c.Audience.Columns {
		condition := &c.Audience.Columns[i]
		key := "audience.columns." + condition.Column
		r.condition(key, condition, r.column(key, condition.Column, e), e)
	}
	r.query(e)
	if t := c.Test; t != nil && t.List != "" && !slices.Contains(e.Lists, t.List) {
		r.add("test.list", nearest(t.List, e.Lists, "add it to `push.lists` of the environment in liveops.yaml"), "%s has no list named %s", quoted(e.Name), quoted(t.List))
	}
}

// query reports an audience by a query that does not go with where the tokens are.
func (r *rules) query(e Environment) {
	a := &r.c.Audience
	switch {
	case a.SQL != "" && e.Couchbase:
		r.add("audience.sql", "ask by `sqlpp`", "the tokens of %s are in Couchbase, where SQL does not reach", quoted(e.Name))
	case a.SQLPP != "" && !e.Couchbase:
		r.add("audience.sqlpp", "ask by `sql`", "the tokens of %s are in MySQL, where SQL++ does not reach", quoted(e.Name))
	case a.SQLPP != "":
		if q, err := ParsePlusPlus(a.SQLPP); err == nil && q.Ordered != "" && q.Ordered != e.Tokens.Token {
			r.add("audience.sqlpp", "end it with `ORDER BY t."+e.Tokens.Token+" LIMIT $limit`", "the query is in the order of %s, and the token of %s is %s", quoted(q.Ordered), quoted(e.Name), quoted(e.Tokens.Token))
		}
	}
}

// columnsOnly says whether the audience comes from the table of tokens; a query brings columns of its own.
func (c *Campaign) columnsOnly() bool { return c.Audience.SQL == "" && c.Audience.SQLPP == "" }

// column reports a column that the table of tokens lacks, and gives one that it has; nil where that is not known. Names of columns are
// equal in any case, as MySQL has it.
func (r *rules) column(key, name string, e Environment) *datasheets.Column {
	if e.Actual == nil || !r.c.columnsOnly() {
		return nil
	}
	var names []string
	for i, c := range e.Actual {
		if c.Name == name || !e.Couchbase && strings.EqualFold(c.Name, name) {
			return &e.Actual[i]
		}
		names = append(names, c.Name)
	}
	all := "`" + strings.Join(slices.Sorted(slices.Values(names)), "`, `") + "`"
	if e.Couchbase {
		r.add(key, nearest(name, names, "the query gives "+all), "the query of tokens in %s does not give %s", quoted(e.Name), quoted(name))
		return nil
	}
	r.add(key, nearest(name, names, "the table's columns are "+all), "the table of tokens in %s has no column %s", quoted(e.Name), quoted(name))
	return nil
}

func nearest(name string, among []string, otherwise string) string {
	if near := datasheets.Nearest(name, among); near != "" {
		return fmt.Sprintf("did you mean `%s`?", near)
	}
	return otherwise
}
