package hub_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/bot/hub"
	"liveops/sandbox/github"
)

// receive answers webhooks with a status that a test sets, at an address.
func (w *world) receive(status *atomic.Int64) (publicURL string) {
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(int(status.Load())) }))
	w.Cleanup(receiver.Close)
	w.server.SetWebhook(receiver.URL+"/webhook", "secret")
	return receiver.URL
}

func (w *world) push(n int) {
	w.Helper()
	for range n {
		w.clock.Wait(w.Context(), time.Minute)
		_, err := w.repo.Commit("main", w.Now().String(), "mina", map[string][]byte{"b": []byte(w.Now().String())})
		w.must(err)
		w.must(w.server.WaitDelivered(w.Context()))
	}
}

func TestMissedDeliveries(t *testing.T) {
	w := newWorld(t)
	w.repo.SetPermission("liveops", github.Admin)
	status := &atomic.Int64{}
	status.Store(http.StatusBadGateway)
	public := w.receive(status)
	w.push(2) // too long ago
	since := w.Now().Add(time.Second)
	status.Store(http.StatusAccepted)
	w.push(1)
	status.Store(http.StatusServiceUnavailable)
	w.push(130)
	down := w.server.Deliveries()[4:]
	w.must(w.server.Redeliver(down[0].ID)) // fails again
	w.must(w.server.WaitDelivered(t.Context()))
	status.Store(http.StatusAccepted)
	w.must(w.server.Redeliver(down[1].ID))
	w.must(w.server.WaitDelivered(t.Context()))
	want := append(down[:1:1], down[2:130]...)

	app, asApp := w.app()
	app.Install("studio")
	app.Install("other")
	for name, h := range map[string]*hub.Hub{"a token": w.hub(hub.Options{Token: token, PublicURL: public + "/"}), "an App": asApp} {
		got, err := h.MissedDeliveries(t.Context(), "studio/game", since)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%s: %d deliveries, %v, want %d", name, len(got), err, len(want))
		}
		for i, m := range got {
			if m.ID != want[i].GUID || m.Event != "push" || string(m.Payload) != string(want[i].Payload) {
				t.Fatalf("%s: delivery %d is %s %s, want %s", name, i, m.ID, m.Event, want[i].GUID)
			}
		}
	}
	if got, err := asApp.MissedDeliveries(t.Context(), "other/data", since); err != nil || len(got) != 0 {
		t.Errorf("another repository's: %v, %v", got, err)
	}
}

func TestNoDeliveries(t *testing.T) {
	w := newWorld(t)
	status := &atomic.Int64{}
	status.Store(http.StatusAccepted)
	public := w.receive(status)
	var no *hub.NoDeliveriesError
	for _, test := range []struct {
		public string
		may    github.Permission
		want   string
	}{
		{public, github.Write, "may not read"},
		{"https://elsewhere.example", github.Admin, "no webhook with the address https://elsewhere.example/webhook"},
		{"", github.Admin, "LIVEOPS_PUBLIC_URL"},
	} {
		w.repo.SetPermission("liveops", test.may)
		_, err := w.hub(hub.Options{Token: token, PublicURL: test.public}).MissedDeliveries(t.Context(), "studio/game", w.Now())
		if !errors.As(err, &no) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.public, err, test.want)
		}
	}
}
