package capacity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/pushd/capacity"
	"liveops/pushd/capacity/ledgertest"
	sandbox "liveops/sandbox/aws"
	"liveops/sandbox/aws/awstest"
)

func TestARunHasItsServersAndGivesThemBack(t *testing.T) {
	both(t, 120, func(t *testing.T, w *world) {
		k := w.keeper()
		r := w.raise(k, want("a", 2))
		if diff := cmp.Diff(capacity.Raised{Run: "a", Base: 120, Wanted: 240, Need: 240, From: 120, To: 240}, r); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
		w.expect("raised", 240)
		start := w.clock()
		ready, err := k.Await(t.Context(), "a", start.Add(10*time.Minute))
		if err != nil || ready.Late || ready.InService != 240 {
			t.Errorf("%+v, %v", ready, err)
		}
		if took := ready.At.Sub(start); took < time.Minute || took > 3*time.Minute {
			t.Errorf("in service after %v", took)
		}
		g := w.giveBack(k, "a")
		if diff := cmp.Diff(capacity.Given{Run: "a", From: 240, To: 120}, g); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
		w.expect("given back", 120)
		if g := w.giveBack(k, "a"); g.From != 0 {
			t.Errorf("given back twice: %v", g)
		}
	})
}

func TestServersComeLate(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		k := w.keeper()
		w.raise(k, want("a", 2))
		by := w.clock().Add(30 * time.Second)
		r, err := k.Await(t.Context(), "a", by)
		if err != nil || !r.Late || r.InService != 10 || r.Need != 20 || !r.At.Equal(by) {
			t.Errorf("%+v, %v", r, err)
		}
		if r, err = k.Await(t.Context(), "a", by.Add(-time.Minute)); err != nil || !r.Late {
			t.Errorf("when the time is over: %+v, %v", r, err)
		}
		if _, err = k.Await(t.Context(), "b", by); !errors.Is(err, capacity.ErrNoLease) {
			t.Errorf("for a run that asked for nothing: %v", err)
		}
	})
}

func TestOverlappingRunsTakeTheLargerNeed(t *testing.T) {
	for _, c := range []struct {
		name  string
		back  []string // the order in which they give back
		after []int
	}{
		{"the smaller first", []string{"a", "b", "c"}, []int{300, 150, 100}},
		{"the larger first", []string{"b", "c", "a"}, []int{200, 200, 100}},
		{"the smallest first", []string{"c", "b", "a"}, []int{300, 200, 100}},
	} {
		t.Run(c.name, func(t *testing.T) {
			both(t, 100, func(t *testing.T, w *world) {
				k := w.keeper()
				for _, run := range []struct {
					name   string
					factor float64
					total  int
				}{{"a", 2, 200}, {"b", 3, 300}, {"c", 1.5, 300}} {
					if r := w.raise(k, want(run.name, run.factor)); r.Base != 100 || r.To != run.total {
						t.Errorf("%+v", r)
					}
					w.expect("raised for "+run.name, run.total)
				}
				for i, run := range c.back {
					w.giveBack(k, run)
					w.expect("given back by "+run, c.after[i])
				}
			})
		})
	}
}

func TestAskingTwiceAddsNothing(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		w.raise(w.keeper(), want("a", 2))
		later := want("a", 4)
		later.Until = later.Until.Add(time.Hour)
		if r := w.raise(w.keeper(), later); r.Need != 20 || r.From != 20 || r.To != 20 {
			t.Errorf("%+v", r)
		}
		w.forward(90 * time.Minute)
		if r, err := w.keeper().Reconcile(t.Context()); err != nil || len(r.Given) != 0 {
			t.Errorf("before its later end: %+v, %v", r, err)
		}
		w.expect("before its later end", 20)
	})
}

func TestTheMaximumBoundsTheNeed(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		wish := want("a", 2)
		wish.Max = 15
		if r := w.raise(w.keeper(), wish); r.Need != 15 || r.Wanted != 20 || r.To != 15 || !strings.Contains(r.String(), "at most 15 allowed") {
			t.Errorf("%v %+v", r, r)
		}
		w.expect("raised", 15)
		wish.Run, wish.Max = "b", 12
		if r := w.raise(w.keeper(), wish); r.To != 15 {
			t.Errorf("a lower maximum: %+v", r)
		}
	})
}

func TestAGroupsOwnMaximumBoundsTheNeed(t *testing.T) {
	w := newWorld(t, false, 10)
	w.aws.Bound(groupName, 1, 12)
	if r := w.raise(w.keeper(), want("a", 2)); r.Need != 12 || r.To != 12 || r.Missing != 0 {
		t.Errorf("%+v", r)
	}
}

func TestWhatTheLedgerSaysBeforeTheCall(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		k := w.keeper()
		w.raise(k, want("a", 2))
		w.giveBack(k, "a")
		var got []string
		for _, l := range w.ledger.History() {
			got = append(got, string(l.State))
			if l.Base != 10 || l.Need != 20 || !l.Until.Equal(evening.Add(time.Hour)) {
				t.Errorf("%+v", l)
			}
		}
		if diff := cmp.Diff([]string{"wanted", "added", "returning", "returned"}, got); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	})
}

func TestReconcileGivesBackWhatIsDue(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		k := w.keeper()
		w.raise(k, want("a", 2))
		later := want("b", 1.5)
		later.Until = later.Until.Add(time.Hour)
		w.raise(k, later)
		w.forward(time.Hour)
		r, err := w.keeper().Reconcile(t.Context())
		if diff := cmp.Diff(capacity.Report{Given: []capacity.Given{{Run: "a", From: 20, To: 15, Kept: 5}}}, r); diff != "" || err != nil {
			t.Errorf("%v, want (-), got (+):\n%s", err, diff)
		}
		w.forward(time.Hour)
		if _, err := w.keeper().Reconcile(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect("all is due", 10)
	})
}

