package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"liveops/pushd/runs"
	"liveops/sandbox/github"
)

// campaignName names the campaign.
const campaignName = "crystals"

// due is when the campaign is: an evening hour.
func (w *world) due() time.Time { return w.clock.at(24+19, 3) }

// campaignFile is what the designer writes.
func (w *world) campaignFile() string {
	return fmt.Sprintf(`description: For those who have not been on for a while
at: %s
message:
  default: {title: Come back!, body: Log in now for 100 crystals}
  ko: {title: 돌아와요!, body: 지금 접속하시면 크리스탈 100개를 드려요}
  ja: {title: おかえりなさい！, body: いまログインするとクリスタル100個をプレゼント}
deepLink: mygame://shop
rate: 25000/s
capacity: {factor: 2, lead: 10m, hold: 30m}
`, w.due().Format("2006-01-02T15:04"))
}

// openCampaign opens the pull request with the campaign, and unfolds what would be sent.
func (w *world) openCampaign(ctx context.Context) error {
	if err := w.startPushd(ctx); err != nil {
		return err
	}
	path, file := "pushes/"+campaignName+".yaml", w.campaignFile()
	w.say("%s:\n\n%s\n", path, file)
	if _, err := w.repo.Commit("crystals", "Crystals for those who come back", designer, map[string][]byte{path: []byte(file)}); err != nil {
		return err
	}
	n, err := w.repo.OpenPull(github.NewPull{Title: "Crystals for those who come back", Head: "crystals", Author: designer})
	if err != nil {
		return err
	}
	w.campaign = n
	c, err := w.comment(ctx, n, planMarker)
	if err != nil {
		return err
	}
	w.sayComment(c, fmt.Sprintf("commented on #%d", n))
	return w.unfold(c, campaignName+"` in production")
}

// mergeCampaign releases the campaign, and asks when it comes.
func (w *world) mergeCampaign(ctx context.Context) error {
	if err := w.mergePull(ctx, w.campaign); err != nil {
		return err
	}
	_, err := w.converse(ctx, w.campaign, designer, "/liveops push list production")
	return err
}

// raiseServers is ten minutes before the campaign.
func (w *world) raiseServers(ctx context.Context) error {
	w.say("%-16s%12s%12s\n", serverGroup, "desired", "in service")
	for _, at := range []struct {
		before             time.Duration // the campaign is due
		desired, inService int
	}{{11 * time.Minute, gameServers, gameServers}, {10 * time.Minute, 2 * gameServers, gameServers}, {6 * time.Minute, 2 * gameServers, 2 * gameServers}} {
		if err := w.sayServers(ctx, w.due().Add(-at.before), at.desired, at.inService); err != nil {
			return err
		}
	}
	return nil
}

// sayServers puts the clock forward, waits until there are as many game servers as there should be, and prints it.
func (w *world) sayServers(ctx context.Context, at time.Time, desired, inService int) error {
	if err := w.goOn(ctx, at); err != nil {
		return err
	}
	err := w.await(ctx, fmt.Sprintf("%d game servers, of %d, in service", inService, desired), func() (bool, error) {
		wanted, have := w.servers()
		return wanted == desired && have == inService, nil
	})
	w.say("%-16s%12d%12d\n", at.In(seoul).Format("15:04"), desired, inService)
	return err
}

// send is the time at which the campaign is due. The progress is printed until the run has ended, and then who got it and which
// tokens are left.
func (w *world) send(ctx context.Context) error {
	if err := w.goOn(ctx, w.due()); err != nil {
		return err
	}
	var run runs.Run
	err := w.await(ctx, "the campaign's run", func() (bool, error) {
		newest, err := w.record.Newest(ctx, campaignName, 1)
		if len(newest) > 0 {
			run = newest[0]
		}
		return len(newest) > 0, err
	})
	if err != nil {
		return err
	}
	if run, err = w.watchRun(ctx, run); err != nil {
		return err
	}
	if run.State != runs.Done || run.Reason != "" {
		return fmt.Errorf("the run is %s: %s", run.State, run.Reason)
	}
	err = w.await(ctx, "the dead tokens to be taken out", func() (bool, error) {
		with, err := w.record.WithDead(ctx)
		return len(with) == 0, err
	})
	if err != nil {
		return err
	}
	if err := w.checkPhones(ctx); err != nil {
		return err
	}
	answer, err := w.converse(ctx, w.campaign, designer, "/liveops push status "+campaignName+" production")
	if err == nil && !strings.Contains(strings.Join(answer, "\n"), "100,000 of 100,000") {
		err = errors.New("the status does not say that all have their end")
	}
	return err
}

// returnServers is when the campaign's `hold` is over.
func (w *world) returnServers(ctx context.Context) error {
	for asked := true; asked; { // until no run asks for the servers any more
		select {
		case <-w.kept.rounds: // of before
		default:
		}
		if err := w.goOn(ctx, w.clock.now().Add(time.Minute)); err != nil {
			return err
		}
		select {
		case asked = <-w.kept.rounds:
		case <-ctx.Done():
			return fmt.Errorf("wait for who keeps the servers: %w", ctx.Err())
		}
	}
	w.say("%-16s%12s%12s\n", serverGroup, "desired", "in service")
	if err := w.sayServers(ctx, w.due().Add(30*time.Minute), 2*gameServers, 2*gameServers); err != nil {
		return err
	}
	return w.sayServers(ctx, w.due().Add(37*time.Minute), gameServers, gameServers)
}

// await looks, again and again, whether something has come that is only seen in a database, or at a stand-in.
func (w *world) await(ctx context.Context, what string, is func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := is(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		}
	}
}
