package purgerun

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"liveops/sync/purge"
)

// UndoOptions say how a run is undone; what is zero has a default.
type UndoOptions struct {
	IDs    []string // only these documents, and the run's state stays; all where it is empty
	Unsure bool     // bring back also removed documents that the game may have removed itself
	Options

	// Left is told each document that is not brought back, in the order of ids; may be nil.
	Left func(Left) error
}

// Left is a document that an undo leaves as it is.
type Left struct {
	ID     string
	Why    string
	Before []byte // as the run found it; nil where the run did not change it
	Now    []byte // as it is; nil where it is gone
}

// UndoResult says what an undo did. What an earlier one had brought back is not counted.
type UndoResult struct {
	Run      purge.Run
	Restored int
	Left     int
	Earlier  int // of the IDs asked for, those that an earlier undo had brought back
}

// The reasons to leave a document.
const (
	whyChanged = "it was changed since"
	whyRemoved = "it was removed since"
	whyMade    = "it was made anew since"
	whyExpired = "it would have expired by now"
	whyUnsure  = "it was gone when the run lost its connection, and the game may have removed it"
	whyOpen    = "it is gone, and the run lost its connection there; run the purge to its end, or cancel it, first"
	whyNever   = "the purge did not change it"
)

// Undo brings every document that a run changed, and that nobody has changed since, back to what it was: its body, and
// of a removed one its flags and expiry too. run is as the journal has it, taken up for this. The same undo again, or
// after a crash, does the rest. Once all documents are brought back or left, the run is undone.
//
// Where only some are asked for, the run stays what it is, and all others what they are. The run, should it go on, does not
// change these again, nor does an undo of all that comes later.
func Undo(ctx context.Context, run purge.Run, documents Restorer, journal Archive, o UndoOptions) (UndoResult, error) {
	o.Options = o.Options.complete()
	u := &undoer{UndoOptions: o, documents: documents, journal: journal, result: UndoResult{Run: run}}
	if err := u.all(ctx); err != nil {
		return u.result, fmt.Errorf("undo purge %s: %w", run.Name, err)
	}
	end := &u.result.Run
	end.Updated, end.Wish = o.Now(), purge.WishNone
	if len(o.IDs) == 0 {
		end.State, end.Finished, end.Error = purge.Undone, o.Now(), ""
		if u.result.Left > 0 {
			end.Error = fmt.Sprintf("%d documents were left as they are", u.result.Left)
		}
	}
	return u.result, journal.End(ctx, *end)
}

type undoer struct {
	UndoOptions
	documents Restorer
	journal   Archive
	result    UndoResult
}

// all undoes what is asked for.
func (u *undoer) all(ctx context.Context) error {
	if len(u.IDs) > 0 {
		return u.some(ctx)
	}
	for _, state := range []purge.ImageState{purge.ImagePending, purge.ImageDone} {
		if err := u.pages(ctx, state); err != nil {
			return err
		}
	}
	return nil
}

// pages undoes the images of a state, page by page.
func (u *undoer) pages(ctx context.Context, state purge.ImageState) error {
	after, size := "", min(u.Batch, 32)
	for {
		images, err := u.journal.Page(ctx, u.result.Run, state, after, size)
		if err != nil || len(images) == 0 {
			return err
		}
		after = images[len(images)-1].ID
		longest := 0
		for _, image := range images {
			longest = max(longest, len(image.Body))
		}
		size = min(max(batchBytes/max(longest, 1), 1), u.Batch)
		if err := u.page(ctx, images); err != nil {
			return err
		}
	}
}

// fate is what an undo makes of one image.
type fate struct {
	state purge.ImageState // that the image gets; "" for none
	left  *Left
}

func (u *undoer) page(ctx context.Context, images []purge.Image) error {
	fates := make([]fate, len(images))
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(u.Parallel)
	var mu sync.Mutex
	for i, image := range images {
		g.Go(func() error {
			f, err := u.image(group, image)
			mu.Lock()
			defer mu.Unlock()
			fates[i] = f
			return err
		})
	}
	err := g.Wait()
	var settled []purge.Image
	for i, f := range fates {
		if f.state != "" {
			settled = append(settled, purge.Image{Document: purge.Document{ID: images[i].ID}, State: f.state})
		}
		if f.state == purge.ImageUndone {
			u.result.Restored++
			u.result.Run.Counts.Undone++
		}
		if f.left != nil {
			u.result.Left++
			if u.Left != nil && err == nil {
				err = u.Left(*f.left)
			}
		}
	}
	detached, cancel := detach(ctx)
	defer cancel()
	_, told := u.journal.Settle(detached, u.result.Run, settled)
	return errors.Join(err, told)
}

// image brings one document back, or says why not. It tries again while the document or the server does not stand still.
func (u *undoer) image(ctx context.Context, image purge.Image) (fate, error) {
	for attempt := 1; ; attempt++ {
		f, err := u.try(ctx, image)
		again := errors.Is(err, purge.ErrConflict) || errors.Is(err, purge.ErrNotFound) || errors.Is(err, purge.ErrTemporary) || errors.Is(err, purge.ErrAmbiguous)
		switch {
		case err == nil:
			return f, nil
		case !again:
			return fate{}, fmt.Errorf("document %s: %w", image.ID, err)
		}
		if attempt >= u.Attempts {
			return fate{}, fmt.Errorf("document %s: %w", image.ID, err)
		}
		if err := u.Wait(ctx, backoff(attempt)); err != nil {
			return fate{}, err
		}
	}
}

func (u *undoer) try(ctx context.Context, image purge.Image) (fate, error) {
	leave := func(why string, now []byte) (fate, error) {
		return fate{left: &Left{ID: image.ID, Why: why, Before: image.Body, Now: now}}, nil
	}
	doc, err := u.documents.Get(ctx, image.ID, u.result.Run.ID)
	removed, pending := image.After == "", image.State == purge.ImagePending
	if errors.Is(err, purge.ErrNotFound) {
		switch {
		case !removed:
			return leave(whyRemoved, nil)
		case pending && !u.result.Run.State.Over(): // the run goes on with it, and takes it for one that it has not changed
			return leave(whyOpen, nil)
		case (image.Unsure || pending) && !u.Unsure:
			return leave(whyUnsure, nil)
		case !image.Expiry.IsZero() && !image.Expiry.After(u.Now()):
			return leave(whyExpired, nil)
		}
		return fate{state: purge.ImageUndone}, u.documents.Insert(ctx, image.Document)
	}
	if err != nil {
		return fate{}, err
	}
	asBefore := purge.Hash(doc.Body) == purge.Hash(image.Body)
	switch {
	case doc.Mark == purge.MarkUndone, asBefore && doc.Mark == "" && !pending:
		return fate{state: purge.ImageUndone}, nil
	case pending && doc.Mark == "" && len(u.IDs) > 0: // the change never came; what becomes of it is for the run to say
		return fate{left: &Left{ID: image.ID, Why: whyNever}}, nil
	case pending && doc.Mark == "":
		return fate{state: purge.ImageSkipped}, nil
	case removed:
		return leave(whyMade, doc.Body)
	case doc.Mark == "":
		return leave(whyMade, doc.Body)
	case purge.Hash(doc.Body) != doc.Mark:
		return leave(whyChanged, doc.Body)
	}
	back := doc
	back.Body = image.Body
	return fate{state: purge.ImageUndone}, u.documents.Replace(ctx, back, u.result.Run.ID, purge.MarkUndone)
}
