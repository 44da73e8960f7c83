package action

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"liveops/bot"
	"liveops/engine"
	"liveops/sync/release"
	"liveops/sync/report"
)

// record is what a run has told, each thing once, in the order in which it was first told.
type record struct {
	number int    // the pull request that the run is about; 0 for none
	only   string // the environment that it is about; "" for all
	told   []bot.Told
	failed map[string]string // why jobs were not done, by their ids
	owed   []string          // the environments that are owed a merge still
}

func (r *record) hear(t bot.Told) {
	if t.Failed != "" {
		if r.failed == nil {
			r.failed = map[string]string{}
		}
		r.failed[t.Marker] = t.Failed
		return
	}
	if t.Marker == bot.OwedMarker {
		r.owed = t.Owed
		return
	}
	i := slices.IndexFunc(r.told, func(before bot.Told) bool { return before.Number == t.Number && before.Marker == t.Marker })
	if i < 0 {
		r.told = append(r.told, t)
		return
	}
	r.told[i] = t
}

// beside says whether something is not what the run is about: the new plan of another pull request, whose base has
// moved. It is only mentioned.
func (r *record) beside(t bot.Told) bool { return t.Pull != nil && t.Number != r.number }

// steps are those of a release that the run is about.
func (r *record) steps(m *report.Merge) []*release.Step {
	var steps []*release.Step
	if m == nil || m.Progress == nil {
		return nil
	}
	for i := range m.Progress.Steps {
		if s := &m.Progress.Steps[i]; r.only == "" || s.Environment == r.only {
			steps = append(steps, s)
		}
	}
	return steps
}

// unwell says whether something came to no good end: a plan has problems or could not be made, or a release stopped,
// waits or did not get through.
func (r *record) unwell(t bot.Told) bool {
	if r.beside(t) {
		return false
	}
	if t.Pull != nil {
		state, _ := report.PullStatus(*t.Pull)
		return state != "success"
	}
	for _, s := range r.steps(t.Merge) {
		if s.State != release.Applied && s.State != release.Same {
			return true
		}
	}
	return false
}

// changed says whether a plan changes rows or documents, or a release has.
func (r *record) changed(t bot.Told) bool {
	if r.beside(t) {
		return false
	}
	if t.Pull != nil {
		return slices.ContainsFunc(t.Pull.Plans, func(p *release.Plan) bool { return !p.Idle() })
	}
	return slices.ContainsFunc(r.steps(t.Merge), func(s *release.Step) bool { return s.State == release.Applied && s.Plan != nil || len(s.Purges) > 0 })
}

// digests are those of the plans, by environment; of several releases the last one's.
func (r *record) digests() map[string]string {
	digests := map[string]string{}
	for _, t := range r.told {
		if r.beside(t) {
			continue
		}
		if t.Pull != nil {
			for _, p := range t.Pull.Plans {
				digests[p.Environment] = p.Digest
			}
		}
		for _, s := range r.steps(t.Merge) {
			if s.Plan != nil {
				digests[s.Environment] = s.Plan.Digest
			}
		}
	}
	return digests
}

// annotation is a line that the runner shows with the run and, where there is a file, beside the pull request's files.
type annotation struct {
	kind string // error or warning
	report.Annotation
}

// annotations are those of all that was told and of what was given up: releases that stopped or wait first, then the
// problems in files.
func (r *record) annotations(parked []engine.Parked) []annotation {
	var first, files []annotation
	add := func(kind, title, message string) {
		first = append(first, annotation{kind, report.Annotation{Title: plain(title), Message: plain(message)}})
	}
	for _, p := range parked {
		add("error", "liveops: "+p.About, r.why(p))
	}
	for _, t := range r.told {
		if t.Direct {
			add("warning", "liveops: a direct push", "Nothing of it was applied: the next merge brings it too, or revert it.")
		}
		if t.Pull != nil && !r.beside(t) {
			files = append(files, inFiles(report.PullCheck(*t.Pull).Annotations)...)
			for _, u := range t.Pull.Unreachable {
				add("error", "liveops: "+u.Environment+" was not planned", u.Reason)
			}
			if t.Pull.Conflict {
				add("error", "liveops: not planned", "The pull request conflicts with "+t.Pull.BaseName+".")
			}
		}
		for _, s := range r.steps(t.Merge) {
			switch s.State {
			case release.Stopped:
				add("error", "liveops: "+s.Environment+" stopped", sentences(s.Reason, s.Mend))
				files = append(files, inFiles(report.Annotations(s.Problems))...)
			case release.Paused, release.Queued:
				add("warning", "liveops: "+s.Environment+" waits", sentences(s.Reason, ""))
			}
		}
	}
	return append(first, files...)
}

// why is the reason for which something was given up, without addresses of servers.
func (r *record) why(p engine.Parked) string {
	if reason := r.failed[p.ID]; reason != "" {
		return sentences(reason, "")
	}
	return "The event could not be read."
}

func inFiles(all []report.Annotation) []annotation {
	var out []annotation
	for _, a := range all {
		out = append(out, annotation{"error", a})
	}
	return out
}

// sentences are one or two plain sentences.
func sentences(text, mend string) string {
	var all []string
	for _, s := range []string{text, mend} {
		if s = strings.TrimSpace(s); s != "" {
			first, size := utf8.DecodeRuneInString(s)
			all = append(all, string(unicode.ToUpper(first))+strings.TrimRight(s[size:], ".")+".")
		}
	}
	return strings.Join(all, " ")
}

// title names what was told, in a line.
func title(t bot.Told) string {
	switch {
	case t.Pull != nil:
		return fmt.Sprintf("Plan of #%d", t.Number)
	case t.Merge != nil:
		return fmt.Sprintf("Release of #%d", t.Number)
	case t.Direct:
		return "A direct push"
	case t.Number > 0:
		return fmt.Sprintf("Told on #%d", t.Number)
	}
	return "Note"
}
