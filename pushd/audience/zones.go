package audience

import (
	"context"
	"database/sql"
	"fmt"
)

// mostZones is more than there are time zones in the world (about 600).
const mostZones = 5000

// Zones are the different texts of a table's column of time zones, sorted. It fails where there are more than zones can be.
func (s *Store) Zones(ctx context.Context, t Table, column string) ([]string, error) {
	st := &statement{}
	st.add("SELECT DISTINCT "+quote(column)+" FROM "+quote(t.Name)+" WHERE "+quote(column)+" IS NOT NULL ORDER BY 1 LIMIT ?", mostZones+1)
	var all []string
	err := s.readOnly(ctx, st, func(rows *sql.Rows) error {
		var zone string
		err := rows.Scan(&zone)
		all = append(all, zone)
		return err
	})
	if err == nil && len(all) > mostZones {
		err = fmt.Errorf("it has more than %d different texts", mostZones)
	}
	if err != nil {
		return nil, fmt.Errorf("read the time zones in column %s of %s: %w", column, t.Name, err)
	}
	return all, nil
}
