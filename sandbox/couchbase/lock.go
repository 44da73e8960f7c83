package couchbase

import (
	"encoding/binary"
	"time"

	"github.com/couchbase/gocbcore/v10/memd"
)

// Locks end after 15 seconds if the client names no time, or one beyond 30
// (https://docs.couchbase.com/server/current/learn/data/locking.html is the client's view; BinaryProtocol.md, Get locked).
const (
	defaultLock = 15
	longestLock = 30
)

// lock answers with the document, which nobody but the holder of the answer's CAS may change for a while.
func (a *access) lock() {
	switch {
	case a.doc == nil:
		a.r.Status = memd.StatusKeyNotFound
		return
	case a.locked(a.doc):
		a.r.Status = memd.StatusLocked
		return
	}
	seconds := uint32(defaultLock)
	if len(a.p.Extras) == 4 {
		if n := binary.BigEndian.Uint32(a.p.Extras); n > 0 && n <= longestLock {
			seconds = n
		}
	}
	held := *a.doc
	held.cas = a.bucket.newCAS()
	held.lockCAS, held.lockEnd = held.cas, a.bucket.now().Add(time.Duration(seconds)*time.Second)
	a.docs[a.id], a.doc = &held, &held
	a.r.Cas = held.cas
	a.value()
}

// unlock gives a lock back.
func (a *access) unlock() {
	switch {
	case a.doc == nil:
		a.r.Status = memd.StatusKeyNotFound
	case !a.locked(a.doc):
		a.r.Status = memd.StatusNotLocked
	case a.p.Cas != a.doc.lockCAS:
		a.r.Status = memd.StatusLocked
	default:
		free := *a.doc
		free.lockCAS, free.lockEnd = 0, time.Time{}
		a.docs[a.id] = &free
	}
}
