package couchbase

import (
	"crypto/subtle"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/couchbase/gocbcore/v10/memd"
)

// mechanisms are the ways to authenticate: the password itself travels only over TLS
// (https://docs.couchbase.com/server/current/learn/security/authentication-overview.html).
func (c *conn) mechanisms() string {
	if c.encrypted {
		return "SCRAM-SHA512 SCRAM-SHA256 SCRAM-SHA1 PLAIN"
	}
	return "SCRAM-SHA512 SCRAM-SHA256 SCRAM-SHA1"
}

// authenticate begins, and for PLAIN ends, an authentication.
func (c *conn) authenticate(p, r *memd.Packet) {
	c.user, c.scram = nil, nil
	r.Status = memd.StatusAuthError
	mechanism := string(p.Key)
	if !slices.Contains(strings.Fields(c.mechanisms()), mechanism) {
		return
	}
	if mechanism == "PLAIN" {
		parts := strings.Split(string(p.Value), "\x00")
		if len(parts) != 3 {
			return
		}
		if u := c.server.login(parts[1], parts[2]); u != nil {
			c.user, r.Status = u, memd.StatusSuccess
		}
		return
	}
	c.scram = newScram(mechanism)
	answer, err := c.scram.first(string(p.Value))
	if err != nil {
		c.scram = nil
		return
	}
	r.Value, r.Status = []byte(answer), memd.StatusAuthContinue
}

// authenticateStep ends an authentication by SCRAM.
func (c *conn) authenticateStep(p, r *memd.Packet) {
	r.Status = memd.StatusAuthError
	if c.scram == nil {
		return
	}
	u, known := c.server.users[c.scram.user]
	answer, err := c.scram.final(string(p.Value), u.Password)
	c.scram = nil
	if err != nil || !known {
		return
	}
	c.user = &u
	r.Value, r.Status = []byte(answer), memd.StatusSuccess
}

// login is the user of a name and a password, or nil.
func (s *Server) login(name, password string) *User {
	u, known := s.users[name]
	if subtle.ConstantTimeCompare([]byte(u.Password), []byte(password)) != 1 || !known {
		return nil
	}
	return &u
}

// mayUse says whether the user may use a bucket.
func (u *User) mayUse(bucket string) bool {
	return len(u.Buckets) == 0 || slices.Contains(u.Buckets, bucket)
}

// selectBucket binds the connection to a bucket. One that does not exist is not found; one that the user may not use
// is an access error.
func (c *conn) selectBucket(p, r *memd.Packet) {
	name := string(p.Key)
	switch b := c.server.buckets[name]; {
	case !c.user.mayUse(name):
		r.Status = memd.StatusAccessError
	case b == nil:
		r.Status = memd.StatusKeyNotFound
	default:
		c.bucket = b
	}
}

// getManifest answers with all scopes and collections.
func (c *conn) getManifest(r *memd.Packet) {
	out, err := json.Marshal(c.bucket.manifestJSON())
	if err != nil {
		panic(err) // only strings in it
	}
	r.Value, r.Datatype = out, c.jsonType()
}

// getCollectionID answers with the number by which keys name the collection "scope.collection"
// (https://github.com/couchbase/kv_engine/blob/master/docs/Collections.md).
func (c *conn) getCollectionID(p, r *memd.Packet) {
	scope, name, _ := strings.Cut(string(p.Value), ".")
	b := c.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	found := b.collection(scope, name)
	if found == nil {
		r.Status = memd.StatusCollectionUnknown
		if b.scopes[scope] == nil {
			r.Status = memd.StatusScopeUnknown
		}
		r.Value = fmt.Appendf(nil, `{"manifest_uid":"%x"}`, b.manifest)
		return
	}
	r.Extras = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, b.manifest), found.id)
}

// errorMap tells a client what to do about a status, for those that a test can cause: the attributes are the server's
// (https://github.com/couchbase/kv_engine/blob/master/docs/ErrorMap.md and error_map_v2.json).
const errorMap = `{"version":2,"revision":1,"errors":{
"0":{"name":"SUCCESS","desc":"Success","attrs":["success"]},
"1":{"name":"KEY_ENOENT","desc":"Not Found","attrs":["item-only"]},
"2":{"name":"KEY_EEXISTS","desc":"key already exists, or CAS mismatch","attrs":["item-only"]},
"3":{"name":"E2BIG","desc":"Value is too big","attrs":["item-only","invalid-input"]},
"4":{"name":"EINVAL","desc":"Invalid packet","attrs":["internal","invalid-input"]},
"7":{"name":"NOT_MY_VBUCKET","desc":"Server does not know about this vBucket","attrs":["fetch-config","invalid-input"]},
"9":{"name":"LOCKED","desc":"Requested resource is locked","attrs":["item-locked","item-only","retry-now"]},
"20":{"name":"AUTH_ERROR","desc":"Authentication failed","attrs":["conn-state-invalidated","auth"]},
"24":{"name":"EACCESS","desc":"Not authorized for command","attrs":["support","auth"]},
"82":{"name":"ENOMEM","desc":"No memory available to store item. Add memory or remove some items and try later","attrs":["temp","retry-later"]},
"85":{"name":"EBUSY","desc":"Busy, try again","attrs":["temp","retry-now"]},
"86":{"name":"ETMPFAIL","desc":"Temporary failure. Try again","attrs":["temp","retry-now"]}}}`
