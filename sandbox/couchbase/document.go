package couchbase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"liveops/sandbox/couchbase/sqlpp"
)

// A Document as a test puts and gets it.
type Document struct {
	Body []byte
	// Xattrs are the extended attributes by name, each a JSON value.
	Xattrs map[string]json.RawMessage
	// Flags are the client's: how the body is encoded.
	Flags uint32
	// Expires is when the document will go, to the second; the zero time for never.
	Expires time.Time
	// CAS is the document's version. Put does not look at it.
	CAS uint64
}

// document is what a collection holds. Its fields are never changed in place: a new version is a new document, so that
// one can be read without the lock.
type document struct {
	body     []byte
	xattrs   []byte // a JSON object, or nil
	flags    uint32
	expiry   uint32 // seconds since 1970; 0 for never
	isJSON   bool
	cas      uint64
	sequence uint64
	revision uint64
	lockCAS  uint64 // the CAS that unlocks it; 0 when it is not locked
	lockEnd  time.Time
}

// A Collection holds documents by their id.
type Collection struct {
	bucket      *Bucket
	scope, name string
	id          uint32
	docs        map[string]*document
	mortal      map[string]bool // ids of documents that expire
	secondary   []sqlpp.Index   // in the order in which they were made
}

func newCollection(b *Bucket, scope, name string, id uint32) *Collection {
	return &Collection{bucket: b, scope: scope, name: name, id: id, docs: map[string]*document{}, mortal: map[string]bool{}}
}

// Put stores a document under an id, whatever was there, and returns its CAS. It panics if an attribute is not JSON.
func (c *Collection) Put(id string, d Document) uint64 {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	n := &document{body: bytes.Clone(d.Body), flags: d.Flags}
	if !d.Expires.IsZero() {
		n.expiry = uint32(d.Expires.Unix())
	}
	if len(d.Xattrs) > 0 {
		x, err := json.Marshal(d.Xattrs)
		if err != nil {
			panic(fmt.Sprintf("attributes of %s: %v", id, err))
		}
		n.xattrs = x
	}
	c.store(id, n)
	return n.cas
}

// Get returns a document that has not expired, and whether there is one.
func (c *Collection) Get(id string) (Document, bool) {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	d := c.live(id)
	if d == nil {
		return Document{}, false
	}
	out := Document{Body: bytes.Clone(d.body), Flags: d.flags, CAS: d.cas}
	if d.expiry != 0 {
		out.Expires = time.Unix(int64(d.expiry), 0).UTC()
	}
	if d.xattrs != nil {
		if err := json.Unmarshal(d.xattrs, &out.Xattrs); err != nil {
			panic(fmt.Sprintf("attributes of %s: %v", id, err)) // the store keeps them valid
		}
	}
	return out, true
}

// Delete removes a document, and says whether there was one.
func (c *Collection) Delete(id string) bool {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	was := c.live(id) != nil
	c.remove(id)
	return was
}

// IDs are the ids of all documents, sorted by bytes.
func (c *Collection) IDs() []string {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	c.reap()
	return slices.Sorted(maps.Keys(c.docs))
}

// The methods below are for who holds the bucket's lock.

// live is the document of an id, or nil if there is none or it has expired.
func (c *Collection) live(id string) *document {
	d := c.docs[id]
	if d != nil && d.expiry != 0 && int64(d.expiry) <= c.bucket.now().Unix() {
		c.remove(id)
		return nil
	}
	return d
}

// reap removes all that has expired, as the server's expiry pager does
// (https://docs.couchbase.com/server/current/learn/data/expiration.html).
func (c *Collection) reap() {
	for id := range c.mortal {
		c.live(id)
	}
}

// store makes d the current version of an id, with the next sequence number and, unless it has one, a new CAS.
func (c *Collection) store(id string, d *document) {
	vb := vbucketOf(id)
	c.bucket.sequence[vb]++
	d.sequence, d.isJSON, d.revision = c.bucket.sequence[vb], json.Valid(d.body), 1
	if d.cas == 0 {
		d.cas = c.bucket.newCAS()
	}
	if old := c.docs[id]; old != nil {
		d.revision = old.revision + 1
	}
	c.docs[id] = d
	delete(c.mortal, id)
	if d.expiry != 0 {
		c.mortal[id] = true
	}
	c.touchViews(id)
}

// remove deletes an id, and returns the CAS and sequence number of the deletion.
func (c *Collection) remove(id string) (cas, sequence uint64) {
	vb := vbucketOf(id)
	c.bucket.sequence[vb]++
	delete(c.docs, id)
	delete(c.mortal, id)
	c.touchViews(id)
	return c.bucket.newCAS(), c.bucket.sequence[vb]
}

// locked says whether a document is locked now, so that only who has the lock's CAS may change it.
func (c *Collection) locked(d *document) bool {
	return d != nil && d.lockCAS != 0 && c.bucket.now().Before(d.lockEnd)
}

// absolute is when a document expires, from the number of a request: up to 30 days it counts seconds from now, beyond
// that it is the time itself (https://docs.couchbase.com/server/current/learn/data/expiration.html).
func (b *Bucket) absolute(expiry uint32) uint32 {
	const month = 30 * 24 * 3600
	if expiry != 0 && expiry <= month {
		return expiry + uint32(b.now().Unix())
	}
	return expiry
}
