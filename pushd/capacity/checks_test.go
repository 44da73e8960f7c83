package capacity_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"net/http"
	"net/url"

	"liveops/pushd/capacity"
	sandbox "liveops/sandbox/aws"
)

// checks hold what liveops does to what it promises, at each request and each row, whatever has crashed before.
type checks struct {
	*world
	factors map[string]float64 // of each run
	own     int                // how many servers there are without those that liveops added
	floor   int                // what somebody else set last
	set     map[int]bool       // what liveops has ever set or found
	raised  int                // how often
}

// saved checks a row, and saves it: a run's base never counts what liveops added, and its need is no more than it asked.
func (c *checks) saved(ctx context.Context, l capacity.Lease) error {
	if len(c.live()) == 0 {
		c.own = c.total() // what was left is the group's own
	}
	if most := int(math.Ceil(float64(l.Base)*c.factors[l.Run] - 1e-6)); l.Need > most {
		c.t.Errorf("%s needs %d of a base of %d, more than %d", l.Run, l.Need, l.Base, most)
	}
	if !c.knows(l.Run) && l.Base > c.own {
		c.t.Errorf("%s has a base of %d, but only %d are not liveops's", l.Run, l.Base, c.own)
	}
	c.set[l.From], c.set[l.To] = true, true
	return c.ledger.Save(ctx, l)
}

func (c *checks) knows(run string) bool {
	for _, l := range c.ledger.History() {
		if l.Run == run {
			return true
		}
	}
	return false
}

// live are the leases that count now, as the ledger has them.
func (c *checks) live() (all []capacity.Lease) {
	leases, err := c.ledger.Leases(context.Background(), "production")
	if err != nil {
		c.t.Error(err)
	}
	for _, l := range leases {
		if l.State != capacity.Returned {
			all = append(all, l)
		}
	}
	return all
}

// request sends a request of the daemon to AWS, and checks what came of it.
func (c *checks) request(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	params, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	before := c.total()
	if params.Get("Action") == "TerminateInstances" {
		c.tagged(params)
	}
	answer, err := http.DefaultClient.Do(r)
	c.changed(before, c.total())
	return answer, err
}

// changed checks a change of the number of servers.
func (c *checks) changed(before, after int) {
	most, least := 0, 0
	for _, l := range c.live() {
		most = max(most, l.Need)
		if (l.State == capacity.Wanted || l.State == capacity.Added) && c.clock().Before(l.Until) {
			least = max(least, l.Need)
		}
	}
	switch {
	case after > before:
		c.raised++
		if after > most {
			c.t.Errorf("from %d to %d servers, but no run needs more than %d", before, after, most)
		}
	case after < before:
		if after < c.floor {
			c.t.Errorf("from %d to %d servers, below the %d that were there or that somebody else set", before, after, c.floor)
		}
		if after < min(least, before) {
			c.t.Errorf("from %d to %d servers, but a run needs %d", before, after, least)
		}
	}
}

// tagged checks that all instances which shall be terminated are liveops's.
func (c *checks) tagged(params url.Values) {
	all := map[string]sandbox.Instance{}
	for _, i := range c.aws.Instances() {
		all[i.ID] = i
	}
	for name, values := range params {
		if i, ok := all[values[0]]; ok && (i.Tags["liveops:environment"] != "production" || i.Tags[role.Key] != role.Value) {
			c.t.Errorf("%s: %s is terminated, with the tags %v", name, i.ID, i.Tags)
		}
	}
}

// end checks what is left when no run wants anything anymore: everything was given back.
func (c *checks) end() {
	if left := c.live(); len(left) > 0 {
		c.t.Errorf("leases are left: %+v", left)
	}
	if got := c.total(); got != c.floor {
		c.t.Errorf("%d servers are left, want the %d that were there or that somebody else set", got, c.floor)
	}
}
