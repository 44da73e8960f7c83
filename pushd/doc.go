// Package pushd sends push campaigns: each that was released to its environment, at each time that it is due, once, to
// every token of its audience.
//
// One process leads (Lead): it begins the runs that are due, reads their audiences into batches, hands these out, says
// how fast they may be sent, and records their results. Any number of workers (Work), in the same process or on other
// machines, send them. All that counts is in the environment's MySQL (package runs); what is on its way is in JetStream
// (package engine), from which a new leader, or another worker, goes on.
//
// A worker sends only what the leader lets it: twenty times a second it tells how many messages it could send, and is told
// how many it may, and how each run stands. A worker that hears nothing for a second sends nothing. So a pause reaches
// every worker in the time of one such word, and a cancel is answered when each worker has said that it sends nothing any
// more, or has been silent for longer than it would have gone on.
//
// Around a run of a campaign that has `capacity`, the leader has game servers added (Servers): at the campaign's lead before
// the run's start, until its hold after the run's end.
//
// A run of a campaign that has a `test` begins paused, and goes on when its test has arrived: a test is handed out, sent and
// recorded as a run is, to those whom the campaign names (Testers), and its run leaves them out.
package pushd

import (
	"time"

	"liveops/pushd/campaign"
)

const (
	// contactEvery is how often a worker speaks with the leader.
	contactEvery = 50 * time.Millisecond
	// silence is how long a worker sends on without a word from the leader.
	silence = time.Second
	// gone is after how long a silent worker is taken for one that sends nothing any more: silence, as long again that it
	// may wait for an answer which does not come, and as much for what the clocks and the machine may be off.
	gone = 4 * time.Second
	// lookEvery is how often the leader looks at what people wish, and at what is due.
	lookEvery = 200 * time.Millisecond
)

// GCPercent and MemoryLimit are the garbage collector's settings (runtime/debug) for a process that does little else than lead and
// work: most of what is allocated passes through once, and a smaller heap costs a tenth more CPU and saves a fifth of the memory. The limit
// is for so many runs at once (WorkOptions.AtWork), each of which has its batches in hand; it holds the heap down where the collector
// gets too little of a busy machine to keep pace.
const GCPercent = 50

// MemoryLimit is for so many runs at once; see GCPercent.
func MemoryLimit(runs int) int64 { return (80 + 40*int64(max(1, runs))) << 20 }

// Clock tells the time, and waits.
type Clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

// SystemClock is the machine's.
type SystemClock struct{}

// Now is the present.
func (SystemClock) Now() time.Time { return time.Now() }

// After sends the time when a duration has passed.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Decode reads a campaign's file. It is the reader of the data repo, which this room does not know.
type Decode func(name string, file []byte) (*campaign.Campaign, error)
