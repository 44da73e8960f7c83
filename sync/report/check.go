package report

import (
	"strings"

	"liveops/datasheets"
	"liveops/sync/release"
)

// Check is what a check run shows (https://docs.github.com/en/rest/checks/runs).
type Check struct {
	Conclusion  string // success, failure, action_required, neutral; "" while it is under way
	Title       string // plain text
	Summary     string // Markdown
	Annotations []Annotation
}

// Annotation is a problem at its file. GitHub shows it beside the file's line; a workbook has none, so that its sheet
// and cell stand in the message.
type Annotation struct {
	Path         string
	Line, Column int // from 1; Column is 0 where there is none
	Title        string
	Message      string // plain text
}

// mostAnnotations bounds the annotations of one check run: more than anybody reads.
const mostAnnotations = 500

// PullCheck is the check run of a pull request: what its comment says, with an annotation for each problem.
func PullCheck(p Pull) Check {
	state, description := PullStatus(p)
	c := Check{Conclusion: conclusion(state), Title: description, Summary: withoutMarker(PullComment(p))}
	for _, f := range findings(p.Problems, p.Plans) {
		if len(c.Annotations) == mostAnnotations {
			break
		}
		c.Annotations = append(c.Annotations, annotation(f))
	}
	return c
}

// MergeCheck is the check run of a merge: what its comment says.
func MergeCheck(m Merge) Check {
	state, description := MergeStatus(m)
	c := Check{Conclusion: conclusion(state), Title: description, Summary: withoutMarker(MergeComment(m))}
	if s := m.Progress.Stopped(); s != nil {
		c.Annotations = Annotations(s.Problems)
	}
	if len(c.Annotations) > mostAnnotations {
		c.Annotations = c.Annotations[:mostAnnotations]
	}
	return c
}

// LineCheck is a check run that says no more than a commit status does.
func LineCheck(state, description string) Check {
	return Check{Conclusion: conclusion(state), Title: description, Summary: capital(stop(description))}
}

// conclusion is what a commit status is called as a check run's; "" for one that is pending.
func conclusion(state string) string {
	switch state {
	case statusSuccess:
		return "success"
	case statusPending:
		return ""
	case statusError: // an environment could not be asked: nobody has to change a file
		return "action_required"
	default:
		return "failure"
	}
}

func withoutMarker(comment string) string {
	_, rest, _ := strings.Cut(comment, "\n")
	return rest
}

func annotation(f finding) Annotation {
	at := f.At
	a := Annotation{Path: at.Path, Line: max(at.Line, 1), Column: at.Column, Title: literal(place(at), 255)}
	if a.Path == "" {
		a.Path = "liveops.yaml"
	}
	a.Message = stop(literal(f.Text, 2000))
	if f.Mend != "" {
		a.Message += " " + stop(literal(capital(f.Mend), 2000))
	}
	if len(f.environments) > 0 {
		a.Message += " (" + list(f.environments) + ")"
	}
	return a
}

// Annotations are problems as annotations, sorted as SortProblems does, each once.
func Annotations(problems []datasheets.Problem) []Annotation {
	var as []Annotation
	for _, f := range findings(problems, nil) {
		as = append(as, annotation(f))
	}
	return as
}

// StepDeployment is a step as the status of a GitHub Deployment (https://docs.github.com/en/rest/deployments/statuses), with
// a description of at most 140 characters; "" while there is nothing to show.
func StepDeployment(s *release.Step) (state, description string) {
	switch s.State {
	case release.Applied:
		return "success", describe("release " + grouped(int(s.Release)) + ": " + counts(s.Count, "-"))
	case release.Same:
		if len(s.Purges) > 0 {
			return "success", purged
		}
		if n := len(releasedCampaigns(s)); n > 0 {
			return "success", describe("release " + grouped(int(s.Release)) + ": " + several(n, "campaign"))
		}
		return "success", nothing
	case release.Stopped:
		return "failure", describe(s.Reason)
	case release.Applying:
		return "in_progress", "applying"
	case release.Purging:
		return "in_progress", describe("release " + grouped(int(s.Release)) + ": purging")
	case release.Paused:
		return "queued", describe(s.Reason)
	default:
		return "", ""
	}
}
