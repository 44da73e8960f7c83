package release

import (
	"context"
	"errors"
	"slices"
	"time"

	"liveops/datarepo"
	"liveops/pushd/campaign"
)

// countTime is how long an environment's audiences may take to be counted, all together.
const countTime = 30 * time.Second

// PreviewCampaigns makes the previews of the campaigns that a plan changes, but for those that the default branch has so already.
// Their audiences are counted, and of the other campaigns those that may run at the same time; what cannot be counted in
// time is not, and the preview says why. d is what the plan was made for.
func PreviewCampaigns(ctx context.Context, p *Plan, d *Desired) error {
	if d.Campaigning == nil {
		return nil
	}
	v := previewer{CampaignContext: d.Campaigning, environment: p.Environment, campaigns: p.campaigns, push: environmentOf(d.Campaigning.Policy, p.Environment).Push}
	counting, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	for i := range p.Campaigns {
		c := &p.Campaigns[i]
		if c.Campaign == nil || c.Pending {
			continue
		}
		preview := v.preview(counting, c.Campaign)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.Preview = &preview
	}
	return nil
}

// PreviewReleased makes the preview of a campaign that was released to an environment, among all that were. c's policy is what was released,
// too.
func PreviewReleased(ctx context.Context, environment string, c *CampaignContext, released []*campaign.Campaign, one *campaign.Campaign) campaign.Preview {
	counting, cancel := context.WithTimeout(ctx, countTime)
	defer cancel()
	v := previewer{CampaignContext: c, environment: environment, campaigns: released, push: environmentOf(c.Policy, environment).Push}
	return v.preview(counting, one)
}

// previewer makes the previews of an environment.
type previewer struct {
	*CampaignContext
	environment string
	campaigns   []*campaign.Campaign // all that are sent there
	push        *datarepo.Push       // nil where the policy says nothing of the tokens

	everybody *campaign.Counted // every token there is; nil until it is counted, or where it cannot be
	servers   *campaign.Servers
	asked     bool // for servers
}

// preview makes one.
func (v *previewer) preview(ctx context.Context, c *campaign.Campaign) campaign.Preview {
	g := campaign.Given{Environment: v.environment, Now: v.Now}
	if v.push != nil {
		g.Gateways, g.Quotas, g.Only = v.push.Gateways(), v.push.Quotas, v.push.Only
	}
	counted, why := v.count(ctx, c)
	g.Audience, g.Zones, g.Reading, g.Uncounted = counted.Audience, counted.Zones, counted.Reading, why
	if c.Capacity != nil {
		g.Servers = v.running(ctx)
	}
	g.Others = v.others(ctx, c, g)
	return c.Preview(g)
}

// count counts an audience, or says in a line of prose why it was not.
func (v *previewer) count(ctx context.Context, c *campaign.Campaign) (counted campaign.Counted, why string) {
	switch {
	case v.Phones == nil:
		return counted, "the tokens were not asked"
	case v.push == nil:
		return counted, "the default branch's `liveops.yaml` does not say yet where the tokens of " + v.environment + " are"
	case ctx.Err() != nil:
		return counted, "the other audiences took too long"
	}
	counted, err := v.Phones.Count(ctx, v.environment, v.push, c, v.Now)
	unset, refused, slow := (*UnsetError)(nil), (*RefusedAudienceError)(nil), (*SlowAudienceError)(nil)
	switch {
	case err == nil:
		return counted, ""
	case errors.As(err, &unset):
		return campaign.Counted{}, unset.Reason
	case errors.As(err, &refused):
		return campaign.Counted{}, "the server refuses the query: " + refused.Error()
	case errors.As(err, &slow) || ctx.Err() != nil:
		return campaign.Counted{}, "that took too long; the run itself has no such limit"
	}
	return campaign.Counted{}, "the database with the tokens of " + v.environment + " gave no answer"
}

// SlowAudienceError is an audience that took longer to read than it may.
type SlowAudienceError struct{ Err error }

// Error is what the server says.
func (e *SlowAudienceError) Error() string { return e.Err.Error() }

// Unwrap is what the server says.
func (e *SlowAudienceError) Unwrap() error { return e.Err }

// others are the other campaigns, as far as their runs may meet those of one: each is taken for a campaign to everybody first, and
// counted where it would overlap then.
func (v *previewer) others(ctx context.Context, c *campaign.Campaign, g campaign.Given) []campaign.Other {
	everybody := v.all(ctx)
	for _, o := range v.campaigns {
		if o.Name != c.Name {
			g.Others = append(g.Others, campaign.Other{Campaign: o, Audience: everybody.Audience, Zones: everybody.Zones})
		}
	}
	if len(g.Others) == 0 {
		return nil
	}
	overlaps := c.Preview(g).Overlaps
	var near []campaign.Other
	for _, o := range g.Others {
		if !slices.ContainsFunc(overlaps, func(of campaign.Overlap) bool { return of.Other == o.Campaign.Name }) {
			continue
		}
		if counted, why := v.count(ctx, o.Campaign); why == "" {
			o.Audience, o.Zones = counted.Audience, counted.Zones
		}
		near = append(near, o)
	}
	return near
}

// all is every token that there is, by platform and language, once it is counted; nothing where it cannot be.
func (v *previewer) all(ctx context.Context) campaign.Counted {
	if v.everybody == nil && len(v.campaigns) > 1 {
		eachUser := v.push != nil && v.push.Tokens.Timezone != ""
		anybody, problems := campaign.New(campaign.Spec{Name: "everybody", Cron: "0 0 * * *", EachUser: eachUser, Deadline: campaign.DefaultDeadline,
			Missed: campaign.SkipMissed, Messages: map[string]campaign.Text{campaign.Default: {Body: "-"}}})
		counted := campaign.Counted{}
		if len(problems) == 0 {
			counted, _ = v.count(ctx, anybody)
		}
		v.everybody = &counted
	}
	if v.everybody == nil {
		return campaign.Counted{}
	}
	return *v.everybody
}

// running is how many game servers run, and may; nil where nobody knows.
func (v *previewer) running(ctx context.Context) *campaign.Servers {
	e := environmentOf(v.Policy, v.environment)
	if v.asked || v.Servers == nil || e.Capacity == nil || ctx.Err() != nil {
		return v.servers
	}
	v.asked = true
	if s, err := v.Servers(ctx, v.environment, e.Capacity); err == nil {
		v.servers = &s
	}
	return v.servers
}
