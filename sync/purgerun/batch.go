package purgerun

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"liveops/sync/purge"
)

// Bounds on a batch, which a run has a few of in memory.
const batchBytes = 16 << 20

func compareText(a, b string) int { return strings.Compare(a, b) }

// batchSize is how many documents the next batch has: fewer where they are long.
func (r *runner) batchSize() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.batchNow
}

// item is one document of a batch.
type item struct {
	id       string
	tracked  bool   // its image is in the journal, pending or skipped
	unknown  bool   // a change of it may have happened, or may still
	tried    uint64 // the CAS under which that was
	doc      purge.Document
	verdict  purge.Verdict
	mark     string // that the change leaves; "" where the document is removed
	next     step
	reserved bool        // within the limit
	settled  purge.Image // what becomes of its image, where settle says so
	err      error       // why it is tried again, or failed
}

// step is what an attempt makes of an item.
type step uint8

const (
	leave  step = iota // nothing is to be done, and it is counted
	change             // it is to be changed
	settle             // the journal is to be told
	retry
	failed
)

// batch works on some documents until each is done with. Ids that another batch has are left to it.
func (r *runner) batch(ctx context.Context, ids []string) error {
	ids = r.take(ids)
	defer r.giveBack(ids)
	if len(ids) == 0 {
		return nil
	}
	found, err := r.journal.Find(ctx, r.current(), ids)
	if err != nil {
		return err
	}
	var todo []*item
	for _, id := range ids {
		image, there := found[id]
		if there && (image.State == purge.ImageDone || image.State == purge.ImageUndone) {
			r.count(func(c *purge.Counts) { c.Before++ })
			continue
		}
		todo = append(todo, &item{id: id, tracked: there, unknown: there && image.State == purge.ImagePending, tried: image.CAS})
	}
	r.count(func(c *purge.Counts) { c.Candidates += len(ids) })
	for attempt := 1; ; attempt++ {
		if todo, err = r.attempt(ctx, todo, attempt); err != nil {
			return err
		}
		if len(todo) == 0 {
			return nil
		}
		if err := r.Wait(ctx, backoff(attempt)); err != nil {
			return err
		}
	}
}

// attempt tries each document once: read, judge, keep the image, change, tell the journal. It returns those that are to
// be tried again.
func (r *runner) attempt(ctx context.Context, todo []*item, attempt int) (again []*item, err error) {
	if err := r.each(ctx, todo, r.read); err != nil {
		return nil, err
	}
	if err = r.keep(ctx, todo); err == nil {
		err = r.each(ctx, todo, r.change)
	}
	var images []purge.Image
	for _, it := range todo {
		if it.next == retry && attempt >= r.Attempts {
			if giveUp := r.giveUp(it); giveUp != nil {
				err = errors.Join(err, giveUp)
			}
		}
		switch it.next {
		case failed:
			r.release(it)
			r.fail(it)
			if it.tracked {
				images = append(images, purge.Image{Document: purge.Document{ID: it.id}, State: purge.ImageSkipped})
			}
		case settle:
			r.release(it)
			images = append(images, it.settled)
		case retry:
			again = append(again, it)
		}
	}
	// What was changed is told although ctx has ended: what is not told is found out by the next Run.
	detached, cancel := detach(ctx)
	defer cancel()
	return again, errors.Join(err, r.tell(detached, images))
}

// giveUp decides about a document that was tried often enough: one that keeps changing is left; a server that does not
// answer ends the run for now.
func (r *runner) giveUp(it *item) error {
	if errors.Is(it.err, purge.ErrConflict) && !it.unknown {
		it.next, it.err = failed, fmt.Errorf("it kept changing: %w", it.err)
		return nil
	}
	return fmt.Errorf("document %s: %w", it.id, it.err)
}

