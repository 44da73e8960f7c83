package recipients

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
)

// Counter counts tokens: an *audience.Store, or an *audience.Couchbase.
type Counter interface {
	Count(ctx context.Context, q audience.Query) (map[audience.Group]int, error)
	Values(ctx context.Context, q audience.Query, column string) (map[string]int, error)
	Cost(ctx context.Context, q audience.Query) (string, error)
}

// Namer knows the names of columns: an *audience.Store, or an *audience.Couchbase.
type Namer interface {
	Columns(ctx context.Context, q audience.Query) ([]datasheets.Column, error)
}

// Count counts the tokens that a run of a campaign begun at a moment would be sent to: by platform and language, and by
// the users' time zones where those count.
func Count(ctx context.Context, s Counter, c *campaign.Campaign, p *datarepo.Push, at time.Time) (campaign.Counted, error) {
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

// Columns are those that a campaign's audience may name in an environment: the table's, or those that its SELECT gives; nil where
// they are not known. A query that the server refuses fails with what it says (*mysql.MySQLError of MySQL).
func Columns(ctx context.Context, s Namer, c *campaign.Campaign, p *datarepo.Push) ([]datasheets.Column, error) {
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
