package main

import (
	"context"
	"errors"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/capacity"
	"liveops/pushd/gateway"
	"liveops/pushd/leases"
	"liveops/sandbox/apns"
	"liveops/sandbox/aws"
	"liveops/sandbox/fcm"
)

// The game's servers: an Auto Scaling group. A server takes three minutes to start.
const (
	serverGroup  = "game-servers"
	gameServers  = 4
	mostServers  = 12
	serverStarts = 3 * time.Minute
)

// addGateways starts the stand-ins for FCM, for APNs and for AWS. Of the tokens some have been dead for a week; one of these
// was renewed yesterday.
func (w *world) addGateways(ctx context.Context) (err error) {
	ctx = context.WithoutCancel(ctx) // they end when the world does, after those who use them
	if w.fcm, err = fcm.Start(ctx, fcm.Options{}); err != nil {
		return err
	}
	w.close = append(w.close, w.fcm.Close)
	if w.apns, err = apns.Start(ctx, apns.Options{}); err != nil {
		return err
	}
	w.close = append(w.close, w.apns.Close)
	died := w.clock.at(0, 0).AddDate(0, 0, -7)
	w.fcm.SetDeadShare(deadShare, died)
	w.apns.SetDeadShare(deadShare, died)
	if w.aws, err = aws.Start(aws.Options{Now: w.clock.now, LaunchDelay: serverStarts, TerminateDelay: time.Minute}); err != nil {
		return err
	}
	w.close = append(w.close, w.aws.Close)
	if err := w.aws.AddGroup(aws.Group{Name: serverGroup, Min: 2, Max: mostServers, Desired: gameServers}); err != nil {
		return err
	}
	return w.renewOne(ctx)
}

// renewOne has a player come back whose phone's token Apple calls dead since before that.
func (w *world) renewOne(ctx context.Context) error {
	for _, t := range w.tokens {
		if t.Platform == string(campaign.IOS) && w.isDead(t) {
			w.renewed = t
			_, err := w.dbs["production"].ExecContext(ctx, "UPDATE push_tokens SET updated_at = ? WHERE platform = ? AND token = ?",
				audience.Moment(w.clock.at(0, 0).AddDate(0, 0, -1)), t.Platform, t.Token)
			return err
		}
	}
	return errors.New("no token of an iPhone is dead")
}

// senders are what sends by both gateways.
func (w *world) senders() (f, a *gateway.Sender, err error) {
	if f, err = gateway.NewFCM(gateway.FCM{ServiceAccount: w.fcm.ServiceAccount()}, gateway.Options{URL: w.fcm.URL(), RootCAs: w.fcm.CA(), Log: w.log}); err != nil {
		return nil, nil, err
	}
	key, keyID, teamID := w.apns.Key()
	a, err = gateway.NewAPNs(gateway.APNs{Key: key, KeyID: keyID, TeamID: teamID, Topic: w.apns.Topic()}, gateway.Options{URL: w.apns.URL(), RootCAs: w.apns.CA(), Log: w.log})
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, a, nil
}

// keptServers adds game servers and gives them back, and tells after each time that it was looked what is due whether a run
// still asked for its own.
type keptServers struct {
	*capacity.Keeper
	asked  bool      // since it was looked last; only the daemon's one goroutine that asks AWS uses it
	rounds chan bool // holds the last
}

func (w *world) keepServers(ctx context.Context) (*keptServers, error) {
	ledger := leases.New(w.stores["production"].DB())
	if err := ledger.Prepare(ctx); err != nil {
		return nil, err
	}
	key, secret := w.aws.Access()
	k, err := capacity.New(ctx, capacity.Options{Environment: "production", AutoScalingGroup: serverGroup, Region: w.aws.Region(), Endpoint: w.aws.URL(),
		Access: capacity.Access{Key: key, Secret: secret}, Ledger: ledger, Now: w.clock.now})
	return &keptServers{Keeper: k, rounds: make(chan bool, 1)}, err
}

// Raise is that of the keeper.
func (k *keptServers) Raise(ctx context.Context, want capacity.Want) (capacity.Raised, error) {
	k.asked = true
	return k.Keeper.Raise(ctx, want)
}

// Reconcile is that of the keeper.
func (k *keptServers) Reconcile(ctx context.Context) (capacity.Report, error) {
	r, err := k.Keeper.Reconcile(ctx)
	select {
	case <-k.rounds:
	default:
	}
	k.rounds <- k.asked
	k.asked = false
	return r, err
}

// servers are how many game servers there are to be, and how many are in service.
func (w *world) servers() (desired, inService int) {
	for _, i := range w.aws.Instances() {
		if i.State == aws.Running && i.Group == serverGroup {
			inService++
		}
	}
	return w.aws.Group(serverGroup).Desired, inService
}
