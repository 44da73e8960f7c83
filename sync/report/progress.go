package report

import (
	"fmt"
	"io"

	"liveops/sync/release"
)

// ProgressText writes how a release went, a line or a few for each environment, for a terminal.
func ProgressText(w io.Writer, p *release.Progress, o TextOptions) error {
	t := &terminal{color: o.Color}
	for i := range p.Steps {
		t.step(p, &p.Steps[i])
		for _, one := range p.Steps[i].Purges {
			t.line("  " + purgeState(&one, func(name string) string { return literal(name, 130) }))
		}
		for _, c := range releasedCampaigns(&p.Steps[i]) {
			t.line("  campaign " + literal(c.Name, 130) + " " + campaignWord(&c))
		}
	}
	return t.flush(w)
}

func (t *terminal) step(p *release.Progress, s *release.Step) {
	commit := p.Commit.ID
	head := t.paint(bold, literal(s.Environment, 64)) + ": "
	switch s.State {
	case release.Applied:
		if s.Plan == nil { // an earlier run did it
			t.line(head + fmt.Sprintf("has %s already, by release %d (%s)", short(commit), s.Release, t.counts(s.Count)))
			return
		}
		t.line(head + fmt.Sprintf("applied %s, %s (release %d)", short(commit), t.counts(s.Count), s.Release))
	case release.Same:
		why := "has the rows of " + short(commit) + " already"
		if s.Reason != "" {
			why = literal(s.Reason, 1000)
		}
		t.line(head + why)
	case release.Stopped:
		what := "stopped, nothing was changed: "
		if len(s.Purges) > 0 {
			what = "stopped at a purge: "
		}
		t.line(head + t.paint(red, what+literal(s.Reason, 4000)))
		t.findings(findings(s.Problems, nil))
		if s.Mend != "" {
			t.line("    " + literal(s.Mend, 1000))
		}
		if s.Hold != nil {
			t.line(t.paint(yellow, "  on hold by "+literal(s.Hold.By, 60)+": liveops unlock --env "+literal(s.Environment, 64)))
		}
	case release.Paused:
		t.waitsText(s, p.Zone)
	case release.Queued:
		t.line(head + literal(s.Reason, 1000))
	default:
		t.line(head + string(s.State))
	}
}
