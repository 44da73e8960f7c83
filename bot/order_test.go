package bot_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"liveops/sandbox/github"
)

// Two merges in quick succession: neither pull request could be planned anew on top of the other.
func TestMergesInQuickSuccession(t *testing.T) {
	t.Parallel()
	const both = "1 Sword B 120, 2 Bow A 250, 3 Staff C 90"
	for _, test := range []struct {
		name  string
		order []int // of the merges' deliveries: 0 for the first merge's
	}{
		{"deliveries in order", []int{0, 1}},
		{"deliveries in the wrong order", []int{1, 0}},
		{"the first delivery is lost", []int{1}},
		{"each comes twice", []int{1, 0, 0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, options{})
			first := w.planned("winter", files{itemsPath: items(both)})
			second := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
			w.github.SetWebhook("http://127.0.0.1:1/nobody", secret) // what GitHub sends is lost, and sent by hand
			merges := []string{w.merge(first), w.merge(second)}
			w.settle()
			closed := w.closedDeliveries()
			for i, k := range test.order {
				if code := w.send(closed[k], ""); code != http.StatusAccepted {
					t.Fatalf("delivery %d: %d", i, code)
				}
			}
			w.settle()
			for i, n := range []int{first, second} {
				w.says(w.told(n), "is live in staging and production", merges[i][:8], "not: stopped", "not: It brings")
				w.status(merges[i], "success", "staging applied, production applied")
			}
			w.says(w.told(first), "price: 100 → 120", "not: exp")
			w.says(w.told(second), "exp: 30 → 31", "not: price")
			w.rows(both, both)
			w.releases("2", "2")
		})
	}
}

// The second merge's delivery comes first, so that the first merge is released within its job, and the bot is stopped
// when that one is in staging and not in production: after the restart production takes them in their order, too.
func TestAnEarlierMergeIsInterrupted(t *testing.T) {
	t.Parallel()
	const both = "1 Sword B 120, 2 Bow A 250, 3 Staff C 90"
	w := newWorld(t, options{})
	first := w.planned("winter", files{itemsPath: items(both)})
	second := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
	w.github.SetWebhook("http://127.0.0.1:1/nobody", secret) // what GitHub sends is lost, and sent by hand
	merges := []string{w.merge(first), w.merge(second)}
	w.settle()
	stopped := make(chan struct{})
	var once sync.Once
	w.wire.onWrite(func(_ *http.Request, body string) {
		if strings.Contains(body, "✓ applied") {
			once.Do(func() { w.stop(); close(stopped) })
		}
	})
	closed := w.closedDeliveries()
	w.send(closed[1], "")
	select {
	case <-stopped:
	case <-w.deadline().Done():
		t.Fatalf("nothing was applied\n%s", w.log)
	}
	w.end()
	w.wire.onWrite(nil)
	w.start()
	w.send(closed[0], "")
	w.settle()
	for i, n := range []int{first, second} {
		w.says(w.told(n), "is live in staging and production", merges[i][:8], "not: stopped", "not: It brings")
		w.status(merges[i], "success")
	}
	w.rows(both, both)
	w.releases("2", "2")
}

// A pull request is planned while its base holds a merge that is not released yet, and merged before it could be planned
// anew. Whichever delivery comes first, each merge is released by itself, and the plan that was shown is the one that
// is applied, but for what was released meanwhile.
func TestPlannedOnAMergeThatWaits(t *testing.T) {
	t.Parallel()
	const winter = "1 Sword B 120, 2 Bow A 250, 3 Staff C 90"
	for _, test := range []struct {
		name  string
		order []int // of the merges' deliveries
	}{
		{"the base's merge first", []int{0, 1}},
		{"the base's merge last", []int{1, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			first := w.planned("winter", files{itemsPath: items(winter)})
			second := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
			w.github.SetWebhook("http://127.0.0.1:1/nobody", secret) // what GitHub sends is lost, and sent by hand
			merges := []string{w.merge(first)}
			w.commit("levels", "More", files{levelsPath: levels(10, 20, 32)})
			w.must(w.github.WaitDelivered(w.deadline()))
			all := w.github.Deliveries()
			w.send(all[len(all)-1], "")
			w.settle()
			w.says(w.plan(second), "exp: 30 → 32", "price: 100 → 120", "1 of these changes is on `main` already")
			merges = append(merges, w.merge(second))
			w.must(w.github.WaitDelivered(w.deadline()))
			closed := w.closedDeliveries()
			for _, k := range test.order {
				w.send(closed[k], "")
				w.settle()
			}
			for i, n := range []int{first, second} {
				w.says(w.told(n), "is live in staging and production", "not: stopped", "not: It brings")
				w.status(merges[i], "success")
			}
			w.says(w.told(second), "exp: 30 → 32", "not: price")
			w.rows(winter, winter)
			w.releases("2", "2")
		})
	}
}

// closedDeliveries are the deliveries of closed pull requests, in the order of their events.
func (w *world) closedDeliveries() []github.Delivery {
	var closed []github.Delivery
	for _, d := range w.github.Deliveries() {
		if d.Action == "closed" {
			closed = append(closed, d)
		}
	}
	return closed
}

// Of many pushes in quick succession only two heads are planned: that whose plan is being made when the others come, and
// the newest.
func TestRapidPushes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items("1 Sword B 101")})
	inHand, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	plans := 0
	w.wire.onWrite(func(r *http.Request, body string) {
		once.Do(func() { close(inHand); <-goOn })
		if strings.Contains(body, "liveops:plan") {
			plans++
		}
	})
	first := w.commit("winter", "The first", files{itemsPath: items("1 Sword B 102")})
	select {
	case <-inHand:
	case <-w.deadline().Done():
		t.Fatalf("nothing is planned\n%s", w.log)
	}
	var pushed []string
	for i := range 10 {
		pushed = append(pushed, w.commit("winter", "Another", files{itemsPath: items(fmt.Sprintf("1 Sword B %d", 200+i))}))
	}
	w.must(w.github.WaitDelivered(w.deadline()))
	close(goOn)
	w.settle()
	w.wire.onWrite(nil)
	last := pushed[len(pushed)-1]
	w.says(w.plan(n), last[:8], "price: 100 → 209")
	w.status(last, "success")
	if plans > 2 {
		t.Errorf("%d plans were written, want 2 at most", plans)
	}
	for _, sha := range pushed[:len(pushed)-1] {
		if list := w.repo.Statuses(sha); len(list) > 0 {
			t.Errorf("%s was planned: %+v; the first was %s", sha, list, first)
		}
	}
}
