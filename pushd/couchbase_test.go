package pushd_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
	"liveops/sandbox/couchbase"
	"liveops/sandbox/push"
	"liveops/sync/couchstore"
)

// A run reaches every token that Couchbase has once, also where another one goes on with it, and takes the dead ones' documents out.
func TestARunFromCouchbase(t *testing.T) {
	t.Parallel()
	const android, ios = 6_000, 2_000
	w := newWorld(t, 0, 0)
	server, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	game := server.Bucket("game").DefaultCollection()
	put := func(id, platform, token, lang string) {
		body := fmt.Appendf(nil, `{"token":%q,"platform":%q,"language":%q,"seen":"2026-01-01T00:00:00Z"}`, token, platform, lang)
		game.Put(id, couchbase.Document{Body: body, Flags: 0x02000006})
	}
	for i := range android {
		put(fmt.Sprint("a", i), "Android", string(push.FCMToken(nil, uint64(i))), []string{"ko", "en"}[i%2])
	}
	for i := range ios {
		put(fmt.Sprint("i", i), "ios", string(push.APNsToken(nil, uint64(i))), "ko-KR")
	}
	for i := range 100 {
		put(fmt.Sprint("twice", i), "android", string(push.FCMToken(nil, uint64(i))), "en")
	}
	store, err := couchstore.Open(t.Context(), couchstore.Options{URL: server.URL() + "/game", User: "Administrator", Password: "password"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	query, err := campaign.ParsePlusPlus("SELECT META(t).id, t.* FROM game t")
	if err != nil {
		t.Fatal(err)
	}
	w.fcm.SetDeadShare(0.05, time.Now().Add(-time.Hour))
	w.apns.SetDeadShare(0.05, time.Now().Add(-time.Hour))
	s := soon("crystals")
	s.Rate = campaign.Rate{Count: 2_000, Per: time.Second}
	w.release(s)
	lead := func(name string) func() {
		o := w.options(name)
		o.Tokens = &audience.Couchbase{Bucket: store, PageRows: 3_000, Log: slog.New(slog.DiscardHandler)}
		o.Query = func(*campaign.Campaign, runs.Run) (audience.Query, error) {
			return audience.Query{Table: audience.Table{Select: query, Token: "token", Platform: "platform", Language: "language", UpdatedAt: "seen", ID: "id"}}, nil
		}
		return w.leading(o)
	}
	stop := lead("one")
	w.worker("a")
	w.begun()
	stop()
	lead("two")
	r := w.ended(1)[0]
	f, a := w.fcm.Counts(), w.apns.Counts()
	if r.State != runs.Done || r.Tokens != android+ios || f.Tokens+a.Tokens != r.Accepted || f.Repeated+a.Repeated != 0 || r.Accepted+r.Dead != android+ios || r.Dead < 200 {
		t.Errorf("run %+v\nFCM %+v\nAPNs %+v", r, f, a)
	}
	w.await("the dead tokens' documents are out", func() bool {
		counts, err := (&audience.Couchbase{Bucket: store}).Count(context.Background(), audience.Query{Table: audience.Table{Select: query, Token: "token", Platform: "platform"}})
		n := 0
		for _, count := range counts {
			n += count
		}
		return err == nil && n == int(r.Accepted)
	})
}
