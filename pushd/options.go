package pushd

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"time"

	"liveops/engine"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/runs"
)

// Tokens are where an environment's tokens are: audience.Store is one.
type Tokens interface {
	Pages(ctx context.Context, q audience.Query, after audience.Cursor) iter.Seq2[audience.Page, error]
	Between(ctx context.Context, q audience.Query, after audience.Cursor, to string) ([]audience.Token, error)
	Remove(ctx context.Context, t audience.Table, dead []audience.Dead) (int, error)
}

// Released are the campaigns that were released to the environment.
type Released struct {
	Commit    string
	Campaigns []File
}

// File is a campaign's file, which was found to be in order.
type File struct {
	Name string // the campaign's
	Data []byte
}

// Options say whose pushes are led, and with what.
type Options struct {
	Environment string
	Name        string // of this process, for people
	Batches     *engine.Batches
	Runs        *runs.Store
	Tokens      Tokens
	Decode      Decode
	// Query is whose tokens a run's are.
	Query func(c *campaign.Campaign, r runs.Run) (audience.Query, error)
	// Testers are who gets a test, in any order: those of the list that it was asked for, or of the campaign's own test. A *NoTestersError says why nobody
	// could. nil is that for all.
	Testers func(ctx context.Context, c *campaign.Campaign, r runs.Run) ([]runs.Tester, error)
	// Sandbox has workers send by APNs's sandbox for builds for development.
	Sandbox bool
	// Released reads what was released. While that fails, what was read before is sent, but for a *ChangedError.
	Released func(ctx context.Context) (Released, error)
	// ReadEvery is how often it does: a minute by default.
	ReadEvery time.Duration
	// Zones are the time zones that users have, for campaigns that go by them. Neither these nor Healthy need be quick: nothing waits for
	// their answers but what depends on them.
	Zones func(ctx context.Context) ([]string, error)
	// Healthy asks a guard of liveops.yaml whether the game is well; the error says why it is not. nil asks nobody.
	Healthy func(ctx context.Context, guard string) error
	// Servers adds game servers for campaigns that have `capacity`; nil adds none, and their runs do not wait for any.
	Servers Servers
	// MostServers is how many there may be in all, with Servers.
	MostServers int
	// Gateways are who brings pushes to each platform.
	Gateways map[campaign.Platform]campaign.Gateway
	// Quotas are how many messages gateways take; one that is not there has none.
	Quotas map[campaign.Gateway]campaign.Rate
	// KeepDead leaves dead tokens where they are.
	KeepDead bool
	// MostDead is what share of a run's first thousand and more may be dead before that is taken for a mistake, which stops the
	// run and takes no token out: 0.5 by default. Dead tokens of old audiences are many, but not most.
	MostDead float64
	// Lease is how long the leader leads without renewing that: 10 s by default, and at least 3. It renews it five times as often, and
	// ends its term before the lease does, so that its words are void when another one leads.
	Lease time.Duration
	// Outstanding is how many batches of a run may be on their way for each worker that there is: 64 by default, twice what a
	// worker has in hand.
	Outstanding int
	Clock       Clock        // the system's by default
	Log         *slog.Logger // slog.Default by default
}

func (o Options) complete() (Options, error) {
	if o.Batches == nil || o.Runs == nil || o.Tokens == nil || o.Decode == nil || o.Query == nil || o.Released == nil {
		return o, errors.New("lead pushes: batches, runs, tokens, a decoder, queries and releases are needed")
	}
	if o.Servers != nil && o.MostServers < 1 {
		return o, errors.New("lead pushes: how many servers there may be is needed")
	}
	if o.ReadEvery <= 0 {
		o.ReadEvery = time.Minute
	}
	if o.MostDead <= 0 {
		o.MostDead = 0.5
	}
	if o.Lease <= 0 {
		o.Lease = 10 * time.Second
	}
	o.Lease = max(o.Lease, 3*silence)
	if o.Outstanding <= 0 {
		o.Outstanding = 64
	}
	if o.Clock == nil {
		o.Clock = SystemClock{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o, nil
}

// renewEvery is how often the lease is renewed.
func (o *Options) renewEvery() time.Duration { return o.Lease / 5 }

// sleep waits for a while, or for the end of ctx; it says whether there is time left.
func sleep(ctx context.Context, c Clock, d time.Duration) bool {
	select {
	case <-c.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
