package pushd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// calendar is an environment whose leaders look at what is due, at times that a test says.
type calendar struct {
	*testing.T
	record   *runs.Store
	epoch    runs.Epoch
	now      time.Time
	released []campaign.Spec
	unread   error // of what was released
	leader   *leader
}

// Now is the present of the calendar.
func (c *calendar) Now() time.Time { return c.now }

// After is never: nobody waits here.
func (c *calendar) After(time.Duration) <-chan time.Time { return nil }

func newCalendar(t *testing.T, specs ...campaign.Spec) *calendar {
	t.Helper()
	_, record, _ := recorded(t, runs.Batch{Seq: 1, To: "t", Tokens: 1})
	c := &calendar{T: t, record: record, epoch: 1, released: specs}
	c.lead()
	return c
}

// lead begins a term: the one before has ended.
func (c *calendar) lead() {
	c.Helper()
	if err := c.record.Resign(c.Context(), c.epoch); err != nil {
		c.Fatal(err)
	}
	var err error
	if c.epoch, err = c.record.Lead(c.Context(), "next", 0, time.Hour); err != nil {
		c.Fatal(err)
	}
	c.leader = newLeader(Options{Environment: "production", Runs: c.record, Clock: c, ReadEvery: time.Minute, Log: slog.New(slog.DiscardHandler), Decode: c.decode,
		Released: func(context.Context) (Released, error) {
			r := Released{Commit: "c"}
			for _, s := range c.released {
				r.Campaigns = append(r.Campaigns, File{Name: s.Name, Data: []byte(s.Messages[campaign.Default].Body)})
			}
			return r, c.unread
		}}, c.epoch)
}

func (c *calendar) decode(name string, file []byte) (*campaign.Campaign, error) {
	for _, s := range c.released {
		if s.Name == name && s.Messages[campaign.Default].Body == string(file) {
			made, problems := campaign.New(s)
			if len(problems) > 0 {
				return nil, fmt.Errorf("%v", problems)
			}
			return made, nil
		}
	}
	return nil, fmt.Errorf("no campaign %s", name)
}

// look has the leader look at a time.
func (c *calendar) look(at time.Time) error {
	c.now = at
	return c.leader.fire(c.Context())
}

func (c *calendar) looks(at time.Time) {
	c.Helper()
	if err := c.look(at); err != nil {
		c.Fatal(err)
	}
}

// run is that of a campaign for a time, with the text that it has; "" for none.
func (c *calendar) run(name string, at time.Time) string {
	c.Helper()
	r, err := c.record.Find(c.Context(), name, at)
	if errors.Is(err, runs.ErrNoRun) {
		return ""
	}
	if err != nil {
		c.Fatal(err)
	}
	return string(r.State) + ": " + string(r.File)
}

func (c *calendar) want(what, got, want string) {
	c.Helper()
	if got != want {
		c.Errorf("%s: %q, want %q", what, got, want)
	}
}

// evening is a campaign of one time, in the zone UTC.
func evening(at time.Time, text string) campaign.Spec {
	return campaign.Spec{Name: "crystals", At: at, Zone: time.UTC, Deadline: time.Hour, Missed: campaign.SkipMissed, Messages: map[string]campaign.Text{campaign.Default: {Title: "Come back!", Body: text}},
		Push: campaign.Push{TimeToLive: time.Hour}}
}

// jittered is a time for which the jitter of ten minutes puts the start of the run at five minutes at least after it.
func jittered() time.Time {
	at := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	for (campaign.Run{Environment: "production", Campaign: "crystals", Time: at}).Start(10*time.Minute).Sub(at) < 5*time.Minute {
		at = at.Add(24 * time.Hour)
	}
	return at
}

// A campaign is edited between a run's time and its start, and another leader takes over, as for another liveops.yaml: the run begins at its
// start, with the new text. So it does where the same leader goes on.
func TestAnEditTogetherWithAnotherLeaderLosesNoRun(t *testing.T) {
	for _, another := range []bool{true, false} {
		at := jittered()
		old, edit := evening(at, "old"), evening(at, "new")
		old.Jitter, edit.Jitter = 10*time.Minute, 10*time.Minute
		c := newCalendar(t, old)
		c.looks(at.Add(-time.Hour))
		c.looks(at.Add(time.Minute))
		c.released = []campaign.Spec{edit}
		if another {
			c.lead()
		}
		c.looks(at.Add(3 * time.Minute))
		c.want("before its start", c.run("crystals", at), "")
		c.looks(at.Add(11 * time.Minute))
		c.want("the run", c.run("crystals", at), "running: new")
	}
}

// What an edit names of a past that nobody looked after is nobody's: it is neither sent nor recorded as missed.
func TestAnEditOfWhatNobodyLookedAfter(t *testing.T) {
	at := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	c := newCalendar(t, evening(at.Add(24*time.Hour), "old"))
	c.looks(at.Add(-time.Minute))
	c.released = []campaign.Spec{evening(at, "new")}
	c.lead()
	c.looks(at.Add(15 * time.Minute))
	c.looks(at.Add(16 * time.Minute))
	c.want("the run", c.run("crystals", at), "")
}

// A run that was due while nobody led is begun by the next leader, who knows the campaign as it is.
func TestTheNextLeaderBeginsWhatWasDue(t *testing.T) {
	at := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	c := newCalendar(t, evening(at, "same"))
	c.looks(at.Add(-time.Hour))
	c.lead()
	c.looks(at.Add(15 * time.Minute))
	c.want("the run", c.run("crystals", at), "running: same")
}

// What cannot be read any more is not sent as it was before; what is not read for want of an answer is.
func TestNothingIsSentOfBeforeWhatCannotBeRead(t *testing.T) {
	at := time.Date(2026, 11, 27, 19, 0, 0, 0, time.UTC)
	c := newCalendar(t, evening(at, "text"))
	c.looks(at.Add(-2 * time.Minute))
	c.unread = errors.New("invalid connection")
	if err := c.look(at.Add(time.Second)); !errors.Is(err, c.unread) {
		t.Errorf("said %v", err)
	}
	c.looks(at.Add(2 * time.Second)) // a moment later, before it is read again
	c.want("without an answer", c.run("crystals", at), "running: text")

	c = newCalendar(t, evening(at, "text"))
	c.looks(at.Add(-2 * time.Minute))
	why := errors.New("unknown key")
	c.unread = &ChangedError{why}
	for n := range 100 { // it is read again every five seconds
		if err := c.look(at.Add(time.Duration(n) * time.Second)); err != nil && !errors.Is(err, why) {
			t.Fatal(err)
		}
	}
	c.want("while it cannot be read", c.run("crystals", at), "")
	c.unread = nil
	c.looks(at.Add(2 * time.Minute))
	c.want("once it can", c.run("crystals", at), "running: text")
}
