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

// stands are tests, or runs, with how each stands and why, oldest first.
func (t *term) stands(tests bool) (all []string) {
	t.Helper()
	for _, r := range t.recorded(tests) {
		all = append(all, strings.TrimSpace(r.Time.Format("02T15:04")+" "+string(r.State)+" "+r.Reason))
	}
	return all
}

// standing holds a term to how its tests, or its runs, stand.
func (t *term) standing(what string, tests bool, want ...string) {
	t.Helper()
	if got := t.stands(tests); !slices.Equal(got, want) {
		t.Errorf("%s: %q\nwant %q", what, got, want)
	}
}

// reworded is a campaign with another text.
func reworded(s campaign.Spec, text string) campaign.Spec {
	s.Messages = map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: text}}
	return s
}

// testedEvening is a campaign with a test ahead of it.
func testedEvening(eachUser bool) campaign.Spec {
	return campaign.Spec{Name: "evening", Cron: "0 19 * * *", Zone: time.UTC, EachUser: eachUser, Deadline: 15 * time.Minute, Missed: campaign.SkipMissed,
		Test: &campaign.Test{List: "qa", Before: 10 * time.Minute}}
}

// A person's pause of a test outlives each edit: the next test is paused, too, until somebody resumes it.
func TestAPauseOfATestOutlivesEdits(t *testing.T) {
	s := testedEvening(false)
	w := newTerm(t, s, "2026-11-26T18:52:00Z")
	w.looks()
	w.wish(w.recorded(true)[0], runs.Paused, "by jun")
	w.edit(reworded(s, "200"))
	w.looks()
	const void = "26T18:59 canceling it was paused by jun; the campaign was changed before its others got it"
	first := strings.Replace(void, "18:59", "19:00", 1)
	w.standing("after an edit", true, first, "26T19:00 paused by jun; the campaign was changed since")
	w.edit(reworded(s, "300"))
	w.looks()
	w.looks()
	w.standing("after another", true, first, first, "26T19:00 paused by jun; the campaign was changed since")
	w.at("2026-11-26T19:00:00Z")
	w.looks()
	w.looks()
	w.standing("at its time", false, "26T19:00 paused its test comes first, and that is paused: by jun; the campaign was changed since")
	third := w.recorded(true)[2]
	w.wish(third, runs.Running, "")
	w.standing("resumed", true, first, first, "26T19:00 running")
}

// So it does where the edit's test is later, and where it has none: then it is the run that is paused.
func TestAPauseOfATestOutlivesTheTest(t *testing.T) {
	s := testedEvening(false)
	w := newTerm(t, s, "2026-11-26T18:52:00Z")
	w.looks()
	w.wish(w.recorded(true)[0], runs.Paused, "by jun")
	later := reworded(s, "200")
	later.Test = &campaign.Test{List: "qa", Before: time.Minute}
	w.edit(later)
	w.looks()
	const void = "26T19:00 canceling it was paused by jun; the campaign was changed before its others got it"
	w.standing("before the test's time", true, void)
	w.at("2026-11-26T18:59:30Z")
	w.looks()
	w.standing("at it", true, void, "26T19:00 paused by jun; the campaign was changed since")
	none := reworded(s, "300")
	none.Test = nil
	w.edit(none)
	w.looks()
	w.at("2026-11-26T19:00:00Z")
	w.looks()
	w.standing("without a test", false, "26T19:00 paused by jun; the campaign was changed since")
	w.wish(w.recorded(false)[0], runs.Running, "")
	w.looks()
	w.standing("resumed", false, "26T19:00 running")
	w.at("2026-11-27T19:00:00Z") // whose test nobody has paused
	w.looks()
	w.standing("the next time", false, "26T19:00 running", "27T19:00 running")
}

