package couchbase

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/couchbase/gocbcore/v10/memd"
)

// A spec is one path of a request with several (SubDocument.md, Wire Protocol Format).
type spec struct {
	op    memd.SubDocOpType
	flags memd.SubdocFlag
	path  string
	value []byte
}

func (s spec) xattr() bool { return s.flags&memd.SubdocFlagXattrPath != 0 }

// steps reads the path as one of the body or of the attributes.
func (s spec) steps() ([]step, memd.StatusCode) {
	if s.xattr() {
		return parseAttribute(s.path)
	}
	return parsePath(s.path)
}

// parseSpecs reads a request's specs. Their order and number are checked: attributes come first, and there are no more
// than maxSpecs.
func parseSpecs(b []byte, mutation bool) ([]spec, memd.StatusCode) {
	var all []spec
	header := 4
	if mutation {
		header = 8
	}
	for len(b) > 0 {
		if len(b) < header {
			return nil, memd.StatusInvalidArgs
		}
		s := spec{op: memd.SubDocOpType(b[0]), flags: memd.SubdocFlag(b[1])}
		pathEnd := header + int(binary.BigEndian.Uint16(b[2:]))
		end := pathEnd
		if mutation {
			end += int(binary.BigEndian.Uint32(b[4:]))
		}
		if end > len(b) {
			return nil, memd.StatusInvalidArgs
		}
		s.path, s.value, b = string(b[header:pathEnd]), b[pathEnd:end], b[end:]
		all = append(all, s)
	}
	if len(all) == 0 || len(all) > maxSpecs {
		return nil, memd.StatusSubDocBadCombo
	}
	return all, checkSpecs(all, mutation)
}

// statusXattrOrder says that an attribute's path came after one of the body: SUBDOC_INVALID_XATTR_ORDER.
const statusXattrOrder = memd.StatusCode(0xd4)

func checkSpecs(all []spec, mutation bool) memd.StatusCode {
	attribute, bodies := "", 0
	for _, s := range all {
		if status := s.check(mutation); status != memd.StatusSuccess {
			return status
		}
		if !s.xattr() {
			bodies++
			continue
		}
		if bodies > 0 {
			return statusXattrOrder
		}
		name := attributeName(s.path)
		if strings.HasPrefix(name, "$") {
			continue
		}
		// One attribute a request: newer servers take several, older ones refuse them (SUBDOC_XATTR_INVALID_KEY_COMBO).
		if attribute != "" && attribute != name {
			return memd.StatusSubDocXattrInvalidKeyCombo
		}
		attribute = name
	}
	if bodies > 1 && slices.ContainsFunc(all, func(s spec) bool { return s.op == memd.SubDocOpDeleteDoc }) {
		return memd.StatusSubDocBadCombo
	}
	return memd.StatusSuccess
}

// valueless, whole and arrayOps tell the operations apart; the rest need a path and a value.
var (
	lookups   = []memd.SubDocOpType{memd.SubDocOpGet, memd.SubDocOpExists, memd.SubDocOpGetCount, memd.SubDocOpGetDoc}
	mutations = []memd.SubDocOpType{
		memd.SubDocOpDictAdd, memd.SubDocOpDictSet, memd.SubDocOpDelete, memd.SubDocOpReplace, memd.SubDocOpArrayPushLast,
		memd.SubDocOpArrayPushFirst, memd.SubDocOpArrayInsert, memd.SubDocOpArrayAddUnique, memd.SubDocOpCounter,
		memd.SubDocOpSetDoc, memd.SubDocOpDeleteDoc,
	}
	whole     = []memd.SubDocOpType{memd.SubDocOpGetDoc, memd.SubDocOpSetDoc, memd.SubDocOpDeleteDoc}
	pathless  = []memd.SubDocOpType{memd.SubDocOpGetCount, memd.SubDocOpArrayPushLast, memd.SubDocOpArrayPushFirst, memd.SubDocOpArrayAddUnique}
	valueless = []memd.SubDocOpType{memd.SubDocOpDelete, memd.SubDocOpDeleteDoc}
)

// check says whether a spec is well formed by itself.
func (s spec) check(mutation bool) memd.StatusCode {
	allowed := lookups
	if mutation {
		allowed = mutations
	}
	isWhole := slices.Contains(whole, s.op)
	switch {
	case !slices.Contains(allowed, s.op):
		return memd.StatusSubDocBadCombo
	case len(s.path) > maxPath, isWhole && (s.path != "" || s.xattr()):
		return memd.StatusInvalidArgs
	case s.path == "" && !isWhole && !s.xattr() && !slices.Contains(pathless, s.op):
		return memd.StatusInvalidArgs
	case mutation && (len(s.value) == 0) != slices.Contains(valueless, s.op):
		return memd.StatusInvalidArgs
	case s.flags&memd.SubdocFlagExpandMacros != 0 && !s.xattr():
		return memd.StatusSubDocXattrInvalidFlagCombo
	case s.xattr() && !validAttribute(attributeName(s.path)):
		return statusAttribute
	case s.xattr() && mutation && s.path[0] == '$':
		return memd.StatusSubDocXattrCannotModifyVAttr
	}
	return memd.StatusSuccess
}

