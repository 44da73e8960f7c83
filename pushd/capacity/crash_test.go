package capacity_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"liveops/pushd/capacity"
	sandbox "liveops/sandbox/aws"
)

// errDead is what a process gets from everything it does once it has crashed.
var errDead = errors.New("the process is dead")

// A process is one life of a daemon: what it does to the ledger and to AWS goes through it, step by step, and ends at one of
// them, with that step done or not.
type process struct {
	left  int  // steps until it crashes; below 0: never
	after bool // the step in which it crashes is done
	dead  bool
	steps int
}

// step does something, unless the process is dead or dies of it.
func (p *process) step(do func() error) error {
	if p.dead {
		return errDead
	}
	p.steps++
	if p.left--; p.left != 0 {
		return do()
	}
	p.dead = true
	if p.after {
		_ = do() // nobody hears of it
	}
	return errDead
}

// mortal is the ledger, AWS and the clock as a process has them. It checks whatever passes.
type mortal struct {
	*process
	*checks
}

func (m mortal) Exclusively(ctx context.Context, environment string, do func(context.Context) error) error {
	return m.step(func() error { return m.ledger.Exclusively(ctx, environment, do) })
}

func (m mortal) Leases(ctx context.Context, environment string) (all []capacity.Lease, err error) {
	err = m.step(func() error {
		all, err = m.ledger.Leases(ctx, environment)
		return err
	})
	return all, err
}

func (m mortal) Save(ctx context.Context, l capacity.Lease) error {
	return m.step(func() error { return m.saved(ctx, l) })
}

func (m mortal) Do(r *http.Request) (answer *http.Response, err error) {
	err = m.step(func() error {
		answer, err = m.request(r)
		return err
	})
	return answer, err
}

func (m mortal) wait(ctx context.Context, d time.Duration) error {
	if m.dead {
		return errDead
	}
	return m.world.wait(ctx, d)
}

// A story is what happens to an environment's servers: the daemon's doings and others'. The same seed is the same story.
type story struct {
	*checks
	random  *rand.Rand
	process *process
	crash   func() *process // how long the next process lives
	keeper  *capacity.Keeper
}

func newStory(t *testing.T, plain bool, seed uint64, crash func() *process) *story {
	t.Helper()
	s := &story{random: rand.New(rand.NewPCG(seed, 1)), crash: crash}
	servers := 3 + s.random.IntN(15)
	if seed%10 == 3 {
		servers += 100 // more than one request launches
	}
	s.checks = &checks{world: newWorld(t, plain, servers), set: map[int]bool{}, factors: map[string]float64{}}
	s.own = s.total()
	s.floor = s.own
	s.start()
	return s
}

// start begins the life of a process.
func (s *story) start() {
	s.process = s.crash()
	m := mortal{s.process, s.checks}
	s.keeper = s.keeperWith(func(o *capacity.Options) { o.Ledger, o.HTTP, o.Wait = m, m, m.wait })
}

// do has the daemon do something until it is done: where it crashes, another one starts, reconciles, and does it.
func (s *story) do(what string, act func(k *capacity.Keeper) error) {
	for tries := 0; ; tries++ {
		err := act(s.keeper)
		switch {
		case err == nil:
			return
		case !s.process.dead && tries > 20:
			s.t.Fatalf("%s: %v", what, err)
		case !s.process.dead:
			continue // AWS failed for too long
		}
		s.start()
		if s.random.IntN(3) == 0 {
			s.others()
		}
		s.forward(time.Duration(s.random.IntN(5)) * time.Second)
		if _, err := s.keeper.Reconcile(s.t.Context()); err != nil && !s.process.dead {
			s.t.Logf("reconciling after a crash in %s: %v", what, err)
		}
	}
}

// others do something to the servers.
func (s *story) others() {
	if s.plain {
		n := s.random.IntN(6)
		s.aws.AddInstances(n, map[string]string{role.Key: role.Value})
		s.own, s.floor = s.own+n, s.floor+n
		return
	}
	before, to := s.total(), max(1, s.total()+s.random.IntN(30)-15)
	if s.set[to] || to == before {
		return // cannot be told from liveops's doing
	}
	to = s.aws.Scale(groupName, to)
	s.own = min(s.own+max(to-before, 0), to)
	s.floor = to
}

