package main

import (
	"context"
	"fmt"

	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
)

// couchbase opens an environment's bucket.
func (a *app) couchbase(ctx context.Context, environment string) (*couchstore.Store, error) {
	url, err := a.settings.need(environmentSetting(environment, "COUCHBASE_URL"),
		fmt.Sprintf("where the user documents of %s are, as couchbases://host/bucket", environment))
	if err != nil {
		return nil, err
	}
	o := couchstore.Options{URL: url}
	for _, s := range []struct {
		name string
		into *string
	}{
		{environmentSetting(environment, "COUCHBASE_USER"), &o.User},
		{environmentSetting(environment, "COUCHBASE_PASSWORD"), &o.Password},
	} {
		if *s.into, err = a.settings.need(s.name, "who liveops is to the Couchbase of "+environment); err != nil {
			return nil, err
		}
	}
	ca, err := a.settings.get(environmentSetting(environment, "COUCHBASE_CA"))
	if err != nil {
		return nil, err
	}
	if ca != "" {
		o.CA = []byte(ca)
	}
	store, err := couchstore.Open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("environment %s: %w", environment, err)
	}
	return store, nil
}

// held fails where an environment is on hold: a purge waits as a release does.
func held(ctx context.Context, db *mysqlstore.Store) error {
	st, err := db.State(ctx)
	if err == nil && st.Hold != nil {
		err = &mysqlstore.HeldError{Environment: db.Environment(), Hold: *st.Hold}
	}
	return err
}
