// Command liveops runs a live game from a Git repository: it shows what a commit's datasheets would change in
// each environment's MySQL, applies it, undoes it, and serves the GitHub bot that does so for pull requests.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // liveops.yaml names time zones, and a small container has no database of them
)

// The exit codes of every command.
const (
	exitNothing = 0 // done, or nothing to do
	exitChanges = 1 // plan: there are changes
	exitError   = 2
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := &app{settings: settings{os.LookupEnv}, in: os.Stdin, out: os.Stdout, err: os.Stderr}
	return a.run(ctx, os.Args[1:])
}

// app is what every command shares: where settings come from and where output goes.
type app struct {
	settings settings
	in       io.Reader
	out, err io.Writer

	cancelWait time.Duration // how long a cancel of pushes waits for its workers; 0 is control.CancelWait
}

// run runs one command line and returns its exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var coded exitCode
	switch {
	case err == nil:
		return exitNothing
	case errors.As(err, &coded):
		return int(coded)
	case onlyCanceled(err):
		fmt.Fprintln(a.err, "liveops: interrupted; nothing is half done")
		return exitError
	case errors.Is(err, context.Canceled):
		a.tell(append([]string{"interrupted"}, besidesInterrupt(err)...))
		return exitError
	default:
		a.tell(strings.Split(err.Error(), "\n")) // several errors joined are a line each
		return exitError
	}
}

// tell says what an error says.
func (a *app) tell(lines []string) {
	for _, line := range lines {
		fmt.Fprintln(a.err, "liveops:", printable(line))
	}
}

// exitCode ends a command that has said all there is to say.
type exitCode int

// Error makes an exitCode an error; it is not shown.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
