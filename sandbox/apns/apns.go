package apns

import (
	"context"
	"time"

	"liveops/sandbox/push"
)

// Options describe a gateway. The zero value is the app "com.example.game", and 1,000 streams a connection once it is
// authenticated.
type Options struct {
	// Topic is the app's bundle id.
	Topic string
	// Settings are the server's. MaxStreams is 1,000 unless set, and 1 before the first valid token.
	Settings push.Settings
	// ConnectionWindow is the server's; 1 MB unless set.
	ConnectionWindow int
	// Address is where messages are taken; by default a free port of the loopback interface.
	Address string
	// Now is the clock that tokens and expirations go by.
	Now func() time.Time
}

// A Gateway is a running stand-in. Its methods may be called from several goroutines at once.
type Gateway struct {
	*push.Server
	push.Devices
	options Options
	keys    *keys
}

// Start starts a gateway, which ends with the context or by Close.
func Start(ctx context.Context, o Options) (*Gateway, error) {
	if o.Topic == "" {
		o.Topic = "com.example.game"
	}
	if o.Settings.MaxStreams == 0 {
		o.Settings.MaxStreams = 1000
	}
	if o.ConnectionWindow == 0 {
		o.ConnectionWindow = 1 << 20
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gateway{options: o}
	var err error
	if g.keys, err = newKeys(o.Now); err != nil {
		return nil, err
	}
	g.Server, err = push.Start(ctx, push.Options{Vendor: g, Settings: o.Settings, Address: o.Address, ConnectionWindow: o.ConnectionWindow})
	return g, err
}

// Key is the .p8 file of the key that may send, with its id and the team's.
func (g *Gateway) Key() (p8 []byte, keyID, teamID string) { return g.keys.pem, standInKey, standInTeam }

// Topic is the app's bundle id.
func (g *Gateway) Topic() string { return g.options.Topic }

// TokensSeen is how many different valid authentication tokens were used.
func (g *Gateway) TokensSeen() int { return g.keys.seen() }
