package push

import (
	"sync"
	"sync/atomic"
	"time"
)

// A State is what a gateway knows of a device token.
type State int

const (
	// Valid tokens get their messages.
	Valid State = iota
	// Dead tokens are of an app that was uninstalled, or that got a new token.
	Dead
	// Foreign tokens are of another sender (FCM) or another app (APNs).
	Foreign
)

// Devices are the tokens that a gateway knows something of; all others are valid.
type Devices struct {
	some  atomic.Bool
	mu    sync.Mutex
	known map[Mark]device
	share float64
	since time.Time
}

type device struct {
	state State
	since time.Time
}

// Set makes a token valid, dead since a time, or foreign.
func (d *Devices) Set(token string, s State, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil {
		d.known = map[Mark]device{}
	}
	d.known[MarkOf([]byte(token))] = device{s, since}
	d.some.Store(true)
}

// SetDeadShare makes a share of all tokens, 0 to 1, dead since a time. Which ones follows from the token alone.
func (d *Devices) SetDeadShare(share float64, since time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.share, d.since = share, since
	d.some.Store(share > 0 || len(d.known) > 0)
}

// State is what is known of a token, and since when.
func (d *Devices) State(m Mark) (State, time.Time) {
	if !d.some.Load() {
		return Valid, time.Time{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if k, ok := d.known[m]; ok {
		return k.state, k.since
	}
	if float64(scramble(m.Number+1)>>11)/(1<<53) < d.share {
		return Dead, d.since
	}
	return Valid, time.Time{}
}
