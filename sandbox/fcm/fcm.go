package fcm

import (
	"context"
	"crypto/x509"
	"errors"
	"sync"
	"time"

	"liveops/sandbox/push"
)

// Options describe a gateway. The zero value is the project "game", 100 streams a connection, tokens of an hour, and
// no quota.
type Options struct {
	Project string
	// Settings are the server's; MaxStreams is 100 unless set, about what Google's servers say.
	Settings push.Settings
	// ConnectionWindow is the server's; 1 MB unless set.
	ConnectionWindow int
	// Quota is how many messages a minute are taken; 0 for no end.
	Quota int
	// TokenLife is how long OAuth 2.0 tokens live; an hour unless set.
	TokenLife time.Duration
	// Address is where messages are taken; by default a free port of the loopback interface.
	Address string
	// Now is the clock that tokens and the quota go by.
	Now func() time.Time
}

// A Gateway is a running stand-in. Its methods may be called from several goroutines at once.
type Gateway struct {
	*push.Server
	push.Devices
	options Options
	oauth   *oauth
	quota   quota
}

// Start starts a gateway, which ends with the context or by Close.
func Start(ctx context.Context, o Options) (*Gateway, error) {
	if o.Project == "" {
		o.Project = "game"
	}
	if o.Settings.MaxStreams == 0 {
		o.Settings.MaxStreams = 100
	}
	if o.ConnectionWindow == 0 {
		o.ConnectionWindow = 1 << 20
	}
	if o.TokenLife == 0 {
		o.TokenLife = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	g := &Gateway{options: o, quota: quota{perMinute: o.Quota}}
	var err error
	if g.oauth, err = startOAuth(ctx, o.Project, o.TokenLife, o.Now); err != nil {
		return nil, err
	}
	if g.Server, err = push.Start(ctx, push.Options{Vendor: g, Settings: o.Settings, Address: o.Address, ConnectionWindow: o.ConnectionWindow}); err != nil {
		return nil, errors.Join(err, g.oauth.close())
	}
	return g, nil
}

// Close ends the gateway and waits for all its goroutines. It may be called twice.
func (g *Gateway) Close() error { return errors.Join(g.Server.Close(), g.oauth.close()) }

// ServiceAccount is the JSON file that Google gives a service account that may send for the project.
func (g *Gateway) ServiceAccount() []byte { return g.oauth.account }

// CA holds the certificates of the gateway and of the token endpoint.
func (g *Gateway) CA() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(g.CAPEM())
	return pool
}

// CAPEM are the certificates of the gateway and of the token endpoint, in PEM.
func (g *Gateway) CAPEM() []byte { return append(g.oauth.caPEM(), g.Server.CAPEM()...) }

// TokensGiven is how many OAuth 2.0 tokens were given.
func (g *Gateway) TokensGiven() int { return g.oauth.count() }

// RevokeTokens makes all OAuth 2.0 tokens that were given invalid.
func (g *Gateway) RevokeTokens() { g.oauth.revoke() }

// Token gives an OAuth 2.0 token without asking the endpoint, for clients that cannot.
func (g *Gateway) Token() string { return g.oauth.give() }

// A quota counts the messages of a minute that begins with its first one: "these minutes are not aligned to the clock".
type quota struct {
	perMinute int
	mu        sync.Mutex
	began     time.Time
	used      int
}

// take takes a message off the quota; if none is left, it says how long until there is.
func (q *quota) take(now time.Time) (wait time.Duration, ok bool) {
	if q.perMinute == 0 {
		return 0, true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if now.Sub(q.began) >= time.Minute {
		q.began, q.used = now, 0
	}
	if q.used >= q.perMinute {
		return q.began.Add(time.Minute).Sub(now), false
	}
	q.used++
	return 0, true
}
