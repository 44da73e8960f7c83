package campaign

import (
	"time"

	"github.com/robfig/cron/v3"

	"liveops/datasheets"
)

// Campaign is a Spec that can be run. It is safe for concurrent use.
type Campaign struct {
	Spec

	cron     cron.Schedule   // of what clocks show, as if that were UTC; nil where there is one time
	messages map[string]Text // by canonical tag, and Default
}

// New gives either the campaign or everything that is wrong with its spec in itself, sorted, each problem at its place.
// What an environment must have for it, Check says.
func New(s Spec) (*Campaign, []datasheets.Problem) {
	c := &Campaign{Spec: s, messages: map[string]Text{}}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	r := &rules{c: c}
	r.schedule()
	r.languages()
	r.push()
	r.audience()
	r.rest()
	if len(r.problems) == 0 { // a length of what is wrong anyway is nobody's business
		r.sizes(nil)
	}
	if len(r.problems) > 0 {
		return nil, datasheets.SortProblems(r.problems)
	}
	return c, nil
}
