package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// signaled is what a command prints, and tells of the first line.
type signaled struct {
	bytes.Buffer
	first func()
}

func (s *signaled) Write(p []byte) (int, error) {
	s.first()
	return s.Buffer.Write(p)
}

const weekly = "schedule: \"3 19 * * FRI\"\nmessage: {default: {title: Come back!, body: Log in now}}\nrate: 1000/s\n"

// newPushing is an environment that sends a campaign, whose tokens nobody has.
func newPushing(t *testing.T, config, campaign string) *purging {
	t.Helper()
	p := newPurging(t, "production")
	p.commit("pushes/crystals.yaml", campaign, "liveops.yaml", config)
	p.exec("CREATE TABLE t (token VARCHAR(100) NOT NULL, platform VARCHAR(10) NOT NULL, zone VARCHAR(40), PRIMARY KEY (platform, token))")
	p.liveops(0, "", "apply", "--yes", "--env", "production")
	return p
}

const pushingConfig = "timezone: Asia/Seoul\nenvironments: [{name: production, push: {tokens: {table: t, token: token, platform: platform, timezone: zone}}}]\n"

// A cancel that is interrupted, or that no worker answers, is recorded, and says that messages may still be sent.
func TestACancelThatIsNotAnswered(t *testing.T) {
	p := newPushing(t, pushingConfig, weekly)
	cancel := func(ctx context.Context, wait time.Duration, first func()) string {
		t.Helper()
		out := &signaled{first: first}
		a := &app{settings: settings{func(name string) (string, bool) { v, ok := p.set[name]; return v, ok }}, in: strings.NewReader(""), out: out, err: out, cancelWait: wait}
		if code := a.run(ctx, []string{"push", "cancel", "--env", "production", "crystals", "--repo", p.repo}); code != exitError {
			t.Errorf("exit code %d", code)
		}
		return out.String()
	}
	const look = "liveops: the cancel of crystals is recorded and stays so, and messages may still be sent until every worker has stopped: it is `canceled` then in liveops push status --env production crystals\n"
	p.liveops(0, "crystals: ", "push", "send-now", "--yes", "crystals", "--env", "production")

	ctx, interrupt := context.WithCancel(t.Context())
	got := cancel(ctx, time.Minute, interrupt)
	for _, want := range []string{"The cancel of crystals in production is recorded. Waiting until every worker has stopped, for 1m0s at most.\n", " UTC canceling (by ", "liveops: interrupted\n" + look} {
		if !strings.Contains(got, want) {
			t.Errorf("interrupted: %s\nwant %s", got, want)
		}
	}
	if strings.Contains(got, "half done") {
		t.Error(got)
	}
	p.liveops(0, " UTC canceling (by ", "push", "status", "--env", "production", "crystals")
	got = cancel(t.Context(), time.Millisecond, func() {})
	if want := "liveops: after 1ms not every worker has stopped: does liveops pushd run for production?\n" + look; !strings.Contains(got, want) {
		t.Errorf("late: %s\nwant %s", got, want)
	}
	ctx, interrupt = context.WithCancel(t.Context())
	interrupt()
	if got := cancel(ctx, 0, func() {}); !strings.HasPrefix(got, "liveops: interrupted") {
		t.Errorf("before it is asked for: %s", got)
	}
}

// What an interrupted command has to say besides is said.
func TestInterrupted(t *testing.T) {
	canceled := fmt.Errorf("read it: %w", context.Canceled)
	broken := errors.New("the lock is not given back")
	for _, test := range []struct {
		err  error
		only bool
		want string
	}{
		{canceled, true, ""},
		{errors.Join(canceled, context.Canceled), true, ""},
		{&net.OpError{Op: "dial", Err: canceled}, true, ""},
		{errors.Join(canceled, errors.New("messages may still be sent\nlook")), false, "messages may still be sent|look"},
		{errors.Join(errors.Join(broken, canceled), broken), false, "the lock is not given back|the lock is not given back"},
		{fmt.Errorf("close: %w", errors.Join(canceled, broken)), false, "close: read it: context canceled|the lock is not given back"},
		{fmt.Errorf("%w; and %w", broken, canceled), false, "the lock is not given back; and read it: context canceled"},
		{context.DeadlineExceeded, false, "context deadline exceeded"},
	} {
		if got := strings.Join(besidesInterrupt(test.err), "|"); got != test.want || onlyCanceled(test.err) != test.only {
			t.Errorf("%v: %q, only canceled: %v", test.err, got, onlyCanceled(test.err))
		}
	}
}
