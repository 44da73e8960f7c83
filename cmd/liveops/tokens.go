package main

import (
	"context"
	"iter"
	"log/slog"
	"sync"

	"liveops/datarepo"
	"liveops/pushd"
	"liveops/pushd/audience"
	"liveops/pushd/recipients"
)

// tokens are an environment's push tokens, where what was released says that they are: a release may move them.
type tokens struct {
	environment string
	table       *audience.Store
	documents   *buckets
	log         *slog.Logger

	mu     sync.Mutex
	bucket *audience.Couchbase // once it was needed
}

// couchbase are those in the environment's bucket, which is opened when it is needed first.
func (k *tokens) couchbase(ctx context.Context) (*audience.Couchbase, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bucket == nil {
		store, err := k.documents.store(ctx, k.environment)
		if err != nil {
			return nil, err
		}
		k.bucket = &audience.Couchbase{Bucket: store, Log: k.log}
	}
	return k.bucket, nil
}

// of gives the tokens of a table, or those that a query of Couchbase gives.
func (k *tokens) of(ctx context.Context, t *audience.Table) (pushd.Tokens, error) {
	if t.Select == nil {
		return k.table, nil
	}
	return k.couchbase(ctx)
}

// Pages implements pushd.Tokens.
func (k *tokens) Pages(ctx context.Context, q audience.Query, after audience.Cursor) iter.Seq2[audience.Page, error] {
	return func(yield func(audience.Page, error) bool) {
		of, err := k.of(ctx, &q.Table)
		if err != nil {
			yield(audience.Page{}, err)
			return
		}
		of.Pages(ctx, q, after)(yield)
	}
}

// Between implements pushd.Tokens.
func (k *tokens) Between(ctx context.Context, q audience.Query, after audience.Cursor, to string) ([]audience.Token, error) {
	of, err := k.of(ctx, &q.Table)
	if err != nil {
		return nil, err
	}
	return of.Between(ctx, q, after, to)
}

// Remove implements pushd.Tokens.
func (k *tokens) Remove(ctx context.Context, t audience.Table, dead []audience.Dead) (int, error) {
	of, err := k.of(ctx, &t)
	if err != nil {
		return 0, err
	}
	return of.Remove(ctx, t, dead)
}

// zones are the time zones that users have; none where nothing says which column has them.
func (k *tokens) zones(ctx context.Context, push *datarepo.Push) ([]string, error) {
	if push.Tokens.Timezone == "" {
		return nil, nil
	}
	table, err := recipients.Table(push)
	if err != nil {
		return nil, err
	}
	if table.Select == nil {
		return k.table.Zones(ctx, table, push.Tokens.Timezone)
	}
	couchbase, err := k.couchbase(ctx)
	if err != nil {
		return nil, err
	}
	return couchbase.Zones(ctx, table, push.Tokens.Timezone)
}