func attributeName(path string) string {
	if i := strings.IndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return path
}

// lookupIn answers each spec with a status and a value.
func (a *access) lookupIn() {
	specs, status := parseSpecs(a.p.Value, false)
	switch {
	case status != memd.StatusSuccess:
		a.r.Status = status
		return
	case len(a.p.Extras) == 1 && a.p.Extras[0] != 0: // deleted documents and replicas: there are none
		a.r.Status = memd.StatusInvalidArgs
		return
	case a.doc == nil:
		a.r.Status = memd.StatusKeyNotFound
		return
	}
	a.r.Cas = a.doc.cas
	if a.locked(a.doc) {
		a.r.Cas = math.MaxUint64
	}
	for _, s := range specs {
		value, status := a.look(s)
		if status != memd.StatusSuccess {
			a.r.Status = memd.StatusSubDocBadMulti
			value = nil
		}
		a.r.Value = binary.BigEndian.AppendUint16(a.r.Value, uint16(status))
		a.r.Value = append(binary.BigEndian.AppendUint32(a.r.Value, uint32(len(value))), value...)
	}
}

// look answers one spec.
func (a *access) look(s spec) ([]byte, memd.StatusCode) {
	if s.op == memd.SubDocOpGetDoc {
		return a.doc.body, memd.StatusSuccess
	}
	text := a.doc.body
	switch {
	case s.xattr() && s.path[0] == '$':
		if text = a.virtual(attributeName(s.path)); text == nil {
			return nil, memd.StatusSubDocXattrUnknownVAttr
		}
	case s.xattr():
		text = attributesText(a.doc.xattrs)
	case !a.doc.isJSON:
		return nil, memd.StatusSubDocNotJSON
	}
	steps, status := s.steps()
	if status != memd.StatusSuccess {
		return nil, status
	}
	at, _, status := find(text, steps)
	if status != memd.StatusSuccess || s.op == memd.SubDocOpExists {
		return nil, status
	}
	if s.op == memd.SubDocOpGetCount {
		if open := text[at.start]; open != '{' && open != '[' {
			return nil, memd.StatusSubDocPathMismatch
		}
		return strconv.AppendInt(nil, int64(len(members(text, at))), 10), memd.StatusSuccess
	}
	return text[at.start:at.end], memd.StatusSuccess
}

// attributesText is a document's attributes as an object, also where it has none.
func attributesText(xattrs []byte) []byte {
	if xattrs == nil {
		return []byte("{}")
	}
	return xattrs
}

// virtual is the attribute that the server makes up about a document, as an object that holds it
// (https://docs.couchbase.com/server/current/learn/data/extended-attributes-fundamentals.html, virtual attributes);
// nil for one that it does not know.
func (a *access) virtual(name string) []byte {
	var value any
	switch name {
	case "$document":
		if a.about == nil {
			a.about = a.describe()
		}
		return a.about
	case "$vbucket":
		value = map[string]any{"HLC": map[string]any{"now": strconv.FormatInt(a.bucket.now().Unix(), 10), "mode": "real"}}
	case "$XTOC": // the names of all attributes
		var all map[string]json.RawMessage
		_ = json.Unmarshal(attributesText(a.doc.xattrs), &all) // it is valid
		names := slices.Sorted(maps.Keys(all))
		if names == nil {
			names = []string{}
		}
		value = names
	default:
		return nil
	}
	text, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		panic(err) // only strings and numbers in it
	}
	return text
}

// describe is `$document`, which every read of a document's expiry or flags makes anew.
func (a *access) describe() []byte {
	kind := `"raw"`
	if a.doc.isJSON {
		kind = `"json"`
	}
	if a.doc.xattrs != nil {
		kind += `,"xattr"`
	}
	d := a.doc
	return fmt.Appendf(nil, `{"$document":{"CAS":"0x%016x","datatype":[%s],"deleted":false,"exptime":%d,"flags":%d,"last_modified":"%d","revid":"%d","seqno":"0x%016x","value_bytes":%d,"vbucket_uuid":"0x%016x"}}`,
		d.cas, kind, d.expiry, d.flags, d.cas/1e9, d.revision, d.sequence, len(d.body), vbucketUUID(vbucketOf(a.id)))
}

func hex64(n uint64) string { return fmt.Sprintf("0x%016x", n) }
