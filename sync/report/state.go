package report

import (
	"strings"
)

// The states of a commit status (https://docs.github.com/en/rest/commits/statuses).
const (
	statusSuccess = "success"
	statusFailure = "failure"
	statusError   = "error"
	statusPending = "pending"
)

// longestDescription is how many characters a commit status takes.
const longestDescription = 140

// PullStatus is the commit status of a pull request: success where it could be merged as it is, failure where
// its author has something to do, error where an environment could not be asked. The description is plain
// text of at most 140 characters.
func PullStatus(p Pull) (state, description string) {
	n := len(findings(p.Problems, p.Plans))
	switch {
	case p.Fork:
		return statusFailure, "a fork: nothing is planned"
	case p.Conflict:
		return statusFailure, describe("conflicts with " + p.BaseName)
	case n > 0:
		return statusFailure, several(n, "problem") + " to fix"
	case len(p.Unreachable) > 0:
		var es []string
		for _, u := range p.Unreachable {
			es = append(es, u.Environment)
		}
		return statusError, describe("not planned: " + strings.Join(es, ", "))
	case p.PolicyMissing:
		return statusSuccess, describe("no liveops.yaml on " + p.BaseName + " yet: nothing is applied")
	default:
		return statusSuccess, describe(p.plansLine())
	}
}

// plansLine is what changes in each environment, in one line.
func (p *Pull) plansLine() string {
	var parts []string
	changes := false
	for i, e := range p.Plans {
		s := counts(e.Count(), "-")
		if e.Count().Total() > 0 {
			changes = true
			if i > 0 && samePlans(p.Plans[0], e) {
				s = "the same"
			}
		}
		if purges := purgeCount(e); purges != "" {
			s += ", " + purges
			changes = true
		}
		if campaigns := campaignCount(e); campaigns != "" {
			s = strings.TrimPrefix(s+", "+campaigns, nothing+", ")
			changes = true
		}
		if notes := p.notes(e); notes != "" {
			s += notes
			changes = true
		}
		parts = append(parts, e.Environment+" "+s)
	}
	if !changes {
		return nothing
	}
	return strings.Join(parts, ", ")
}

// describe cuts a description to what GitHub takes.
func describe(s string) string {
	s = literal(s, longestDescription)
	if r := []rune(s); len(r) > longestDescription {
		return string(r[:longestDescription-1]) + "…"
	}
	return s
}
