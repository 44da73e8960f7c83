// Package control is what people ask of an environment's pushes, in a shell or in comments: which campaigns were released,
// how their runs stand, a pause, a cancel, a run besides the times. What they ask for stands in the environment's MySQL, from
// which the daemon takes it.
package control

import (
	"errors"
	"fmt"
)

// ErrNoPush is an environment that sends nothing.
var ErrNoPush = errors.New("what was released to it has no liveops.yaml with `push` for this environment")

// UnknownError is a campaign that was not released to an environment.
type UnknownError struct {
	Campaign    string
	Environment string
	Near        string // a campaign with nearly that name; "" for none
}

// Error says what may have been meant.
func (e *UnknownError) Error() string {
	s := fmt.Sprintf("no campaign `%s` was released to %s", e.Campaign, e.Environment)
	if e.Near != "" {
		s += "; did you mean `" + e.Near + "`?"
	}
	return s
}

// IdleError is a campaign of which no run is under way.
type IdleError struct {
	Campaign    string
	Environment string
}

// Error says so.
func (e *IdleError) Error() string {
	return fmt.Sprintf("no run of campaign `%s` is under way in %s", e.Campaign, e.Environment)
}
