package pushd

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"liveops/pushd/campaign"
	"liveops/pushd/capacity"
	"liveops/pushd/runs"
)

// Servers adds game servers for runs and gives them back when their time is over, as capacity.Keeper does. What it is asked
// may take as long as AWS does.
type Servers interface {
	Raise(context.Context, capacity.Want) (capacity.Raised, error)
	Await(ctx context.Context, run string, by time.Time) (capacity.Ready, error)
	Reconcile(context.Context) (capacity.Report, error)
}

const (
	// askedAsItBegins says why the servers of a run are late that nobody expected.
	askedAsItBegins = "they are asked for as the run begins"
	// patience is how long a run waits at its start for a word on its servers.
	patience = 10 * time.Second
)

// around is the servers of one run.
type around struct {
	of      campaign.Capacity
	start   time.Time // of the run: they are to be in service then
	raised  bool      // they are asked for
	ready   bool      // they are in service, or were
	checked time.Time // when that was asked last; zero for never
	words   string    // why they are not
}

// servers is what a term knows of the servers around runs. The leader's loop says of which runs, and reads how they stand;
// AWS is asked beside it.
type servers struct {
	mu    sync.Mutex
	known bool // it was said of which runs
	runs  map[string]*around
}

// set says which runs have servers. What is known of one that had them before stays known.
func (s *servers) set(of map[string]around) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := map[string]*around{}
	for name, a := range of {
		if old := s.runs[name]; old != nil {
			a.raised, a.ready, a.checked, a.words = old.raised, old.ready, old.checked, old.words
		}
		next[name] = &a
	}
	s.known, s.runs = true, next
}

// get is what is known of a run's servers.
func (s *servers) get(run string) (a around, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found := s.runs[run]; found != nil {
		return *found, true
	}
	return a, false
}

// names are the runs', in the order of their starts. known is false where nothing was set yet.
func (s *servers) names() (all []string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.runs), func(a, b string) int {
		if order := s.runs[a].start.Compare(s.runs[b].start); order != 0 {
			return order
		}
		return strings.Compare(a, b)
	}), s.known
}

// wishServersEvery is how often it is looked of which runs there are to be servers.
const wishServersEvery = time.Second

// wishServers says which runs are to have servers now: those that begin within their campaign's lead, that wait for them, or
// that have begun and not ended.
func (l *leader) wishServers(context.Context) error {
	now := l.o.Clock.Now()
	if l.o.Servers == nil || now.Sub(l.wished) < wishServersEvery {
		return nil
	}
	of := map[string]around{}
	for _, s := range l.due.campaigns {
		if s.Capacity != nil {
			l.upcoming(s, now, of)
		}
	}
	l.mu.Lock()
	ready := l.ready
	for _, d := range l.live() {
		if d.campaign == nil || d.campaign.Capacity == nil || d.Test != "" { // one that was canceled before it was led gives them back
			continue
		}
		run := l.run(d.Campaign, d.Time)
		of[run.String()] = around{of: *d.campaign.Capacity, start: run.Start(d.campaign.Jitter)}
	}
	l.mu.Unlock()
	if ready {
		l.servers.set(of)
		l.wished = now
	}
	return nil
}

// upcoming adds a campaign's runs that have not begun.
func (l *leader) upcoming(s *scheduled, now time.Time, to map[string]around) {
	for _, run := range s.waiting {
		to[run.String()] = around{of: *s.Capacity, start: run.Start(s.Jitter)}
	}
	for at := now.Add(-s.Jitter); ; {
		next, ok := s.times.Next(at)
		if !ok || next.Sub(now) > s.Capacity.Lead {
			return
		}
		at = next
		run := l.run(s.Name, next)
		if start := run.Start(s.Jitter); start.After(now) && start.Sub(now) <= s.Capacity.Lead {
			to[run.String()] = around{of: *s.Capacity, start: start}
		}
	}
}

func (l *leader) run(campaignName string, at time.Time) campaign.Run {
	return campaign.Run{Environment: l.o.Environment, Campaign: campaignName, Time: at}
}

// begins says how a run begins whose start has come: running, with the reason where that is without all of its servers, or
// paused until they are in service. now is false where it is yet to be known how they stand.
func (l *leader) begins(s *scheduled, run campaign.Run, at time.Time) (state runs.State, reason string, now bool) {
	if l.o.Servers == nil || s.Capacity == nil {
		return runs.Running, "", true
	}
	a, _ := l.servers.get(run.String())
	start := run.Start(s.Jitter)
	from := start
	if l.began.After(from) {
		from = l.began
	}
	switch {
	case a.ready:
		return runs.Running, "", true
	case a.checked.Before(start) && at.Sub(from) < min(patience, s.Deadline/2):
		return "", "", false
	case a.words == "":
		a.words = "AWS has not answered yet"
	}
	return late(s.Campaign, a.words)
}

// late is how a run begins whose servers are late.
func late(c *campaign.Campaign, words string) (runs.State, string, bool) {
	if c.Capacity.IfLate == campaign.HoldBack {
		return runs.Paused, runs.UntilServers + words, true
	}
	return runs.Running, "it began before its servers were in service: " + words, true
}

// Ordered is a run as it is to be ordered (runs.Store.Order). It waits for its test, if its campaign has one. Where servers can be added, nobody
// could do so before: so it begins as its campaign says of servers that are late.
func Ordered(c *campaign.Campaign, r runs.Run, servers bool) runs.Run {
	switch {
	case c.Test != nil:
		r.State, r.Reason = runs.Paused, runs.UntilTested
	case c.Capacity != nil && servers:
		r.State, r.Reason, _ = late(c, askedAsItBegins)
	}
	return r
}

// goOn lets runs go on that were paused until their servers are in service, unless their guard says that the game is unwell.
func (l *leader) goOn(ctx context.Context) error {
	var over []sighting
	l.mu.Lock()
	for _, d := range l.led {
		if d.State != runs.Paused || !strings.HasPrefix(d.Reason, runs.UntilServers) {
			continue
		}
		a, _ := l.servers.get(l.run(d.Campaign, d.Time).String())
		if a.ready || l.o.Servers == nil {
			over = append(over, sighting{d, d.Run})
		}
	}
	l.mu.Unlock()
	var failed error
	for _, o := range over {
		failed = errors.Join(failed, l.askWhetherWell(ctx, o.d, func(unwell error) error {
			if unwell != nil {
				return nil
			}
			return l.goesOn(ctx, o.seen, "", "its servers are in service")
		}))
	}
	return failed
}
