// Package recipients says whose tokens a campaign's run is for in an environment: it makes the query of an audience from
// the campaign, from what liveops.yaml says of the environment's tokens, and from the run; and it counts them.
package recipients

import (
	"fmt"
	"slices"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/sync/check"
)

// Run is which of a campaign's users have their turn, and when.
type Run struct {
	Zones  []string // of users in these time zones, as their column has them; nil for all. Read only where the campaign goes by each user's own
	Others bool     // everybody but those, in its place
	// Started is when the run began: what the audience says of the last login counts back from it. A run that goes on after a
	// crash has the same.
	Started time.Time
}

// Unsupported is an audience that cannot be read: this version does not read such ones, or liveops.yaml does not say how.
type Unsupported struct{ Reason string }

// Error says what it is.
func (e *Unsupported) Error() string { return e.Reason }

// Query is whose tokens a run's are. It fails with an *Unsupported where they are in a column that nothing names, or the campaign asks
// in the language of another database than has them, with a *datasheets.Problem where the campaign's SQL is not one SELECT that only
// reads, and with a *campaign.QueryFault where its SQL++, or that of liveops.yaml, is not one. Values of platforms,
// countries, segments and languages are equal to those of a column where the column's collation says so: by default in any
// case, under a binary one byte by byte; in Couchbase in any case. A time of the last login is a TIMESTAMP, or a DATETIME in UTC;
// in Couchbase a text as ISO 8601 has it, or a number of seconds or milliseconds since 1970.
func Query(c *campaign.Campaign, p *datarepo.Push, r Run) (audience.Query, error) {
	table, err := Table(p)
	if err != nil {
		return audience.Query{}, err
	}
	q := audience.Query{Table: table, Platforms: slices.Clone(c.Audience.Platforms), Where: conditions(c, p, r.Started)}
	if err := query(&q, c, p); err != nil {
		return audience.Query{}, err
	}
	if c.EachUser && len(r.Zones) > 0 {
		zone := audience.Condition{Column: p.Tokens.Timezone, In: r.Zones}
		if r.Others {
			zone.In, zone.NotIn = nil, r.Zones
		}
		q.Where = append(q.Where, zone)
	}
	if c.Audience.SQL+c.Audience.SQLPP != "" && len(c.Languages()) == 1 {
		q.Table.Language = "" // there is one message: the SELECT need not give the language
	}
	if p.Only != nil {
		q.Only = people(p, p.Only)
	}
	for _, w := range q.Where {
		if w.Column == "" {
			return audience.Query{}, &Unsupported{"`push.tokens` of liveops.yaml does not name a column that the audience needs"}
		}
	}
	return q, nil
}

// query takes over the campaign's own SELECT, as it is judged: without comments, which could hide what follows it.
func query(q *audience.Query, c *campaign.Campaign, p *datarepo.Push) error {
	a, couchbase := &c.Audience, p.Tokens.Query != ""
	switch {
	case a.SQL != "" && couchbase:
		return &Unsupported{"the tokens are in Couchbase, where `sql` does not reach"}
	case a.SQLPP != "" && !couchbase:
		return &Unsupported{"the tokens are in MySQL, where `sqlpp` does not reach"}
	case a.SQL != "":
		judged, problems := check.ParseQuery("an audience", c.Path, a.SQL)
		if len(problems) > 0 {
			return fmt.Errorf("campaign %s: its SQL: %w", c.Name, &problems[0])
		}
		q.SQL = judged.SQL
	case a.SQLPP != "":
		judged, err := campaign.ParsePlusPlus(a.SQLPP)
		if err == nil && judged.Ordered != "" && judged.Ordered != p.Tokens.Token {
			err = &campaign.QueryFault{Text: "it is not in the order of the token", Mend: "end it with `ORDER BY t." + p.Tokens.Token + " LIMIT $limit`"}
		}
		if err != nil {
			return fmt.Errorf("campaign %s: its SQL++: %w", c.Name, err)
		}
		q.SQLPP = judged
	}
	return nil
}

// Listed is whose tokens those of a list of `push.lists` are, whatever any audience is. Its Only.Tokens are sent to
// only as far as the table has them; ok is false where there is no such list, or where the tokens are those of a query that is none.
func Listed(p *datarepo.Push, list string) (q audience.Query, ok bool) {
	table, err := Table(p)
	if err != nil || !slices.ContainsFunc(p.Lists, func(l datarepo.PushList) bool { return l.Name == list }) {
		return audience.Query{}, false
	}
	return audience.Query{Table: table, Only: people(p, []string{list})}, true
}

