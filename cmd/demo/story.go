package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/sandbox/github"
	"liveops/sync/mysqlstore"
	"liveops/sync/release"
)

// play plays the story from its beginning to its end.
func (w *world) play(ctx context.Context) error {
	for _, chapter := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"The game as it runs today: its workbooks are on main, and released to both environments", w.begin},
		{"Mina, a designer, opens a pull request for the winter update. The bot comments:", w.openPull},
		{"She mends the cell and pushes again. The same comment, edited in place:", w.pushFix},
		{"Jun merges. One comment tells how the release went:", w.merge},
		{"Players complain. Jun rolls production back (liveops rollback --env production):", w.rollback},
	} {
		w.say("\n\x1b[1m── %s\x1b[0m\n", chapter.title)
		if err := chapter.play(ctx); err != nil {
			return err
		}
	}
	w.say("\n\x1b[1m── The end.\x1b[0m Next: README.md, or liveops plan on a data repo of your own.\n")
	return nil
}

// begin releases main as it is with the pipeline of `liveops apply`, and starts the bot.
func (w *world) begin(ctx context.Context) error {
	remote := &datarepo.Remote{URL: w.repo.CloneURL(), Username: "x-access-token", Password: botToken}
	c, err := remote.Fetch(ctx, "refs/heads/main")
	if err != nil {
		return err
	}
	defer c.Close()
	desired, err := release.Read(ctx, c.ID, c.Files)
	if err != nil {
		return err
	}
	pipeline := release.Pipeline{Log: slog.New(slog.DiscardHandler)}
	for i, e := range environments {
		t := release.Target{Name: e.name, Store: w.stores[e.name]}
		if i > 0 {
			t.After = environments[i-1].name
		}
		pipeline.Targets = append(pipeline.Targets, t)
	}
	progress, err := pipeline.Run(ctx, release.Request{Desired: desired, Commit: release.Commit{ID: c.ID}, History: first{}, Actor: lead})
	if err != nil {
		return err
	}
	if s := progress.Stopped(); s != nil {
		return fmt.Errorf("the first release was stopped at %s: %s", s.Environment, s.Reason)
	}
	if err := w.startBot(ctx); err != nil {
		return err
	}
	return w.counts(ctx)
}

// first is the history of a first commit: it comes after nothing.
type first struct{}

// Between answers for the one question that a first release asks.
func (first) Between(_ context.Context, from, to string) (datarepo.Relation, []datarepo.Summary, error) {
	if from == to {
		return datarepo.Same, nil, nil
	}
	return datarepo.Ahead, []datarepo.Summary{{ID: to}}, nil
}

func (w *world) openPull(ctx context.Context) error {
	if err := w.commit("winter", "겨울 업데이트: winter items, prices, level 50", (*game).winterUpdate); err != nil {
		return err
	}
	_, err := w.repo.OpenPull(github.NewPull{Title: "겨울 업데이트", Head: "winter", Author: designer})
	if err != nil {
		return err
	}
	return w.showComment(ctx, 0, "problem")
}

func (w *world) pushFix(ctx context.Context) error {
	err := w.commit("winter", "등급 수정: SS는 없음", func(g *game) { g.winterUpdate(); g.fix() })
	if err != nil {
		return err
	}
	return w.showComment(ctx, 0, "On merge")
}

func (w *world) merge(ctx context.Context) error {
	if _, err := w.repo.Merge(1, "merge", lead); err != nil {
		return err
	}
	if err := w.showComment(ctx, 1, "production"); err != nil {
		return err
	}
	return w.counts(ctx)
}

func (w *world) rollback(ctx context.Context) error {
	store := w.stores["production"]
	st, err := store.State(ctx)
	if err != nil {
		return err
	}
	back, err := store.Rollback(ctx, mysqlstore.RollbackRequest{Release: st.Release, Actor: lead})
	if err != nil {
		return err
	}
	w.say("production: release %d is undone: %d rows deleted, %d brought back, %d restored, %d left alone\n",
		back.Undoes, back.Deleted, back.Inserted, back.Updated, back.Kept.Count())
	w.say("production is on hold: %s\n", back.Hold.Reason)
	return w.counts(ctx)
}

// commit pushes the game's workbooks after a change to the game as it runs today.
func (w *world) commit(branch, message string, change func(*game)) error {
	g := newGame()
	change(g)
	files, err := g.files()
	if err != nil {
		return err
	}
	_, err = w.repo.Commit(branch, message, designer, files)
	return err
}

// showComment waits until the n-th comment of the pull request is there, is final and says something, and
// prints it as it stands.
func (w *world) showComment(ctx context.Context, n int, says string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		comments := w.repo.Comments(1)
		if len(comments) > n && strings.Contains(comments[n].Body, says) && w.settled(n) {
			w.sayComment(comments[n])
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for a comment that says %q: %w", says, ctx.Err())
		}
	}
}

// settled says whether the status beside a comment is final: of the merge commit for the second comment.
func (w *world) settled(n int) bool {
	commit := w.repo.Tip("winter")
	if n == 1 {
		commit = w.repo.Tip("main")
	}
	runs := w.repo.CheckRuns(commit)
	return len(runs) > 0 && runs[len(runs)-1].Status == "completed"
}

// sayComment prints a comment as it is written, diff lines in the colours that GitHub gives them.
func (w *world) sayComment(c github.Comment) {
	w.say("\x1b[2m┌ %s commented\x1b[0m\n", c.Author)
	inDiff := false
	for _, line := range strings.Split(strings.TrimRight(c.Body, "\n"), "\n") {
		if strings.HasPrefix(line, "```") {
			inDiff = strings.HasPrefix(line, "```diff")
		}
		if inDiff && line != "" {
			if ink := map[byte]string{'-': "31", '+': "32", '!': "33", '@': "36"}[line[0]]; ink != "" {
				line = "\x1b[" + ink + "m" + line + "\x1b[0m"
			}
		}
		w.say("\x1b[2m│\x1b[0m %s\n", line)
	}
}

// counts prints how many rows each table has in each environment.
func (w *world) counts(ctx context.Context) error {
	w.say("%-16s%12s%12s\n", "rows", environments[0].name, environments[1].name)
	for _, table := range []string{"stuff", "level_guide", "gashapon_step1"} {
		w.say("%-16s", table)
		for _, e := range environments {
			var n int
			if err := w.dbs[e.name].QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			w.say("%12d", n)
		}
		w.say("\n")
	}
	return nil
}
