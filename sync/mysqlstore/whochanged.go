package mysqlstore

import (
	"context"
	"slices"

	"liveops/datasheets"
)

// laterReleases tells which release changed a row since. Their images are read when the first row is asked for.
type laterReleases struct {
	tx       *transaction
	releases []Release // newest first; none where all of them are undone
	schema   map[string]*datasheets.Table
	chains   *undoing
}

// tell completes a row that is no longer as the chain left it, but as now.
func (l *laterReleases) tell(ctx context.Context, row *ChangedRow, c *chain, now []datasheets.Value) error {
	if l.chains == nil {
		l.chains = newUndoing(l.schema)
		for _, r := range l.releases {
			images, err := readImages(ctx, l.tx, r.ID)
			if err != nil {
				return err
			}
			l.chains.add(r.ID, images)
		}
	}
	row.Outside = true
	t := l.chains.tables[row.Table]
	if t == nil || t.unable != "" {
		return nil
	}
	left := c.after
	if left == nil {
		left = c.before
	}
	by := t.byKey[t.keyOf(left)]
	if by == nil || !by.gap && slices.Equal(by.before, by.after) { // what they did they undid
		return nil
	}
	row.By = by.newest
	row.Pull = l.releases[slices.IndexFunc(l.releases, func(r Release) bool { return r.ID == by.newest })].Pull
	row.Outside = c.gap || by.gap || !slices.Equal(by.before, c.after) || !slices.Equal(by.after, now)
	return nil
}
