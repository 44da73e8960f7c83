package pushd_test

import (
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// soon is a campaign that is due in a moment.
func soon(name string) campaign.Spec {
	return campaign.Spec{Name: name, At: time.Now().UTC().Add(2 * time.Second).Truncate(time.Second)}
}

// A campaign that is due is sent to every token once, by all workers together.
func TestARunReachesEveryToken(t *testing.T) {
	w := newWorld(t, 12_000, 5_000)
	w.exec("INSERT INTO push_tokens (token, platform, language) SELECT token, platform, 'en' FROM push_tokens LIMIT 100") // stored twice
	w.fcm.SetDeadShare(0.03, time.Now().Add(-time.Hour))
	w.apns.SetDeadShare(0.03, time.Now().Add(-time.Hour))
	w.release(soon("crystals"))
	w.leading(w.options("one"))
	w.leading(w.options("two"))
	w.worker("a")
	w.worker("b")
	r := w.ended(1)[0]
	if r.State != runs.Done || r.Tokens != 17_000 || r.Accepted+r.Dead != 17_000 || r.Dead < 300 || r.Dead > 800 {
		t.Errorf("run %+v", r)
	}
	f, a := w.fcm.Counts(), w.apns.Counts()
	if f.Accepted+a.Accepted != r.Accepted || f.Repeated+a.Repeated != 0 || f.Texts != 2 {
		t.Errorf("FCM %+v\nAPNs %+v", f, a)
	}
	w.await("the dead tokens are out", func() bool { return w.count("SELECT COUNT(DISTINCT token) FROM push_tokens") == int(r.Accepted) })
	w.await("they are forgotten", func() bool { return w.count("SELECT COUNT(*) FROM liveops_push_dead") == 0 })
	if n := w.count("SELECT COUNT(*) FROM liveops_push_batches"); n != 0 {
		t.Errorf("%d batches are left", n)
	}
}
