package pushd_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"liveops/pushd"
	"liveops/pushd/campaign"
	"liveops/pushd/capacity"
	"liveops/pushd/leases"
	"liveops/pushd/runs"
	sandbox "liveops/sandbox/aws"
)

const groupName = "game-servers"

// shifted is the machine's clock, put forward.
type shifted struct {
	mu sync.Mutex
	by time.Duration
}

func (s *shifted) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.by)
}

func (*shifted) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (s *shifted) forward(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by += d
}

// cloud is a world with game servers in AWS: a group of ten, and up to a hundred.
type cloud struct {
	*world
	shifted
	aws    *sandbox.Server
	ledger *leases.Ledger
	last   atomic.Pointer[time.Time] // when the last Reconcile that has ended began
}

// launchDelay is how long a server takes until it is in service.
const launchDelay = 3 * time.Minute

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{world: newWorld(t, 100, 0)}
	var err error
	if c.aws, err = sandbox.Start(sandbox.Options{Now: c.Now, LaunchDelay: launchDelay}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.aws.Close() })
	if err := c.aws.AddGroup(sandbox.Group{Name: groupName, Min: 1, Max: 100, Desired: 10}); err != nil {
		t.Fatal(err)
	}
	c.ledger = leases.New(c.db)
	if err := c.ledger.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// client sends requests to AWS.
type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

