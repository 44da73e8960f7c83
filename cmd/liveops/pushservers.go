package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"time"

	"liveops/datarepo"
	"liveops/pushd/campaign"
	"liveops/pushd/capacity"
	"liveops/pushd/leases"
)

// capacityOf is which servers campaigns may add to in an environment; nil for none.
func capacityOf(config *datarepo.Config, environment string) *datarepo.Capacity {
	for _, e := range config.Environments {
		if e.Name == environment {
			return e.Capacity
		}
	}
	return nil
}

// templateID is a launch template's id, which its name would not be
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateSpecification.html).
var templateID = regexp.MustCompile(`^lt-[0-9a-f]{8,32}$`)

// gameServers keeps the servers that liveops.yaml names, with its leases in the environment's MySQL, whose tables are made.
func (a *app) gameServers(ctx context.Context, environment string, c *datarepo.Capacity, db *sql.DB) (*capacity.Keeper, error) {
	if err := leases.New(db).Prepare(ctx); err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
	return a.settings.keeper(ctx, environment, c, db)
}

// standTime is how long AWS may take to say how many servers run, for a preview.
const standTime = 10 * time.Second

// standing says how many servers run, and how many there may be, for previews. Only looks.
func (a *app) standing(open *stores) func(ctx context.Context, environment string, c *datarepo.Capacity) (campaign.Servers, error) {
	return func(ctx context.Context, environment string, c *datarepo.Capacity) (campaign.Servers, error) {
		ctx, cancel := context.WithTimeout(ctx, standTime)
		defer cancel()
		store, err := open.Store(ctx, environment)
		if err != nil {
			return campaign.Servers{}, err
		}
		k, err := a.settings.keeper(ctx, environment, c, store.DB())
		if err != nil {
			return campaign.Servers{}, err
		}
		base, most, err := k.Stand(ctx)
		return campaign.Servers{Now: base, Max: min(most, c.Max)}, err
	}
}

// keeper is who keeps the servers that liveops.yaml names. Who it is at AWS, AWS's own settings say.
func (s settings) keeper(ctx context.Context, environment string, c *datarepo.Capacity, db *sql.DB) (*capacity.Keeper, error) {
	endpoint, err := s.get(environmentSetting(environment, "AWS_ENDPOINT"))
	if err != nil {
		return nil, err
	}
	ledger := leases.New(db)
	o := capacity.Options{Environment: environment, AutoScalingGroup: c.Group, Region: c.Region, Endpoint: endpoint, Ledger: ledger, DryRun: c.DryRun}
	if templateID.MatchString(c.Template) {
		o.LaunchTemplate.ID = c.Template
	} else {
		o.LaunchTemplate.Name = c.Template
	}
	for key, value := range c.Tags {
		o.Servers = append(o.Servers, capacity.Tag{Key: key, Value: value})
	}
	return capacity.New(ctx, o)
}
