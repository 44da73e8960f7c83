package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/itchyny/gojq"
)

// bulkSize is how many documents the loop has at once; more made it no faster.
const bulkSize = 512

// purgeBulk is what an engineer writes who is careful about numbers and other writers, and about nothing else: read the
// view, and for some ids after the other get, change, and replace under CAS, until none is left.
func purgeBulk(ctx context.Context, change func(body []byte) ([]byte, error)) (int, error) {
	cluster, err := gocb.Connect(os.Getenv(purgeURL), gocb.ClusterOptions{Authenticator: gocb.PasswordAuthenticator{Username: "Administrator", Password: "password"}})
	if err != nil {
		return 0, err
	}
	defer cluster.Close(nil)
	bucket := cluster.Bucket("game")
	if err := bucket.WaitUntilReady(15*time.Second, &gocb.WaitUntilReadyOptions{ServiceTypes: []gocb.ServiceType{gocb.ServiceTypeKeyValue}}); err != nil {
		return 0, err
	}
	rows, err := bucket.ViewQuery(purgeDesign, purgeView, &gocb.ViewOptions{Key: purgeItem, ScanConsistency: gocb.ViewScanConsistencyRequestPlus, Context: ctx})
	if err != nil {
		return 0, err
	}
	changed := 0
	var ids []string
	work := func() error {
		for len(ids) > 0 {
			n, again, err := bulkOnce(bucket.DefaultCollection(), ids, change)
			if err != nil {
				return err
			}
			changed, ids = changed+n, again
		}
		return nil
	}
	for rows.Next() {
		if ids = append(ids, rows.Row().ID); len(ids) == bulkSize {
			if err := work(); err != nil {
				return changed, err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return changed, err
	}
	return changed, work()
}

// bulkOnce changes some documents. Those that somebody else changed meanwhile are to be done again.
func bulkOnce(documents *gocb.Collection, ids []string, change func(body []byte) ([]byte, error)) (changed int, again []string, err error) {
	options := &gocb.BulkOpOptions{Transcoder: gocb.NewRawJSONTranscoder()}
	var gets, replaces []gocb.BulkOp
	for _, id := range ids {
		gets = append(gets, &gocb.GetOp{ID: id})
	}
	if err := documents.Do(gets, options); err != nil {
		return 0, nil, err
	}
	for _, op := range gets {
		get := op.(*gocb.GetOp)
		if get.Err != nil {
			return 0, nil, get.Err
		}
		var body []byte
		if err := get.Result.Content(&body); err != nil {
			return 0, nil, err
		}
		after, err := change(body)
		if err != nil {
			return 0, nil, err
		}
		if after != nil {
			replaces = append(replaces, &gocb.ReplaceOp{ID: get.ID, Value: after, Cas: get.Result.Cas()})
		}
	}
	if err := documents.Do(replaces, options); err != nil {
		return 0, nil, err
	}
	for _, op := range replaces {
		switch replace := op.(*gocb.ReplaceOp); {
		case errors.Is(replace.Err, gocb.ErrCasMismatch):
			again = append(again, replace.ID)
		case replace.Err != nil:
			return changed, nil, replace.Err
		default:
			changed++
		}
	}
	return changed, again, nil
}

// decoded is a document whose numbers keep their digits.
func decoded(body []byte) (document map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	return document, d.Decode(&document)
}

// jqChange is the purge's own jq, compiled once.
type jqChange struct{ match, update *gojq.Code }

func newJQChange() (*jqChange, error) {
	var codes []*gojq.Code
	for _, text := range []string{purgeMatch, purgeUpdate} {
		query, err := gojq.Parse(text)
		if err != nil {
			return nil, err
		}
		code, err := gojq.Compile(query)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return &jqChange{codes[0], codes[1]}, nil
}

// apply is a document without what the event gave; nil where there is nothing of it.
func (c *jqChange) apply(body []byte) ([]byte, error) {
	document, err := decoded(body)
	if err != nil {
		return nil, err
	}
	switch matches, _ := c.match.Run(document).Next(); matches := matches.(type) {
	case error:
		return nil, matches
	case bool:
		if !matches {
			return nil, nil
		}
	}
	after, _ := c.update.Run(document).Next()
	if err, failed := after.(error); failed {
		return nil, err
	}
	return gojq.Marshal(after)
}

// takeItem does the same in Go.
func takeItem(body []byte) ([]byte, error) {
	document, err := decoded(body)
	if err != nil {
		return nil, err
	}
	inventory, _ := document["inventory"].([]any)
	var kept []any
	for _, one := range inventory {
		if item, _ := one.(map[string]any); item["item"] != purgeItem || item["from"] != "event" {
			kept = append(kept, one)
		}
	}
	if len(kept) == len(inventory) {
		return nil, nil
	}
	document["inventory"] = kept
	return json.Marshal(document)
}
