package bot_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/bot"
	"liveops/engine"
)

// newBot makes a bot on the world without starting it.
func newBot(w *world, queue bot.Queue) (*bot.Bot, error) {
	return bot.New(w.Context(), w.botOptions(queue))
}

func TestRestartBetweenIntakeAndWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{plain: true})
	w.startWith(func(e *engine.Engine) bot.Queue { return onlyStores{e} })
	n := w.open("winter", files{itemsPath: items(winterItems)})
	w.must(w.github.WaitDelivered(w.deadline()))
	w.end()
	if list := w.repo.Comments(n); len(list) > 0 {
		t.Fatalf("comments before any work: %+v", list)
	}
	w.start()
	w.settle()
	w.says(w.plan(n), "price: 100 → 120")
}

// The process is stopped when a write comes by that begins a stage of a release, for every such stage. After
// the restart the release is whole, and each environment was released to once.
func TestRestartInTheMiddleOfARelease(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, sees string }{
		{"before the first word", "is on its way"},
		{"while staging is planned", "planning …"},
		{"before staging is applied", "applying …"},
		{"after staging", "✓ applied"},
		{"before the last word", "is live in staging and production"},
		{"before the last status", "production applied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel() // after a restart the engine lets some time pass first
			w := newWorld(t, options{})
			n := w.planned("winter", files{itemsPath: items(winterItems)})
			var once sync.Once
			stopped := make(chan struct{})
			w.wire.onWrite(func(_ *http.Request, body string) {
				if strings.Contains(body, test.sees) {
					once.Do(func() { w.stop(); close(stopped) })
				}
			})
			merged := w.merge(n)
			select {
			case <-stopped:
			case <-w.deadline().Done():
				t.Fatalf("nobody wrote %q\n%s", test.sees, w.log)
			}
			w.end()
			w.wire.onWrite(nil)
			w.start()
			w.settle()
			w.says(w.told(n), "is live in staging and production", "✓ applied", "not: Trying again")
			w.status(merged, "success")
			w.rows(winterItems, winterItems)
			w.releases("1", "1")
		})
	}
}

// A status says success already, as the plan's does where a branch was fast-forwarded: no reason not to release.
func TestStatusIsNoProof(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	send := w.github.HoldDeliveries()
	merged := w.merge(n)
	client, _, err := w.botOptions(nil).Hub.Repository(t.Context(), repository)
	w.must(err)
	success, liveops := "success", "liveops"
	_, _, err = client.Repositories.CreateStatus(t.Context(), "studio", "game-data", merged, &gogithub.RepoStatus{State: &success, Context: &liveops})
	w.must(err)
	send()
	w.settle()
	w.says(w.told(n), "is live in staging and production")
	w.rows(winterItems, winterItems)
}

// A release is stopped, and the process with it before it could tell. What is told after the restart has the
// problems all the same.
func TestRestartAfterAStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("broken", badFiles(w))
	w.github.FailNext("PATCH", "/repos/*/*/issues/comments/*", http.StatusBadGateway, nil, 4)
	merged := w.merge(n)
	w.settle()
	w.says(w.told(n), "stopped at staging", "6 problems", "items.xlsx › items › C2", "**On hold:** staging")
	w.status(merged, "failure")
	w.releases("0", "0")
}

// What was done before may be handed over again.
func TestHandleTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.merge(n)
	w.settle()
	told := w.told(n)
	queue := &stored{}
	b, err := newBot(w, queue)
	w.must(err)
	for _, d := range w.github.Deliveries() {
		err := queue.handle(context.Background(), b, engine.Delivery{ID: d.GUID, Event: d.Event, Repository: repository, Body: d.Payload}, 2)
		if err != nil {
			t.Errorf("%s %s: %v", d.Event, d.Action, err)
		}
	}
	w.equal("the merge's comment", w.told(n), told)
	w.releases("1", "1")
}
