package main

import (
	"context"
	"fmt"
	"time"

	"liveops/sandbox/github"
)

// play plays the story from its beginning to its end.
func (w *world) play(ctx context.Context) error {
	for _, chapter := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"The game as it runs today: its workbooks are on main, and released to both environments", w.begin},
		{"Mina, a designer, opens a pull request for the winter update, with a slip in one cell", w.openPull},
		{"She mends the cell and pushes again", w.pushFix},
		{"The update deletes more than liveops.yaml lets go without a second look. Mina cannot give that look herself; Jun can", w.confirm},
		{"Thursday, 19:30. Jun merges. Staging has it at once; production is frozen while most players are on", w.merge},
		{"23:00. Nobody does anything: production goes live by itself", w.thaw},
		{"03:00. Players complain, and Jun is woken. Mina may not roll back; Jun may, as soon as he can spell", w.rollback},
		{"Rows are back, Git is not: the bot has opened the pull request that brings it there. Jun merges that", w.mergeBack},
		{"Morning. Someone changed a price by hand in the night; Jun has the bot compare", w.drift},
		{"The price is put back", w.noDrift},
	} {
		w.say("\n\x1b[1m── %s\x1b[0m\n", chapter.title)
		if err := chapter.play(ctx); err != nil {
			return err
		}
	}
	w.say("\n\x1b[1m── The end.\x1b[0m Next: README.md, or liveops plan on a data repo of your own.\n")
	return nil
}

func (w *world) openPull(ctx context.Context) error {
	if err := w.commit("winter", "겨울 업데이트: winter items, prices, level 50", (*game).winterUpdate); err != nil {
		return err
	}
	n, err := w.repo.OpenPull(github.NewPull{Title: "겨울 업데이트", Head: "winter", Author: designer})
	if err != nil {
		return err
	}
	w.winter = n
	return w.sayNews(ctx, n, planMarker)
}

func (w *world) pushFix(ctx context.Context) error {
	err := w.commit("winter", "등급 수정: SS는 없음", func(g *game) { g.winterUpdate(); g.fix() })
	if err != nil {
		return err
	}
	return w.sayNews(ctx, w.winter, planMarker)
}

func (w *world) confirm(ctx context.Context) error {
	if err := w.converse(ctx, w.winter, designer, "/liveops confirm"); err != nil {
		return err
	}
	return w.converse(ctx, w.winter, lead, "The Halloween items are meant to go.\n/liveops confirm")
}

func (w *world) merge(ctx context.Context) error {
	if err := w.mergePull(ctx, w.winter); err != nil {
		return err
	}
	return w.state(ctx)
}

// thaw is the end of the freeze.
func (w *world) thaw(ctx context.Context) error {
	if err := w.goOn(ctx, evening.Add(3*time.Hour+31*time.Minute)); err != nil {
		return err
	}
	if err := w.sayNews(ctx, w.winter, mergeMarker); err != nil {
		return err
	}
	return w.state(ctx)
}

func (w *world) rollback(ctx context.Context) error {
	if err := w.goOn(ctx, evening.Add(7*time.Hour+30*time.Minute)); err != nil {
		return err
	}
	for _, said := range []struct{ who, body string }{
		{designer, "Level 50 gives ten times the crystals!\n/liveops rollback production"},
		{lead, "/liveops rollbak production"},
		{lead, "/liveops rollback production"},
	} {
		if err := w.converse(ctx, w.winter, said.who, said.body); err != nil {
			return err
		}
	}
	return w.state(ctx)
}

// mergeBack merges the pull request that the rollback left.
func (w *world) mergeBack(ctx context.Context) error {
	pulls := w.repo.Pulls()
	back := pulls[len(pulls)-1]
	w.sayBody(back.Author, fmt.Sprintf("opened #%d: %s", back.Number, back.Title), w.lines(back.Body))
	if err := w.sayNews(ctx, back.Number, planMarker); err != nil {
		return err
	}
	if err := w.mergePull(ctx, back.Number); err != nil {
		return err
	}
	return w.state(ctx)
}

func (w *world) drift(ctx context.Context) error {
	if err := w.goOn(ctx, evening.Add(13*time.Hour+30*time.Minute)); err != nil {
		return err
	}
	if err := w.byHand(ctx, "UPDATE stuff SET price = 1 WHERE id = 30003"); err != nil {
		return err
	}
	if err := w.converse(ctx, w.winter, lead, "/liveops drift"); err != nil {
		return err
	}
	issues := w.repo.Issues()
	about := issues[len(issues)-1]
	w.sayBody(about.Author, fmt.Sprintf("opened the issue #%d: %s", about.Number, about.Title), w.lines(about.Body))
	return nil
}

func (w *world) noDrift(ctx context.Context) error {
	if err := w.byHand(ctx, "UPDATE stuff SET price = 5400 WHERE id = 30003"); err != nil {
		return err
	}
	issues := w.repo.Issues()
	about := issues[len(issues)-1].Number
	if err := w.converse(ctx, about, lead, "/liveops drift"); err != nil {
		return err
	}
	issue, err := w.repo.Issue(about)
	if err != nil {
		return err
	}
	w.say("The issue #%d is %s.\n", about, issue.State)
	return w.state(ctx)
}
