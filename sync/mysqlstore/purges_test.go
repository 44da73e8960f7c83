package mysqlstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
)

// begun begins a run of a purge.
func (g *game) begun(name string) (*mysqlstore.Purges, purge.Run) {
	g.Helper()
	p := g.store.Purges()
	r, err := p.Begin(g.Context(), purge.Run{Name: name, Fingerprint: "f", Scope: "_default", Collection: "users", ID: "r-" + name, Actor: "mina", Commit: "c1", Started: time.Now()})
	if err != nil {
		g.Fatal(err)
	}
	return p, r
}

func imageOf(id, body string) purge.Image {
	return purge.Image{Document: purge.Document{ID: id, Body: []byte(body), CAS: 1<<64 - 1, Flags: 0x02000006, Expiry: time.Unix(4_000_000_000, 0).UTC()},
		After: purge.Hash([]byte("after")), State: purge.ImagePending}
}

// wholeBytes compares bytes at once, and not one after the other.
var wholeBytes = cmp.Comparer(bytes.Equal)

func TestPurgeImages(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		p, r := g.begun("cookie")
		ctx := g.Context()
		long := strings.Repeat(`{"a":"é"}`, 100_000)
		if err := p.Keep(ctx, r, []purge.Image{imageOf("b", `{"n":9007199254740993}`), imageOf("a", long), imageOf("A", "1")}); err != nil {
			t.Fatal(err)
		}
		page, err := p.Page(ctx, r, purge.ImagePending, "A", 5)
		if err != nil || len(page) != 2 {
			t.Fatalf("%d %v", len(page), err)
		}
		if diff := cmp.Diff([]purge.Image{imageOf("a", long), imageOf("b", `{"n":9007199254740993}`)}, page, wholeBytes); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		settle := func(want string, images ...purge.Image) {
			t.Helper()
			after, err := p.Settle(ctx, r, images)
			if got := fmt.Sprintf("%d done, %d skipped", after.Counts.Done, after.Counts.Skipped); err != nil || got != want {
				t.Errorf("%s %v, want %s", got, err, want)
			}
		}
		of := func(id string, s purge.ImageState) purge.Image {
			return purge.Image{Document: purge.Document{ID: id}, State: s}
		}
		settle("1 done, 1 skipped", of("a", purge.ImageDone), of("b", purge.ImageSkipped))
		settle("1 done, 1 skipped", of("a", purge.ImageDone), of("a", purge.ImageSkipped), of("missing", purge.ImageDone))
		unsure := of("A", purge.ImageDone)
		unsure.Unsure = true
		settle("2 done, 1 skipped", unsure)
		// A kept image is written over unless its document was changed.
		if err := p.Keep(ctx, r, []purge.Image{imageOf("a", "2"), imageOf("b", "3")}); err != nil {
			t.Fatal(err)
		}
		settle("3 done, 1 skipped", of("b", purge.ImageDone))
		found, err := p.Find(ctx, r, []string{"a", "b", "A", "c"})
		if err != nil || len(found) != 3 || found["a"].State != purge.ImageDone || !found["A"].Unsure || found["b"].Unsure || found["a"].CAS != 1<<64-1 {
			t.Errorf("%+v %v", found, err)
		}
		page, err = p.Page(ctx, r, purge.ImageDone, "", 5)
		if err != nil || len(page) != 3 || string(page[1].Body) != long || string(page[2].Body) != "3" {
			t.Errorf("%d %v", len(page), err)
		}
		settle("3 done, 1 skipped", of("a", purge.ImageUndone))
		if found, err = p.Find(ctx, r, []string{"a"}); err != nil || found["a"].State != purge.ImageUndone {
			t.Errorf("%+v %v", found, err)
		}
		if g.name == "MariaDB" {
			if got := g.rows("SELECT UNCOMPRESS(body) FROM liveops_purge_images WHERE document_id = 'b'"); got != "3" {
				t.Errorf("to the server the image is %s", got)
			}
		}
	})
}

