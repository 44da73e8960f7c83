package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
	"liveops/sync/purgerun"
	"liveops/sync/release"
)

// couchbase opens an environment's bucket.
func (a *app) couchbase(ctx context.Context, environment string) (*couchstore.Store, error) {
	return a.settings.couchbase(ctx, environment)
}

func (s settings) couchbase(ctx context.Context, environment string) (*couchstore.Store, error) {
	url, err := s.need(environmentSetting(environment, "COUCHBASE_URL"),
		fmt.Sprintf("where the user documents of %s are, as couchbases://host/bucket", environment))
	if err != nil {
		return nil, err
	}
	o := couchstore.Options{URL: url}
	for _, o := range []struct {
		name string
		into *string
	}{
		{environmentSetting(environment, "COUCHBASE_USER"), &o.User},
		{environmentSetting(environment, "COUCHBASE_PASSWORD"), &o.Password},
	} {
		if *o.into, err = s.need(o.name, "who liveops is to the Couchbase of "+environment); err != nil {
			return nil, err
		}
	}
	ca, err := s.get(environmentSetting(environment, "COUCHBASE_CA"))
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

// buckets opens each environment's user documents once.
type buckets struct {
	settings settings
	mu       sync.Mutex
	open     map[string]*couchstore.Store
}

// Documents opens an environment's bucket, or gives the one that is open.
func (b *buckets) Documents(ctx context.Context, environment string) (release.UserDocuments, error) {
	store, err := b.store(ctx, environment)
	if err != nil {
		return nil, err
	}
	return userDocuments{store}, nil
}

// store opens an environment's bucket, or gives the one that is open. It fails with a *release.UnsetError where no setting
// says where it is.
func (b *buckets) store(ctx context.Context, environment string) (*couchstore.Store, error) {
	setting := environmentSetting(environment, "COUCHBASE_URL")
	if url, err := b.settings.get(setting); err != nil {
		return nil, err
	} else if url == "" {
		return nil, &release.UnsetError{Reason: setting + " is not set"}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if there := b.open[environment]; there != nil {
		return there, nil
	}
	store, err := b.settings.couchbase(ctx, environment)
	if err != nil {
		return nil, err
	}
	if b.open == nil {
		b.open = map[string]*couchstore.Store{}
	}
	b.open[environment] = store
	return store, nil
}

// Close closes all that were opened.
func (b *buckets) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	for _, store := range b.open {
		err = errors.Join(err, store.Close())
	}
	b.open = nil
	return err
}

// userDocuments is a bucket as releases know it.
type userDocuments struct{ *couchstore.Store }

// Documents are those of a collection.
func (u userDocuments) Documents(scope, collection string) purgerun.Restorer {
	return u.Store.Documents(scope, collection)
}

// held fails where an environment is on hold: a purge waits as a release does.
func held(ctx context.Context, db *mysqlstore.Store) error {
	st, err := db.State(ctx)
	if err == nil && st.Hold != nil {
		err = &mysqlstore.HeldError{Environment: db.Environment(), Hold: *st.Hold}
	}
	return err
}
