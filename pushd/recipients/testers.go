package recipients

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"liveops/datarepo"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
)

// Pages reads tokens page by page, as audience.Store does.
type Pages interface {
	Pages(ctx context.Context, q audience.Query, after audience.Cursor) iter.Seq2[audience.Page, error]
}

// Phone is one phone, and the language that its user speaks, "" where none is known.
type Phone struct {
	campaign.Token
	Language string
}

// Testers are the phones that a test of a campaign is for: those of a list, "" for none, and further tokens. Of users those that the environment's
// tokens have; a token that is named gets it, too, where they lack it: in the default language, since nobody knows another. Only
// platforms of the campaign's audience count, of an environment with `only` only who is in its lists, and no token that is marked as dead.
// It fails with a *datarepo.NoListError where there is no such list.
func Testers(ctx context.Context, s Pages, c *campaign.Campaign, p *datarepo.Push, list string, tokens []campaign.Token) ([]Phone, error) {
	if err := p.CheckList(list); err != nil {
		return nil, err
	}
	who := people(p, []string{list})
	who.Tokens = append(who.Tokens, tokens...)
	phones, err := phonesOf(ctx, s, c, p, who)
	if err != nil || p.Only == nil {
		return phones, err
	}
	may, err := phonesOf(ctx, s, c, p, people(p, p.Only))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(phones, func(phone Phone) bool {
		return !slices.ContainsFunc(may, func(m Phone) bool { return m.Token == phone.Token })
	}), nil
}

// phonesOf are the phones of some people, and the tokens that are named.
func phonesOf(ctx context.Context, s Pages, c *campaign.Campaign, p *datarepo.Push, who *audience.People) (phones []Phone, err error) {
	if len(who.Users)+len(who.Tokens) == 0 {
		return nil, nil
	}
	table, err := Table(p)
	if err != nil {
		return nil, err
	}
	q := audience.Query{Table: table, Platforms: slices.Clone(c.Audience.Platforms), Only: who}
	if phones, err = read(ctx, s, q); err != nil || len(who.Tokens) == 0 {
		return phones, err
	}
	stored := phones
	if q.Table.Dead != "" { // what is marked as dead is stored, and gets nothing
		q.Table.Dead, q.Only = "", &audience.People{Tokens: who.Tokens}
		if stored, err = read(ctx, s, q); err != nil {
			return nil, err
		}
	}
	for _, t := range who.Tokens {
		known := slices.ContainsFunc(stored, func(p Phone) bool { return p.Token == t }) || slices.ContainsFunc(phones, func(p Phone) bool { return p.Token == t })
		if !known && (len(q.Platforms) == 0 || slices.Contains(q.Platforms, t.Platform)) {
			phones = append(phones, Phone{Token: t})
		}
	}
	return phones, nil
}

func read(ctx context.Context, s Pages, q audience.Query) (phones []Phone, err error) {
	for page, err := range s.Pages(ctx, q, audience.Cursor{}) {
		if err != nil {
			return nil, fmt.Errorf("read the phones of a test: %w", err)
		}
		for _, t := range page.Tokens {
			phones = append(phones, Phone{campaign.Token{Platform: page.At.Platform, Token: t.Token}, t.Language})
		}
	}
	return phones, nil
}
