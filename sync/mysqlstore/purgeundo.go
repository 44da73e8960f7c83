package mysqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"liveops/sync/purge"
)

// TakeUp takes a run up to undo it: whoever runs it loses it, and it is never run again. It fails with ErrNoPurge, and
// with an *purge.OverError where it was never run here.
func (p *Purges) TakeUp(ctx context.Context, name, actor string) (purge.Run, error) {
	return p.move(ctx, name, func(r *purge.Run) (string, error) {
		if r.State == purge.Past {
			return "", &purge.OverError{Run: *r}
		}
		if !r.State.Over() {
			r.State, r.Finished = purge.Canceled, p.store.now()
		}
		r.Epoch++
		r.Actor, r.Wish, r.Updated = actor, purge.WishNone, p.store.now()
		return "taken up to undo it", nil
	})
}

// mostNamed is how many documents the audit names, of those that were asked to be brought back.
const mostNamed = 20

// TakeUpFor takes a run up to bring some of its documents back. Its state stays: one that is paused or has failed can go
// on, and does not change these again; one whose process is gone is paused. It fails with ErrNoPurge, with an
// *purge.OverError where it was never run here, and with an *purge.RunningError where it is at work.
func (p *Purges) TakeUpFor(ctx context.Context, name string, ids []string, actor string) (purge.Run, error) {
	return p.move(ctx, name, func(r *purge.Run) (string, error) {
		now := p.store.now()
		switch {
		case r.State == purge.Past:
			return "", &purge.OverError{Run: *r}
		case r.State == purge.Running && now.Sub(r.Updated) < purgeSilence:
			return "", &purge.RunningError{Run: *r}
		case r.State == purge.Running:
			r.State, r.Error = purge.Paused, "interrupted"
		}
		r.Epoch++
		r.Actor, r.Wish, r.Updated = actor, purge.WishNone, now
		what := "taken up to bring back " + strings.Join(ids[:min(len(ids), mostNamed)], ", ")
		if more := len(ids) - mostNamed; more > 0 {
			what += fmt.Sprintf(" and %d more", more)
		}
		return what, nil
	})
}

// Recall reads what there is of some documents, with bodies, by id.
func (p *Purges) Recall(ctx context.Context, r purge.Run, ids []string) (map[string]purge.Image, error) {
	found := map[string]purge.Image{}
	for some := range slices.Chunk(ids, rowsBatch) {
		err := p.images(ctx, "body", "run_id = ? AND document_id IN ("+marks(len(some))+")", func(i purge.Image) { found[i.ID] = i }, args(r.ID, some)...)
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Override tells the audit which gates a purge passed over, and why.
func (p *Purges) Override(ctx context.Context, name, actor, commit, detail string) error {
	return p.store.Override(ctx, actor, commit, "purge "+name+": "+detail)
}
