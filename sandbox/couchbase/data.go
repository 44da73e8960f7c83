package couchbase

import (
	"encoding/binary"
	"math"

	"github.com/couchbase/gocbcore/v10/memd"
)

// Limits of documents (https://docs.couchbase.com/server/current/learn/data/data.html): a key of 246 bytes, 250 in
// the default collection; a value of 20 MiB, the attributes of users counted in.
const (
	maxKey        = 246
	maxDefaultKey = 250
	maxValue      = 20 << 20
)

// kinds are the operations that a client may ask for, and whether they write.
var kinds = map[memd.CmdCode]struct {
	op     Op
	writes bool
	extras []int // the lengths that they may have
}{
	memd.CmdGet:                 {Get, false, []int{0}},
	memd.CmdAdd:                 {Insert, true, []int{8}},
	memd.CmdSet:                 {Upsert, true, []int{8}},
	memd.CmdReplace:             {Replace, true, []int{8}},
	memd.CmdDelete:              {Remove, true, []int{0}},
	memd.CmdTouch:               {Touch, true, []int{4}},
	memd.CmdGAT:                 {GetAndTouch, true, []int{4}},
	memd.CmdGetLocked:           {GetAndLock, true, []int{0, 4}},
	memd.CmdUnlockKey:           {Unlock, true, []int{0}},
	memd.CmdSubDocMultiLookup:   {LookupIn, false, []int{0, 1}},
	memd.CmdSubDocMultiMutation: {MutateIn, true, []int{0, 1, 4, 5}},
}

// data answers an operation on one document: counted, past the hooks and the faults.
func (c *conn) data(p, r *memd.Packet) error {
	kind, known := kinds[p.Command]
	if !known {
		r.Status = memd.StatusUnknownCommand
		return nil
	}
	c.bucket.mu.Lock()
	target := c.bucket.byID[p.CollectionID]
	c.bucket.mu.Unlock()
	o := Operation{Op: kind.op, Bucket: c.bucket.name, Key: string(p.Key), CAS: p.Cas}
	if target != nil {
		o.Scope, o.Collection = target.scope, target.name
	}
	c.server.counts.add(o.Op)
	c.server.hooks.run(&c.server.hooks.before, o)
	fault := c.server.faults.hit(o)
	if status, fails := fault.status(); fails {
		r.Status = status
		if status == memd.StatusNotMyVBucket {
			r.Value, r.Datatype = c.server.configJSON(c.bucket), c.jsonType()
		}
		return nil
	}
	if fault.Failure == DropBefore {
		return errDropped
	}
	switch {
	case target == nil:
		r.Status = memd.StatusCollectionUnknown
	case kind.writes && c.user.ReadOnly:
		r.Status = memd.StatusAccessError
	default:
		c.apply(target, p, r)
	}
	c.server.hooks.run(&c.server.hooks.after, o)
	if fault.Failure == DropAfter || fault.Failure == Slow && !c.server.wait(fault.Delay) {
		return errDropped
	}
	return nil
}

// status is what the client is told of a fault, if it is told anything.
func (f Fault) status() (memd.StatusCode, bool) {
	switch f.Failure {
	case TemporaryFailure:
		return memd.StatusTmpFail, true
	case Busy:
		return memd.StatusBusy, true
	case OutOfMemory:
		return memd.StatusOutOfMemory, true
	case NotMyVBucket:
		return memd.StatusNotMyVBucket, true
	}
	return 0, false
}

// apply does an operation.
func (c *conn) apply(to *Collection, p, r *memd.Packet) {
	if r.Status = check(to, p); r.Status != memd.StatusSuccess {
		return
	}
	to.bucket.mu.Lock()
	defer to.bucket.mu.Unlock()
	a := &access{Collection: to, conn: c, p: p, r: r, id: string(p.Key)}
	a.doc = to.live(a.id)
	switch p.Command {
	case memd.CmdGet, memd.CmdGAT, memd.CmdTouch:
		a.get()
	case memd.CmdGetLocked:
		a.lock()
	case memd.CmdUnlockKey:
		a.unlock()
	case memd.CmdAdd, memd.CmdSet, memd.CmdReplace:
		a.set()
	case memd.CmdDelete:
		a.delete()
	case memd.CmdSubDocMultiLookup:
		a.lookupIn()
	case memd.CmdSubDocMultiMutation:
		a.mutateIn()
	}
}

