package runs

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// Known is a campaign as it was released, and since when it counts if the record does not know it so.
type Known struct {
	Campaign, Fingerprint string
	Since                 time.Time
	// Lately, where it is not zero, has the record go before Since: one that was looked after as another campaign, at this time or
	// later (Looked), counts from up to where that was done. So a change of leaders together with an edit loses no run.
	Lately time.Time
}

// Since is since when each of some campaigns is known as it is, by name. One that is new to the record, or was
// another one, counts from its Known on, which the record keeps: what an edited schedule names of the past is not made up for.
func (s *Store) Since(ctx context.Context, own Epoch, campaigns []Known) (map[string]time.Time, error) {
	since := map[string]time.Time{}
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		for _, c := range campaigns {
			at, err := sinceOf(ctx, tx, c)
			if err != nil {
				return err
			}
			since[c.Campaign] = at
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read since when campaigns are known: %w", err)
	}
	return since, nil
}

func sinceOf(ctx context.Context, tx *sql.Tx, c Known) (time.Time, error) {
	_, err := tx.ExecContext(ctx, "INSERT IGNORE INTO liveops_push_campaigns (campaign, since, fingerprint) VALUES (?, ?, ?)", c.Campaign, text(c.Since), c.Fingerprint)
	if err != nil {
		return time.Time{}, err
	}
	var known, fingerprint string
	var lookedTo, lookedAt sql.NullString
	err = tx.QueryRowContext(ctx, "SELECT CAST(since AS CHAR), fingerprint, CAST(looked_to AS CHAR), CAST(looked_at AS CHAR) FROM liveops_push_campaigns WHERE campaign = ?",
		c.Campaign).Scan(&known, &fingerprint, &lookedTo, &lookedAt)
	if err != nil {
		return time.Time{}, err
	}
	from, err := parse(known)
	if err != nil || fingerprint == "" || fingerprint == c.Fingerprint {
		return from, err
	}
	since := c.Since
	if !c.Lately.IsZero() && lookedTo.Valid && lookedAt.Valid {
		at, err := parse(lookedAt.String)
		if err != nil {
			return time.Time{}, err
		}
		to, err := parse(lookedTo.String)
		if err != nil {
			return time.Time{}, err
		}
		if to.Before(from) { // which was nobody's
			to = from
		}
		if !at.Before(c.Lately) && to.Before(since) {
			since = to
		}
	}
	_, err = tx.ExecContext(ctx, "UPDATE liveops_push_campaigns SET since = ?, fingerprint = ? WHERE campaign = ?", text(since), c.Fingerprint, c.Campaign)
	return since, err
}

// Looked records, as it is at a time, up to where each of some campaigns was looked after: all that was due before is begun, or recorded as
// missed. A campaign that the record does not know is left out.
func (s *Store) Looked(ctx context.Context, own Epoch, to map[string]time.Time, at time.Time) error {
	together := map[time.Time][]any{} // most have the same
	for campaign, t := range to {
		together[t] = append(together[t], campaign)
	}
	err := s.led(ctx, own, func(tx *sql.Tx) error {
		for t, campaigns := range together {
			_, err := tx.ExecContext(ctx, "UPDATE liveops_push_campaigns SET looked_to = ?, looked_at = ? WHERE campaign IN (?"+strings.Repeat(", ?", len(campaigns)-1)+")",
				append([]any{text(t), text(at)}, campaigns...)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record up to where campaigns were looked after: %w", err)
	}
	return nil
}
