package recipients

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
)

// Count counts the tokens that a run of a campaign begun at a moment would be sent to: by platform and language, and by
// the users' time zones where those count.
func Count(ctx context.Context, s *audience.Store, c *campaign.Campaign, p *datarepo.Push, at time.Time) (campaign.Counted, error) {
	q, err := Query(c, p, Run{Started: at})
	if err != nil {
		return campaign.Counted{}, err
	}
	groups, err := s.Count(ctx, q)
	if err != nil {
		return campaign.Counted{}, err
	}
	counted := campaign.Counted{Audience: []campaign.Portion{}}
	for g, n := range groups {
		counted.Audience = append(counted.Audience, campaign.Portion{Platform: g.Platform, Language: g.Language, Tokens: n})
	}
	slices.SortFunc(counted.Audience, func(a, b campaign.Portion) int {
		return strings.Compare(string(a.Platform)+" "+a.Language, string(b.Platform)+" "+b.Language)
	})
	if c.EachUser {
		if counted.Zones, err = s.Values(ctx, q, p.Tokens.Timezone); err != nil {
			return campaign.Counted{}, err
		}
	}
	if counted.Reading, err = s.Cost(ctx, q); err != nil {
		return campaign.Counted{}, err
	}
	return counted, nil
}

// Columns are those that a campaign's audience may name in an environment: the table's, or those that its SQL gives. A
// query that the server refuses fails with what it says (*mysql.MySQLError).
func Columns(ctx context.Context, s *audience.Store, c *campaign.Campaign, p *datarepo.Push) ([]string, error) {
	q, err := Query(c, p, Run{})
	if err != nil {
		return nil, err
	}
	names, err := s.Columns(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the columns of the audience: %w", err)
	}
	return names, nil
}

// Zones are the time zones that the users of an environment's tokens have, as their column has them, sorted; "" is of users
// without one. It is nil where liveops.yaml names no such column.
func Zones(ctx context.Context, s *audience.Store, p *datarepo.Push) ([]string, error) {
	if p.Tokens.Timezone == "" {
		return nil, nil
	}
	counts, err := s.Values(ctx, audience.Query{Table: Table(p)}, p.Tokens.Timezone)
	if err != nil {
		return nil, err
	}
	var zones []string
	for z := range counts {
		zones = append(zones, z)
	}
	slices.Sort(zones)
	return zones, nil
}
