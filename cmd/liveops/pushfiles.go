package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"liveops/datarepo"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
	"liveops/pushd/runs"
	"liveops/sync/mysqlstore"
)

// pushFiles are the campaigns that were released to an environment, and liveops.yaml with them, as its MySQL has them.
type pushFiles struct {
	settings settings
	store    *mysqlstore.Store

	mu     sync.Mutex
	config *datarepo.Config
}

// errNoPush is an environment that sends nothing.
var errNoPush = errors.New("what was released to it has no liveops.yaml with `push` for this environment")

// released reads what was released.
func (p *pushFiles) released(ctx context.Context) (pushd.Released, error) {
	commit, campaigns, config, err := p.read(ctx)
	if err != nil {
		return pushd.Released{}, err
	}
	if err := p.mayReach(config); err != nil {
		return pushd.Released{}, err
	}
	out := pushd.Released{Commit: commit}
	for _, c := range campaigns {
		data, err := json.Marshal(c)
		if err != nil {
			return pushd.Released{}, err
		}
		out.Campaigns = append(out.Campaigns, pushd.File{Name: c.Name, Data: data})
	}
	return out, nil
}

// read reads the files, and keeps the configuration for what is asked later.
func (p *pushFiles) read(ctx context.Context) (commit string, campaigns []campaignFile, config *datarepo.Config, err error) {
	commit, files, err := p.store.Files(ctx)
	if err != nil {
		return "", nil, nil, err
	}
	byPath := map[string][]byte{}
	for _, f := range files {
		byPath[f.Path] = f.Data
	}
	fsys, err := datarepo.Memory(byPath)
	if err != nil {
		return "", nil, nil, err
	}
	config, problems := datarepo.LoadConfig(fsys)
	if len(problems) > 0 {
		return "", nil, nil, fmt.Errorf("liveops.yaml as it was released to %s: %w", p.store.Environment(), &problems[0])
	}
	all, problems, err := datarepo.Campaigns(fsys, config.Timezone)
	if err != nil {
		return "", nil, nil, err
	}
	if len(problems) > 0 {
		return "", nil, nil, fmt.Errorf("the campaigns as they were released to %s: %w", p.store.Environment(), &problems[0])
	}
	for _, c := range all {
		campaigns = append(campaigns, campaignFile{Name: c.Name, Path: c.Path, Zone: config.Timezone.String(), Data: byPath[c.Path]})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = config
	return commit, campaigns, config, nil
}

// push is the environment's `push`.
func (p *pushFiles) push(config *datarepo.Config) (*datarepo.Push, error) {
	i := slices.IndexFunc(config.Environments, func(e datarepo.Environment) bool { return e.Name == p.store.Environment() })
	if i < 0 || config.Environments[i].Push == nil {
		return nil, errNoPush
	}
	return config.Environments[i].Push, nil
}

// mayReach refuses to send to everyone from an environment that another one comes after: it would be a rehearsal that
// reaches real players. It may where the gateways are stand-ins, where `push.only` names lists, or where a setting says so once more.
func (p *pushFiles) mayReach(config *datarepo.Config) error {
	push, err := p.push(config)
	if err != nil {
		return err
	}
	name := p.store.Environment()
	last := !slices.ContainsFunc(config.Environments, func(e datarepo.Environment) bool { return e.After == name })
	if last || push.Only != nil {
		return nil
	}
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
	p.mu.Lock()
	config := p.config
	p.mu.Unlock()
	if config == nil {
		return audience.Query{}, errors.New("liveops.yaml has not been read yet")
	}
	push, err := p.push(config)
	if err != nil {
		return audience.Query{}, err
	}
	return recipients.Query(c, push, recipients.Run{Zones: r.Zones, Others: r.Others, Started: r.Started})
}

// campaignFile is a campaign's file as a run keeps it: a worker that knows neither the repo nor the database reads it.
type campaignFile struct {
	Name string
	Path string
	Zone string // of liveops.yaml
	Data []byte
}

// decodeCampaign is the opposite of what released encodes.
func decodeCampaign(name string, file []byte) (*campaign.Campaign, error) {
	var f campaignFile
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, fmt.Errorf("campaign %s: %w", name, err)
	}
	zone, err := time.LoadLocation(f.Zone)
	if err != nil {
		return nil, fmt.Errorf("campaign %s: %w", name, err)
	}
	fsys, err := datarepo.Memory(map[string][]byte{f.Path: f.Data})
	if err != nil {
		return nil, err
	}
	all, problems, err := datarepo.Campaigns(fsys, zone)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, &problems[0]
	}
	if len(all) != 1 || all[0].Name != name {
		return nil, fmt.Errorf("campaign %s: its file holds another one", name)
	}
	return all[0], nil
}
