package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"liveops/sync/couchstore"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

// The sides, each a process of its own, and what they are told: where Couchbase is, and MySQL.
const (
	purgeByLiveops = "purge-liveops"
	purgeByBulk    = "purge-bulk"
	purgeByGo      = "purge-bulk-go"
	purgeURL       = "LIVEOPS_BENCH_PURGE_URL"
	purgeDSN       = "LIVEOPS_BENCH_PURGE_DSN"
)

// What the documents are changed by.
const (
	purgeMatch  = `any(.inventory[]; .item == "` + purgeItem + `" and .from == "event")`
	purgeUpdate = `del(.inventory[] | select(.item == "` + purgeItem + `" and .from == "event"))`
)

// purgeProcess changes the documents and prints how many.
func purgeProcess(how, name string) error {
	ctx := context.Background()
	var changed int
	var err error
	switch how {
	case purgeByBulk:
		var jq *jqChange
		if jq, err = newJQChange(); err == nil {
			changed, err = purgeBulk(ctx, jq.apply)
		}
	case purgeByGo:
		changed, err = purgeBulk(ctx, takeItem)
	default:
		changed, err = purgeLiveops(ctx, name)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Println(changed)
	return err
}

// purgeLiveops runs a purge, as `liveops purge run` does.
func purgeLiveops(ctx context.Context, name string) (int, error) {
	p, faults := purge.New(purge.Spec{
		Name: name, Scope: purge.DefaultName, Collection: purge.DefaultName,
		Select: purge.Select{View: &purge.View{Design: purgeDesign, Name: purgeView, Key: json.RawMessage(`"` + purgeItem + `"`)}},
		Match:  purgeMatch,
		Update: purgeUpdate,
		Rate:   1_000_000,
	})
	if len(faults) > 0 {
		return 0, fmt.Errorf("the purge's expressions: %v", faults)
	}
	store, err := mysqlstore.Open(ctx, "staging", os.Getenv(purgeDSN), mysqlstore.Options{})
	if err != nil {
		return 0, err
	}
	defer store.Close()
	documents, err := couchstore.Open(ctx, couchstore.Options{URL: os.Getenv(purgeURL) + "/game", User: "Administrator", Password: "password"})
	if err != nil {
		return 0, err
	}
	defer documents.Close()
	result, err := purgerun.Run(ctx, p, documents, documents.Documents(p.Scope, p.Collection), store.Purges(), purgerun.Options{Actor: "bench"})
	if err == nil && result.Run.State != purge.Done {
		err = fmt.Errorf("the purge is %s: %s", result.Run.State, result.Run.Error)
	}
	return result.Run.Counts.Done, err
}