// leads has a leader lead that has servers added, and asks AWS by do.
func (c *cloud) leads(name string, do client) (stop func()) {
	c.Helper()
	key, secret := c.aws.Access()
	k, err := capacity.New(c.Context(), capacity.Options{Environment: "staging", AutoScalingGroup: groupName, Region: c.aws.Region(), Endpoint: c.aws.URL(),
		Access: capacity.Access{Key: key, Secret: secret}, Ledger: c.ledger, HTTP: do, Now: c.Now, Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d / 100):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
	if err != nil {
		c.Fatal(err)
	}
	o := c.world.options(name)
	o.Servers, o.MostServers, o.Clock = reconciling{k, c}, 80, &c.shifted
	return c.leading(o)
}

// reconciling is a keeper that says when it has reconciled.
type reconciling struct {
	*capacity.Keeper
	c *cloud
}

func (r reconciling) Reconcile(ctx context.Context) (capacity.Report, error) {
	now := r.c.Now()
	defer r.c.last.Store(&now)
	return r.Keeper.Reconcile(ctx)
}

// reconciled waits until servers were brought to what the leases say now.
func (c *cloud) reconciled() {
	c.Helper()
	now := c.Now()
	c.await("a look at the leases", func() bool { last := c.last.Load(); return last != nil && !last.Before(now) })
}

// campaign releases one with servers that is due after a time.
func (c *cloud) campaign(name string, in time.Duration, of campaign.Capacity) *campaign.Campaign {
	c.Helper()
	return c.release(campaign.Spec{Name: name, At: c.Now().UTC().Add(in).Truncate(time.Second), Capacity: &of})
}

func twice(late campaign.Late) campaign.Capacity {
	return campaign.Capacity{Factor: 2, Lead: 10 * time.Minute, Hold: 30 * time.Minute, IfLate: late}
}

func (c *cloud) desired() int { return c.aws.Group(groupName).Desired }

// calls counts the calls of an action.
func (c *cloud) calls(action string) (n int) {
	for _, call := range c.aws.Calls() {
		if call.Action == action {
			n++
		}
	}
	return n
}

func (c *cloud) state(run int) (r runs.Run) {
	c.Helper()
	return c.all()[run]
}

// Servers are added a while before a run, and given back a while after it; in between they stay.
func TestServersAroundARun(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.campaign("crystals", 9*time.Minute, twice(campaign.HoldBack))
	c.leads("one", http.DefaultClient.Do)
	c.worker("a")
	c.await("servers are added", func() bool { return c.desired() == 20 })
	if n := len(c.all()); n != 0 {
		t.Errorf("%d runs have begun", n)
	}
	c.forward(9*time.Minute + time.Second)
	if r := c.ended(1)[0]; r.State != runs.Done || r.Reason != "" || r.Accepted != 100 {
		t.Errorf("run %+v", r)
	}
	c.forward(29 * time.Minute)
	c.reconciled()
	if n := c.desired(); n != 20 {
		t.Errorf("before the hold is over: %d servers", n)
	}
	c.forward(4 * time.Minute)
	c.await("servers are given back", func() bool { return c.desired() == 10 })
}

// Of runs at the same time the larger need counts, and what is left of it when one has given back.
func TestOverlappingRunsTakeTheLargerNeed(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	long, short := twice(campaign.Proceed), twice(campaign.Proceed)
	long.Hold, short.Factor = 2*time.Hour, 3
	c.campaign("long", 9*time.Minute, long)
	c.campaign("short", 9*time.Minute, short)
	c.leads("one", http.DefaultClient.Do)
	c.worker("a")
	c.await("servers are added", func() bool { return c.desired() == 30 })
	c.forward(9*time.Minute + time.Second)
	for _, r := range c.ended(2) {
		if r.State != runs.Done || r.Reason != "" {
			t.Errorf("run %+v", r)
		}
	}
	c.forward(40 * time.Minute)
	c.await("the larger need is given back", func() bool { return c.desired() == 20 })
	c.forward(2 * time.Hour)
	c.await("all is given back", func() bool { return c.desired() == 10 })
	for _, call := range c.aws.Calls() {
		if n := call.Params.Get("DesiredCapacity"); call.Action == "SetDesiredCapacity" && n != "10" && n != "20" && n != "30" {
			t.Errorf("%s servers were asked for", n)
		}
	}
}

// A leader that dies after AWS was asked and before that is recorded leaves nothing behind: the next one adds nothing more, and
// gives back what was added.
func TestALeaderDiesAsItAddsServers(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.campaign("crystals", 9*time.Minute, twice(campaign.HoldBack))
	set := make(chan struct{})
	stop := c.leads("one", func(r *http.Request) (*http.Response, error) {
		answer, err := http.DefaultClient.Do(r)
		if c.calls("SetDesiredCapacity") == 0 {
			return answer, err
		}
		if err == nil {
			answer.Body.Close()
		}
		close(set)
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	<-set
	stop()
	got, err := c.ledger.Leases(t.Context(), "staging")
	if err != nil || len(got) != 1 || got[0].State != capacity.Wanted || c.desired() != 20 {
		t.Fatalf("%+v, %v; %d servers", got, err, c.desired())
	}
	c.leads("two", http.DefaultClient.Do)
	c.worker("a")
	c.await("the lease is mended", func() bool {
		got, err := c.ledger.Leases(t.Context(), "staging")
		return err == nil && got[0].State == capacity.Added
	})
	c.forward(9*time.Minute + time.Second)
	if r := c.ended(1)[0]; r.State != runs.Done || r.Reason != "" {
		t.Errorf("run %+v", r)
	}
	if n := c.calls("SetDesiredCapacity"); n != 1 || c.desired() != 20 {
		t.Errorf("it was set %d times, to %d in the end", n, c.desired())
	}
	c.forward(33 * time.Minute)
	c.await("servers are given back", func() bool { return c.desired() == 10 })
}

// Where a campaign is taken out after servers were added for it, they are given back all the same.
func TestServersOfARunThatNeverComes(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.campaign("crystals", 9*time.Minute, twice(campaign.HoldBack))
	c.leads("one", http.DefaultClient.Do)
	c.await("servers are added", func() bool { return c.desired() == 20 })
	c.world.mu.Lock()
	c.world.released = nil
	c.world.mu.Unlock()
	c.forward(time.Minute)
	c.reconciled()
	c.forward(time.Minute)
	c.reconciled() // after the release was read again
	if n := c.desired(); n != 20 {
		t.Errorf("at once: %d servers", n)
	}
	c.forward(41 * time.Minute)
	c.await("servers are given back", func() bool { return c.desired() == 10 })
	if n := len(c.all()); n != 0 {
		t.Errorf("%d runs have begun", n)
	}
}

// A run that is to wait for its servers is paused until they are in service, and goes on by itself.
func TestARunIsHeldUntilItsServersAreInService(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.campaign("crystals", 3*time.Second, twice(campaign.HoldBack))
	c.leads("one", http.DefaultClient.Do)
	c.worker("a")
	c.await("the run is held", func() bool { all := c.all(); return len(all) == 1 && all[0].State == runs.Paused })
	if r := c.state(0); r.Reason != "the servers are not in service: of 20 servers, 10 are" || c.accepted() != 0 {
		t.Errorf("run %+v, %d were sent", r, c.accepted())
	}
	c.forward(launchDelay + time.Second)
	if r := c.ended(1)[0]; r.State != runs.Done || r.Accepted != 100 {
		t.Errorf("run %+v", r)
	}
}

// People may let a held run go on, or cancel it; then, too, the servers are given back after the hold.
func TestPeopleDecideOnAHeldRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wish, end runs.State
		sent      int64
	}{"resumed": {runs.Running, runs.Done, 100}, "canceled": {runs.Canceling, runs.Canceled, 0}} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			c.campaign("crystals", 3*time.Second, twice(campaign.HoldBack))
			c.leads("one", http.DefaultClient.Do)
			c.worker("a")
			c.await("the run is held", func() bool { all := c.all(); return len(all) == 1 && all[0].State == runs.Paused })
			if _, err := c.runs.Wish(t.Context(), c.state(0).ID, test.wish, ""); err != nil {
				t.Fatal(err)
			}
			if r := c.ended(1)[0]; r.State != test.end || r.Accepted != test.sent || c.desired() != 20 {
				t.Errorf("run %+v, %d servers", r, c.desired())
			}
			c.forward(33 * time.Minute)
			c.await("servers are given back", func() bool { return c.desired() == 10 })
		})
	}
}

