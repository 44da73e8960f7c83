package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/sync/purge"
	"liveops/sync/release"
)

// pagePurgeLines is how many lines of a document's difference a page shows.
const pagePurgeLines = 400

// purgePart is a purge in a page: what it would do in each environment, or how far it is there.
type purgePart struct {
	ID, Name, Path, About string
	Heads                 []string // of the columns behind the environment's
	Lines                 []purgeLine
	Notes                 []purgeNote
	Examples              []purgeExample
}

// purgeLine is an environment's line of a purge.
type purgeLine struct {
	Environment string
	Cells       []string
	Bad         bool // something keeps the purge from its end
}

// purgeNote is what must be seen of a purge in an environment.
type purgeNote struct {
	Environment string
	Text        []span
}

// purgeExample are the first documents of an environment that a purge would change.
type purgeExample struct {
	Title     string
	Documents []documentDiff
}

// documentDiff is how a document would differ.
type documentDiff struct {
	ID    string
	Lines []diffLine
}

// diffLine is a line with its sign; Kind is "minus", "plus" or "".
type diffLine struct{ Kind, Text string }

// purgePart is the part of a purge, a new one where there is none yet.
func (d *document) purgePart(name string, heads ...string) *purgePart {
	i := slices.IndexFunc(d.Purges, func(p purgePart) bool { return p.Name == shown(name) })
	if i < 0 {
		i = len(d.Purges)
		d.Purges = append(d.Purges, purgePart{ID: fmt.Sprintf("p%d", i+1), Name: shown(name), Heads: slices.Clone(heads)})
	}
	return &d.Purges[i]
}

// addPurges adds what the new purges of plans would do.
func (d *document) addPurges(plans []*release.Plan) {
	heads := []string{"documents", "takes about", "candidates read", "without a match", "matching without a change", "without a document", "cannot be judged"}
	for _, p := range plans {
		for i := range p.Purges {
			one := &p.Purges[i]
			part := d.purgePart(one.Purge.Name, heads...)
			part.Path, part.About = shown(one.Purge.Path), shown(one.Purge.Description)
			part.Lines = append(part.Lines, planLine(p.Environment, one))
			if pl := one.Plan; pl != nil && pl.OverBy > 0 {
				part.note(p.Environment, "that is "+grouped(pl.OverBy)+" more than its limit of "+grouped(one.Purge.Limit)+": it would stop there.")
			}
			if one.Plan != nil && len(one.Plan.Examples) > 0 {
				part.Examples = append(part.Examples, pageExample(p.Environment, one))
			}
		}
		for _, u := range p.Unpurged {
			part := d.purgePart(u.Name, heads...)
			line := purgeLine{Environment: shown(p.Environment), Cells: make([]string, len(heads)), Bad: true}
			line.Cells[0] = "not planned"
			part.Lines = append(part.Lines, line)
			part.note(p.Environment, "it is not planned, nor run: "+stop(u.Reason))
		}
	}
	for i := range d.Purges {
		d.Purges[i].dropEmpty()
	}
}

// planLine is what a purge would do in an environment.
func planLine(environment string, one *release.PurgePlan) purgeLine {
	l := purgeLine{Environment: shown(environment), Cells: make([]string, 7)}
	pl := one.Plan
	if pl == nil {
		l.Cells[0] = "its candidates were not read"
		return l
	}
	verb := "changed"
	if one.Purge.Delete {
		verb = "removed"
	}
	l.Cells[0] = "none"
	if pl.Matches > 0 {
		l.Cells[0], l.Cells[1] = grouped(pl.Matches)+" "+verb, inUnits(max(pl.Takes.Round(time.Second), time.Second))
	}
	l.Cells[2] = grouped(pl.Candidates)
	for i, n := range []int{pl.Unmatched, pl.Unchanged, pl.Missing, pl.Failed} {
		if n > 0 {
			l.Cells[3+i] = grouped(n)
		}
	}
	l.Bad = pl.OverBy > 0
	return l
}

func (p *purgePart) note(environment, text string) {
	p.Notes = append(p.Notes, purgeNote{shown(environment), proseSpans(text)})
}

// dropEmpty drops the columns in which nothing stands, but for the first.
func (p *purgePart) dropEmpty() {
	for i := len(p.Heads) - 1; i > 0; i-- {
		if slices.ContainsFunc(p.Lines, func(l purgeLine) bool { return l.Cells[i] != "" }) {
			continue
		}
		p.Heads = slices.Delete(p.Heads, i, i+1)
		for k := range p.Lines {
			p.Lines[k].Cells = slices.Delete(p.Lines[k].Cells, i, i+1)
		}
	}
}

// pageExample are the first documents, each with its difference, without personal fields.
func pageExample(environment string, one *release.PurgePlan) purgeExample {
	e := purgeExample{Title: shown(environment) + ": " + firstDocuments(one)}
	for _, x := range one.Plan.Examples {
		doc := documentDiff{ID: shown(x.ID)}
		lines, err := one.Purge.Diff(x.Before, x.After, pagePurgeLines)
		if err != nil {
			lines = []string{"  it cannot be shown"}
		}
		for _, text := range lines {
			l := diffLine{Text: shown(text)}
			switch {
			case strings.HasPrefix(text, "- "):
				l.Kind = "minus"
			case strings.HasPrefix(text, "+ "):
				l.Kind = "plus"
			}
			doc.Lines = append(doc.Lines, l)
		}
		e.Documents = append(e.Documents, doc)
	}
	return e
}

// addPurgeSteps adds how far the purges of a release are.
func (d *document) addPurgeSteps(p *release.Progress) {
	for i := range p.Steps {
		s := &p.Steps[i]
		for _, one := range s.Purges {
			part := d.purgePart(one.Name, "state", "documents changed", "left, the game was quicker", "cannot be judged or changed", "brought back")
			c, state := one.Run.Counts, string(one.Run.State)
			if state == "" {
				state = "begins"
			}
			l := purgeLine{Environment: shown(s.Environment), Cells: []string{state, grouped(c.Done), "", "", ""},
				Bad: one.Run.State == purge.Failed || one.Run.State == purge.Paused || one.Run.State == purge.Canceled}
			for k, n := range []int{c.Skipped, c.Failed, c.Undone} {
				if n > 0 {
					l.Cells[2+k] = grouped(n)
				}
			}
			part.Lines = append(part.Lines, l)
		}
	}
	for i := range d.Purges {
		d.Purges[i].dropEmpty()
	}
}
