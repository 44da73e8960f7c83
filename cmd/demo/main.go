// Command demo plays the story of liveops on stand-ins: a designer's pull request with edited workbooks, the
// comment that shows what they would change, a mistake and its mend, the merge to staging and then production,
// and a rollback. Everything runs in this process over real connections; nothing is left behind.
//
// With LIVEOPS_DEMO_STAGING_MYSQL_DSN and LIVEOPS_DEMO_PRODUCTION_MYSQL_DSN it plays on real databases, which
// must be empty.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// limit is how long the story may take; it takes seconds.
const limit = 2 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return w.play(ctx)
}
