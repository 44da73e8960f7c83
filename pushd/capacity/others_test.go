package capacity_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"liveops/pushd/capacity"
	sandbox "liveops/sandbox/aws"
)

// TestTheGroupsOwnPolicy has somebody else set the desired capacity while liveops has added to it.
func TestTheGroupsOwnPolicy(t *testing.T) {
	for _, c := range []struct {
		name        string
		policy      int // sets this after a doubled 100
		base, total int // of a run that then triples
		after       []int
	}{
		{"nothing", 200, 100, 300, []int{300, 100}},
		{"more", 210, 110, 330, []int{330, 210}},
		{"less, but more than liveops found", 150, 100, 300, []int{300, 150}},
		{"less than liveops found", 80, 80, 240, []int{240, 80}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, false, 100)
			k := w.keeper()
			w.raise(k, want("a", 2))
			w.aws.Scale(groupName, c.policy)
			if r := w.raise(k, want("b", 3)); r.Base != c.base || r.To != c.total {
				t.Errorf("%+v", r)
			}
			for i, run := range []string{"a", "b"} {
				w.giveBack(k, run)
				w.expect("given back by "+run, c.after[i])
			}
		})
		t.Run(c.name+", and back", func(t *testing.T) {
			w := newWorld(t, false, 100)
			k := w.keeper()
			w.raise(k, want("a", 2))
			w.aws.Scale(groupName, c.policy)
			want := c.policy
			if want == 200 {
				want = 100
			}
			if g := w.giveBack(k, "a"); g.To != want || g.Kept != want-min(c.base, want) {
				t.Errorf("%+v", g)
			}
			w.expect("given back", want)
		})
	}
}

func TestAPolicyIsNotFought(t *testing.T) {
	w := newWorld(t, false, 100)
	w.raise(w.keeper(), want("a", 2))
	w.aws.Scale(groupName, 120)
	if _, err := w.keeper().Reconcile(t.Context()); err != nil {
		t.Error(err)
	}
	w.expect("the policy lowered", 120)
}

func TestTheMinimumIsKept(t *testing.T) {
	w := newWorld(t, false, 100)
	w.raise(w.keeper(), want("a", 2))
	w.aws.Bound(groupName, 130, 1000)
	w.giveBack(w.keeper(), "a")
	w.expect("given back", 130)
}

// TestAMaximumThatIsRaisedLater has the group shrink below what was recorded, and grow again.
func TestAMaximumThatIsRaisedLater(t *testing.T) {
	w := newWorld(t, false, 100)
	w.aws.Inject(sandbox.Fault{Actions: []string{"SetDesiredCapacity"}, Code: "ValidationError", Times: 1})
	if _, err := w.keeper().Raise(t.Context(), want("a", 2)); err == nil {
		t.Fatal("it was not refused")
	}
	w.aws.Bound(groupName, 1, 150)
	if r := w.raise(w.keeper(), want("a", 2)); r.To != 150 || r.Missing != 50 {
		t.Errorf("%+v", r)
	}
	w.aws.Bound(groupName, 1, 1000)
	r, err := w.keeper().Reconcile(t.Context())
	if err != nil || len(r.Raised) != 1 || r.Raised[0].To != 200 {
		t.Errorf("%+v, %v", r, err)
	}
	w.giveBack(w.keeper(), "a")
	w.expect("given back", 100)
}