// Where AWS refuses, or no server runs, a run begins all the same or is held, and says why; so does one that begins before its servers
// are in service.
func TestServersAreLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		breaks func(*cloud)
		late   campaign.Late
		state  runs.State
		reason []string
	}{
		"not in service yet": {func(*cloud) {}, campaign.Proceed, runs.Done, []string{"it began before its servers were in service: of 20 servers, 10 are"}},
		"refused": {func(c *cloud) { c.aws.Inject(sandbox.Fault{Code: "AccessDenied"}) }, campaign.Proceed, runs.Done,
			[]string{"it began before its servers were in service: ", "AccessDenied"}},
		"refused and held": {func(c *cloud) { c.aws.Inject(sandbox.Fault{Code: "AccessDenied"}) }, campaign.HoldBack, runs.Paused,
			[]string{"the servers are not in service: ", "AccessDenied"}},
		"no servers": {func(c *cloud) { c.aws.Bound(groupName, 0, 100); c.aws.Scale(groupName, 0) }, campaign.Proceed, runs.Done,
			[]string{"it began before its servers were in service: ", capacity.ErrNoServers.Error()}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			test.breaks(c)
			c.campaign("crystals", 3*time.Second, twice(test.late))
			c.leads("one", http.DefaultClient.Do)
			c.worker("a")
			c.await("the run is "+string(test.state), func() bool { all := c.all(); return len(all) == 1 && all[0].State == test.state })
			for _, part := range test.reason {
				if r := c.state(0); !strings.Contains(r.Reason, part) {
					t.Errorf("the reason is %q, without %q", r.Reason, part)
				}
			}
		})
	}
}

