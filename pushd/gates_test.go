package pushd

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
)

// waiting is a sender whose gateway asks to wait.
type waiting struct{ wait time.Duration }

func (w *waiting) Send(context.Context, *gateway.Batch, []gateway.Result) error { return nil }
func (w *waiting) Gate() time.Duration                                          { return w.wait }
func (w *waiting) Hold(wait time.Duration)                                      { w.wait = wait }

// What a gateway asks of one worker is asked of all.
func TestGatesAreShared(t *testing.T) {
	l := newLeader(Options{Clock: SystemClock{}}, 1)
	now := time.Now()
	asked, other, apns := &waiting{wait: 30 * time.Second}, &waiting{}, &waiting{}
	a := &hands{o: WorkOptions{Senders: map[campaign.Gateway]Sender{campaign.FCM: asked, campaign.APNs: apns}}}
	b := &hands{o: WorkOptions{Senders: map[campaign.Gateway]Sender{campaign.FCM: other}}}
	b.hold(l.gate(b.gates(), now))
	if other.wait != 0 {
		t.Errorf("nobody has asked, and it waits %v", other.wait)
	}
	a.hold(l.gate(a.gates(), now))
	b.hold(l.gate(b.gates(), now.Add(time.Second)))
	if asked.wait != 30*time.Second || other.wait != 29*time.Second || apns.wait != 0 {
		t.Errorf("waits of %v, %v and by APNs %v", asked.wait, other.wait, apns.wait)
	}
	// Their words go to and fro, and make no wait longer.
	now = now.Add(time.Second)
	for range 100 {
		now = now.Add(50 * time.Millisecond)
		other.wait -= 49 * time.Millisecond // a word takes its time
		b.hold(l.gate(b.gates(), now))
	}
	if other.wait > 25*time.Second {
		t.Errorf("it waits %v", other.wait)
	}
	if got := l.gate(nil, now.Add(time.Minute)); !cmp.Equal(got, map[campaign.Gateway]time.Duration(nil)) {
		t.Errorf("when it is over: %v", got)
	}
}
