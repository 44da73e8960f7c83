package purge

import (
	"errors"
	"fmt"
	"time"
)

// Document is a user document as it stands.
type Document struct {
	ID     string
	Body   []byte
	CAS    uint64
	Expiry time.Time // to the second; zero for never
	Flags  uint32    // what the game's SDK notes about the format; kept as they are
	Mark   string    // what the run that asks has written beside the body; "" for nothing
}

// MarkUndone is the mark of a document that an undo restored. The mark of one that a run changed is the Hash of what
// the run made of it.
const MarkUndone = "undone"

// ImageState is how far a run came with one document.
type ImageState string

// The states of an image. pending becomes done or skipped, skipped may become pending again, done becomes undone.
const (
	ImagePending ImageState = "pending" // the before-image is kept; the document may or may not be changed yet
	ImageDone    ImageState = "done"
	ImageSkipped ImageState = "skipped" // it was not changed: the game was quicker, and it does not match any more
	ImageUndone  ImageState = "undone"
)

// Image is what a run keeps of a document before it changes it.
type Image struct {
	Document            // as it was; Mark is empty
	After    string     // the Hash of what it becomes; "" where it is removed
	State    ImageState //
	Unsure   bool       // of a removal: the document was gone, and no answer told whose doing that was
}

// RunState is where a purge stands in one environment.
type RunState string

// The states of a run.
const (
	Running  RunState = "running"
	Paused   RunState = "paused"   // by a person, or because something kept it from going on; Run goes on
	Failed   RunState = "failed"   // some documents could not be judged or changed; Run tries those again
	Done     RunState = "done"     // final, but for an undo
	Canceled RunState = "canceled" // a person ended it; what was changed stays changed, and can be undone
	Undone   RunState = "undone"   // final
	Past     RunState = "past"     // final: it was in the data repo before the environment's first release, and is not run
)

// Over says whether a run in this state is never run again.
func (s RunState) Over() bool { return s == Done || s == Canceled || s == Undone || s == Past }

// Wish is what a person asks of a run that goes on.
type Wish string

// The wishes.
const (
	WishNone   Wish = ""
	WishPause  Wish = "pause"
	WishCancel Wish = "cancel"
)

// Counts are how far a run came. Candidates and those that follow are of the newest round only.
type Counts struct {
	Done    int `json:"done"`    // documents changed, in all
	Skipped int `json:"skipped"` // documents that the game made not match while they were at work, in all
	Failed  int `json:"failed"`  // documents that could not be judged or changed, in the newest round
	Undone  int `json:"undone"`  // documents that were brought back, in all; they are among Done, too
	Room    int `json:"room"`    // most documents that it may change by liveops.yaml's limits, or by a confirmation past them; 0 for no bound, below 0 for none

	Round      int `json:"round"`      // how many times candidates were selected
	Candidates int `json:"candidates"` // read in the newest round
	Unmatched  int `json:"unmatched"`  // candidates that do not match
	Unchanged  int `json:"unchanged"`  // candidates that match, and that the update leaves as they are
	Missing    int `json:"missing"`    // candidates that are no document
	Before     int `json:"before"`     // candidates that this run had changed before
}

// Run is a purge's record in one environment.
type Run struct {
	Name        string    `json:"name"`
	Fingerprint string    `json:"fingerprint"`
	Scope       string    `json:"scope"`
	Collection  string    `json:"collection"`
	ID          string    `json:"run"` // marks documents; "" of one that is past
	State       RunState  `json:"state"`
	Wish        Wish      `json:"wish,omitempty"`
	Epoch       int64     `json:"epoch"` // grows each time the run is taken up; who holds an older one has lost it
	Counts      Counts    `json:"counts"`
	Actor       string    `json:"actor"`
	Commit      string    `json:"commit,omitempty"`
	Started     time.Time `json:"started"`
	Updated     time.Time `json:"updated"`
	Finished    time.Time `json:"finished"` // zero while it is not over
	Error       string    `json:"error,omitempty"`
}

// The errors of a store of documents. Anything else is an error that neither a retry nor another document's turn mends.
var (
	ErrNotFound  = errors.New("there is no such document")
	ErrConflict  = errors.New("the document has changed meanwhile")
	ErrTemporary = errors.New("the server cannot do this now") // nothing was changed
	ErrAmbiguous = errors.New("no answer came; the document may have been changed")
	ErrRefused   = errors.New("the server refuses this document") // too long, say; others may do
)

// ErrLost is a run that somebody else has taken up.
var ErrLost = errors.New("the purge is being run by somebody else now")

// OverError is a purge that is not run any more.
type OverError struct{ Run Run }

// Error says how it ended.
func (e *OverError) Error() string {
	return fmt.Sprintf("purge %s is %s here and is not run again", e.Run.Name, e.Run.State)
}

// RunningError is a purge that is at work, so that single documents cannot be brought back.
type RunningError struct{ Run Run }

// Error says what to do first.
func (e *RunningError) Error() string {
	return fmt.Sprintf("purge %s is running here; pause it before you bring single documents back", e.Run.Name)
}

// ExpiredError is a purge whose file says that it is not to be run any more.
type ExpiredError struct {
	Name    string
	Expired time.Time
}

// Error says since when.
func (e *ExpiredError) Error() string {
	return fmt.Sprintf("purge %s expired on %s and is not run", e.Name, e.Expired.UTC().Format("2006-01-02 15:04 MST"))
}

// LimitError is a purge that more documents match than are allowed.
type LimitError struct {
	Name   string
	Limit  int
	Policy bool // the limit is that of liveops.yaml, or what was confirmed past it, and not the file's own
}

// Error says so.
func (e *LimitError) Error() string {
	if e.Policy {
		return fmt.Sprintf("more than %d documents match purge %s, and neither limits.purgedDocuments nor a second person allows more; it stopped before the next", e.Limit, e.Name)
	}
	return fmt.Sprintf("more than %d documents match purge %s; it stopped before the next", e.Limit, e.Name)
}
