// Package purgerun runs purges on an environment's user documents: each matching document is changed exactly once,
// whatever fails on the way, and every one can be brought back.
//
// Three things make it so. Before a document is changed, its image is in the journal (the environment's MySQL). Every
// change is a compare-and-swap, so that a write of the game in between is never lost. And the change writes a mark of
// the run beside the body in the same operation, so that whoever comes later, after a crash or an answer that never
// came, sees whether it happened. A removed document has no place for a mark; what cannot be known then is told.
package purgerun

import (
	"context"

	"liveops/sync/purge"
)

// Source lists the ids of a purge's candidates, as the store has them at that moment. An id may come more than once.
// It keeps no more than a page of them in memory, and stops with the error that each returns.
type Source interface {
	Candidates(ctx context.Context, p *purge.Purge, each func(id string) error) error
}

// Documents are the user documents of one collection. All fail with the errors of package purge.
type Documents interface {
	// Get reads a document with the mark of a run; "" asks for no mark. Fails with ErrNotFound or ErrTemporary.
	Get(ctx context.Context, id, run string) (purge.Document, error)
	// Replace gives a document another body and the mark of a run, in one operation, if its CAS is still the given
	// one. Expiry and flags stay. Fails with ErrConflict, ErrNotFound, ErrTemporary, ErrAmbiguous or ErrRefused.
	Replace(ctx context.Context, d purge.Document, run, mark string) error
	// Remove removes a document if its CAS is still the given one; it fails as Replace does.
	Remove(ctx context.Context, id string, cas uint64) error
}

// Restorer is Documents that can also bring back a removed one.
type Restorer interface {
	Documents
	// Insert makes a document with its body, flags and expiry. Where there is one already it fails with ErrConflict.
	Insert(ctx context.Context, d purge.Document) error
}

// Record is what is known of an environment's runs.
type Record interface {
	// Begin takes up the run of a name, or begins it, and makes whoever had it lose it. It fails with an
	// *purge.OverError, or a *purge.ChangedError where the fingerprint is another.
	Begin(ctx context.Context, r purge.Run) (purge.Run, error)
	// Settle writes what became of documents and how far the run is. done and skipped images count once, by what the
	// journal had. It returns the run as it is then, with what a person wishes, and fails with purge.ErrLost.
	Settle(ctx context.Context, r purge.Run, images []purge.Image) (purge.Run, error)
	// End writes the state that the run is left in, with its counts and error; it fails with purge.ErrLost.
	End(ctx context.Context, r purge.Run) error
}

// Images are the before-images of a run.
type Images interface {
	// Find reads what there is of some documents, by id, without bodies.
	Find(ctx context.Context, r purge.Run, ids []string) (map[string]purge.Image, error)
	// Keep writes images durably as pending. One that is pending or skipped already is written over; it fails with
	// purge.ErrLost, and then keeps none.
	Keep(ctx context.Context, r purge.Run, images []purge.Image) error
	// Page reads the next images in a state, with bodies, in the order of ids after one.
	Page(ctx context.Context, r purge.Run, state purge.ImageState, after string, most int) ([]purge.Image, error)
}

// Journal is an environment's record of runs and their images.
type Journal interface {
	Record
	Images
}

// Archive is a Journal whose images can be read by id, too.
type Archive interface {
	Journal
	// Recall reads what there is of some documents, with bodies, by id.
	Recall(ctx context.Context, r purge.Run, ids []string) (map[string]purge.Image, error)
}
