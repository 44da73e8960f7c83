package mysqlstore

import (
	"context"
	"fmt"

	"liveops/datasheets"
)

// HasMoreRows reports whether a table has more than n rows. It looks at n + 1 of them at most: counting the rows of
// a live game's largest tables takes minutes.
func (s *Snapshot) HasMoreRows(ctx context.Context, t *datasheets.Table, n int) (bool, error) {
	var seen int
	err := s.tx.QueryRowContext(ctx, fmt.Sprintf("SELECT COUNT(*) FROM (SELECT 1 FROM %s LIMIT %d) few", quote(t.Name), n+1)).Scan(&seen)
	if err != nil {
		return false, fmt.Errorf("count the rows of %s: %w", t.Name, err)
	}
	return seen > n, nil
}