// What pauses a test by itself, and what somebody has resumed, holds no other test back.
func TestWhatDoesNotOutliveAnEdit(t *testing.T) {
	s := testedEvening(false)
	for name, reason := range map[string]string{"the gateway's word": "SENDER_ID_MISMATCH: the token is of another project", "a guard's": "the guard game-health: 503", "resumed": ""} {
		t.Run(name, func(t *testing.T) {
			w := newTerm(t, s, "2026-11-26T18:52:00Z")
			w.looks()
			test := w.recorded(true)[0]
			if reason == "" {
				w.wish(test, runs.Paused, "by jun")
				w.wish(test, runs.Running, "")
			} else if err := w.o.Runs.Pause(t.Context(), w.epoch, test.ID, reason); err != nil {
				t.Fatal(err)
			}
			w.edit(reworded(s, "200"))
			w.looks()
			w.standing(name, true, "26T19:00 canceling the campaign was changed before its others got it", "26T19:00 running")
		})
	}
	w := newTerm(t, s, "2026-11-26T18:52:00Z") // but where a person pauses it besides
	w.looks()
	if err := w.o.Runs.Pause(t.Context(), w.epoch, w.recorded(true)[0].ID, "SENDER_ID_MISMATCH"); err != nil {
		t.Fatal(err)
	}
	w.wish(w.recorded(true)[0], runs.Paused, "by jun")
	w.standing("paused twice", true, "26T19:00 paused by jun; SENDER_ID_MISMATCH")
	w.edit(reworded(s, "200"))
	w.looks()
	if got := w.stands(true)[1]; got != "26T19:00 paused by jun; the campaign was changed since" {
		t.Error(got)
	}
}

// A cancel of a test is of all waves of its named time, also of those after an edit, with a test or without; of another named time it is not.
func TestACancelOfATestOutlivesEdits(t *testing.T) {
	e, err := engine.Open(t.Context(), engine.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	s := testedEvening(true)
	w := newTerm(t, s, "2026-11-26T09:55:00Z", "Asia/Seoul", "Asia/Bangkok", "Europe/Berlin")
	if w.o.Batches, err = e.Batches(t.Context(), "staging"); err != nil {
		t.Fatal(err)
	}
	w.looks()
	w.wish(w.recorded(true)[0], runs.Canceling, "by jun")
	w.edit(reworded(s, "200"))
	const first = "26T10:00 canceled by jun"
	for _, at := range []string{"2026-11-26T10:00:00Z", "2026-11-26T12:00:00Z", "2026-11-26T12:00:01Z"} { // Seoul, Bangkok
		w.at(at)
		w.looks()
		w.looks()
	}
	w.standing("with a test", true, "26T10:00 canceling by jun", "26T12:00 canceled by jun; the campaign was changed since")
	second := "26T12:00 canceling its test was canceled: by jun; the campaign was changed since"
	w.standing("with a test", false, first, second)
	none := reworded(s, "300")
	none.Test = nil
	w.edit(none)
	w.at("2026-11-26T18:00:00Z") // Berlin
	w.looks()
	w.standing("without a test", false, first, second, "26T18:00 canceled by jun; the campaign was changed since")
	w.edit(s)
	w.at("2026-11-27T09:55:00Z")
	w.looks()
	if got := w.stands(true); got[len(got)-1] != "27T10:00 running" {
		t.Errorf("the next evening: %q", got)
	}
}

// A pause of a test holds the later waves of an edited campaign, too.
func TestAPauseOfATestAndLaterWaves(t *testing.T) {
	s := testedEvening(true)
	w := newTerm(t, s, "2026-11-26T09:55:00Z", "Asia/Seoul", "Asia/Bangkok")
	w.looks()
	w.wish(w.recorded(true)[0], runs.Paused, "by jun")
	w.at("2026-11-26T10:00:00Z")
	w.looks()
	w.edit(reworded(s, "200"))
	w.at("2026-11-26T12:00:00Z")
	w.looks()
	w.looks()
	w.standing("tests", true, "26T10:00 paused by jun", "26T12:00 paused by jun; the campaign was changed since")
	w.standing("runs", false, "26T10:00 paused its test comes first, and that is paused: by jun", "26T12:00 paused its test comes first, and that is paused: by jun; the campaign was changed since")
}
