package report

import (
	"strings"

	"liveops/datasheets"
	"liveops/sync/release"
)

// Markdown is plans and problems as a comment would show them, without what belongs to a pull request. It fits
// into a comment.
func Markdown(plans []*release.Plan, problems []datasheets.Problem) string {
	p := Pull{Plans: plans, Problems: problems, BaseName: "the default branch"}
	vs, fs := views(plans), findings(problems, plans)
	head := "### liveops: " + p.heading(len(tableNames(vs)), len(fs)) + "\n\n"
	return fitting(func(d detail) string {
		parts := []string{head, problemSection(fs, d.problems), holds(plans), summary(plans, vs, d), pendings(plans, p.BaseName), purgeSection(plans, d), campaignSection(plans, p.BaseName, d), rehearsals(plans), blocks(vs, len(plans), d, false)}
		if s := p.provenance(); s != "" {
			parts = append(parts, s+"\n")
		}
		return strings.Join(parts, "")
	}, head+"The report is too long for a comment.\n")
}