// Table is where an environment's tokens are. It fails with a *campaign.QueryFault where the query of liveops.yaml is none.
func Table(p *datarepo.Push) (audience.Table, error) {
	t := p.Tokens
	of := audience.Table{Name: t.Table, Token: t.Token, Platform: t.Platform, Language: t.Language, UpdatedAt: t.UpdatedAt, User: t.User, Dead: p.Dead.Mark,
		Values: map[campaign.Platform][]string{}, Scope: t.Scope, Collection: t.Collection, ID: t.ID}
	for platform, one := range p.Platforms {
		of.Values[platform] = one.Values
	}
	if t.Query == "" {
		return of, nil
	}
	var err error
	if of.Select, err = campaign.ParsePlusPlus(t.Query); err != nil {
		return audience.Table{}, fmt.Errorf("`push.tokens.query` of liveops.yaml: %w", err)
	}
	return of, nil
}

// people are those of some lists, each once.
func people(p *datarepo.Push, lists []string) *audience.People {
	only := &audience.People{}
	for _, l := range p.Lists {
		if !slices.Contains(lists, l.Name) {
			continue
		}
		for _, u := range l.Users {
			if !slices.Contains(only.Users, u) {
				only.Users = append(only.Users, u)
			}
		}
		for _, t := range l.Tokens {
			if !slices.Contains(only.Tokens, t) {
				only.Tokens = append(only.Tokens, t)
			}
		}
	}
	return only
}

// conditions are those of the campaign's audience.
func conditions(c *campaign.Campaign, p *datarepo.Push, started time.Time) []audience.Condition {
	a := &c.Audience
	var all []audience.Condition
	if len(a.Countries) > 0 {
		all = append(all, audience.Condition{Column: p.Tokens.Country, In: a.Countries})
	}
	if len(a.Languages) > 0 {
		spoken := audience.Condition{Column: p.Tokens.Language}
		for _, l := range a.Languages {
			spoken.Spoken = append(spoken.Spoken, campaign.Under(l)...)
		}
		all = append(all, spoken)
	}
	if len(a.Segments) > 0 {
		all = append(all, audience.Condition{Column: p.Tokens.Segment, In: a.Segments})
	}
	if a.Within > 0 || a.NotWithin > 0 {
		last := audience.Condition{Column: p.Tokens.LastLogin, Times: true}
		if a.Within > 0 {
			last.Min = moment(started.Add(-a.Within))
		}
		if a.NotWithin > 0 {
			last.Before = moment(started.Add(-a.NotWithin))
		}
		all = append(all, last)
	}
	for i := range a.Columns {
		all = append(all, onColumn(&a.Columns[i])...)
	}
	return all
}

func moment(t time.Time) *string {
	text := audience.Moment(t)
	return &text
}

// onColumn is a condition on a further column. What is in a list and NULL, and what is not in one, are tests of their own.
func onColumn(c *campaign.Condition) []audience.Condition {
	var all []audience.Condition
	if len(c.In) > 0 {
		texts, null := values(c.In)
		all = append(all, audience.Condition{Column: c.Column, In: texts, Null: null})
	}
	if len(c.NotIn) > 0 {
		texts, null := values(c.NotIn)
		all = append(all, audience.Condition{Column: c.Column, NotIn: texts, Null: null && len(texts) > 0, Present: null && len(texts) == 0})
	}
	if c.Min != nil || c.Max != nil {
		bounds := audience.Condition{Column: c.Column}
		for _, b := range []struct {
			cell *datasheets.Cell
			into **string
		}{{c.Min, &bounds.Min}, {c.Max, &bounds.Max}} {
			if b.cell != nil {
				text := text(b.cell)
				*b.into = &text
			}
		}
		all = append(all, bounds)
	}
	return all
}

// values are what cells say; null where one is empty.
func values(cells []datasheets.Cell) (texts []string, null bool) {
	for i := range cells {
		if cells[i].Kind == datasheets.Empty {
			null = true
		} else {
			texts = append(texts, text(&cells[i]))
		}
	}
	return texts, null
}

// text is what a cell says; two quote characters are an empty text, as in a sheet.
func text(c *datasheets.Cell) string {
	if c.Kind == datasheets.Text && string(c.Text) == `""` {
		return ""
	}
	return string(c.Text)
}
