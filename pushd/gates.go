package pushd

import (
	"time"

	"liveops/pushd/campaign"
)

// A gateway that asks one worker to wait (Retry-After) asks the project: the worker tells the leader, and that tells all.

// gated is a sender whose gateway may ask to wait: a *gateway.Sender is one.
type gated interface {
	Gate() time.Duration // for how long yet
	Hold(time.Duration)
}

// gateSlack is by how much more a wait must be longer than the one that is known, to be another one: each word takes its time.
const gateSlack = 250 * time.Millisecond

// gates are for how long this worker's gateways ask to wait.
func (w *hands) gates() map[campaign.Gateway]time.Duration {
	var all map[campaign.Gateway]time.Duration
	for g, s := range w.o.Senders {
		if s, ok := s.(gated); ok && s.Gate() > 0 {
			if all == nil {
				all = map[campaign.Gateway]time.Duration{}
			}
			all[g] = s.Gate()
		}
	}
	return all
}

// hold has this worker wait as long as another one was asked to.
func (w *hands) hold(gates map[campaign.Gateway]time.Duration) {
	for g, wait := range gates {
		if s, ok := w.o.Senders[g].(gated); ok && wait > s.Gate()+gateSlack {
			s.Hold(wait)
		}
	}
}

// gate takes over what a worker's gateways ask, and tells what any has asked. l.mu must be held.
func (l *leader) gate(asked map[campaign.Gateway]time.Duration, now time.Time) map[campaign.Gateway]time.Duration {
	for g, wait := range asked {
		if until := now.Add(wait); until.After(l.gates[g].Add(gateSlack)) {
			l.gates[g] = until
		}
	}
	var all map[campaign.Gateway]time.Duration
	for g, until := range l.gates {
		if wait := until.Sub(now); wait > 0 {
			if all == nil {
				all = map[campaign.Gateway]time.Duration{}
			}
			all[g] = wait
		}
	}
	return all
}
