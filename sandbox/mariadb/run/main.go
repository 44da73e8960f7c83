// Command run lends one private MariaDB server to a command, so that the tests of many packages share it:
//
//	go run ./sandbox/mariadb/run -- go test -race ./...
//
// The command finds the server in LIVEOPS_TEST_MYSQL_DSN. Its exit code is passed on, and so are SIGINT and
// SIGTERM; the server is stopped when it has ended. Where the variable is set already, no server is started.
// Exit code 125 means that the command could not be run at all.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"liveops/sandbox/mariadb"
)

const notRun = 125

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: run -- command [argument ...]")
		os.Exit(notRun)
	}
	code, err := lend(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
	}
	os.Exit(code)
}

func lend(args []string) (code int, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, os.Environ()
	if os.Getenv(mariadb.DSNVariable) == "" {
		server, err := start(signals)
		if err != nil {
			return notRun, err
		}
		defer func() { err = errors.Join(err, server.Stop()) }()
		cmd.Env = append(cmd.Env, mariadb.DSNVariable+"="+server.DSN(""))
	}
	return supervise(cmd, signals)
}

// start starts the server; a signal meanwhile ends the attempt.
func start(signals <-chan os.Signal) (*mariadb.Server, error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	server, err := mariadb.Start(ctx, "")
	interrupted := ctx.Err() != nil
	cancel()
	<-done
	if err == nil && interrupted {
		return nil, errors.Join(context.Canceled, server.Stop())
	}
	return server, err
}

// supervise runs cmd to its end, passing signals on, and returns its exit code; 128 plus the signal's number
// where a signal ended it, as a shell does.
func supervise(cmd *exec.Cmd, signals <-chan os.Signal) (int, error) {
	if err := cmd.Start(); err != nil {
		return notRun, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = cmd.Process.Signal(s)
		case err := <-ended:
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				return notRun, err
			}
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
				return 128 + int(status.Signal()), nil
			}
			return cmd.ProcessState.ExitCode(), nil
		}
	}
}
