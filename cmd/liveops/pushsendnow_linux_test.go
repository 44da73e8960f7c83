package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal opens a terminal: what is written to one end is typed at the other (pty(7)).
func newTerminal(t *testing.T) (keys, screen *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	return keys, screen
}

// A hold that comes while the question stands there counts.
func TestSendNowIsHeldWhileItAsks(t *testing.T) {
	p := newPushing(t, pushingConfig, weekly)
	keys, screen := newTerminal(t)
	out := &signaled{first: func() {
		p.liveops(0, "", "lock", "--env", "production", "a bad day")
		if _, err := keys.WriteString("y\n"); err != nil {
			t.Error(err)
		}
	}}
	a := &app{settings: settings{func(name string) (string, bool) { v, ok := p.set[name]; return v, ok }}, in: screen, out: out, err: out}
	code := a.run(t.Context(), []string{"push", "send-now", "crystals", "--env", "production", "--repo", p.repo})
	if got := out.String(); code != exitError || !strings.Contains(got, "now, also to those who had it? [y/N] ") || !strings.Contains(got, "production is on hold (a bad day") {
		t.Errorf("exit code %d: %s", code, got)
	}
	p.liveops(0, "no runs", "push", "status", "--env", "production")
}