func TestPurgeRecord(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := g.Context()
		if runs, err := g.store.Purges().List(ctx); err != nil || len(runs) != 0 {
			t.Fatalf("before the first: %v %v", runs, err)
		}
		p, first := g.begun("cookie")
		_, second := g.begun("cookie")
		if second.Epoch != first.Epoch+1 || second.ID != first.ID {
			t.Fatalf("%+v, then %+v", first, second)
		}
		for what, err := range map[string]error{
			"keep": p.Keep(ctx, first, []purge.Image{imageOf("a", "1")}),
			"end":  p.End(ctx, first),
			"settle": func() error {
				_, err := p.Settle(ctx, first, nil)
				return err
			}(),
		} {
			if !errors.Is(err, purge.ErrLost) {
				t.Errorf("%s by who lost the run: %v", what, err)
			}
		}
		if found, err := p.Find(ctx, second, []string{"a"}); err != nil || len(found) != 0 {
			t.Errorf("who lost the run kept an image: %v %v", found, err)
		}
		_, err := p.Begin(ctx, purge.Run{Name: "cookie", Fingerprint: "other", ID: "r9"})
		if !errors.As(err, new(*purge.ChangedError)) {
			t.Errorf("with another fingerprint: %v", err)
		}
		second.Counts = purge.Counts{Done: 99, Round: 2, Unmatched: 5}
		if after, err := p.Settle(ctx, second, nil); err != nil || after.Counts.Done != 0 || after.Counts.Unmatched != 5 {
			t.Errorf("%+v %v", after, err)
		}
		second.State, second.Finished, second.Error = purge.Done, time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), ""
		if err := p.End(ctx, second); err != nil {
			t.Fatal(err)
		}
		got, err := p.Purge(ctx, "cookie")
		if err != nil || got.State != purge.Done || !got.Finished.Equal(second.Finished) || got.Counts.Round != 2 || got.Actor != "mina" || got.Scope != "_default" || got.Collection != "users" {
			t.Errorf("%+v %v", got, err)
		}
		if _, err := p.Begin(ctx, first); !errors.As(err, new(*purge.OverError)) {
			t.Errorf("once it is over: %v", err)
		}
		if _, err := p.Purge(ctx, "Cookie"); !errors.Is(err, mysqlstore.ErrNoPurge) {
			t.Errorf("another name: %v", err)
		}
		if got := g.rows("SELECT detail FROM liveops_audit WHERE action = 'purge' ORDER BY id"); got != "purge cookie: begun\npurge cookie: taken up again\npurge cookie: done, 0 documents changed" {
			t.Errorf("the audit is %s", got)
		}
	})
}

func TestPurgeWishes(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := g.Context()
		p, r := g.begun("cookie")
		if got, err := p.Wish(ctx, "cookie", purge.WishPause, "jun"); err != nil || got.State != purge.Running || got.Wish != purge.WishPause {
			t.Errorf("while it runs: %+v %v", got, err)
		}
		if after, err := p.Settle(ctx, r, nil); err != nil || after.Wish != purge.WishPause {
			t.Errorf("%+v %v", after, err)
		}
		r.State = purge.Paused
		if err := p.End(ctx, r); err != nil {
			t.Fatal(err)
		}
		if got, err := p.Wish(ctx, "cookie", purge.WishCancel, "jun"); err != nil || got.State != purge.Canceled || got.Finished.IsZero() {
			t.Errorf("while it is paused: %+v %v", got, err)
		}
		if _, err := p.Wish(ctx, "cookie", purge.WishPause, "jun"); !errors.As(err, new(*purge.OverError)) {
			t.Errorf("once it is over: %v", err)
		}
		if _, err := p.Wish(ctx, "other", purge.WishPause, "jun"); !errors.Is(err, mysqlstore.ErrNoPurge) {
			t.Errorf("of none: %v", err)
		}
		_, dead := g.begun("dead")
		g.exec("UPDATE liveops_purges SET updated = '2020-01-01' WHERE name = 'dead'")
		if got, err := p.Wish(ctx, "dead", purge.WishPause, "jun"); err != nil || got.State != purge.Paused {
			t.Errorf("of one whose process is gone: %+v %v", got, err)
		}
		if err := p.End(ctx, dead); !errors.Is(err, purge.ErrLost) {
			t.Errorf("that comes back: %v", err)
		}
		if got, err := p.TakeUp(ctx, "dead", "jun"); err != nil || got.State != purge.Canceled {
			t.Errorf("to undo it: %+v %v", got, err)
		}
		if _, err := p.Begin(ctx, dead); !errors.As(err, new(*purge.OverError)) {
			t.Errorf("one that is being undone: %v", err)
		}
	})
}

