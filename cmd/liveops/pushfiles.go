package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"liveops/datarepo"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/control"
	"liveops/pushd/recipients"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
)

// pushFiles are the campaigns that were released to an environment, and liveops.yaml with them, as its MySQL has them.
type pushFiles struct {
	settings settings
	store    *mysqlstore.Store

	mu      sync.Mutex
	last    *control.Release
	by      []byte        // liveops.yaml by which is led; nil where nobody does
	changed chan struct{} // closed when another one was read
}

// follow has released refuse another liveops.yaml than that of a release; the channel is closed then.
func (p *pushFiles) follow(r *control.Release) (changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.by, p.changed = r.ConfigFile, make(chan struct{})
	return p.changed
}

// errAnotherFile ends a term that is led by a liveops.yaml of before.
var errAnotherFile = errors.New("another liveops.yaml was released")

// isAnother says whether a release has another liveops.yaml than that by which is led, or none.
func (p *pushFiles) isAnother(file []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil || bytes.Equal(p.by, file) {
		return false
	}
	select {
	case <-p.changed: // it was said before
	default:
		close(p.changed)
	}
	return true
}

// read reads what was released, and keeps it for what is asked later.
func (p *pushFiles) read(ctx context.Context) (*control.Release, error) {
	raw, err := control.ReadRaw(ctx, p.store)
	if err != nil {
		return nil, err
	}
	return p.decode(raw)
}

func (p *pushFiles) decode(raw *control.Raw) (*control.Release, error) {
	r, err := raw.Read()
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = r
	return r, nil
}

// sendable is read where all may be sent.
func (p *pushFiles) sendable(ctx context.Context) (*control.Release, error) {
	r, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	return r, p.mayReach(r)
}

// released is what the daemon sends. Another liveops.yaml ends the term, whether or not this version of liveops can read it: nothing that
// was released before is begun any more. A *pushd.ChangedError says so, and also that a campaign cannot be read.
func (p *pushFiles) released(ctx context.Context) (pushd.Released, error) {
	raw, err := control.ReadRaw(ctx, p.store)
	if err != nil {
		return pushd.Released{}, err
	}
	if p.isAnother(raw.ConfigFile()) {
		return pushd.Released{}, &pushd.ChangedError{Err: errAnotherFile}
	}
	r, err := p.decode(raw)
	if err != nil {
		return pushd.Released{}, &pushd.ChangedError{Err: err}
	}
	if err := p.mayReach(r); err != nil {
		return pushd.Released{}, err
	}
	out := pushd.Released{Commit: r.Commit}
	for _, c := range r.Campaigns {
		out.Campaigns = append(out.Campaigns, pushd.File{Name: c.Name, Data: c.File})
	}
	return out, nil
}

// mayReach refuses to send to everyone from an environment that another one comes after: it would be a rehearsal that
// reaches real players. It may where the gateways are stand-ins, where `push.only` names lists, or where a setting says so once more.
func (p *pushFiles) mayReach(r *control.Release) error {
	rehearses, err := r.Rehearses()
	if err != nil || !rehearses {
		return err
	}
	name := r.Environment
	setting := func(name string) string {
		value, wrong := p.settings.get(name)
		err = errors.Join(err, wrong)
		return value
	}
	real := setting(environmentSetting(name, "FCM_CREDENTIALS")) != "" && setting(environmentSetting(name, "FCM_URL")) == "" ||
		setting(environmentSetting(name, "APNS_KEY")) != "" && setting(environmentSetting(name, "APNS_URL")) == ""
	everyone := setting(environmentSetting(name, "PUSH_EVERYONE"))
	if err == nil && real && everyone != "yes" {
		err = fmt.Errorf("%s would send to everyone whose token it has, by the real gateways, though it is not the last environment: name its lists in `push.only` of liveops.yaml, or set %s=yes",
			name, environmentSetting(name, "PUSH_EVERYONE"))
	}
	return err
}

// query is whose tokens a run's are, by the configuration that was read last.
func (p *pushFiles) query(c *campaign.Campaign, r runs.Run) (audience.Query, error) {
	push, err := p.lastPush()
	if err != nil {
		return audience.Query{}, err
	}
	return recipients.Query(c, push, recipients.Run{Zones: r.Zones, Others: r.Others, Started: r.Started})
}

// testers says who gets a test, by the configuration that was read last.
func (p *pushFiles) testers(tokens recipients.Pages) func(context.Context, *campaign.Campaign, runs.Run) ([]runs.Tester, error) {
	return func(ctx context.Context, c *campaign.Campaign, r runs.Run) (all []runs.Tester, err error) {
		push, err := p.lastPush()
		if err != nil {
			return nil, err
		}
		list, _ := runs.AskedFor(r.Test)
		var named []campaign.Token
		if list == "" && c.Test != nil {
			list, named = c.Test.List, c.Test.Tokens
		}
		phones, err := recipients.Testers(ctx, tokens, c, push, list, named)
		none, unsupported, unfit := (*datarepo.NoListError)(nil), (*recipients.Unsupported)(nil), (*campaign.ValueError)(nil)
		if errors.As(err, &none) || errors.As(err, &unsupported) || errors.As(err, &unfit) {
			return nil, &pushd.NoTestersError{Reason: err.Error()}
		}
		for _, p := range phones {
			all = append(all, runs.Tester{Platform: p.Platform, Token: p.Token.Token, Language: p.Language})
		}
		return all, err
	}
}

func (p *pushFiles) lastPush() (*datarepo.Push, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		return nil, errors.New("liveops.yaml has not been read yet")
	}
	return p.last.Push()
}
