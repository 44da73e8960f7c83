package mysqlstore

import (
	"fmt"
	"strings"
)

// ChangedRow is a row that is no longer as the release that is to be undone left it. Its Key quotes the row's values.
type ChangedRow struct {
	Table string `json:"table"`
	Key   string `json:"key"`  // "id=1"
	What  string `json:"what"` // "is gone", "is there again", or the columns that differ: "price, note"

	// By is the newest later release that changed the row, with its pull request; 0 where no release did.
	By   int64 `json:"by,omitempty"`
	Pull int   `json:"pull,omitempty"`

	// Outside is that somebody changed the row whom the ledger does not know of: the game, or a person by hand.
	Outside bool `json:"outside,omitempty"`
}

// String names the row and who changed it, as a line of prose.
func (r ChangedRow) String() string {
	return r.Table + " " + r.Key + " (" + r.What + "): " + r.who()
}

func (r ChangedRow) who() string {
	who := ""
	if r.By != 0 {
		who = fmt.Sprintf("changed by release %d", r.By)
		if r.Pull != 0 {
			who += fmt.Sprintf(" (pull request #%d)", r.Pull)
		}
	}
	switch {
	case who == "":
		return "changed by no release: by the game, or by hand"
	case r.Outside:
		return who + ", and by no release besides: by the game, or by hand"
	}
	return who
}

// ChangedTable is the rows of a table that a rollback cannot restore, or left alone.
type ChangedTable struct {
	Table string       `json:"table"`
	Count int          `json:"count"`          // all of them
	Why   string       `json:"why,omitempty"`  // why none of the table's rows can be restored: its definition has changed; "" where it has not
	Rows  []ChangedRow `json:"rows,omitempty"` // by key, at most the first 50; none where Why says it of all
}

// mostChanged is how many rows of a table are named.
const mostChanged = 50

// Changed is all rows that a rollback cannot restore, or left alone, by table.
type Changed []ChangedTable

// Count counts all of them.
func (c Changed) Count() (n int) {
	for _, t := range c {
		n += t.Count
	}
	return n
}

// ChangedError is a rollback that is refused, since rows are no longer as the releases to be undone left them. Nothing
// was changed.
type ChangedError struct {
	Environment string
	Release     int64   // the one to be rolled back
	Through     bool    // it was to be with all later ones
	Changed     Changed // at least one row
	ByReleases  int     // how many of the rows later releases changed
	ByOthers    int     // how many of the rows somebody else changed, or cannot be restored as their table is now
}

// Error counts the rows and names a few of them with who changed them.
func (e *ChangedError) Error() string {
	what := fmt.Sprintf("release %d", e.Release)
	if e.Through {
		what = fmt.Sprintf("releases %d and later", e.Release)
	}
	var rows []string
	for _, t := range e.Changed {
		if t.Why != "" {
			rows = append(rows, fmt.Sprintf("%s: %s", t.Table, t.Why))
		}
		for _, r := range t.Rows {
			rows = append(rows, r.String())
		}
	}
	count := e.Changed.Count()
	if len(rows) > fewRows {
		rows = rows[:fewRows]
		rows = append(rows, fmt.Sprintf("and more (%d rows in all)", count))
	}
	noun := "rows of %s are"
	if count == 1 {
		noun = "row of %s is"
	}
	return fmt.Sprintf("nothing was rolled back: %d "+noun+" no longer as %s left them: %s", count, e.Environment, what, strings.Join(rows, "; "))
}

// Flags are the flags with which the same rollback goes on: --through where later releases changed rows, --keep-changed
// where somebody else did. With --through, later releases come in whose rows somebody may have changed as well.
func (e *ChangedError) Flags() []string {
	var flags []string
	if e.Through || e.ByReleases > 0 {
		flags = append(flags, "--through")
	}
	if e.ByOthers > 0 {
		flags = append(flags, "--keep-changed")
	}
	return flags
}

// Command is the command that would go on.
func (e *ChangedError) Command() string {
	return fmt.Sprintf("liveops rollback --env %s %d %s", e.Environment, e.Release, strings.Join(e.Flags(), " "))
}
