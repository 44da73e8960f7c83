package release

import (
	"time"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
)

// StepState is where one environment stands in a release.
type StepState string

// The states of a step. A step moves down this list; Applied, Same, Stopped and Skipped are final.
const (
	Waiting  StepState = "waiting"
	Planning StepState = "planning"
	Applying StepState = "applying"
	Applied  StepState = "applied" // rows were changed, read back and committed
	Same     StepState = "same"    // the environment had the commit's rows, or a later commit's, already
	Stopped  StepState = "stopped" // nothing was changed; the environment is held, or was
	Skipped  StepState = "skipped" // an earlier environment stopped
)

// Final reports whether a step in this state goes no further.
func (s StepState) Final() bool {
	return s == Applied || s == Same || s == Stopped || s == Skipped
}

// Step is one environment's part of a release.
type Step struct {
	Environment string
	State       StepState
	Plan        *Plan                // what is, or would have been, applied; nil before it is made
	Release     int64                // the ledger's number; 0 while there is none
	Count       plan.Count           // Applied: the rows changed, also where Plan is nil since an earlier run did it
	Commits     []Commit             // what the release brings, oldest first: more than one when it is cumulative
	Reason      string               // Stopped: why, one line of plain prose that may quote a cell's text
	Mend        string               // Stopped: what to do next
	Hold        *mysqlstore.Hold     // Stopped: the hold that the environment is under now
	Reviewed    string               // the digest that was reviewed; "" where there was no review
	Problems    []datasheets.Problem // Stopped by problems: all of them
	Started     time.Time
	Finished    time.Time
}

// Commit is a commit of the data repo as people know it.
type Commit struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Author  string `json:"author,omitempty"`
}

// Progress is where one commit stands on its way through the environments, in promotion order.
type Progress struct {
	Commit Commit
	Actor  string // who merged or commanded
	Steps  []Step
}

// Done reports whether every step is final.
func (p *Progress) Done() bool {
	for i := range p.Steps {
		if !p.Steps[i].State.Final() {
			return false
		}
	}
	return true
}

// Stopped is the step that stopped the release; nil where none did.
func (p *Progress) Stopped() *Step {
	for i := range p.Steps {
		if p.Steps[i].State == Stopped {
			return &p.Steps[i]
		}
	}
	return nil
}
