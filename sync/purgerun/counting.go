package purgerun

import (
	"context"
	"time"

	"liveops/sync/purge"
)

// count changes the counts of the round.
func (r *runner) count(change func(*purge.Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.run.Counts)
}

// current is the run as the journal is to have it.
func (r *runner) current() purge.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.run
}

func (r *runner) runID() string { return r.current().ID }

// take marks ids as at work and gives those that were not.
func (r *runner) take(ids []string) (mine []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if !r.atWork[id] {
			r.atWork[id] = true
			mine = append(mine, id)
		}
	}
	return mine
}

func (r *runner) giveBack(ids []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		delete(r.atWork, id)
	}
}

// fail notes a document that could not be judged or changed.
func (r *runner) fail(it *item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run.Counts.Failed++
	if len(r.failures) < mostFailures {
		r.failures = append(r.failures, Failure{it.id, it.err})
	}
}

// reserve asks for room within the limit for those that are to be changed, and suits the size of batches to theirs.
func (r *runner) reserve(items []*item, longest int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batchNow = min(max(batchBytes/max(longest, 1), 1), r.Batch)
	limit := r.Limit
	if limit == 0 {
		limit = r.purge.Limit
	}
	for _, it := range items {
		if it.next != change || it.reserved {
			continue
		}
		if limit > 0 && r.used >= limit {
			return &purge.LimitError{Name: r.purge.Name, Limit: limit}
		}
		if r.Room != 0 && r.used >= max(r.Room, 0) {
			return &purge.LimitError{Name: r.purge.Name, Limit: max(r.Room, 0), Policy: true}
		}
		r.used++
		it.reserved = true
	}
	return nil
}

// release gives back the room of a document that was not changed, or takes that of one which turned out to be.
func (r *runner) release(it *item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := it.next == settle && it.settled.State == purge.ImageDone
	switch {
	case changed && !it.reserved:
		r.used++
	case !changed && it.reserved:
		r.used--
	}
	it.reserved = changed
}

// tellEvery is how often the journal is told of candidates that need nothing, and asked what a person wishes.
const tellEvery = time.Second

// tell tells the journal what became of documents, and whoever watches how far the run is.
func (r *runner) tell(ctx context.Context, images []purge.Image) error {
	now := r.Now()
	r.mu.Lock()
	soon := len(images) == 0 && now.Sub(r.run.Updated) < tellEvery
	if !soon {
		r.run.Updated = now
	}
	r.mu.Unlock()
	if soon {
		return nil
	}
	after, err := r.journal.Settle(ctx, r.current(), images)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := &r.run.Counts
	c.Done, c.Skipped = max(c.Done, after.Counts.Done), max(c.Skipped, after.Counts.Skipped)
	if r.Progress != nil && now.Sub(r.told) >= r.Every {
		r.told = now
		r.Progress(r.run)
	}
	switch after.Wish {
	case purge.WishPause:
		return errPaused
	case purge.WishCancel:
		return errCanceled
	}
	return nil
}
