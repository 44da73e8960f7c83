package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"liveops/datarepo"
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

// gameServers keeps the servers that liveops.yaml names, with its leases in the environment's MySQL. Who it is at AWS, AWS's own settings say.
func (a *app) gameServers(ctx context.Context, environment string, c *datarepo.Capacity, db *sql.DB) (*capacity.Keeper, error) {
	endpoint, err := a.settings.get(environmentSetting(environment, "AWS_ENDPOINT"))
	if err != nil {
		return nil, err
	}
	ledger := leases.New(db)
	if err := ledger.Prepare(ctx); err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
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
