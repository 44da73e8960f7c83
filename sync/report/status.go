package report

import (
	"fmt"
	"io"
	"strings"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// EnvironmentStatus is what `liveops status` tells of one environment.
type EnvironmentStatus struct {
	Name   string
	State  mysqlstore.State
	Last   []mysqlstore.Release // newest first
	Tables []TableRows          // by name
	Error  string               // why the environment could not be asked; then the rest is empty
}

// TableRows is how many rows an owned table has now.
type TableRows struct {
	Table  string `json:"table"`
	Rows   int    `json:"rows"`
	Sheets string `json:"sheets"`          // the sheets that describe it, as people read them
	Err    string `json:"error,omitempty"` // why the rows could not be counted
}

// StatusText writes where environments stand, for a terminal.
func StatusText(w io.Writer, environments []EnvironmentStatus, o TextOptions) error {
	t := &terminal{color: o.Color}
	for i := range environments {
		if i > 0 {
			t.line("")
		}
		t.status(&environments[i])
	}
	return t.flush(w)
}

func (t *terminal) status(e *EnvironmentStatus) {
	head := t.paint(bold, literal(e.Name, 64)) + ": "
	switch {
	case e.Error != "":
		t.line(head + t.paint(red, "cannot be asked: "+literal(e.Error, 4000)))
		return
	case e.State.Release == 0:
		t.line(head + "no release yet")
	default:
		t.line(head + fmt.Sprintf("at %s, release %d", short(e.State.Commit), e.State.Release))
	}
	if h := e.State.Hold; h != nil {
		t.line(t.paint(yellow, "  on hold since "+instant(h.Since)+" by "+literal(h.By, 60)+": "+literal(h.Reason, 1000)))
	}
	t.releases(e.Last)
	t.tables(e.Tables)
}

// short is a commit as people read it.
func short(commit string) string {
	if commit == "" {
		return "no commit"
	}
	return literal(release.ShortDigest(commit), 8)
}

func (t *terminal) releases(rs []mysqlstore.Release) {
	var rows [][]string
	for i := range rs {
		r := &rs[i]
		what := string(r.Kind)
		if r.Undoes > 0 {
			what += fmt.Sprintf(" of %d", r.Undoes)
		}
		pull := ""
		if r.Pull > 0 {
			pull = fmt.Sprintf("pull request %d", r.Pull)
		}
		changed := ""
		if n := (plan.Count{Deleted: r.Deleted, Inserted: r.Inserted, Updated: r.Updated}); n.Total() > 0 {
			changed = counts(n, "-")
		}
		result := string(r.State)
		if r.Error != "" {
			result += ": " + literal(r.Error, 1000)
		}
		rows = append(rows, []string{fmt.Sprint(r.ID), instant(r.Finished), what, short(r.Commit), literal(r.Actor, 40), pull, changed, result})
	}
	t.columns("releases, newest first", rows)
}

func (t *terminal) tables(ts []TableRows) {
	var rows [][]string
	for _, r := range ts {
		n := grouped(r.Rows)
		if r.Err != "" {
			n = literal(r.Err, 1000)
		}
		rows = append(rows, []string{literal(r.Table, 64), n, literal(r.Sheets, 200)})
	}
	t.columns("tables and their rows", rows)
}

// columns writes rows in columns under a title; nothing where there are none.
func (t *terminal) columns(title string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, s := range r {
			widths[i] = max(widths[i], cells(s))
		}
	}
	t.line(t.paint(dim, "  "+title))
	for _, r := range rows {
		var b strings.Builder
		for i, s := range r {
			if widths[i] > 0 {
				b.WriteString(gap + pad(s, widths[i], false))
			}
		}
		t.line("  " + strings.TrimRight(b.String(), " "))
	}
}

// StatusJSON writes where environments stand, for programs: environments[] of {name, error, commit, release,
// epoch, hold, releases[], tables[]}. error is left out where there is none; hold is null where there is none.
func StatusJSON(w io.Writer, environments []EnvironmentStatus) error {
	type environment struct {
		Name     string               `json:"name"`
		Error    string               `json:"error,omitempty"`
		Commit   string               `json:"commit"`
		Release  int64                `json:"release"`
		Epoch    uint64               `json:"epoch"`
		Hold     *mysqlstore.Hold     `json:"hold"`
		Releases []mysqlstore.Release `json:"releases"`
		Tables   []TableRows          `json:"tables"`
	}
	out := make([]environment, len(environments))
	for i, e := range environments {
		out[i] = environment{e.Name, e.Error, e.State.Commit, e.State.Release, e.State.Epoch, e.State.Hold, some(e.Last), some(e.Tables)}
	}
	return writeJSON(w, struct {
		Environments []environment `json:"environments"`
	}{out})
}