// TestThereIsNoRoom has AWS run out of instances, which come later.
func TestThereIsNoRoom(t *testing.T) {
	w := newWorld(t, true, 250)
	w.aws.SetAvailable(120) // the third request gets none
	r := w.raise(w.keeper(), want("a", 2))
	if r.To != 370 || r.Missing != 130 {
		t.Errorf("%+v", r)
	}
	w.expect("raised", 370)
	if r, err := w.keeper().Reconcile(t.Context()); err != nil || len(r.Raised) != 1 || r.Raised[0].Missing != 130 {
		t.Errorf("%+v, %v", r, err)
	}
	w.aws.SetAvailable(-1)
	for _, missing := range []int{0, -1} {
		r, err := w.keeper().Reconcile(t.Context())
		if err != nil || missing == 0 && (len(r.Raised) != 1 || r.Raised[0].Missing != 0) || missing < 0 && len(r.Raised) > 0 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	w.expect("tried again", 500)
	w.giveBack(w.keeper(), "a")
	w.expect("given back", 250)
}

// TestOnlyWhatLiveopsLaunchedEnds has servers come and go beside those of a run.
func TestOnlyWhatLiveopsLaunchedEnds(t *testing.T) {
	w := newWorld(t, true, 100)
	own := ended(w.aws)
	k := w.keeper()
	w.raise(k, want("a", 2))
	w.aws.AddInstances(30, map[string]string{role.Key: role.Value})
	w.aws.AddInstances(5, map[string]string{role.Key: role.Value, "liveops:environment": "staging", "liveops:lease": "x"})
	w.forward(time.Minute)
	if g := w.giveBack(k, "a"); g.From != 235 || g.To != 135 {
		t.Errorf("%+v", g)
	}
	w.expect("given back", 135)
	for _, i := range w.aws.Instances() {
		if i.State == sandbox.ShuttingDown && i.Tags["liveops:environment"] != "production" {
			t.Errorf("%s was terminated: %v", i.ID, i.Tags)
		}
	}
	if own != 0 {
		t.Errorf("%d had ended before", own)
	}
}

func ended(s *sandbox.Server) (n int) {
	for _, i := range s.Instances() {
		if i.State != sandbox.Pending && i.State != sandbox.Running {
			n++
		}
	}
	return n
}

// TestLaunchedForNobody has instances whose lease is none anymore, as when it ended before they were seen.
func TestLaunchedForNobody(t *testing.T) {
	w := newWorld(t, true, 10)
	tags := map[string]string{role.Key: role.Value, "liveops:environment": "production", "liveops:lease": "0123"}
	w.aws.AddInstances(7, tags)
	w.raise(w.keeper(), want("a", 1.2)) // needs 12 of the 17: takes them, as it were
	w.expect("raised", 17)
	r, err := w.keeper().Reconcile(t.Context())
	if err != nil || r.Swept != 5 {
		t.Errorf("%+v, %v", r, err)
	}
	w.expect("swept", 12)
	w.giveBack(w.keeper(), "a")
	w.expect("given back", 10)
}

// TestKeepersAtOnce has runs ask and give back at the same time, as several daemons do.
func TestKeepersAtOnce(t *testing.T) {
	both(t, 20, func(t *testing.T, w *world) {
		done := make(chan error)
		each := func(do func(k *capacity.Keeper, i int) error) {
			for i := range 4 {
				k := w.keeper()
				go func() { done <- do(k, i) }()
			}
			for range 4 {
				if err := <-done; err != nil {
					t.Error(err)
				}
			}
		}
		each(func(k *capacity.Keeper, i int) error {
			_, err := k.Raise(t.Context(), want(fmt.Sprintf("run %d", i), 1.5+float64(i)/2))
			return err
		})
		w.expect("raised", 60)
		each(func(k *capacity.Keeper, i int) error {
			_, err := k.Return(t.Context(), fmt.Sprintf("run %d", i))
			return err
		})
		w.expect("given back", 20)
	})
}

// TestWhatWasBegunIsFinished has AWS refuse both ways, for as long as it takes.
func TestWhatWasBegunIsFinished(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		refuse := sandbox.Fault{Actions: []string{"SetDesiredCapacity", "RunInstances", "TerminateInstances"}, Code: "UnauthorizedOperation"}
		k := w.keeper()
		w.aws.Inject(refuse)
		if _, err := k.Raise(t.Context(), want("a", 2)); err == nil {
			t.Error("raised")
		}
		w.aws.ClearFaults()
		if _, err := k.Reconcile(t.Context()); err != nil {
			t.Error(err)
		}
		w.expect("raised by Reconcile", 20)
		w.aws.Inject(refuse)
		if _, err := k.Return(t.Context(), "a"); err == nil {
			t.Error("given back")
		}
		if _, err := k.Raise(t.Context(), want("a", 2)); !errors.Is(err, capacity.ErrReturning) {
			t.Errorf("got %v", err)
		}
		if _, err := k.Reconcile(t.Context()); err == nil {
			t.Error("no error tells that it could not be given back")
		}
		w.expect("not given back", 20)
		w.aws.ClearFaults()
		r, err := k.Reconcile(t.Context())
		if err != nil || len(r.Given) != 1 || r.Given[0].To != 10 {
			t.Errorf("%+v, %v", r, err)
		}
		w.expect("given back by Reconcile", 10)
		w.raise(k, want("a", 3)) // it may ask anew
		w.expect("raised anew", 30)
	})
}

// Of several tags a server has each, and what is launched gets all of them.
func TestServersOfTwoTags(t *testing.T) {
	w := newWorld(t, true, 2) // without the second tag
	tags := map[string]string{role.Key: role.Value, "stage": "1"}
	w.aws.AddInstances(3, tags)
	k := w.keeperWith(func(o *capacity.Options) { o.Servers = []capacity.Tag{{Key: "stage", Value: "1"}, role} })
	if r := w.raise(k, want("a", 2)); r.Base != 3 || r.To != 6 || w.aws.Alive(tags) != 6 {
		t.Errorf("%+v, %d are alive", r, w.aws.Alive(tags))
	}
	k = w.keeperWith(func(o *capacity.Options) { o.Servers = []capacity.Tag{role, {Key: "stage", Value: "1"}} })
	if w.giveBack(k, "a"); w.aws.Alive(tags) != 3 {
		t.Errorf("%d are alive after all is given back", w.aws.Alive(tags))
	}
}
