package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// childVariable has this test's binary act as another process on the directory that it names.
const childVariable = "LIVEOPS_ENGINE_TEST_CHILD"

func TestMain(m *testing.M) {
	if what := os.Getenv(childVariable); what != "" {
		role, dir, _ := strings.Cut(what, ":")
		if err := act(role, dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		select {} // to be killed
	}
	os.Exit(m.Run())
}

// act delivers without end, saying each id when Deliver has returned; or takes a delivery and never settles it; or
// takes a job and never settles it, of the cluster whose options stand in the file cluster.json in the directory.
func act(role, dir string) error {
	o := Options{Dir: dir, AckWait: time.Second, Logger: slog.New(slog.DiscardHandler)}
	if role == "job" {
		var err error
		if o, err = readClusterOptions(dir); err != nil {
			return err
		}
	}
	e, err := Open(context.Background(), o)
	if err != nil {
		return err
	}
	if role == "job" {
		return e.Work(context.Background(), Handlers{Do: func(_ context.Context, j Job, attempt int) error {
			fmt.Printf("%s#%d\n", j.ID, attempt)
			select {}
		}})
	}
	if role == "work" {
		return work(context.Background(), e, func(_ context.Context, d Delivery, attempt int) error {
			fmt.Printf("%s#%d\n", d.ID, attempt)
			select {}
		})
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("d%05d", i)
		if _, err := e.Deliver(context.Background(), Delivery{ID: id, Event: "push"}); err != nil {
			return err
		}
		fmt.Println(id)
	}
}

// child is a running act.
type child struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func begun(t *testing.T, role, dir string) child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), childVariable+"="+role+":"+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return child{cmd, bufio.NewScanner(out)}
}

// kill ends the child with SIGKILL after n of its lines, and returns them and those that were still under way.
func (c child) kill(t *testing.T, n int) []string {
	t.Helper()
	var lines []string
	for c.lines.Scan() {
		lines = append(lines, c.lines.Text())
		if len(lines) == n {
			if err := c.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.cmd.Wait()
	if len(lines) < n {
		t.Fatalf("the child ended by itself: %v", lines)
	}
	return lines
}

func TestNothingDeliveredIsLostByAKill(t *testing.T) {
	for _, n := range []int{1, 2, 17, 60} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			dir := t.TempDir()
			acknowledged := begun(t, "deliver", dir).kill(t, n)
			e := opened(t, Options{Dir: dir})
			w := working(t, e, done)
			got := w.next(t, len(acknowledged))
			got = append(got, w.end(t)...)
			for i, id := range acknowledged {
				if got[i] != id+"#1" {
					t.Fatalf("delivery %d is %s, want %s", i, got[i], id)
				}
			}
			// One more may have been stored just before its acknowledgement was written.
			if len(got) > len(acknowledged)+1 {
				t.Errorf("%d deliveries came of %d", len(got), len(acknowledged))
			}
			duplicate, err := e.Deliver(bounded(t), Delivery{ID: acknowledged[0], Event: "push"})
			if err != nil || !duplicate {
				t.Errorf("delivered again after the kill: %v, %v; want a duplicate", duplicate, err)
			}
		})
	}
}

func TestAKillInTheHandlerHandsTheDeliveryOverAgain(t *testing.T) {
	dir := t.TempDir()
	e := opened(t, Options{Dir: dir})
	deliver(t, e, "one")
	deliver(t, e, "two")
	closed(t, e)
	wantHandled(t, begun(t, "work", dir).kill(t, 1), "one#1")

	e = opened(t, Options{Dir: dir, AckWait: time.Second})
	w := working(t, e, done)
	got := w.next(t, 2)
	w.end(t)
	// How often it had been handed over may not have reached the disk: its attempt is 2, or 1 again.
	if got[0] != "one#2" && got[0] != "one#1" || got[1] != "two#1" {
		t.Errorf("handled %v, want one again, then two", got)
	}
}

func TestADeliveryThatAlwaysEndsTheProcessIsParked(t *testing.T) {
	e := opened(t, Options{Dir: t.TempDir(), Attempts: 2, AckWait: time.Hour})
	deliver(t, e, "bad")
	deliver(t, e, "good")
	// A process that dies says nothing, so the server counts on: here by taking the message and dropping it.
	for range 2 * e.options.Attempts {
		m, err := e.queues[0].consumer.Next()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Nak(); err != nil {
			t.Fatal(err)
		}
	}
	w := working(t, e, done)
	wantHandled(t, w.next(t, 1), "good#1")
	w.end(t)
	list, err := e.Parked(bounded(t))
	if err != nil || len(list) != 1 || list[0].ID != "bad" || list[0].Reason != errCrashing.Error() {
		t.Errorf("Parked = %v, %v; want bad", list, err)
	}
}

func TestTheDirectoryHasOneOwner(t *testing.T) {
	dir := t.TempDir()
	owner := begun(t, "deliver", dir)
	if !owner.lines.Scan() {
		t.Fatal("the owner said nothing")
	}
	_, err := Open(bounded(t), Options{Dir: dir})
	var locked *LockedError
	if !errors.Is(err, ErrLocked) || !errors.As(err, &locked) {
		t.Fatalf("Open = %v, want ErrLocked", err)
	}
	if locked.PID != owner.cmd.Process.Pid || locked.Dir != dir {
		t.Errorf("locked as %+v, want process %d", locked, owner.cmd.Process.Pid)
	}
	if !strings.Contains(err.Error(), strconv.Itoa(locked.PID)) {
		t.Errorf("the error names no process: %v", err)
	}
	owner.kill(t, 1)
	closed(t, opened(t, Options{Dir: dir})) // a dead owner's lock is none
	if b, err := os.ReadFile(filepath.Join(dir, "lock")); err != nil || strings.TrimSpace(string(b)) != strconv.Itoa(os.Getpid()) {
		t.Errorf("the lock file holds %q, %v", b, err)
	}
}