// A run is taken up for single documents: its state stays, and one that is at work is not disturbed.
func TestPurgeTakenUpForSome(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := g.Context()
		p, r := g.begun("cookie")
		if err := p.Keep(ctx, r, []purge.Image{imageOf("a", "1"), imageOf("b", "2")}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.TakeUpFor(ctx, "cookie", []string{"a"}, "jun"); !errors.As(err, new(*purge.RunningError)) {
			t.Errorf("while it runs: %v", err)
		}
		g.exec("UPDATE liveops_purges SET updated = '2020-01-01'")
		paused, err := p.TakeUpFor(ctx, "cookie", []string{"a"}, "jun")
		if err != nil || paused.State != purge.Paused || paused.Epoch != r.Epoch+1 || paused.Actor != "jun" {
			t.Errorf("once its process is gone: %+v %v", paused, err)
		}
		if err := p.End(ctx, r); !errors.Is(err, purge.ErrLost) {
			t.Errorf("that comes back: %v", err)
		}
		if r, err = p.Begin(ctx, r); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Settle(ctx, r, []purge.Image{{Document: purge.Document{ID: "a"}, State: purge.ImageDone}}); err != nil {
			t.Fatal(err)
		}
		r.State, r.Finished = purge.Done, time.Now()
		if err := p.End(ctx, r); err != nil {
			t.Fatal(err)
		}
		many := []string{}
		for i := range 23 {
			many = append(many, fmt.Sprint("u", i))
		}
		if r, err = p.TakeUpFor(ctx, "cookie", many, "jun"); err != nil || r.State != purge.Done || r.Finished.IsZero() {
			t.Errorf("when it is done: %+v %v", r, err)
		}
		images, err := p.Recall(ctx, r, []string{"a", "A", "b", "c"})
		if err != nil || len(images) != 2 || string(images["a"].Body) != "1" || images["a"].State != purge.ImageDone || string(images["b"].Body) != "2" {
			t.Errorf("%+v %v", images, err)
		}
		r.Counts.Undone = 1
		if _, err := p.Settle(ctx, r, []purge.Image{{Document: purge.Document{ID: "a"}, State: purge.ImageUndone}}); err != nil {
			t.Fatal(err)
		}
		if err := p.End(ctx, r); err != nil {
			t.Fatal(err)
		}
		if r, err = p.Purge(ctx, "cookie"); err != nil || r.State != purge.Done || r.Counts.Done != 1 || r.Counts.Undone != 1 {
			t.Errorf("%+v %v", r, err)
		}
		if err := p.Override(ctx, "cookie", "jun", "c1", "despite the freeze: now"); err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT CONCAT(actor, ' ', commit_id, ' ', detail) FROM liveops_audit WHERE action = 'override'"); got != "jun c1 purge cookie: despite the freeze: now" {
			t.Errorf("the audit of what was passed over is %s", got)
		}
		if got := g.rows("SELECT detail FROM liveops_audit WHERE action = 'purge' ORDER BY id DESC LIMIT 2"); got != "purge cookie: done, 1 documents changed, 1 brought back\npurge cookie: taken up to bring back "+strings.Join(many[:20], ", ")+" and 3 more" {
			t.Errorf("the audit is %s", got)
		}
	})
}

func TestPastPurges(t *testing.T) {
	onEach(t, nil, func(t *testing.T, g *game) {
		ctx := g.Context()
		p, _ := g.begun("ran")
		var all []*purge.Purge
		for _, name := range []string{"old", "ran"} {
			one, faults := purge.New(purge.Spec{Name: name, Delete: true, Select: purge.Select{IDs: []string{"1"}}})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			all = append(all, one)
		}
		for _, want := range []int{1, 0} {
			if n, err := p.Past(ctx, all, "mina", "c1"); err != nil || n != want {
				t.Errorf("%d %v, want %d", n, err, want)
			}
		}
		runs, err := p.List(ctx)
		if err != nil || len(runs) != 2 || runs[0].State != purge.Past || runs[1].State != purge.Running {
			t.Errorf("%+v %v", runs, err)
		}
		if _, err := p.TakeUp(ctx, "old", "jun"); !errors.As(err, new(*purge.OverError)) {
			t.Errorf("undo of one that never ran: %v", err)
		}
	})
}