// trouble has AWS fail now and then.
func (s *story) trouble() {
	actions := []string{"SetDesiredCapacity", "RunInstances", "TerminateInstances", "DescribeInstances", "DescribeAutoScalingGroups"}
	f := sandbox.Fault{Actions: actions[s.random.IntN(len(actions)):][:1], Times: 1 + s.random.IntN(3)}
	switch s.random.IntN(4) {
	case 0:
		f.LoseAnswer = true
	case 1:
		f.LoseRequest = true
	case 2:
		f.Code = "RequestLimitExceeded"
	case 3:
		f.Code = "InternalError"
	}
	s.aws.Inject(f)
}

// play tells the story: runs that come and go and overlap, others, and what fails.
func (s *story) play(troubles bool) {
	var runs []string
	for i := range 8 {
		if troubles && s.random.IntN(2) == 0 {
			s.trouble()
		}
		switch n := s.random.IntN(6); {
		case n < 3 || len(runs) == 0:
			run := fmt.Sprintf("run %d", i)
			wish := capacity.Want{Run: run, Factor: 1 + float64(s.random.IntN(20))/10, Max: 15 + s.random.IntN(300),
				Until: s.clock().Add(time.Duration(1+s.random.IntN(90)) * time.Minute)}
			s.factors[run], runs = wish.Factor, append(runs, run)
			s.do("raise", func(k *capacity.Keeper) error { _, err := k.Raise(s.t.Context(), wish); return err })
		case n == 3:
			run := runs[s.random.IntN(len(runs))]
			s.do("return", func(k *capacity.Keeper) error { _, err := k.Return(s.t.Context(), run); return err })
		case n == 4:
			s.others()
		default:
			s.forward(time.Duration(s.random.IntN(40)) * time.Minute)
			s.do("reconcile", func(k *capacity.Keeper) error { _, err := k.Reconcile(s.t.Context()); return err })
		}
	}
	s.forward(3 * time.Hour)
	s.aws.ClearFaults()
	s.do("the end", func(k *capacity.Keeper) error { _, err := k.Reconcile(s.t.Context()); return err })
	s.end()
}

// TestACrashAtEachStep plays a story again for each of its steps, and crashes in it.
func TestACrashAtEachStep(t *testing.T) {
	for name, plain := range map[string]bool{"group": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newStory(t, plain, 7, func() *process { return &process{left: -1} })
			whole.play(false)
			if whole.process.steps < 30 || t.Failed() {
				t.Fatalf("%d steps", whole.process.steps)
			}
			for n := range whole.process.steps {
				for _, after := range []bool{false, true} {
					life := []*process{{left: n + 1, after: after}}
					s := newStory(t, plain, 7, func() *process {
						next := &process{left: -1}
						if len(life) > 0 {
							next, life = life[0], nil
						}
						return next
					})
					if s.play(false); t.Failed() {
						t.Fatalf("a crash in step %d, which was done: %t", n+1, after)
					}
				}
			}
		})
	}
}

// TestCrashesAndTroubles plays many stories in which processes crash again and again, AWS throttles and answers are lost.
func TestCrashesAndTroubles(t *testing.T) {
	stories := 30
	if testing.Short() {
		stories = 10
	}
	for name, plain := range map[string]bool{"group": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			crashes, raised := 0, 0
			for seed := range uint64(stories) {
				lives := rand.New(rand.NewPCG(seed, 2))
				s := newStory(t, plain, seed, func() *process {
					crashes++
					return &process{left: 1 + lives.IntN(40), after: lives.IntN(2) == 0}
				})
				if s.play(true); t.Failed() {
					t.Fatalf("seed %d", seed)
				}
				raised += s.raised
			}
			if crashes < 2*stories || raised < stories {
				t.Errorf("%d crashes, %d times raised: too few to show anything", crashes, raised)
			}
		})
	}
}
