// Package runs keeps the record of push runs in the environment's MySQL: which runs there are, how far each is, what
// became of its batches, and who leads. It is the truth about them; what JetStream carries can be made anew from it.
//
// One process at a time leads an environment's runs: it begins them, reads their audiences, hands batches out and takes
// the results in. Its lease has an epoch, with which each of its writes is made, so that one that stalled and comes
// back when another leads changes nothing (ErrNotLeader). Anybody may ask for a pause, its end, or a cancel: what they asked for
// stands against the leader, who moves a run only from the state and the reason that it saw.
package runs

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"liveops/pushd/audience"
)

// State is how a run stands.
type State string

// The states, and who leads from one to the next:
//
//	running ⇄ paused          anybody; but a run that awaits its test is the leader's to let go
//	running, paused → canceling    anybody: nothing more is to be sent
//	canceling → canceled      the leader, when every worker has stopped
//	running → done            the leader, when each batch has its result
//	running, paused, waiting → failed    the leader: its file cannot be read, or nobody is there to get the test
//	missed                    from the start: it was due when nobody was there, and too long ago
//	running → waiting         of a test alone, the leader: its messages are sent, and its run is yet to begin
//	waiting → paused, canceling    anybody: then its run does not begin by itself, or is canceled at once
//	waiting → done            the leader: its run has begun
const (
	Running   State = "running"
	Paused    State = "paused"
	Canceling State = "canceling"
	Canceled  State = "canceled"
	Done      State = "done"
	Failed    State = "failed"
	Missed    State = "missed"
	Waiting   State = "waiting"
)

// Ended says whether nothing more comes of a run.
func (s State) Ended() bool {
	return s == Canceled || s == Done || s == Failed || s == Missed
}

// Run is one firing of a campaign, or a test of it. Campaign, Time and Test identify it in its environment.
type Run struct {
	ID       int64
	Campaign string    // its name
	Time     time.Time // when it was due, whole seconds
	Zones    []string  // whose users it is for, where the campaign goes by each user's own zone; nil for all
	Others   bool      // it is for everybody but the users of Zones
	Commit   string    // the release that it was begun from
	File     []byte    // the campaign's file as it was then: what was begun is ended as it was begun
	Actor    string    // who asked for it; "" where it was due

	// Test is "" of a run, Asked of a test that somebody asked for, and else TestOf: of a test that a run with the same Time gets
	// first, and every wave with it that is of the same named time.
	Test     string
	Follows  time.Time // of a test of a run: when the others get it; zero of all else
	Outcomes []Outcome // what became of a test's messages, sorted; nil of a run

	State    State
	Reason   string // why it is paused, failed or missed, or began in another way than it should
	Started  time.Time
	Finished time.Time // zero while it has not

	Cursor audience.Cursor // its audience is read up to here
	Read   bool            // all of it is read
	Tokens int64           // read so far
	Last   int             // the number of the newest batch; they count from 1
	Stuck  []Stuck         // what waits for a worker that can send it, by gateway, where Store.Stuck was asked
	Counts
}

// askedFor begins the Run.Test of tests that somebody asked for, which no fingerprint does.
const askedFor = "now"

// Asked is the Run.Test of a test that somebody asks for: to a list, "" for the campaign's own test.
func Asked(list string) string { return strings.TrimSpace(askedFor + " " + list) }

// AskedFor says whether a Run.Test is of one that somebody asked for, and the list that it is for; "" for the campaign's own test.
func AskedFor(test string) (list string, asked bool) {
	rest, asked := strings.CutPrefix(test, askedFor)
	if !asked {
		return "", false
	}
	return strings.TrimSpace(rest), true
}

// TestOf is the Run.Test of the test of a run: of the campaign as it is, by its fingerprint, so that once it is another one that is another test; and where each
// user's own zone counts, of a time that its schedule names (campaign.Named.Key), which has one test for all of its waves. named is "" else.
func TestOf(fingerprint, named string) string {
	if named == "" {
		return fingerprint
	}
	return fingerprint + ofNamed + named
}

const ofNamed = "@"

// Ahead says whether it is a test that a run gets first, and is not over.
func (r *Run) Ahead() bool { return !r.Follows.IsZero() && !r.State.Ended() }

// AheadOf says whether it is one ahead of its campaign's run of a time: where each user's own zone counts, also of one that is a later wave, as far as
// times say.
func (r *Run) AheadOf(due time.Time) bool {
	return r.Ahead() && (r.Time.Equal(due) || isNamed(r.Test) && r.Time.Before(due) && due.Sub(r.Time) < betweenWaves)
}

// Fingerprint is the campaign's that a test of a run is of.
func (r *Run) Fingerprint() string {
	fingerprint, _, _ := strings.Cut(r.Test, ofNamed)
	return fingerprint
}

// Counts are messages by what became of them. Each token of the audience that was handed to a gateway is in one of the
// first five.
type Counts struct {
	Accepted, Dead, Rejected, GaveUp, Unknown int64
	Repeats                                   int64 // submissions that may have been second ones, besides
}

// Settled is how many messages have an end.
func (c Counts) Settled() int64 { return c.Accepted + c.Dead + c.Rejected + c.GaveUp + c.Unknown }

// Add adds other counts.
func (c Counts) Add(o Counts) Counts {
	return Counts{c.Accepted + o.Accepted, c.Dead + o.Dead, c.Rejected + o.Rejected, c.GaveUp + o.GaveUp, c.Unknown + o.Unknown, c.Repeats + o.Repeats}
}

// Batch is some tokens of a run: those behind After up to and with To, as they were when it was read.
type Batch struct {
	Seq    int
	After  audience.Cursor
	To     string
	Tokens int
}

// Result is what became of a batch.
type Result struct {
	Seq int
	Counts
	Gone     []byte    // the dead tokens (audience.PackDead): as many as Counts.Dead
	Outcomes []Outcome `json:",omitempty"` // of a test's batches
}

// ErrNotLeader says that another process leads now, or the lease is over.
var ErrNotLeader = errors.New("another process leads the pushes of this environment")

// ErrNoRun says that there is no such run.
var ErrNoRun = errors.New("there is no such run")

// StateError is a wish that the run's state does not allow.
type StateError struct {
	Campaign string
	Time     time.Time
	State    State // that it has
	Wanted   State
}

// Error says what state the run is in.
func (e *StateError) Error() string {
	return fmt.Sprintf("the run of %s of %s is %s and cannot be made %s", e.Campaign, e.Time.UTC().Format(time.RFC3339), e.State, e.Wanted)
}