func TestADryRunDoesNothing(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		w.raise(w.keeper(), want("a", 2))
		dry, before := w.keeperWith(func(o *capacity.Options) { o.DryRun = true }), len(w.ledger.History())
		r := w.raise(dry, want("b", 3))
		if r.From != 20 || r.To != 30 || r.String() != "would bring servers from 20 to 30 (dry run): 10 run without liveops's" {
			t.Errorf("%v", r)
		}
		if ready, err := dry.Await(t.Context(), "b", w.clock().Add(time.Minute)); err != nil || !ready.DryRun || ready.Late {
			t.Errorf("%+v, %v", ready, err)
		}
		g := w.giveBack(dry, "a")
		if g.String() != "would bring servers from 20 to 10 (dry run)" {
			t.Errorf("%v", g)
		}
		w.forward(2 * time.Hour)
		if r, err := dry.Reconcile(t.Context()); err != nil || len(r.Given) != 1 || !r.Given[0].DryRun {
			t.Errorf("%+v, %v", r, err)
		}
		w.expect("after all that", 20)
		if after := len(w.ledger.History()); after != before {
			t.Errorf("%d rows were written", after-before)
		}
		for _, c := range w.aws.Calls() {
			if c.Action == "TerminateInstances" {
				t.Error("instances were terminated")
			}
		}
	})
}

func TestWrongWishes(t *testing.T) {
	w := newWorld(t, false, 10)
	for _, wish := range []capacity.Want{{}, {Run: "a"}, {Run: "a", Factor: 0.5, Max: 1, Until: evening}, {Run: "a", Factor: 101, Max: 1, Until: evening},
		{Run: "a", Factor: 2, Until: evening}, {Run: "a", Factor: 2, Max: 1}} {
		if _, err := w.keeper().Raise(t.Context(), wish); err == nil {
			t.Errorf("%+v was taken", wish)
		}
	}
	for name, change := range map[string]func(*capacity.Options){
		"no environment": func(o *capacity.Options) { o.Environment = "" },
		"no ledger":      func(o *capacity.Options) { o.Ledger = nil },
		"no servers":     func(o *capacity.Options) { o.AutoScalingGroup = "" },
		"both kinds":     func(o *capacity.Options) { o.LaunchTemplate.ID = "lt-1" },
		"no tag":         func(o *capacity.Options) { o.AutoScalingGroup, o.LaunchTemplate.ID = "", "lt-1" },
		"two templates": func(o *capacity.Options) {
			o.AutoScalingGroup, o.LaunchTemplate, o.Servers = "", capacity.LaunchTemplate{ID: "lt-1", Name: "game"}, []capacity.Tag{role}
		},
	} {
		o := w.options()
		change(&o)
		if _, err := capacity.New(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNothingRuns(t *testing.T) {
	both(t, 1, func(t *testing.T, w *world) {
		if w.plain {
			w = newWorld(t, true, 0)
		} else {
			w.aws.Bound(groupName, 0, 10)
			w.aws.Scale(groupName, 0)
		}
		if _, err := w.keeper().Raise(t.Context(), want("a", 2)); !errors.Is(err, capacity.ErrNoServers) {
			t.Errorf("got %v", err)
		}
		if len(w.ledger.History()) != 0 {
			t.Error("a lease was recorded")
		}
	})
	w := newWorld(t, false, 1)
	if _, err := w.keeperWith(func(o *capacity.Options) { o.AutoScalingGroup = "none" }).Raise(t.Context(), want("a", 2)); err == nil {
		t.Error("a group that is not there")
	}
}

func TestThrottlingIsWaitedFor(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		for _, action := range []string{"SetDesiredCapacity", "RunInstances", "DescribeInstances", "DescribeAutoScalingGroups"} {
			w.aws.Inject(sandbox.Fault{Actions: []string{action}, Code: "RequestLimitExceeded", Times: 3})
		}
		k := w.keeper()
		w.raise(k, want("a", 2))
		w.expect("raised", 20)
		if w.waits < 6 {
			t.Errorf("%d waits", w.waits)
		}
		w.aws.Inject(sandbox.Fault{Code: "Throttling"})
		r, err := k.Await(t.Context(), "a", w.clock().Add(5*time.Minute))
		if err != nil || !r.Late || r.Trouble == nil {
			t.Errorf("%+v, %v", r, err)
		}
		w.aws.ClearFaults()
		w.aws.Inject(sandbox.Fault{Code: "UnauthorizedOperation"})
		if _, err := k.Await(t.Context(), "a", w.clock().Add(5*time.Minute)); err == nil {
			t.Error("what does not pass was waited for")
		}
	})
}

// TestAGroupOfMoto has a keeper work with the other mock of AWS, which understands the requests of a group as we do.
func TestAGroupOfMoto(t *testing.T) {
	moto := awstest.Moto(t)
	access, err := moto.Config.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k, err := capacity.New(t.Context(), capacity.Options{Environment: "production", AutoScalingGroup: moto.Group(t, 1, 50, 10), Ledger: &ledgertest.Memory{},
		Region: moto.Config.Region, Endpoint: *moto.Config.BaseEndpoint, Access: capacity.Access{Key: access.AccessKeyID, Secret: access.SecretAccessKey}})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := k.Raise(t.Context(), want("a", 2)); err != nil || r.To != 20 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := k.Await(t.Context(), "a", time.Now().Add(time.Minute)); err != nil || r.InService != 20 {
		t.Errorf("%+v, %v", r, err)
	}
	if g, err := k.Return(t.Context(), "a"); err != nil || g.To != 10 || g.Kept != 0 {
		t.Errorf("%+v, %v", g, err)
	}
}
