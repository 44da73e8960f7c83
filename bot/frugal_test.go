package bot_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Whoever may do nothing is told so a few times an hour: it must not cost the writes that the others need.
func TestStrangersAreAnsweredAFewTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	for range 5 {
		w.say(n, "stranger", "/liveops help\n/liveops status").refused("has no role in this repository")
	}
	if s := w.say(n, "stranger", "/liveops help"); s.answers != 0 || len(s.reactions) != 0 {
		t.Errorf("answered once more: %s", s.answer)
	}
	w.say(n, "jun", "/liveops help").done()
	w.later.Add(int64(time.Hour))
	w.say(n, "stranger", "/liveops help").refused("has no role in this repository")
}

// The last reaction is not lost with the process, or GitHub's answer, between it and the answer.
func TestLastReactionIsMadeUpFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	var once sync.Once
	w.wire.onWrite(func(_ *http.Request, body string) {
		if strings.Contains(body, `"confused"`) {
			once.Do(func() { w.github.FailNext("POST", oneComment+"/reactions", http.StatusBadGateway, nil, 1) })
		}
	})
	w.say(n, "jun", "/liveops nonsense").refused("There is no command `nonsense`")
}

// A locked conversation takes no reaction; the command is carried out all the same.
func TestReactionIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{more: permissions})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.github.FailNext("POST", oneComment+"/reactions", http.StatusForbidden, nil, 60)
	w.say(n, "jun", "/liveops lock production why")
	w.says(w.envs["production"].hold(t), "why")
}

// While an environment gives no answer its plans are made again in minutes, not in seconds; also by a bot that starts.
func TestUnreachableIsPlannedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.envs["production"].cut()
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	w.says(w.plan(n), "**Not planned:** production", "tried again by itself")
	w.pass(10 * time.Minute)
	w.says(w.plan(n), "**Not planned:** production")
	w.envs["production"].mend()
	w.pass(10 * time.Minute)
	w.says(w.plan(n), "not: Not planned", "staging at once, then production")

	w.envs["production"].cut()
	w.commit("winter", "More", files{levelsPath: levels(10, 20, 31)})
	w.settle()
	w.says(w.plan(n), "**Not planned:** production")
	w.end() // and with it what it would have done in minutes
	w.envs["production"].mend()
	w.start()
	w.pass(0)
	w.says(w.plan(n), "not: Not planned", "exp: 30 → 31")
}

// A plan that takes the place of one that is shown costs one check run.
func TestPlanAnewWritesLittle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	n := w.planned("winter", files{itemsPath: items(winterItems)})
	other := w.planned("levels", files{levelsPath: levels(10, 20, 31)})
	var checks atomic.Int64
	head := w.repo.Tip("levels")
	w.wire.onWrite(func(r *http.Request, body string) {
		if isCheck(r) && (strings.Contains(body, head) || r.Method == http.MethodPatch) {
			checks.Add(1)
		}
	})
	w.merge(n)
	w.settle()
	w.says(w.plan(other), "exp: 30 → 31")
	if n := checks.Load(); n > 2 { // one more for the release
		t.Errorf("%d writes of check runs", n)
	}
}
