package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// columnsTime bounds how long the columns of an environment's tokens are asked for.
const columnsTime = 10 * time.Second

// checkColumns looks the columns that campaigns name up in the environment's tokens. Where those cannot be reached, nothing is
// said: what is counted says so.
func checkColumns(ctx context.Context, p *Plan, d *Desired) error {
	push, own := environmentOf(d.Campaigning.Policy, p.Environment).Push, environmentOf(d.Config, p.Environment).Push
	if d.Campaigning.Phones == nil || push == nil || own == nil || own.Tokens.Table != push.Tokens.Table || own.Tokens.Query != push.Tokens.Query { // another table is not the policy's to ask
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, columnsTime)
	defer cancel()
	var table []datasheets.Column // its columns, once they were asked for; nil then too, where only the documents know them
	asked := false
	for _, c := range p.campaigns {
		changes := slices.ContainsFunc(p.Campaigns, func(ch CampaignChange) bool { return ch.Campaign == c })
		if !changes && !d.Campaigning.All {
			continue
		}
		columns, selects := table, c.Audience.SQL+c.Audience.SQLPP != ""
		if !asked || selects {
			var err error
			columns, err = d.Campaigning.Phones.Columns(asking, p.Environment, push, c)
			refused := (*RefusedAudienceError)(nil)
			switch {
			case errors.As(err, &refused):
				p.Problems = append(p.Problems, refusedAudience(p.Environment, push, c, refused))
				continue
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				continue
			}
		}
		if selects {
			p.Problems = append(p.Problems, lackingColumns(p.Environment, own, c, columns)...)
			continue
		}
		if !asked {
			p.Problems = append(p.Problems, lackingNames(p.Environment, own, columns)...)
			p.Problems = append(p.Problems, wrongTypes(p.Environment, own, columns)...)
		}
		table, asked = columns, true
		known := c.Check(d.Config.Surroundings(nil)) // and told of the file already
		found := c.Check(d.Config.Surroundings(map[string][]datasheets.Column{p.Environment: columns}))
		p.Problems = append(p.Problems, slices.DeleteFunc(found, func(p datasheets.Problem) bool { return slices.Contains(known, p) })...)
	}
	return nil
}

// refusedAudience is the problem of a table, or a SELECT, that the server refuses to read.
func refusedAudience(environment string, push *datarepo.Push, c *campaign.Campaign, refused error) datasheets.Problem {
	if key := selectKey(c); key != "" {
		return datasheets.Problem{At: c.Places.At(c.Path, key), Text: fmt.Sprintf("`%s` refuses the query: %v", environment, refused)}
	}
	if push.Tokens.Query != "" {
		return datasheets.Problem{At: datasheets.Position{Path: datarepo.ConfigPath},
			Text: fmt.Sprintf("`push.tokens` of `%s` asks by a query that is refused: %v", environment, refused)}
	}
	return datasheets.Problem{At: datasheets.Position{Path: datarepo.ConfigPath},
		Text: fmt.Sprintf("`push.tokens` of `%s` names the table `%s`, which cannot be read: %v", environment, push.Tokens.Table, refused)}
}

// lackingNames are the problems of a query of tokens in Couchbase that does not give what `push.tokens` names. A table's columns
// are missed by the server.
func lackingNames(environment string, push *datarepo.Push, columns []datasheets.Column) (problems []datasheets.Problem) {
	if push.Tokens.Query == "" || columns == nil {
		return nil
	}
	t := &push.Tokens
	for _, name := range []string{t.Token, t.Platform, t.User, t.UpdatedAt, t.ID, t.Country, t.Language, t.Segment, t.LastLogin, t.Timezone} {
		if name != "" && !slices.ContainsFunc(columns, func(c datasheets.Column) bool { return c.Name == name }) {
			problems = append(problems, datasheets.Problem{At: datasheets.Position{Path: datarepo.ConfigPath},
				Text: fmt.Sprintf("`push.tokens` of `%s`: the query does not give `%s`", environment, name), Mend: "name it in the SELECT"})
		}
	}
	return problems
}

// selectKey is where a campaign's own SELECT stands; "" where it has none.
func selectKey(c *campaign.Campaign) string {
	switch {
	case c.Audience.SQL != "":
		return "audience.sql"
	case c.Audience.SQLPP != "":
		return "audience.sqlpp"
	}
	return ""
}

// lackingColumns are the problems of a SELECT that does not give what a run needs. What a SELECT of Couchbase gives may be known to
// its documents only (nil), and its names are equal letter by letter.
func lackingColumns(environment string, push *datarepo.Push, c *campaign.Campaign, columns []datasheets.Column) (problems []datasheets.Problem) {
	couchbase := push.Tokens.Query != ""
	if couchbase && columns == nil {
		return nil
	}
	for _, n := range []struct {
		what, column string
		needed       bool
	}{
		{"token", push.Tokens.Token, true}, {"platform", push.Tokens.Platform, true},
		{"language", push.Tokens.Language, len(c.Languages()) > 1}, {"time zone", push.Tokens.Timezone, c.EachUser},
	} {
		same := func(c datasheets.Column) bool {
			return c.Name == n.column || !couchbase && strings.EqualFold(c.Name, n.column)
		}
		if n.needed && n.column != "" && !slices.ContainsFunc(columns, same) {
			problems = append(problems, datasheets.Problem{At: c.Places.At(c.Path, selectKey(c)),
				Text: fmt.Sprintf("the query does not give `%s`, the %s of a token in `%s`", n.column, n.what, environment), Mend: "name it in the SELECT"})
		}
	}
	return problems
}