// check says whether a request is well formed.
func check(to *Collection, p *memd.Packet) memd.StatusCode {
	limit := maxKey
	if to.id == 0 {
		limit = maxDefaultKey
	}
	known := false
	for _, n := range kinds[p.Command].extras {
		known = known || n == len(p.Extras)
	}
	switch {
	case !known || len(p.Key) == 0 || len(p.Key) > limit:
		return memd.StatusInvalidArgs
	case p.Vbucket != vbucketOf(string(p.Key)):
		return memd.StatusNotMyVBucket
	}
	return memd.StatusSuccess
}

// An access is one operation on one document, under the bucket's lock.
type access struct {
	*Collection
	conn *conn
	p, r *memd.Packet
	id   string
	doc  *document // nil if there is none

	about []byte // `$document`, once it was asked for
}

// get answers with the document, after giving it a new expiry if that is asked for.
func (a *access) get() {
	if a.doc == nil {
		a.r.Status = memd.StatusKeyNotFound
		return
	}
	if a.p.Command != memd.CmdGet {
		if a.locked(a.doc) {
			a.r.Status = memd.StatusLocked
			return
		}
		touched := *a.doc
		touched.cas, touched.lockCAS = 0, 0
		touched.expiry = a.bucket.absolute(binary.BigEndian.Uint32(a.p.Extras))
		a.store(a.id, &touched)
		a.doc = &touched
	}
	a.r.Cas = a.doc.cas
	if a.locked(a.doc) {
		a.r.Cas = math.MaxUint64 // nobody may have the CAS of a locked document
	}
	if a.p.Command == memd.CmdTouch {
		return
	}
	a.value()
}

// value puts the document's body and flags into the answer.
func (a *access) value() {
	a.r.Value, a.r.Extras = a.doc.body, binary.BigEndian.AppendUint32(nil, a.doc.flags)
	if a.doc.isJSON {
		a.r.Datatype = a.conn.jsonType()
	}
}

// writable says whether a write that expects the request's CAS may go on, and answers if not: the document must be
// there and as the client saw it (BinaryProtocol.md, Set: "If the Data Version Check (CAS) is nonzero …"), and not
// locked by another.
func (a *access) writable() bool {
	switch {
	case a.doc == nil:
		a.r.Status = memd.StatusKeyNotFound
	case a.locked(a.doc) && a.p.Cas != a.doc.lockCAS:
		a.r.Status = memd.StatusLocked
	case a.p.Cas != 0 && a.p.Cas != a.doc.cas && !a.locked(a.doc):
		a.r.Status = memd.StatusKeyExists
	default:
		return true
	}
	return false
}

// set is Add, Set and Replace. The attributes of a document that was there stay: they live as long as the document
// (https://github.com/couchbase/kv_engine/blob/master/docs/ExtendedAttributes.md, lifetime).
func (a *access) set() {
	if a.p.Command == memd.CmdAdd && a.doc != nil {
		a.r.Status = memd.StatusKeyExists
		return
	}
	if a.p.Command == memd.CmdReplace || a.p.Cas != 0 || a.doc != nil {
		if !a.writable() {
			return
		}
	}
	n := &document{body: a.p.Value, flags: binary.BigEndian.Uint32(a.p.Extras), expiry: a.expiry(binary.BigEndian.Uint32(a.p.Extras[4:]))}
	if a.doc != nil {
		n.xattrs = a.doc.xattrs
	}
	a.put(n)
}

// expiry is that of the new version: the request's, or the document's own if the client wants it preserved
// (BinaryProtocol.md, Preserve TTL).
func (a *access) expiry(asked uint32) uint32 {
	if a.p.PreserveExpiryFrame != nil && a.doc != nil {
		return a.doc.expiry
	}
	return a.bucket.absolute(asked)
}

// put stores a version and answers with its CAS, if it is not too big.
func (a *access) put(n *document) {
	if len(n.body)+len(n.xattrs) > maxValue {
		a.r.Status = memd.StatusTooBig
		return
	}
	a.store(a.id, n)
	a.mutated(n.cas, n.sequence)
}

// delete removes the document with its attributes.
func (a *access) delete() {
	if a.writable() {
		a.mutated(a.remove(a.id))
	}
}

// mutated answers with a new CAS, and with the place in the partition's history if the client wants it.
func (a *access) mutated(cas, sequence uint64) {
	a.r.Cas = cas
	if a.conn.features[memd.FeatureSeqNo] {
		a.r.Extras = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, vbucketUUID(vbucketOf(a.id))), sequence)
	}
}
