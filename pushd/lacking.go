package pushd

import (
	"context"
	"maps"
	"slices"
	"time"

	"liveops/pushd/campaign"
)

// A worker leaves batches to others that go by a gateway which it has no credentials for. Where no worker has any, they would wait for ever, and
// nobody would know why: so the leader records which gateways those are.

// lacks are the gateways that this worker has no credentials for.
func (w *hands) lacks() (all []campaign.Gateway) {
	for _, g := range []campaign.Gateway{campaign.FCM, campaign.APNs} {
		if w.o.Senders[g] == nil && (g != campaign.APNs || w.o.Sandbox == nil) {
			all = append(all, g)
		}
	}
	return all
}

// recordLacking records to which platforms no worker can send, whenever that changes, once all workers that are there have been heard.
func (l *leader) recordLacking(ctx context.Context) error {
	now := l.o.Clock.Now()
	if now.Sub(l.began) < settleIn {
		return nil
	}
	lacking := l.lacking(now)
	if l.lacked != nil && maps.Equal(l.lacked, lacking) {
		return nil
	}
	if err := l.o.Runs.RecordLacking(ctx, l.epoch, lacking); err != nil {
		return err
	}
	l.lacked = lacking
	return nil
}

// lacking are the platforms to which no worker that is there can send, each with its gateway. One that says of no gateway that it lacks it has all.
func (l *leader) lacking(now time.Time) map[campaign.Platform]campaign.Gateway {
	all := map[campaign.Platform]campaign.Gateway{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, g := range l.o.Gateways {
		can := false
		for _, w := range l.workers {
			can = can || now.Sub(w.heard) <= gone && !slices.Contains(w.lacks, g)
		}
		if !can {
			all[p] = g
		}
	}
	return all
}
