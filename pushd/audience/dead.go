package audience

import (
	"context"
	"fmt"
	"slices"
	"time"

	"liveops/pushd/campaign"
)

// Dead is a token that a gateway says is no device's any more.
type Dead struct {
	Platform campaign.Platform
	Token    string
	// Since is the moment at which it was dead for certain: what APNs says of it, or when it was read for the push
	// that failed. A token that was renewed after it lives again and is left alone.
	Since time.Time
}

// deadBatch is how many tokens one statement takes out.
const deadBatch = 500

// Remove takes dead tokens out of the table, or marks them where the table has a column for it, and returns how many
// rows that were. It leaves those that were renewed since, and without a column that tells takes all; it fails with a
// *campaign.ValueError where that column is neither a DATETIME nor a TIMESTAMP. Each statement is a
// transaction of its own: it may be called again with the same tokens.
func (s *Store) Remove(ctx context.Context, t Table, dead []Dead) (int, error) {
	if len(dead) == 0 {
		return 0, nil
	}
	columns, err := s.columns(ctx, &Query{Table: t})
	if err != nil {
		return 0, fmt.Errorf("read the types of the columns of %s: %w", t.Name, err)
	}
	if err := t.canRemove(columns); err != nil {
		return 0, fmt.Errorf("take dead tokens out of %s: %w", t.Name, err)
	}
	removed := 0
	for some := range slices.Chunk(dead, deadBatch) {
		st := t.remove(some, columns)
		if st.err != nil {
			return removed, fmt.Errorf("take %d dead tokens out of %s: %w", len(some), t.Name, st.err)
		}
		res, err := s.DB.ExecContext(ctx, st.String(), st.args...)
		if err != nil {
			return removed, fmt.Errorf("take %d dead tokens out of %s: %w", len(some), t.Name, err)
		}
		n, err := res.RowsAffected()
		if err != nil {
			return removed, fmt.Errorf("take %d dead tokens out of %s: %w", len(some), t.Name, err)
		}
		removed += int(n)
	}
	return removed, nil
}

// canRemove fails with a *campaign.ValueError where tokens are no texts, or UpdatedAt is no point in time: whether a token was renewed
// could not be told for certain then.
func (t *Table) canRemove(columns kinds) error {
	if c := columns.of(t.UpdatedAt); c != nil && !campaign.IsTime(c) {
		return &campaign.ValueError{Column: c.Name, Type: c.SQLType, Value: "when a token was renewed", Wanted: "no point in time"}
	}
	return columns.areTexts(t.Token)
}

// remove is the statement that takes some tokens out. Those of one platform and moment share a condition, by which the
// server can use an index of platforms and tokens.
func (t *Table) remove(dead []Dead, columns kinds) *statement {
	s := &statement{}
	if t.Dead == "" {
		s.add("DELETE FROM " + quote(t.Name) + " WHERE (FALSE")
	} else {
		s.add("UPDATE " + quote(t.Name) + " SET " + quote(t.Dead) + " = UTC_TIMESTAMP() WHERE " + quote(t.Dead) + " IS NULL AND (FALSE")
	}
	type alike struct {
		platform campaign.Platform
		since    string
	}
	var order []alike
	tokens := map[alike][]string{}
	for _, d := range dead {
		a := alike{d.Platform, Moment(d.Since)}
		if tokens[a] == nil {
			order = append(order, a)
		}
		tokens[a] = append(tokens[a], d.Token)
	}
	for _, a := range order {
		values := t.values(a.platform)
		s.add(" OR ")
		s.in(columns, "", t.Platform, values)
		s.add(" AND "+quote(t.Token)+" IN ("+placeholders(len(tokens[a]))+")", texts(tokens[a])...)
		if t.UpdatedAt != "" {
			s.add(" AND (" + quote(t.UpdatedAt) + " IS NULL OR ")
			s.compare(columns, t.UpdatedAt, "<=", a.since)
			s.add(")")
		}
	}
	s.add(")")
	return s
}
