package bot

import (
	"liveops/datarepo"
	"liveops/sync/release"
)

// addCampaigns has plans look at the campaigns of a commit. policy is the base's liveops.yaml, by which the tokens are asked
// where ask says so, and AWS how many servers run: not for who must not have them asked.
func (j *job) addCampaigns(d *release.Desired, policy *datarepo.Config, ask bool) {
	d.Campaigning = &release.CampaignContext{Released: j.files, Policy: policy, Now: j.Now()}
	if ask {
		d.Campaigning.Phones, d.Campaigning.Servers = j.Phones, j.Servers
	}
}
