package bot

import (
	"liveops/datarepo"
	"liveops/sync/release"
)

// addCampaigns has plans look at the campaigns of a commit. policy is the base's liveops.yaml, by which the tokens are asked;
// nil asks nothing of them, as for a pull request whose author must not have the database queried.
func (j *job) addCampaigns(d *release.Desired, policy *datarepo.Config) {
	d.Campaigning = &release.CampaignContext{Released: j.files, Policy: policy, Now: j.Now()}
	if policy != nil {
		d.Campaigning.Phones = j.Phones
	}
}
