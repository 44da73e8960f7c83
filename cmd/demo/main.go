// Command demo plays the story of liveops on stand-ins: a designer's pull request with edited workbooks, the
// comment that shows what they would change, a mistake and its mend, a limit that a second person confirms, the merge to
// staging and, after a freeze, to production, a rollback by a comment, a row changed by hand, a purge of 300 among 20,000 accounts, undone for one, and a push to 100,000
// phones, with game servers added before and given back after. Everything runs in this
// process over real connections, webhooks signed; nothing is left behind. The clock of the bot and of who sends pushes is put
// forward; what a database says of its own time is the machine's.
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
const limit = 3 * time.Minute

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
