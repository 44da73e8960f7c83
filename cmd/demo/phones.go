package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/sandbox/mysql"
	"liveops/sandbox/push"
	"liveops/sync/release"
)

// The players' phones: a token each, in production's MySQL. Two in three are Android's.
const (
	phones    = 100_000
	deadShare = 0.03 // of the tokens, on phones that the game was taken off
	tokenRows = 5000 // that are inserted at a time
)

const tokenSchema = `CREATE TABLE push_tokens (
	token VARCHAR(255) NOT NULL,
	platform VARCHAR(10) NOT NULL,
	language VARCHAR(10) NOT NULL,
	updated_at DATETIME NOT NULL,
	PRIMARY KEY push_order (platform, token)
) CHARACTER SET ascii COLLATE ascii_bin`

// phone is the token of a player's phone, which was registered two months before the story.
func (w *world) phone(i int) mysql.Token {
	t := mysql.Token{Platform: string(campaign.Android), Language: []string{"ko", "ko", "ja", "en"}[i%4], UpdatedAt: w.clock.at(0, 0).AddDate(0, -2, 0)}
	if i%3 == 0 {
		t.Platform, t.Token = string(campaign.IOS), string(push.APNsToken(nil, uint64(i)))
	} else {
		t.Token = string(push.FCMToken(nil, uint64(i)))
	}
	return t
}

// addPhones makes the table of production's push tokens, and opens it as the bot and the daemon have it.
func (w *world) addPhones(ctx context.Context) error {
	for i := range phones {
		w.tokens = append(w.tokens, w.phone(i))
	}
	if server := w.embedded["production"]; server != nil {
		if err := server.AddTokens("game", "push_tokens", w.tokens); err != nil {
			return err
		}
	} else if err := w.insertTokens(ctx); err != nil {
		return err
	}
	store, err := audience.Open(ctx, w.dsns["production"], 20*time.Second)
	if err != nil {
		return err
	}
	w.audience = store
	w.close = append(w.close, store.DB.Close)
	return nil
}

// insertTokens fills the table in a real database.
func (w *world) insertTokens(ctx context.Context) error {
	db := w.dbs["production"]
	if _, err := db.ExecContext(ctx, tokenSchema); err != nil {
		return err
	}
	for some := range slices.Chunk(w.tokens, tokenRows) {
		var args []any
		for _, t := range some {
			args = append(args, t.Token, t.Platform, t.Language, audience.Moment(t.UpdatedAt))
		}
		values := strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?), ", len(some)), ", ")
		if _, err := db.ExecContext(ctx, "INSERT INTO push_tokens (token, platform, language, updated_at) VALUES "+values, args...); err != nil {
			return err
		}
	}
	return nil
}

// Columns tells the bot what production's tokens are known by.
func (w *world) Columns(ctx context.Context, environment string, p *datarepo.Push, c *campaign.Campaign) ([]datasheets.Column, error) {
	if err := onlyProduction(environment); err != nil {
		return nil, err
	}
	return recipients.Columns(ctx, w.audience, c, p)
}

// Count counts a campaign's audience for the bot.
func (w *world) Count(ctx context.Context, environment string, p *datarepo.Push, c *campaign.Campaign, at time.Time) (campaign.Counted, error) {
	if err := onlyProduction(environment); err != nil {
		return campaign.Counted{}, err
	}
	return recipients.Count(ctx, w.audience, c, p, at)
}

func onlyProduction(environment string) error {
	if environment != "production" {
		return &release.UnsetError{Reason: "only production of the demo has phones"}
	}
	return nil
}

// isDead says whether the gateway calls a token dead.
func (w *world) isDead(t mysql.Token) bool {
	devices := &w.fcm.Devices
	if t.Platform == string(campaign.IOS) {
		devices = &w.apns.Devices
	}
	state, _ := devices.State(push.MarkOf([]byte(t.Token)))
	return state == push.Dead
}

// checkPhones prints how many phones got the message by the gateways' own counts, and which tokens are left. It fails where a valid one did
// not get it just once, where a dead one did, or where another than a dead one was taken out.
func (w *world) checkPhones(ctx context.Context) error {
	valid, dead := 0, 0
	for _, t := range w.tokens {
		want, times := int64(1), w.fcm.Times([]byte(t.Token))
		if t.Platform == string(campaign.IOS) {
			times = w.apns.Times([]byte(t.Token))
		}
		if w.isDead(t) {
			want, dead = 0, dead+1
		} else {
			valid++
		}
		if times != want {
			return fmt.Errorf("a phone (%s) got the message %d times, not %d", t.Platform, times, want)
		}
	}
	f, a := w.fcm.Counts(), w.apns.Counts()
	w.say("\n%-16s%12s%12s\n", "phones", "by FCM", "by APNs")
	for _, line := range []struct {
		what      string
		fcm, apns int64
	}{{"got it", f.Tokens, a.Tokens}, {"got it twice", f.Repeated, a.Repeated}, {"token is dead", f.Refused["UNREGISTERED"], a.Refused["Unregistered"]}} {
		w.say("%-16s%12s%12s\n", line.what, grouped(line.fcm), grouped(line.apns))
	}
	if got := f.Tokens + a.Tokens; got != int64(valid) || f.Accepted+a.Accepted != got {
		return fmt.Errorf("of %d phones with a valid token %d got the message, in %d messages", valid, got, f.Accepted+a.Accepted)
	}
	return w.checkTaken(ctx, valid, dead)
}

// checkTaken looks at the tokens that are left: the valid ones, and the dead one that was renewed.
func (w *world) checkTaken(ctx context.Context, valid, dead int) error {
	db, left, stays := w.dbs["production"], 0, 0
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM push_tokens").Scan(&left); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM push_tokens WHERE platform = 'ios' AND token = ?", w.renewed.Token).Scan(&stays); err != nil {
		return err
	}
	w.say("%s of the dead tokens are taken out; 1 stays, which Apple says died before its player came back.\n", grouped(int64(phones-left)))
	if stays != 1 || left != valid+1 {
		return fmt.Errorf("of %d valid and %d dead tokens %d are left, and %d of the one that was renewed", valid, dead, left, stays)
	}
	return nil
}
