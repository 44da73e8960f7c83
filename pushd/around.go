package pushd

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"liveops/pushd/capacity"
)

const (
	// lookAtServers is how often AWS is asked whether a run's servers are in service, until they are.
	lookAtServers = 5 * time.Second
	// renewServers is how often it is said of each run that it still has its servers, and what is due is given back.
	renewServers = time.Minute
	// beyondHold is how much longer than its campaign's `hold` a run has its servers each time that this is said: so that one
	// which is under way has them still when it is said again. They are given back within beyondHold and renewServers.
	beyondHold = 2 * time.Minute
	// longestCall is how long one question may take.
	longestCall = 2 * time.Minute
)

// keepServers has servers added for runs and given back, until ctx ends. All of AWS is asked here, so that nothing else waits
// for it.
func (l *leader) keepServers(ctx context.Context) error {
	if l.o.Servers == nil {
		return nil
	}
	var renewed time.Time
	for {
		now := l.o.Clock.Now()
		if names, known := l.servers.names(); known {
			renew := now.Sub(renewed) >= renewServers
			for _, name := range names {
				l.keepAround(ctx, name, renew)
			}
			if renew { // after that, lest it gives back what a run under way still has
				l.reconcile(ctx)
				renewed = now
			}
		}
		if !sleep(ctx, l.o.Clock, wishServersEvery) {
			return ctx.Err()
		}
	}
}

// keepAround has servers added for a run, and finds out how they stand.
func (l *leader) keepAround(ctx context.Context, name string, renew bool) {
	a, ok := l.servers.get(name)
	now := l.o.Clock.Now()
	ask := !a.ready && (now.Sub(a.checked) >= lookAtServers || a.checked.Before(a.start) && !now.Before(a.start))
	if !ok || ctx.Err() != nil || !ask && !renew {
		return
	}
	asking, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	var err error
	if renew || !a.raised {
		if err = l.raise(asking, name, a, now); err == nil {
			a.raised = true
		}
	}
	words := a.words
	if ask {
		a.ready, words = l.inService(asking, name, err)
	}
	level := slog.LevelInfo
	if err != nil || !now.Before(a.start) {
		level = slog.LevelWarn
	}
	switch {
	case ctx.Err() != nil: // the term is over, which says nothing of the servers
		return
	case err != nil && !ask:
		l.o.Log.Warn("push: servers", "run", name, "err", err)
	case words != a.words && !a.ready:
		l.o.Log.Log(ctx, level, "push: servers are not in service yet", "run", name, "start", a.start, "why", words)
	}
	l.servers.mu.Lock()
	defer l.servers.mu.Unlock()
	if known := l.servers.runs[name]; known != nil {
		known.raised, known.ready, known.words = a.raised, a.ready, words
		if ask {
			known.checked = now
		}
	}
}

// raise asks for a run's servers, or says that it still has them.
func (l *leader) raise(ctx context.Context, name string, a around, now time.Time) error {
	from := a.start
	if now.After(from) {
		from = now
	}
	r, err := l.o.Servers.Raise(ctx, capacity.Want{Run: name, Factor: a.of.Factor, Max: l.o.MostServers, Until: from.Add(a.of.Hold + beyondHold)})
	if err == nil && !a.raised {
		l.o.Log.Info("push: servers", "run", name, "start", a.start, "raised", r.String())
	}
	return err
}

// inService says whether a run's servers are, and why they are not. raised is why they could not be asked for.
func (l *leader) inService(ctx context.Context, name string, raised error) (is bool, why string) {
	if raised != nil {
		return false, raised.Error()
	}
	r, err := l.o.Servers.Await(ctx, name, l.o.Clock.Now())
	switch {
	case err != nil:
		return false, err.Error()
	case r.Trouble != nil:
		return false, r.Trouble.Error()
	case r.Late:
		return false, fmt.Sprintf("of %d servers, %d are", r.Need, r.InService)
	}
	l.o.Log.Info("push: servers are in service", "run", name, "servers", r.String())
	return true, ""
}

// reconcile gives back what is due, and mends what was begun.
func (l *leader) reconcile(ctx context.Context) {
	asking, cancel := context.WithTimeout(ctx, longestCall)
	defer cancel()
	r, err := l.o.Servers.Reconcile(asking)
	for _, g := range r.Given {
		l.o.Log.Info("push: servers are given back", "run", g.Run, "given", g.String())
	}
	for _, raised := range r.Raised {
		l.o.Log.Info("push: servers", "run", raised.Run, "raised", raised.String())
	}
	if r.Swept > 0 {
		l.o.Log.Warn("push: servers that no run has are ended", "environment", l.o.Environment, "servers", r.Swept)
	}
	if err != nil && ctx.Err() == nil {
		l.o.Log.Error("push: servers", "environment", l.o.Environment, "err", err)
	}
}