// A leader's AWS that never answers holds up nothing: a run of another campaign goes out meanwhile, and the one with servers begins late.
func TestAWSThatDoesNotAnswerHoldsUpNobody(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	asked := make(chan struct{}, 1000)
	c.campaign("crystals", 3*time.Second, twice(campaign.Proceed))
	c.leads("one", func(r *http.Request) (*http.Response, error) {
		asked <- struct{}{}
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	c.worker("a")
	<-asked
	c.release(campaign.Spec{Name: "plain", At: c.Now().UTC().Add(3 * time.Second).Truncate(time.Second)})
	c.await("the run without servers", func() bool {
		all := c.all()
		return len(all) >= 1 && all[len(all)-1].Campaign == "plain" && all[len(all)-1].State == runs.Done
	})
	c.forward(10 * time.Second)
	for _, r := range c.ended(2) {
		if r.Campaign == "crystals" && (r.State != runs.Done || r.Reason != "it began before its servers were in service: AWS has not answered yet") {
			t.Errorf("run %+v", r)
		}
	}
}

// A run that somebody asks for now waits for its servers where its campaign says so, and not in an environment that adds none.
func TestAnOrderedRunGetsServers(t *testing.T) {
	t.Parallel()
	for _, added := range []bool{true, false} {
		c := newCloud(t)
		if added {
			c.leads("one", http.DefaultClient.Do)
		} else {
			o := c.world.options("one")
			o.Clock = &c.shifted
			c.leading(o)
		}
		c.worker("a")
		s := c.campaign("crystals", -48*time.Hour, twice(campaign.HoldBack))
		now := c.Now().UTC()
		r, begun, err := c.runs.Order(t.Context(), pushd.Ordered(s, runs.Run{Campaign: "crystals", Time: now.Truncate(time.Second), State: runs.Running, Started: now, Actor: "mina"}, true))
		if err != nil || !begun || r.State != runs.Paused {
			t.Fatalf("%+v, begun %v, %v", r, begun, err)
		}
		if added {
			c.await("servers are added", func() bool { return c.desired() == 20 })
			if c.accepted() != 0 {
				t.Errorf("%d were sent", c.accepted())
			}
			c.forward(launchDelay + time.Second)
		}
		if r := c.ended(1)[0]; r.State != runs.Done || r.Accepted != 100 {
			t.Errorf("run %+v", r)
		}
		proceeding := twice(campaign.Proceed)
		if r := pushd.Ordered(&campaign.Campaign{Spec: campaign.Spec{Capacity: &proceeding}}, runs.Run{State: runs.Running}, true); r.State != runs.Running || r.Reason == "" {
			t.Errorf("run %+v", r)
		}
	}
}

// A guard that finds the game unwell keeps a run paused that was held for its servers.
func TestAGuardKeepsAHeldRunPaused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	s := c.campaign("crystals", 3*time.Second, twice(campaign.HoldBack))
	s.Guard = "game-health"
	asked := make(chan struct{}, 1000)
	well := make(chan struct{})
	o := c.world.options("one")
	o.Clock, o.MostServers, o.Servers = &c.shifted, 80, inService{c}
	o.Healthy = func(context.Context, string) error {
		asked <- struct{}{}
		select {
		case <-well:
			return nil
		default:
			return errors.New("503 Service Unavailable")
		}
	}
	c.leading(o)
	c.worker("a")
	c.await("the run is held", func() bool { all := c.all(); return len(all) == 1 && all[0].State == runs.Paused })
	c.forward(launchDelay)
	<-asked
	c.forward(time.Minute)
	<-asked
	if r := c.state(0); r.State != runs.Paused || c.accepted() != 0 {
		t.Errorf("run %+v, %d were sent", r, c.accepted())
	}
	close(well)
	c.forward(time.Minute)
	if r := c.ended(1)[0]; r.State != runs.Done {
		t.Errorf("run %+v", r)
	}
}

// inService are servers that are in service launchDelay after the first was asked for.
type inService struct{ c *cloud }

func (s inService) Raise(_ context.Context, w capacity.Want) (capacity.Raised, error) {
	return capacity.Raised{Run: w.Run}, nil
}

func (s inService) Await(_ context.Context, run string, by time.Time) (capacity.Ready, error) {
	return capacity.Ready{Run: run, Need: 20, InService: 10, Late: time.Until(by) < launchDelay-time.Minute}, nil
}

func (inService) Reconcile(context.Context) (capacity.Report, error) { return capacity.Report{}, nil }

// A run that has a test gets its servers all the same: they are added before it, not before its test, and it waits for both.
func TestServersOfARunWithATest(t *testing.T) {
	c := newCloud(t)
	of := twice(campaign.HoldBack)
	c.release(campaign.Spec{Name: "crystals", At: c.Now().UTC().Add(time.Hour).Truncate(time.Second), Capacity: &of, Test: &campaign.Test{Tokens: testers()[:1], Before: 2 * time.Hour}})
	c.leads("one", http.DefaultClient.Do)
	c.worker("a")
	c.waits()
	c.reconciled()
	if n := c.desired(); n != 10 {
		t.Errorf("%d servers are there for a test", n)
	}
	c.forward(51 * time.Minute)
	c.await("servers are added", func() bool { return c.desired() == 20 })
	c.forward(9*time.Minute + time.Second)
	if r := c.ended(1)[0]; r.State != runs.Done || r.Reason != "" || r.Accepted != 99 {
		t.Errorf("run %+v", r)
	}

	// Of one that is sent now, the servers are late.
	more := twice(campaign.HoldBack)
	more.Factor = 3 // the first one's servers are still there
	s := c.release(campaign.Spec{Name: "late", At: c.Now().UTC().Add(-48 * time.Hour).Truncate(time.Second), Capacity: &more, Test: &campaign.Test{Tokens: testers()[:1]}})
	now := c.Now().UTC()
	r, _, err := c.runs.Order(t.Context(), pushd.Ordered(s, runs.Run{Campaign: "late", Time: now.Truncate(time.Second), State: runs.Running, Started: now}, true))
	if err != nil || !pushd.AwaitsTest(r) {
		t.Fatalf("%+v, %v", r, err)
	}
	before := c.accepted()
	c.await("it waits for its servers", func() bool {
		r, err := c.runs.Run(t.Context(), r.ID)
		return err == nil && r.State == runs.Paused && strings.HasPrefix(r.Reason, "the servers are not in service: ")
	})
	if n := c.accepted(); n != before && n != before+1 {
		t.Errorf("%d messages", n-before)
	}
	c.forward(launchDelay + time.Minute)
	c.await("it goes on", func() bool { r, err := c.runs.Run(t.Context(), r.ID); return err == nil && r.State == runs.Done })
}