// each does something to every item, a bounded number at once. Few goroutines do many items each, since one for each
// item would spend more on growing its stack than on some documents.
func (r *runner) each(ctx context.Context, items []*item, do func(context.Context, *item) error) error {
	g, group := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(max(r.Parallel/lanes, 1), len(items)) {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
				if err := group.Err(); err != nil {
					return err
				}
				if err := do(group, items[i]); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// read reads a document and decides what is to be done.
func (r *runner) read(ctx context.Context, it *item) error {
	doc, err := r.documents.Get(ctx, it.id, r.runID())
	it.next, it.err = leave, nil
	switch {
	case errors.Is(err, purge.ErrNotFound):
		r.readMissing(it)
		return nil
	case errors.Is(err, purge.ErrTemporary), errors.Is(err, purge.ErrAmbiguous):
		it.next, it.err = retry, err
		return nil
	case err != nil:
		return fmt.Errorf("read document %s: %w", it.id, err)
	case doc.Mark != "":
		if it.tracked {
			it.settles(purge.ImageDone, false)
		} else {
			r.count(func(c *purge.Counts) { c.Before++ })
		}
		return nil
	}
	it.unknown = it.unknown && doc.CAS == it.tried // under another CAS, it cannot happen any more
	return r.judge(ctx, it, doc)
}

func (r *runner) judge(ctx context.Context, it *item, doc purge.Document) error {
	verdict, err := r.purge.Judge(ctx, doc.Body)
	var unusable *purge.DocumentError
	switch {
	case errors.As(err, &unusable):
		it.next, it.err = failed, err
	case err != nil:
		return err
	case verdict.Changes():
		it.next, it.doc, it.verdict = change, doc, verdict
	case it.tracked:
		it.settles(purge.ImageSkipped, false)
	case verdict.Matches:
		r.count(func(c *purge.Counts) { c.Unchanged++ })
	default:
		r.count(func(c *purge.Counts) { c.Unmatched++ })
	}
	return nil
}

// readMissing decides about a document that is not there.
func (r *runner) readMissing(it *item) {
	switch {
	case it.unknown: // by this run, or by the game after or instead of it
		it.settles(purge.ImageDone, true)
	case it.tracked:
		it.settles(purge.ImageSkipped, false)
	default:
		r.count(func(c *purge.Counts) { c.Missing++ })
	}
}

func (it *item) settles(s purge.ImageState, unsure bool) {
	it.next, it.settled = settle, purge.Image{Document: purge.Document{ID: it.id}, State: s, Unsure: unsure}
}

// keep writes the images of all that are to be changed.
func (r *runner) keep(ctx context.Context, items []*item) error {
	var images []purge.Image
	longest := 0
	for _, it := range items {
		longest = max(longest, len(it.doc.Body))
		if it.next != change {
			continue
		}
		it.mark = ""
		if !it.verdict.Delete {
			it.mark = purge.Hash(it.verdict.After)
		}
		images = append(images, purge.Image{Document: it.doc, State: purge.ImagePending, After: it.mark})
	}
	if len(images) == 0 {
		return nil
	}
	if err := r.reserve(items, longest); err != nil {
		return err
	}
	if err := r.journal.Keep(ctx, r.current(), images); err != nil {
		return err
	}
	for _, it := range items {
		it.tracked = it.tracked || it.next == change
	}
	return nil
}

// change changes a document whose image is kept.
func (r *runner) change(ctx context.Context, it *item) error {
	if it.next != change {
		return nil
	}
	if err := r.pace.pass(ctx); err != nil {
		return err
	}
	var err error
	if it.verdict.Delete {
		err = r.documents.Remove(ctx, it.id, it.doc.CAS)
	} else {
		changed := it.doc
		changed.Body = it.verdict.After
		err = r.documents.Replace(ctx, changed, r.runID(), it.mark)
	}
	switch {
	case err == nil:
		it.settles(purge.ImageDone, false)
	case errors.Is(err, purge.ErrAmbiguous):
		it.next, it.err, it.unknown, it.tried = retry, err, true, it.doc.CAS
	case errors.Is(err, purge.ErrConflict), errors.Is(err, purge.ErrNotFound), errors.Is(err, purge.ErrTemporary):
		it.next, it.err = retry, err
	case errors.Is(err, purge.ErrRefused):
		it.next, it.err = failed, err
	default:
		return fmt.Errorf("change document %s: %w", it.id, err)
	}
	return nil
}
