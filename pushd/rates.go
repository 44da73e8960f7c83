package pushd

import (
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// A gateway's connections are as many as the rate asks for, and each worker sends a share of it that it does not know: the leader tells
// it about how much.

// rated is a sender that is told how many messages a second are to be sent: a *gateway.Sender is one.
type rated interface {
	SetRate(perSecond float64) // 0 for as many as it can
}

// rates are about how many messages a second each worker is given for a gateway, where a run's rate or a quota holds them back.
// l.mu must be held.
func (l *leader) rates() map[campaign.Gateway]float64 {
	together, held := 0.0, true // what the runs ask for, and whether each asks for something
	for _, d := range l.led {
		if d.State == runs.Running {
			rate := d.pace.rate.PerSecond()
			together, held = together+rate, held && rate > 0
		}
	}
	var all map[campaign.Gateway]float64
	for g, quota := range l.quotas {
		rate, most := together, quota.rate.PerSecond()
		if most > 0 && (!held || rate > most) {
			rate = most
		} else if !held {
			continue
		}
		if all == nil {
			all = map[campaign.Gateway]float64{}
		}
		all[g] = rate / float64(max(1, len(l.workers)))
	}
	return all
}

// rate tells this worker's senders how much it is given.
func (w *hands) rate(rates map[campaign.Gateway]float64) {
	for g, s := range w.o.Senders {
		if s, ok := s.(rated); ok {
			s.SetRate(rates[g])
		}
	}
}
