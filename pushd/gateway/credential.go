package gateway

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A credential is an access token (FCM) or an authentication token (APNs).
type credential struct {
	text   string
	renew  time.Time // when another should take its place
	until  time.Time // when it ends
	proven atomic.Bool
	// earlier says that it is of the period before the present one.
	earlier bool
}

// errTooSoon is a mint's answer when the gateway would not take another token yet.
var errTooSoon = errors.New("a new token would come too soon")

// A mint makes credentials. earlier asks for the one of the period before, where there are periods. Its error is a *StopError
// where another try is of no use.
type mint func(ctx context.Context, earlier bool) (*credential, error)

// credentials is the one credential of a sender, shared by all its connections and renewed ahead of its end.
type credentials struct {
	mint  mint
	clock Clock
	fresh func() // called when there is a new one

	current atomic.Pointer[credential]

	mu       sync.Mutex
	renewing chan struct{} // closed when a renewal has ended; nil while there is none
	err      error         // of the last renewal
	refused  int           // new credentials that the gateway refused, one after the other
	earlier  bool          // the next one is to be of the period before
	ctx      context.Context
	running  sync.WaitGroup
}

// refusals is how many new credentials may be refused before the key behind them is taken for wrong.
const refusals = 2

// usable is the credential if it can be used now, or nil.
func (c *credentials) usable(now time.Time) *credential {
	if k := c.current.Load(); k != nil && now.Before(k.until) {
		return k
	}
	return nil
}

// ensure waits until there is a credential that can be used. One that should be renewed is, meanwhile it is used.
func (c *credentials) ensure(ctx context.Context) error {
	now := c.clock.Now()
	k := c.usable(now)
	if k != nil && now.Before(k.renew) {
		return nil
	}
	ended := c.begin()
	if k != nil {
		return nil
	}
	select {
	case <-ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	if c.usable(c.clock.Now()) != nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// keep begins a renewal if one is due, for messages that nobody waits with for a credential any more.
func (c *credentials) keep(now time.Time) {
	if k := c.usable(now); k == nil || !now.Before(k.renew) {
		c.begin()
	}
}

// begin begins a renewal, unless there is one under way.
func (c *credentials) begin() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.renewing != nil {
		return c.renewing
	}
	ended := make(chan struct{})
	c.renewing = ended
	earlier := c.earlier
	c.earlier = false
	c.running.Go(func() {
		k, err := c.mint(c.ctx, earlier)
		if err == nil {
			c.current.Store(k)
			c.fresh()
		}
		c.mu.Lock()
		c.err, c.renewing = err, nil
		c.mu.Unlock()
		close(ended)
	})
	return ended
}

// refuse takes a credential that the gateway refused out of use. Its error, a *StopError, says that a new one would
// be refused too.
func (c *credentials) refuse(k *credential, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.current.CompareAndSwap(k, nil) {
		return nil // one of many messages that were refused together
	}
	if k.proven.Load() {
		c.refused = 0
	}
	if c.refused++; c.refused > refusals {
		return &StopError{Reason: reason, Advice: "the gateway refuses every new token: check the key, and this machine's clock"}
	}
	return nil
}

// fallBack has the credential of the period before take the place of one that was never taken, since another worker sends with
// that: the gateway says that the new one comes too soon. It is false where that is of no use.
func (c *credentials) fallBack(k *credential) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k.proven.Load() || k.earlier {
		return false
	}
	if c.current.CompareAndSwap(k, nil) { // the first of many messages that were refused together
		c.earlier = true
	}
	return true
}
