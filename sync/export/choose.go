package export

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/sync/mysqlstore"
)

// LeftOut is a table that is not exported, and why.
type LeftOut struct {
	Table  string
	Reason string // a line of prose
}

// Choose picks, by name, the tables of a snapshot that look like game data: those that a sheet can describe and that
// have no more than mostRows rows. Every other one is left out with its reason; liveops' own tables are none.
func Choose(ctx context.Context, snap *mysqlstore.Snapshot, mostRows int) (chosen []*datasheets.Table, left []LeftOut, err error) {
	taken := map[string]string{} // by lower-case name: workbooks and sheets are told apart without capitals
	for _, name := range slices.Sorted(maps.Keys(snap.Tables)) {
		t := snap.Tables[name]
		var wrong *TableError
		if errors.As(Check(t), &wrong) {
			left = append(left, LeftOut{name, strings.Join(wrong.Reasons, "; ")})
			continue
		}
		many, err := snap.HasMoreRows(ctx, t, mostRows)
		if err != nil {
			return nil, nil, err
		}
		other := taken[strings.ToLower(name)]
		switch {
		case many:
			left = append(left, LeftOut{name, fmt.Sprintf("more than %d rows look like player data", mostRows)})
		case other != "":
			left = append(left, LeftOut{name, "only capitals tell its name from " + other})
		default:
			taken[strings.ToLower(name)] = name
			chosen = append(chosen, t)
		}
	}
	return chosen, left, nil
}
