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
	"liveops/sync/mysqlstore"
)

// Phones are the phones of environments' users, as far as their tokens tell. push is what liveops.yaml says of the
// environment's tokens.
type Phones interface {
	// Columns are those that a campaign's audience may name: the table's, or those that its SQL gives. What the server
	// refuses fails with a *RefusedAudienceError.
	Columns(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign) ([]datasheets.Column, error)
	// Count counts a campaign's audience as it would be for a run that begins at a moment.
	// It fails with an *UnsetError where nothing says how, a *RefusedAudienceError, or a *SlowAudienceError.
	Count(ctx context.Context, environment string, push *datarepo.Push, c *campaign.Campaign, at time.Time) (campaign.Counted, error)
}

// RefusedAudienceError is an audience that the server refuses to read: its SQL names what is not there. Err is what the
// server says.
type RefusedAudienceError struct{ Err error }

// Error is what the server says.
func (e *RefusedAudienceError) Error() string { return e.Err.Error() }

// Unwrap is what the server says.
func (e *RefusedAudienceError) Unwrap() error { return e.Err }

// CampaignContext is what plans must know of campaigns beside a commit's files.
type CampaignContext struct {
	Released Files            // the files of the commit that an environment has
	Policy   *datarepo.Config // whose `push` says where an environment's tokens are: the base's
	Phones   Phones           // nil where nobody asks the tokens
	All      bool             // the columns of all campaigns are looked up, not only of those that change
	Now      time.Time        // by which previews are made
	Servers  ServersNow       // nil where nobody asks
}

// ServersNow says how many game servers of an environment run, and how many there may be.
type ServersNow func(ctx context.Context, environment string, c *datarepo.Capacity) (campaign.Servers, error)

// environmentOf is what a liveops.yaml, which may be nil, says of an environment; nothing where it has none of that name.
func environmentOf(config *datarepo.Config, name string) datarepo.Environment {
	if config != nil {
		for _, e := range config.Environments {
			if e.Name == name {
				return e
			}
		}
	}
	return datarepo.Environment{}
}

// CampaignChange is a campaign that is another one once a commit was released to an environment, or is one there at all, or
// no more.
type CampaignChange struct {
	Name     string
	Before   string             // the fingerprint of what the environment has; "" where it is new
	After    string             // of what it gets; "" where it is removed
	Campaign *campaign.Campaign // what it gets; nil where it is removed
	Pending  bool               // the default branch has it so already, and a release owes it
	Preview  *campaign.Preview  // nil where none was made (see PreviewCampaigns)
}

// addCampaigns finds what a release of the commit changes of the campaigns that an environment sends: those of the commit that
// it has against those of this one, by name and fingerprint. What the environment's tokens lack is a problem.
func addCampaigns(ctx context.Context, p *Plan, d *Desired, snap *mysqlstore.Snapshot) error {
	if d.Campaigning == nil {
		return nil
	}
	if sends(p.Environment, d.Config) {
		p.campaigns = d.Campaigns
	}
	was, err := releasedCampaigns(ctx, p.Environment, snap.State.Commit, d.Campaigning.Released)
	if err != nil {
		return fmt.Errorf("read the campaigns that it has: %w", err)
	}
	if d.Config != nil && !d.unread { // else a file that cannot be read would look like one that is gone
		p.Campaigns = campaignChanges(was, p.campaigns)
	}
	return checkColumns(ctx, p, d)
}

// releasedCampaigns are those that an environment has by its commit: none where it has no commit, or that is not to be had.
func releasedCampaigns(ctx context.Context, environment, commit string, released Files) ([]*campaign.Campaign, error) {
	if commit == "" || released == nil {
		return nil, nil
	}
	files, err := released(ctx, commit)
	if errors.Is(err, datarepo.ErrNotFound) || errors.Is(err, datarepo.ErrShallow) || errors.Is(err, datarepo.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	config, problems := datarepo.LoadConfig(files)
	if len(problems) > 0 || !sends(environment, config) {
		return nil, nil
	}
	campaigns, _, err := datarepo.ReleasedCampaigns(files, config.Timezone)
	return campaigns, err
}

// campaignChanges are what differs between two lists of campaigns, by name.
func campaignChanges(was, is []*campaign.Campaign) []CampaignChange {
	before := map[string]string{}
	for _, c := range was {
		before[c.Name] = c.Fingerprint()
	}
	var all []CampaignChange
	for _, c := range is {
		if after := c.Fingerprint(); after != before[c.Name] {
			all = append(all, CampaignChange{Name: c.Name, Before: before[c.Name], After: after, Campaign: c})
		}
		delete(before, c.Name)
	}
	for name, fingerprint := range before {
		all = append(all, CampaignChange{Name: name, Before: fingerprint})
	}
	slices.SortFunc(all, func(a, b CampaignChange) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// owes marks the changes that the base's plan has as well.
func (p *Plan) owes(base *Plan) {
	for i := range p.Campaigns {
		c := &p.Campaigns[i]
		c.Pending = slices.ContainsFunc(base.Campaigns, func(o CampaignChange) bool { return o.Name == c.Name && o.After == c.After })
	}
}
