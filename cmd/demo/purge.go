package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"liveops/sandbox/github"
)

// purgeName names the purge, and purgeFile is what the engineer writes: ten lines.
const (
	purgeName = "2013-12-santa-cookie"
	purgeFile = `description: Take the Santa cookie back from accounts that got it by abuse.
select:
  view: {design: inventory, name: by_item, key: santa_cookie}
match:  any(.inventory[]; .item == "santa_cookie")
update: del(.inventory[] | select(.item == "santa_cookie"))
limits: {documents: 1000}
rate: 400/s
mask: [.email, .name]
`
)

// openPurge opens the pull request with the purge, and unfolds what it would change in production.
func (w *world) openPurge(ctx context.Context) error {
	if err := w.sayHolders(holders, holders); err != nil {
		return err
	}
	path := "purges/" + purgeName + ".yaml"
	w.say("\n%s:\n\n%s\n", path, purgeFile)
	if _, err := w.repo.Commit("cookie", "Take the Santa cookie back", designer, map[string][]byte{path: []byte(purgeFile)}); err != nil {
		return err
	}
	n, err := w.repo.OpenPull(github.NewPull{Title: "Take the Santa cookie back", Head: "cookie", Author: designer})
	if err != nil {
		return err
	}
	w.purge = n
	c, err := w.comment(ctx, n, planMarker)
	if err != nil {
		return err
	}
	w.sayComment(c, fmt.Sprintf("commented on #%d", n))
	if err := w.unfold(c, purgeName+"` in production"); err != nil {
		return err
	}
	for _, e := range environments {
		want := fmt.Sprintf("in %s: %d documents would be changed", e.name, holders)
		if !strings.Contains(c.Body, want) || strings.Contains(c.Body, "@example.com") {
			return fmt.Errorf("the plan does not say %q, or shows a player's address", want)
		}
	}
	return w.sayHolders(holders, holders)
}

// unfold prints a part of a comment that GitHub folds.
func (w *world) unfold(c github.Comment, summary string) error {
	for _, b := range blocksOf(c.Body) {
		if strings.Contains(b.summary, summary) {
			w.sayBody(lead, "unfolds "+b.summary, b.lines)
			return nil
		}
	}
	return fmt.Errorf("nothing is folded under %q", summary)
}

// confirmPurge is the second person's look, without which so many accounts are not changed.
func (w *world) confirmPurge(ctx context.Context) error {
	_, err := w.converse(ctx, w.purge, lead, "Checked them with support.\n/liveops confirm")
	return err
}

// mergePurge merges the purge, and prints how far the bot's comment says that it is.
func (w *world) mergePurge(ctx context.Context) error {
	if err := w.github.Settle(ctx); err != nil {
		return err
	}
	if _, err := w.repo.Merge(w.purge, "merge", lead); err != nil {
		return err
	}
	w.say("\x1b[2m┌\x1b[0m \x1b[1m%s\x1b[0m merged #%d\n", lead, w.purge)
	told, watched := make(chan struct{}), make(chan struct{})
	go func() { defer close(watched); w.watchPurge(told) }()
	c, err := w.comment(ctx, w.purge, mergeMarker)
	close(told)
	<-watched
	if err != nil {
		return err
	}
	w.sayComment(c, fmt.Sprintf("commented on #%d", w.purge))
	for _, e := range environments {
		want := fmt.Sprintf("- %s: purge `%s` done, %d documents changed", e.name, purgeName, holders)
		if !strings.Contains(c.Body, want) {
			return fmt.Errorf("the comment does not say %q", want)
		}
	}
	return w.sayHolders(0, 0)
}

// watchPurge prints what the merge's comment says of the purge each time that it is edited, until it is told.
func (w *world) watchPurge(told <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	said := ""
	for {
		for _, c := range w.repo.Comments(w.purge) {
			for line := range strings.SplitSeq(c.Body, "\n") {
				if strings.HasPrefix(c.Body, mergeMarker) && strings.Contains(line, " running, ") && line != said {
					w.sayBody(botLogin, fmt.Sprintf("edits its comment on #%d", w.purge), []string{line})
					said = line
				}
			}
		}
		select {
		case <-tick.C:
		case <-told:
			return
		}
	}
}

// undoOne brings one account back.
func (w *world) undoOne(ctx context.Context) error {
	for _, says := range []struct{ command, want string }{
		{"undo " + purgeName + " production " + winner, "1 document brought back, 0 left as they are. The purge is done there."},
		{"status " + purgeName + " production", fmt.Sprintf("is done, %d documents changed, 1 brought back", holders)},
	} {
		answer, err := w.converse(ctx, w.purge, lead, "/liveops purge "+says.command)
		if err != nil {
			return err
		}
		if !strings.Contains(strings.Join(answer, "\n"), says.want) {
			return fmt.Errorf("the answer does not say %q", says.want)
		}
	}
	return w.sayHolders(0, 1)
}
