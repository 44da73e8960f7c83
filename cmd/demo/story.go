package main

import (
	"context"
	"errors"
	"fmt"

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
		{"Half past seven in the evening. Jun merges. Staging has it at once; production is frozen while most players are on", w.merge},
		{"At 23:00 nobody does anything: production goes live by itself", w.thaw},
		{"At 03:00 players complain. Mina may not roll back; Jun is woken, and may once he can spell it", w.rollback},
		{"The rows are back, Git is not: the pull request that the bot opened brings it there", w.mergeBack},
		{"In the morning Jun has the environments compared with their commits. Someone changed a price by hand", w.drift},
		{"The price is put back", w.noDrift},
		{"Days before the event, 300 of 20,000 accounts are found to have the cookie that only the event gives. Mina writes a purge", w.openPurge},
		{"It is more than liveops.yaml lets go without a second look: Jun reads whom it hits, and confirms", w.confirmPurge},
		{"Jun merges. Staging is purged, then production", w.mergePurge},
		{"One of the 300 had the cookie from support. That account alone gets it back", w.undoOne},
		{"For the evening Mina writes a push to everybody's phone", w.openCampaign},
		{"Jun merges. It waits in production for its time", w.mergeCampaign},
		{"Ten minutes before, twice as many game servers are asked for; three minutes later they are there", w.raiseServers},
		{"At 19:03 nobody does anything: 100,000 phones get it, as fast as Google's quota lets", w.send},
		{"Everybody has been on. When the half hour is over that the campaign holds them, the servers are given back", w.returnServers},
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
	if _, err := w.converse(ctx, w.winter, designer, "/liveops confirm"); err != nil {
		return err
	}
	if _, err := w.converse(ctx, w.winter, lead, "The Halloween items are meant to go.\n/liveops confirm"); err != nil {
		return err
	}
	return w.sayNews(ctx, w.winter, planMarker)
}

func (w *world) merge(ctx context.Context) error {
	if err := w.mergePull(ctx, w.winter); err != nil {
		return err
	}
	return w.state(ctx)
}

// thaw is the end of the freeze.
func (w *world) thaw(ctx context.Context) error {
	if err := w.goOn(ctx, w.clock.at(23, 0)); err != nil {
		return err
	}
	if err := w.sayNews(ctx, w.winter, mergeMarker); err != nil {
		return err
	}
	return w.state(ctx)
}

func (w *world) rollback(ctx context.Context) error {
	if err := w.goOn(ctx, w.clock.at(24+3, 0)); err != nil {
		return err
	}
	for _, refused := range []struct{ who, body string }{
		{designer, "Level 50 gives twice the crystals that it should!\n/liveops rollback production"},
		{lead, "/liveops rollbak production"},
	} {
		if _, err := w.converse(ctx, w.winter, refused.who, refused.body); err != nil {
			return err
		}
	}
	answer, err := w.converse(ctx, w.winter, lead, "/liveops rollback production")
	if err != nil {
		return err
	}
	pulls := w.repo.Pulls()
	back := pulls[len(pulls)-1]
	w.back = back.Number
	w.sayBody(back.Author, fmt.Sprintf("opened #%d: %s", back.Number, back.Title), changed(w.lines(back.Body), answer))
	return w.state(ctx)
}

// mergeBack merges the pull request that the rollback left.
func (w *world) mergeBack(ctx context.Context) error {
	if err := w.sayNews(ctx, w.back, planMarker); err != nil {
		return err
	}
	if err := w.mergePull(ctx, w.back); err != nil {
		return err
	}
	return w.state(ctx)
}

func (w *world) drift(ctx context.Context) error {
	if err := w.goOn(ctx, w.clock.at(24+9, 0)); err != nil {
		return err
	}
	if err := w.byHand(ctx, "UPDATE stuff SET price = 1 WHERE id = 30003"); err != nil {
		return err
	}
	if _, err := w.converse(ctx, w.winter, lead, "/liveops drift"); err != nil {
		return err
	}
	issues := w.repo.Issues()
	if len(issues) == 0 {
		return errors.New("there is no issue about the drift")
	}
	about := issues[len(issues)-1]
	w.drifting = about.Number
	w.sayBody(about.Author, fmt.Sprintf("opened the issue #%d: %s", about.Number, about.Title), w.lines(about.Body))
	return nil
}

func (w *world) noDrift(ctx context.Context) error {
	if err := w.byHand(ctx, "UPDATE stuff SET price = 5400 WHERE id = 30003"); err != nil {
		return err
	}
	if _, err := w.converse(ctx, w.drifting, lead, "/liveops drift"); err != nil {
		return err
	}
	about, err := w.repo.Issue(w.drifting)
	if err != nil {
		return err
	}
	w.say("The issue #%d is %s.\n", about.Number, about.State)
	return w.state(ctx)
}
