package main

import (
	"context"
	"io/fs"
	"time"

	"liveops/sync/release"
)

// addCampaigns has plans look at the campaigns of the files that were read, whose liveops.yaml says where the tokens are. servers says how
// many run; nil asks nobody.
func (s *source) addCampaigns(tokens release.Phones, servers release.ServersNow) {
	s.desired.Campaigning = &release.CampaignContext{Policy: s.desired.Config, Phones: tokens, Servers: servers, Now: time.Now(),
		Released: func(_ context.Context, commit string) (fs.FS, error) {
			c, err := s.Checkout.Commit(commit)
			if err != nil {
				return nil, err
			}
			return c.Files, nil
		}}
}

// planAndPreview plans each target, and makes the previews of the campaigns that change.
func planAndPreview(ctx context.Context, desired *release.Desired, targets []release.Target, bar *bar) ([]*release.Plan, error) {
	plans, err := planAll(ctx, desired, targets, bar)
	for _, p := range plans {
		if err == nil {
			err = release.PreviewCampaigns(ctx, p, desired)
		}
	}
	return plans, err
}
