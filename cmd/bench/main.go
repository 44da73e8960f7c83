// Command bench measures liveops beside a reference in the same run and prints one line a figure:
//
//	bench [NAME…]
//
// Without names it measures everything. It reports; it does not fail because something is slow.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"
)

// figure is one thing that is measured; it prints its own line.
type figure struct {
	name    string
	measure func(ctx context.Context, dir string) error
}

var figures = []figure{
	{"apply", benchApply},
	{"intake", benchIntake},
	{"plan", benchPlan},
	{"promote", benchPromote},
	{"purge", benchPurge},
	{"push", benchPush},
	{"read", benchRead},
	{"sender", benchSender},
	{"touch", benchTouch},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if dsn := os.Getenv(prepareDSN); dsn != "" {
		if err := benchData(ctx, dsn, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if how := os.Getenv(readerSetting); how != "" {
		if err := readerProcess(how, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if side := os.Getenv(pushSetting); side != "" {
		if err := pushProcess(ctx, side); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if vendor := os.Getenv(gatewaySetting); vendor != "" {
		if err := gatewayProcess(ctx, vendor); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if how := os.Getenv(senderSetting); how != "" {
		if err := senderProcess(ctx, how, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	dir, err := os.MkdirTemp("", "liveops-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, name := range names {
		if !slices.ContainsFunc(figures, func(f figure) bool { return f.name == name }) {
			return fmt.Errorf("there is no figure %q", name)
		}
	}
	for _, f := range figures {
		switch {
		case len(names) == 1 && names[0] == f.name:
			return f.measure(ctx, dir)
		case len(names) == 0, slices.Contains(names, f.name):
			if e := measureApart(ctx, f.name); e != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", f.name, e))
			}
		}
	}
	return err
}

// measureApart measures one figure in a process of its own, so that none counts the memory of one before it.
func measureApart(ctx context.Context, name string) error {
	c := exec.CommandContext(ctx, os.Args[0], name)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) } // it has a server to stop
	return c.Run()
}

// prepareDSN tells a process of this program to make the rows and workbook of a benchmark and nothing else. The
// kernel counts a process's peak memory from its parent's, so whoever starts what is measured must stay small.
const prepareDSN = "LIVEOPS_BENCH_PREPARE_DSN"

// prepare runs benchData in a process of its own.
func prepare(ctx context.Context, dsn, repo string) error {
	c := exec.CommandContext(ctx, os.Args[0], repo)
	c.Env = append(os.Environ(), prepareDSN+"="+dsn)
	c.Stderr = os.Stderr
	return c.Run()
}

// cost is what one run of a command took.
type cost struct {
	wall time.Duration
	peak int64 // resident memory, bytes
}

// timed runs a command with its output thrown away and counted; codes are the exit codes that are no failure.
func timed(c *exec.Cmd, codes ...int) (cost, int64, error) {
	out := &counter{}
	k, err := timedTo(c, out, codes...)
	return k, out.n, err
}

// timedTo is timed with the output kept.
func timedTo(c *exec.Cmd, out io.Writer, codes ...int) (cost, error) {
	c.Stdout, c.Stderr = out, os.Stderr
	started := time.Now()
	err := c.Run()
	k := cost{wall: time.Since(started)}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && slices.Contains(codes, exit.ExitCode()) {
		err = nil
	}
	if err != nil {
		return k, fmt.Errorf("%s: %w", c.Args[0], err)
	}
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		k.peak = usage.Maxrss << 10
	}
	return k, nil
}

type counter struct{ n int64 }

func (c *counter) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

// median is the middle one by wall time.
func median(ks []cost) cost {
	ks = slices.Clone(ks)
	slices.SortFunc(ks, func(a, b cost) int { return int(a.wall - b.wall) })
	return ks[len(ks)/2]
}

func (k cost) String() string {
	return fmt.Sprintf("%.2f s %d MB", k.wall.Seconds(), k.peak>>20)
}
