package capacity_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"liveops/pushd/capacity"
	"liveops/pushd/capacity/ledgertest"
	sandbox "liveops/sandbox/aws"
)

const groupName = "game-servers"

var (
	evening = time.Date(2026, 12, 24, 18, 50, 0, 0, time.UTC)
	role    = capacity.Tag{Key: "role", Value: "game *?"} // what a filter must not take for a pattern
)

// A world is AWS with an environment's servers, and its ledger, on a clock that waits put forward.
type world struct {
	t      *testing.T
	plain  bool
	aws    *sandbox.Server
	ledger *ledgertest.Memory
	mu     sync.Mutex
	now    time.Time
	waits  int
}

// newWorld has so many servers, of an Auto Scaling group of up to 1,000 or plain ones.
func newWorld(t *testing.T, plain bool, servers int) *world {
	t.Helper()
	w := &world{t: t, plain: plain, ledger: &ledgertest.Memory{}, now: evening}
	s, err := sandbox.Start(sandbox.Options{Region: "ap-northeast-2", Now: w.clock,
		LaunchDelay: 90 * time.Second, CheckDelay: 60 * time.Second, TerminateDelay: 20 * time.Second, DescribeLag: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.aws = s
	if plain {
		s.AddTemplate(sandbox.Template{Name: "game", InstanceType: "c7g.large", ImageID: "ami-1"})
		s.AddInstances(servers, map[string]string{role.Key: role.Value})
		s.AddInstances(2, map[string]string{role.Key: "game xy"}) // somebody else's
	} else if err := s.AddGroup(sandbox.Group{Name: groupName, Min: 1, Max: 1000, Desired: servers}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	w.now, w.waits = w.now.Add(d), w.waits+1
	w.mu.Unlock()
	return ctx.Err()
}

// options are those of a keeper of this world.
func (w *world) options() capacity.Options {
	key, secret := w.aws.Access()
	o := capacity.Options{Environment: "production", Region: w.aws.Region(), Endpoint: w.aws.URL(), Access: capacity.Access{Key: key, Secret: secret},
		Ledger: w.ledger, Now: w.clock, Wait: w.wait, Jitter: func() float64 { return 0 }}
	if w.plain {
		o.LaunchTemplate, o.Servers = capacity.LaunchTemplate{Name: "game"}, []capacity.Tag{role}
	} else {
		o.AutoScalingGroup = groupName
	}
	return o
}

func (w *world) keeper() *capacity.Keeper { return w.keeperWith(func(*capacity.Options) {}) }

func (w *world) keeperWith(change func(*capacity.Options)) *capacity.Keeper {
	w.t.Helper()
	o := w.options()
	change(&o)
	k, err := capacity.New(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return k
}

// total is how many servers there are, or are asked for.
func (w *world) total() int {
	if w.plain {
		return w.aws.Alive(map[string]string{role.Key: role.Value})
	}
	return w.aws.Group(groupName).Desired
}

// expect holds the total against a number.
func (w *world) expect(when string, want int) {
	w.t.Helper()
	if got := w.total(); got != want {
		w.t.Errorf("%s: %d servers, want %d", when, got, want)
	}
}

func want(run string, factor float64) capacity.Want {
	return capacity.Want{Run: run, Factor: factor, Max: 1000, Until: evening.Add(time.Hour)}
}

// raise fails the test where a run does not get what it wants.
func (w *world) raise(k *capacity.Keeper, wish capacity.Want) capacity.Raised {
	w.t.Helper()
	r, err := k.Raise(w.t.Context(), wish)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) giveBack(k *capacity.Keeper, run string) capacity.Given {
	w.t.Helper()
	g, err := k.Return(w.t.Context(), run)
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// both runs a test in an Auto Scaling group and with plain instances.
func both(t *testing.T, servers int, test func(t *testing.T, w *world)) {
	t.Helper()
	for name, plain := range map[string]bool{"group": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, plain, servers))
		})
	}
}
