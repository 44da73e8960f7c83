package mysqlstore

import (
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// Rows are written in statements that every server takes: bounded by their number and by their length, one row
// at least.
func TestInsertRowsFitInAStatement(t *testing.T) {
	tests := []struct {
		name       string
		rows, size int // how many, and the length of each one's text
		want       int // rows in the first statement
	}{
		{"short rows", 3, 10, 3},
		{"many short rows", rowsBatch + 7, 10, rowsBatch},
		{"long rows", 60, 300_000, 2},
		{"one row longer than a statement should be", 2, 3 * statementBytes, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := &plan.Table{Managed: []int{0, 1}, Schema: &datasheets.Table{Name: "page", Key: []int{0}, Columns: []datasheets.Column{
				{Name: "id", Type: datasheets.String}, {Name: "body", Type: datasheets.String}}}}
			var inserts []int
			for i := range tt.rows {
				body := datasheets.NewValue(strings.Repeat("x", tt.size))
				table.Changes = append(table.Changes, plan.Change{Op: plan.Insert, After: []datasheets.Value{datasheets.ServerDefault, body}})
				inserts = append(inserts, i)
			}
			rows, args, n, err := newTableWork(table, nil).insertRows(inserts)
			if err != nil || n != tt.want || len(args) != n || strings.Count(rows, "(DEFAULT, ?)") != n {
				t.Errorf("%d rows with %d arguments, %v; want %d: %.60s", n, len(args), err, tt.want, rows)
			}
		})
	}
}
