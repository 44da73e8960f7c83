package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// EnvironmentStatus is what `liveops status` tells of one environment.
type EnvironmentStatus struct {
	Name   string
	State  mysqlstore.State
	Freeze *FreezeStatus           // nil where it is not frozen
	Last   []mysqlstore.Release    // newest first
	Audit  []mysqlstore.AuditEntry // newest first; those that were asked for
	Tables []TableRows             // by name
	Error  string                  // why the environment could not be asked; then the rest is empty
}

// FreezeStatus is why an environment is frozen, and until when.
type FreezeStatus struct {
	Reason string         `json:"reason"`
	Until  *time.Time     `json:"until"` // null where it does not end within a year
	Zone   *time.Location `json:"-"`
}

// TableRows is how many rows an owned table has now, and how it stands to its sheets.
type TableRows struct {
	Table   string      `json:"table"`
	Rows    int         `json:"rows"`
	Sheets  string      `json:"sheets"`          // the sheets that describe it, as people read them
	Differs *plan.Count `json:"differs"`         // the rows that the sheets would change; null where problems keep that from being known
	Err     string      `json:"error,omitempty"` // why the rows could not be counted
}

// StatusOf is an environment's answer.
func StatusOf(s release.Status) EnvironmentStatus {
	e := EnvironmentStatus{Name: s.Environment, State: s.State, Last: s.Last}
	for _, t := range s.Tables {
		row := TableRows{Table: t.Table, Rows: t.Rows, Sheets: Sheets(t.Sources), Differs: t.Differs}
		if t.Missing {
			row.Err = "no such table"
		}
		e.Tables = append(e.Tables, row)
	}
	return e
}

// StatusText writes where environments stand, for a terminal: one after another, then the tables of all side by side.
func StatusText(w io.Writer, environments []EnvironmentStatus, o TextOptions) error {
	t := &terminal{color: o.Color}
	for i := range environments {
		if i > 0 {
			t.line("")
		}
		t.status(&environments[i])
	}
	t.sideBySide(environments)
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
	if f := e.Freeze; f != nil {
		line := "  frozen"
		if f.Until != nil {
			line += " until " + moment(*f.Until, f.Zone)
		}
		if f.Reason != "" {
			line += ": " + literal(f.Reason, 1000)
		}
		t.line(t.paint(yellow, line))
	}
	t.releases(e.Last)
	t.audit(e.Audit)
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

// audit writes who did what.
func (t *terminal) audit(entries []mysqlstore.AuditEntry) {
	var rows [][]string
	for i := range entries {
		e := &entries[i]
		about := []string{}
		if e.Release > 0 {
			about = append(about, fmt.Sprintf("release %d", e.Release))
		}
		if e.Pull > 0 {
			about = append(about, fmt.Sprintf("pull request %d", e.Pull))
		}
		if e.Digest != "" {
			about = append(about, "plan "+literal(release.ShortDigest(e.Digest), 8))
		}
		rows = append(rows, []string{instant(e.At), literal(e.Actor, 40), string(e.Action), strings.Join(about, ", "), literal(e.Detail, 1000)})
	}
	t.columns("audit, newest first", rows)
}

// statusGrid is the rows of every table in each environment that answered.
type statusGrid struct {
	environments, tables []string // tables sorted
	sheets               map[string]string
	cells                map[string]map[string]string // by table, then environment
}

func gridOf(environments []EnvironmentStatus) statusGrid {
	g := statusGrid{sheets: map[string]string{}, cells: map[string]map[string]string{}}
	for i := range environments {
		e := &environments[i]
		if e.Error != "" {
			continue
		}
		g.environments = append(g.environments, e.Name)
		for _, r := range e.Tables {
			if g.cells[r.Table] == nil {
				g.cells[r.Table] = map[string]string{}
			}
			g.sheets[r.Table], g.cells[r.Table][e.Name] = r.Sheets, r.describe()
		}
	}
	g.tables = slices.Sorted(maps.Keys(g.sheets))
	return g
}

// sideBySide writes the rows of every table in each environment that answered.
func (t *terminal) sideBySide(environments []EnvironmentStatus) {
	g := gridOf(environments)
	if len(g.tables) == 0 {
		return
	}
	head := []string{""}
	for _, e := range g.environments {
		head = append(head, literal(e, 64))
	}
	rows := [][]string{append(head, "")}
	for _, table := range g.tables {
		row := []string{literal(table, 64)}
		for _, e := range g.environments {
			row = append(row, g.cells[table][e])
		}
		rows = append(rows, append(row, literal(g.sheets[table], 200)))
	}
	t.line("")
	t.columns("tables: rows now, and in brackets what the sheets would change", rows)
}

// describe is the rows and what is to change of them.
func (r *TableRows) describe() string {
	switch {
	case r.Err != "":
		return literal(r.Err, 1000)
	case r.Differs == nil:
		return grouped(r.Rows) + " (?)"
	case r.Differs.Total() == 0:
		return grouped(r.Rows)
	}
	return grouped(r.Rows) + " (" + counts(*r.Differs, "-") + ")"
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
// epoch, hold, freeze, releases[], audit[], tables[]}. error is left out where there is none; hold and freeze are null where there is none.
func StatusJSON(w io.Writer, environments []EnvironmentStatus) error {
	type environment struct {
		Name     string                  `json:"name"`
		Error    string                  `json:"error,omitempty"`
		Commit   string                  `json:"commit"`
		Release  int64                   `json:"release"`
		Epoch    uint64                  `json:"epoch"`
		Hold     *mysqlstore.Hold        `json:"hold"`
		Freeze   *FreezeStatus           `json:"freeze"`
		Releases []mysqlstore.Release    `json:"releases"`
		Audit    []mysqlstore.AuditEntry `json:"audit"`
		Tables   []TableRows             `json:"tables"`
	}
	out := make([]environment, len(environments))
	for i, e := range environments {
		out[i] = environment{e.Name, e.Error, e.State.Commit, e.State.Release, e.State.Epoch, e.State.Hold, e.Freeze, some(e.Last), some(e.Audit), some(e.Tables)}
	}
	return writeJSON(w, struct {
		Environments []environment `json:"environments"`
	}{out})
}
