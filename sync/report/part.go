package report

import (
	"fmt"
	"strings"

	"liveops/sync/release"
)

// partly says of plans that did not compare every table how much they looked at, and what the others are taken to be:
// a line for all environments that are alike in it. "" where every plan is of everything.
func partly(plans []*release.Plan, environment func(string) string) []string {
	var lines []string
	told := map[string]bool{}
	for _, p := range plans {
		if p.Part == nil || told[extent(p.Part)] {
			continue
		}
		told[extent(p.Part)] = true
		var releases []string
		for _, other := range plans {
			if other.Part != nil && extent(other.Part) == extent(p.Part) {
				releases = append(releases, fmt.Sprintf("%s's release %d", environment(other.Environment), other.Part.Release))
			}
		}
		if p.Part.Compared == 0 {
			lines = append(lines, extent(p.Part)+": their workbooks are those of "+list(releases)+".")
		} else {
			lines = append(lines, extent(p.Part)+"; the others are as "+list(releases)+" left them.")
		}
	}
	return lines
}

// extent counts the tables that were looked at.
func extent(p *release.Part) string {
	s := grouped(p.Compared)
	if p.Compared == 0 {
		s = "None"
	}
	s += " of " + several(p.Of, "table") + " compared"
	if p.Checked > 0 {
		s += ", and " + grouped(p.Checked) + " more checked, by what they refer to"
	}
	return s
}

// partlyLines is partly as lines of a comment.
func partlyLines(plans []*release.Plan) string {
	lines := partly(plans, name)
	if lines == nil {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
