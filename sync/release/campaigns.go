package release

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/check"
)

// ReadCampaigns reads the campaigns of a commit, by name, and looks them over as far as that shows without a database: each
// by itself, its SQL, and what it names of the commit's liveops.yaml, which config is; nil where that has problems. What is
// wrong is in problems; a campaign that is merely wrong where it would be sent is among the campaigns all the same.
func ReadCampaigns(files fs.FS, config *datarepo.Config, zone *time.Location) (campaigns []*campaign.Campaign, problems []datasheets.Problem, err error) {
	campaigns, problems, err = datarepo.Campaigns(files, zone)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range campaigns {
		problems = append(problems, judgeSQL(c)...)
		if config != nil {
			problems = append(problems, c.Check(config.Surroundings(nil))...)
		}
	}
	return campaigns, datasheets.SortProblems(problems), nil
}

// judgeSQL says why the SELECT of a campaign's audience is not one that only reads, at the place of its key.
func judgeSQL(c *campaign.Campaign) []datasheets.Problem {
	if c.Audience.SQL == "" {
		return nil
	}
	_, problems := check.ParseQuery("an audience", c.Path, c.Audience.SQL)
	for i := range problems {
		p := &problems[i]
		if strings.Contains(c.Audience.SQL, "\n") {
			p.Text += fmt.Sprintf(" (line %d, column %d of the query)", p.At.Line, p.At.Column)
		} else {
			p.Text += fmt.Sprintf(" (at character %d of the query)", p.At.Column)
		}
		p.Text = "`sql`: " + p.Text
		p.At = c.Places.At(c.Path, "audience.sql")
	}
	return problems
}

// sends says whether a commit's liveops.yaml, which may have problems (nil), has its campaigns sent in an environment.
func sends(environment string, config *datarepo.Config) bool {
	return environmentOf(config, environment).Push != nil
}
