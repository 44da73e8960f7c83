package couchstore

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/couchbase/gocbcore/v10"
	"github.com/couchbase/gocbcore/v10/memd"

	"liveops/sync/purge"
)

// attribute is the extended attribute that holds the marks of runs, by run
// (https://docs.couchbase.com/server/current/learn/data/extended-attributes-fundamentals.html). The game's writes of
// the body leave it alone, and it goes with the document.
const attribute = "liveops"

// Documents are the user documents of one collection.
type Documents struct {
	agent             *gocbcore.Agent
	scope, collection string
}

// Documents are those of a collection.
func (s *Store) Documents(scope, collection string) *Documents {
	return &Documents{s.agent, scope, collection}
}

// Bodies go through the library's core, since its upper layer would write them anew: without blanks, and with < as
// \u003c. A document that is restored must be the bytes that it was.

// Get reads a document with its expiry, flags and a run's mark in one operation.
func (d *Documents) Get(ctx context.Context, id, run string) (purge.Document, error) {
	ops := []gocbcore.SubDocOp{
		{Op: memd.SubDocOpGet, Flags: memd.SubdocFlagXattrPath, Path: "$document.exptime"},
		{Op: memd.SubDocOpGet, Flags: memd.SubdocFlagXattrPath, Path: "$document.flags"},
	}
	if run != "" {
		ops = append(ops, gocbcore.SubDocOp{Op: memd.SubDocOpGet, Flags: memd.SubdocFlagXattrPath, Path: attribute + "." + run})
	}
	ops = append(ops, gocbcore.SubDocOp{Op: memd.SubDocOpGetDoc})
	res, err := answered(ctx, func(done func(*gocbcore.LookupInResult, error)) (gocbcore.PendingOp, error) {
		return d.agent.LookupIn(gocbcore.LookupInOptions{Key: []byte(id), Ops: ops, ScopeName: d.scope, CollectionName: d.collection,
			Deadline: time.Now().Add(writeTime)}, done)
	})
	if err != nil {
		return purge.Document{}, meant(err, false)
	}
	return documentOf(id, run, res)
}

// documentOf reads what the parts of a lookup say.
func documentOf(id, run string, res *gocbcore.LookupInResult) (purge.Document, error) {
	doc := purge.Document{ID: id, CAS: uint64(res.Cas)}
	var expiry int64
	body := len(res.Ops) - 1
	for i, into := range map[int]any{0: &expiry, 1: &doc.Flags} {
		err := res.Ops[i].Err
		if err == nil {
			err = json.Unmarshal(res.Ops[i].Value, into)
		}
		if err != nil {
			return purge.Document{}, fmt.Errorf("read what the server knows of document %s: %w", id, meant(err, false))
		}
	}
	if expiry > 0 {
		doc.Expiry = time.Unix(expiry, 0).UTC()
	}
	if run != "" && res.Ops[2].Err == nil {
		if err := json.Unmarshal(res.Ops[2].Value, &doc.Mark); err != nil {
			return purge.Document{}, fmt.Errorf("read the mark of document %s: %w", id, err)
		}
	}
	if err := res.Ops[body].Err; err != nil {
		return purge.Document{}, meant(err, false)
	}
	doc.Body = res.Ops[body].Value
	return doc, nil
}

// Replace gives a document another body and a run's mark in one operation, if its CAS is still the given one.
func (d *Documents) Replace(ctx context.Context, doc purge.Document, run, mark string) error {
	text, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	if run == "" || strings.ContainsAny(run, ".[]`") {
		return fmt.Errorf("the run's id %q is no name", run)
	}
	ops := []gocbcore.SubDocOp{ // attributes come first
		{Op: memd.SubDocOpDictSet, Flags: memd.SubdocFlagXattrPath | memd.SubdocFlagMkDirP, Path: attribute + "." + run, Value: text},
		{Op: memd.SubDocOpSetDoc, Value: doc.Body},
	}
	_, err = answered(ctx, func(done func(*gocbcore.MutateInResult, error)) (gocbcore.PendingOp, error) {
		return d.agent.MutateIn(gocbcore.MutateInOptions{Key: []byte(doc.ID), Cas: gocbcore.Cas(doc.CAS), Ops: ops, PreserveExpiry: true,
			ScopeName: d.scope, CollectionName: d.collection, Deadline: time.Now().Add(writeTime)}, done)
	})
	return meant(err, true)
}

// Remove removes a document if its CAS is still the given one.
func (d *Documents) Remove(ctx context.Context, id string, cas uint64) error {
	_, err := answered(ctx, func(done func(*gocbcore.DeleteResult, error)) (gocbcore.PendingOp, error) {
		return d.agent.Delete(gocbcore.DeleteOptions{Key: []byte(id), Cas: gocbcore.Cas(cas), ScopeName: d.scope, CollectionName: d.collection,
			Deadline: time.Now().Add(writeTime)}, done)
	})
	return meant(err, true)
}

// Insert makes a document with its body, flags and expiry.
func (d *Documents) Insert(ctx context.Context, doc purge.Document) error {
	expiry := uint32(0)
	if !doc.Expiry.IsZero() {
		// An absolute time: what is below 30 days would be counted from now, and no date since 1970 is.
		expiry = uint32(doc.Expiry.Unix())
	}
	_, err := answered(ctx, func(done func(*gocbcore.StoreResult, error)) (gocbcore.PendingOp, error) {
		return d.agent.Add(gocbcore.AddOptions{Key: []byte(doc.ID), Value: doc.Body, Flags: doc.Flags, Datatype: uint8(memd.DatatypeFlagJSON), Expiry: expiry,
			ScopeName: d.scope, CollectionName: d.collection, Deadline: time.Now().Add(writeTime)}, done)
	})
	return meant(err, true)
}
