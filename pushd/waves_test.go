package pushd

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/engine"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// namedTests are the named times of the tests that were begun, each with the time of the wave that it came before.
func (t *term) namedTests() (all []string) {
	for _, test := range t.recorded(true) {
		_, name, _ := strings.Cut(test.Test, "@")
		all = append(all, name+" before "+test.Time.Format("02T15:04"))
	}
	return all
}

// began holds a term to the tests that it has begun.
func (t *term) began(want ...string) {
	t.Helper()
	if got := t.namedTests(); !slices.Equal(got, want) {
		t.Errorf("at %s: tests %q, want %q", t.now.Format(time.RFC3339), got, want)
	}
}

// Each named time has one test, before its first wave, also where that falls together with the last of another: in Honolulu it is the
// same hour as in Kiritimati, the day before. Such a wave waits for the tests of both, and leaves out who had either.
func TestEachNamedTimeHasATest(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := campaign.Spec{Name: "evening", Cron: "0 19 * * *", Zone: time.UTC, EachUser: true, Deadline: 15 * time.Minute, Missed: campaign.SkipMissed,
		Test: &campaign.Test{List: "qa", Before: 10 * time.Minute}}
	w := newTerm(t, s, "2026-11-26T04:55:00Z", "Pacific/Kiritimati", "Pacific/Honolulu")
	if w.o.Batches, err = e.Batches(t.Context(), "staging"); err != nil {
		t.Fatal(err)
	}
	const first, second, third = "20261126T190000 before 26T05:00", "20261125T190000 before 26T05:00", "20261127T190000 before 27T05:00"
	w.looks()
	w.began(first)
	w.arrives(w.recorded(true)[0], "a")
	w.at("2026-11-26T05:00:00Z")
	w.looks()
	w.began(first, second) // nobody was there when the evening before began elsewhere
	if r := w.recorded(false)[0]; !AwaitsTest(r) {
		t.Errorf("run %+v", r)
	}
	w.arrives(w.recorded(true)[1], "b")
	w.looks()
	run := w.recorded(false)[0]
	if run.State != runs.Running {
		t.Errorf("run %+v", run)
	}
	w.at("2026-11-26T19:00:00Z") // who has no zone
	w.looks()
	w.looks()
	w.began(first, second)
	w.at("2026-11-27T04:55:00Z")
	w.looks()
	w.looks()
	w.began(first, second, third)
	w.arrives(w.recorded(true)[2], "c")
	w.at("2026-11-27T05:00:00Z")
	w.looks()
	w.looks()
	w.began(first, second, third)
	all := w.recorded(false)
	if len(all) != 3 || slices.ContainsFunc(all, func(r runs.Run) bool { return r.State != runs.Running }) {
		t.Fatalf("runs %+v", all)
	}
	for i, want := range [][]string{{"a", "b"}, {"a"}, {"a", "c"}} {
		d := &led{Run: all[i], campaign: w.campaign}
		if err := w.leaveOut(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		var got []string
		for phone := range d.tested {
			got = append(got, phone.token)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("run of %s: %q are left out, want %q", all[i].Time, got, want)
		}
	}
}

// Two named times of one day fall together where zones are apart by what is between them.
func TestTwoNamedTimesOfADay(t *testing.T) {
	s := campaign.Spec{Name: "meals", Cron: "0 12,20 * * *", Zone: time.UTC, EachUser: true, Deadline: 15 * time.Minute, Missed: campaign.SkipMissed,
		Test: &campaign.Test{List: "qa", Before: 10 * time.Minute}}
	w := newTerm(t, s, "2026-11-26T02:55:00Z", "Asia/Seoul", "Europe/Berlin")
	for _, at := range []string{"2026-11-26T02:55:00Z", "2026-11-26T03:00:00Z", "2026-11-26T10:55:00Z"} {
		w.at(at)
		w.looks()
	}
	w.began("20261126T120000 before 26T03:00", "20261126T200000 before 26T11:00")
}

// A leader that takes over knows which named times a wave is of before it knows what was released.
func TestAWaveOfANewLeader(t *testing.T) {
	s := campaign.Spec{Name: "evening", Cron: "0 19 * * *", Zone: time.UTC, EachUser: true, Deadline: 15 * time.Minute, Missed: campaign.SkipMissed,
		Test: &campaign.Test{List: "qa"}}
	w := newTerm(t, s, "2026-11-26T05:00:00Z", "Pacific/Kiritimati", "Pacific/Honolulu")
	for _, r := range []runs.Run{{Zones: []string{"Pacific/Honolulu"}}, {Zones: []string{"Pacific/Honolulu"}, Others: true}} {
		r.Time = w.now
		names, err := w.named(t.Context(), &led{Run: r, campaign: w.campaign})
		if want := []string{"20261125T190000", "20261126T190000"}; err != nil || !slices.Equal(names, want) {
			t.Errorf("%q, %v; want %q", names, err, want)
		}
	}
}
