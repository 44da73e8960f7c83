package mysqlstore

import "time"

// State is where an environment stands: what an applier checks and moves.
type State struct {
	Epoch   uint64 // grows by one with every release, rollback, hold and lifted hold
	Commit  string // the commit released last; "" before the first
	Release int64  // the release that did it; 0 before the first
	Hold    *Hold  // nil where releases may go

	// Read is the server's clock just before a snapshot took this state; zero where it was read otherwise.
	Read time.Time
}

// Hold keeps releases from an environment until someone lifts it.
type Hold struct {
	Reason string    `json:"reason"`
	By     string    `json:"by"` // a person's GitHub name, or "liveops"
	Since  time.Time `json:"since"`

	Kind    HoldKind `json:"kind,omitempty"`    // "" where an older liveops set it
	Release int64    `json:"release,omitempty"` // of HeldByFailure and HeldByRollback: the ledger's number of that failed release or rollback
}

// HoldKind is what set a hold, so that a program may know whether it can lift it.
type HoldKind string

// The kinds of a hold.
const (
	HeldByCommand  HoldKind = "command"  // a person; only a person lifts it
	HeldByFailure  HoldKind = "failure"  // a release that was stopped
	HeldByRollback HoldKind = "rollback" // a rollback: until Git and the database agree (see release.Agrees)
)

// Release is one application of a plan, or its undoing, as the ledger keeps it.
type Release struct {
	ID              int64        `json:"id"`
	Kind            Kind         `json:"kind"`
	Commit          string       `json:"commit"`
	PreviousCommit  string       `json:"previousCommit"` // the environment's commit before it
	PreviousRelease int64        `json:"previousRelease"`
	Digest          string       `json:"digest"`
	Actor           string       `json:"actor"`
	Pull            int          `json:"pull,omitempty"` // the pull request; 0 where none
	State           ReleaseState `json:"state"`
	Undoes          int64        `json:"undoes,omitempty"` // of a rollback: the release it undoes
	Deleted         int          `json:"deleted"`
	Inserted        int          `json:"inserted"`
	Updated         int          `json:"updated"`
	Error           string       `json:"error,omitempty"` // failed: why
	Started         time.Time    `json:"started"`
	Finished        time.Time    `json:"finished"`
	RequestID       string       `json:"request,omitempty"`  // what the caller called the request, so that asking twice is once; "" for nothing
	UndoneBy        int64        `json:"undoneBy,omitempty"` // of one that is rolled back: the rollback; 0 where an older liveops did it
}

// Kind is what a release does.
type Kind string

// The kinds of a release.
const (
	ApplyKind    Kind = "apply"
	RollbackKind Kind = "rollback"
	PromoteKind  Kind = "promote" // rows of tables that no sheet owns, from another environment; the commit stays
)

// ReleaseState is what became of a release. One that is under way has no entry: it is in the ledger when, and
// only when, its rows are in the tables.
type ReleaseState string

// The states of a release.
const (
	Applied    ReleaseState = "applied"
	Failed     ReleaseState = "failed" // nothing was changed
	RolledBack ReleaseState = "rolled back"
)
