package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"liveops/sandbox/github"
)

// How the bot's comments begin.
const (
	planMarker   = "<!-- liveops:plan -->"
	mergeMarker  = "<!-- liveops:release "
	answerMarker = "<!-- liveops:answer %d -->"
)

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

// mergePull merges a pull request, and prints what the bot tells of it.
func (w *world) mergePull(ctx context.Context, n int) error {
	if err := w.github.Settle(ctx); err != nil {
		return err
	}
	if _, err := w.repo.Merge(n, "merge", lead); err != nil {
		return err
	}
	w.say("\x1b[2m┌\x1b[0m \x1b[1m%s\x1b[0m merged #%d\n", lead, n)
	return w.sayNews(ctx, n, mergeMarker)
}

// converse comments, and prints the comment with the bot's reactions to it, and its answer, which it gives too. The
// answer begins with the command as it was written: that is left out.
func (w *world) converse(ctx context.Context, n int, who, body string) (answer []string, err error) {
	id, err := w.repo.AddComment(n, who, body)
	if err != nil {
		return nil, err
	}
	c, err := w.comment(ctx, n, fmt.Sprintf(answerMarker, id))
	if err != nil {
		return nil, err
	}
	said := strings.Split(body, "\n")
	w.sayBody(who, fmt.Sprintf("commented on #%d", n), said)
	glyphs := map[string]string{"eyes": "👀", "rocket": "🚀", "confused": "😕"}
	var reactions []string
	for _, r := range w.repo.Reactions(id) {
		reactions = append(reactions, glyphs[r.Content])
	}
	w.say("\x1b[2m└\x1b[0m %s\n", strings.Join(reactions, ", then "))
	for _, line := range w.lines(c.Body) {
		command := strings.TrimSuffix(strings.TrimPrefix(line, "**`"), "`**")
		if !slices.Contains(said, command) {
			answer = append(answer, line)
		}
	}
	w.sayBody(c.Author, "answered", answer)
	return answer, nil
}

// sayNews prints the bot's comment that begins with a marker, when the bot is done.
func (w *world) sayNews(ctx context.Context, n int, marker string) error {
	c, err := w.comment(ctx, n, marker)
	if err != nil {
		return err
	}
	w.sayComment(c, fmt.Sprintf("commented on #%d", n))
	return nil
}

// comment is the bot's comment that begins with a marker, when the bot is done.
func (w *world) comment(ctx context.Context, n int, marker string) (github.Comment, error) {
	if err := w.settle(ctx); err != nil {
		return github.Comment{}, err
	}
	for _, c := range w.repo.Comments(n) {
		if c.Author == botLogin && strings.HasPrefix(c.Body, marker) {
			return c, nil
		}
	}
	return github.Comment{}, fmt.Errorf("#%d has no comment that begins with %s", n, marker)
}

// byHand changes a row of production as someone with a database client does.
func (w *world) byHand(ctx context.Context, statement string) error {
	w.say("production> %s;\n", statement)
	_, err := w.dbs["production"].ExecContext(ctx, statement)
	return err
}

// state prints how many rows each table has in each environment, which commit it has, and whether it is held.
func (w *world) state(ctx context.Context) error {
	w.say("%-16s", "rows")
	for _, e := range environments {
		w.say("%12s", e.name)
	}
	w.say("\n")
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
	commits, holds := fmt.Sprintf("%-16s", "commit"), fmt.Sprintf("%-16s", "on hold")
	for _, e := range environments {
		st, err := w.stores[e.name].State(ctx)
		if err != nil {
			return err
		}
		held := "no"
		if st.Hold != nil {
			held = "yes"
		}
		commits += fmt.Sprintf("%12s", st.Commit[:min(8, len(st.Commit))])
		holds += fmt.Sprintf("%12s", held)
	}
	w.say("%s\n%s\n", commits, holds)
	return nil
}
