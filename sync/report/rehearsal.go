package report

import (
	"strings"

	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// rehearsals says how trying the plans out went, where it went well or could not be; what was refused is among
// the problems.
func rehearsals(plans []*release.Plan) string {
	var b strings.Builder
	for _, p := range plans {
		switch {
		case p.Rehearsal != nil:
			b.WriteString("Rehearsed on " + name(p.Environment) + ": " + rehearsed(p.Rehearsal) + ".\n\n")
		case p.Unrehearsed != "":
			b.WriteString("Not rehearsed on " + name(p.Environment) + ": " + stop(prose(p.Unrehearsed)) + "\n\n")
		}
	}
	return b.String()
}

// rehearsed is what a rehearsal did: "6 rows, 2 data tests, foreign keys fine, 38 ms, rolled back".
func rehearsed(r *mysqlstore.Rehearsal) string {
	s := several(r.Rows.Total(), "row")
	if r.Tests > 0 {
		s += ", " + several(r.Tests, "data test")
	}
	return s + ", foreign keys fine, " + lasting(r.Took) + ", rolled back"
}

// rehearsal writes the line of an environment's rehearsal.
func (t *terminal) rehearsal(p *release.Plan) {
	switch {
	case p.Rehearsal != nil:
		t.line(t.paint(green, "  rehearsed: "+rehearsed(p.Rehearsal)))
	case p.Unrehearsed != "":
		t.line(t.paint(yellow, "  not rehearsed: "+literal(p.Unrehearsed, 1000)))
	}
}

// jsonRehearsal is a rehearsal as JSON has it.
type jsonRehearsal struct {
	Deleted      int   `json:"deleted"`
	Inserted     int   `json:"inserted"`
	Updated      int   `json:"updated"`
	Tests        int   `json:"tests"`
	Milliseconds int64 `json:"milliseconds"`
}

func rehearsalOf(p *release.Plan) *jsonRehearsal {
	r := p.Rehearsal
	if r == nil {
		return nil
	}
	return &jsonRehearsal{r.Rows.Deleted, r.Rows.Inserted, r.Rows.Updated, r.Tests, r.Took.Milliseconds()}
}
