// Package couchbase is a stand-in for Couchbase Server, for `make demo` and for tests: one node that keeps buckets in
// memory and speaks to the Couchbase SDK (github.com/couchbase/gocb/v2) as a server does: the key-value protocol with
// SCRAM, collections, CAS, expiry, sub-documents and extended attributes; map views; SQL++ selects; plain or over TLS.
//
// Where the rules come from: the key-value protocol is documented with the server's own code
// (https://github.com/couchbase/kv_engine/tree/master/docs: BinaryProtocol.md, SubDocument.md, ExtendedAttributes.md,
// Collections.md, sasl.md), the rest at https://docs.couchbase.com/server/current/. Each rule names its page.
//
// A test can make what a server does on a bad day: Inject lets operations fail, hang or lose their connection; Before
// and After let another writer act between a client's read and its write.
//
// What differs from a server, on purpose:
//   - one node, no replicas: durability levels are accepted and mean nothing, a rebalance cannot be had
//     (a "not my vbucket" answer can, by Inject);
//   - nothing survives Close, a deleted document leaves no tombstone, so its system attributes are lost with it;
//   - views have no reduce functions, and their index is brought up to date only by a query that asks for it;
//   - SQL++ knows the selects that package sqlpp describes, and scans documents instead of an index: an index that PutIndex makes
//     is what EXPLAIN tells of, and nothing else;
//   - no range scans, search, analytics, eventing, transactions, or compression.
package couchbase
