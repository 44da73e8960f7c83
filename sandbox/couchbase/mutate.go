package couchbase

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/couchbase/gocbcore/v10/memd"
)

// mutateIn changes several paths of a document, body and attributes, at once: all or nothing (SubDocument.md,
// CMD_MULTI_MUTATION).
func (a *access) mutateIn() {
	specs, status := parseSpecs(a.p.Value, true)
	if status != memd.StatusSuccess {
		a.r.Status = status
		return
	}
	flags, expiry, ok := mutateExtras(a.p)
	if !ok {
		a.r.Status = memd.StatusInvalidArgs
		return
	}
	n, ok := a.draft(flags, specs)
	if !ok {
		return
	}
	n.expiry = a.expiry(expiry)
	n.cas = a.bucket.newCAS()
	var results []byte
	for i, s := range specs {
		if flags != 0 {
			s.flags |= memd.SubdocFlagMkDirP // both flags imply it
		}
		if s.op == memd.SubDocOpDeleteDoc {
			a.mutated(a.remove(a.id))
			return
		}
		result, status := a.mutate(n, s)
		if status != memd.StatusSuccess {
			a.r.Status = memd.StatusSubDocBadMulti
			a.r.Value = binary.BigEndian.AppendUint16([]byte{byte(i)}, uint16(status))
			return
		}
		if result != nil {
			results = append(results, byte(i), 0, 0)
			results = append(binary.BigEndian.AppendUint32(results, uint32(len(result))), result...)
		}
	}
	if a.put(n); a.r.Status == memd.StatusSuccess {
		a.r.Value = results
	}
}

// mutateExtras reads the expiry and the document flags, both of which may be left out; not ok for flags that the
// stand-in lacks, or that exclude each other.
func mutateExtras(p *memd.Packet) (flags memd.SubdocDocFlag, expiry uint32, ok bool) {
	b := p.Extras
	if len(b) >= 4 {
		expiry, b = binary.BigEndian.Uint32(b), b[4:]
	}
	if len(b) == 1 {
		flags = memd.SubdocDocFlag(b[0])
	}
	switch flags {
	case memd.SubdocDocFlagNone, memd.SubdocDocFlagMkDoc:
		return flags, expiry, true
	case memd.SubdocDocFlagAddDoc:
		return flags, expiry, p.Cas == 0
	}
	return 0, 0, false
}

// draft is a copy of the document to change, or the empty one that the flags ask for; not ok if it answered that there
// is none, or not the one that the client saw.
func (a *access) draft(flags memd.SubdocDocFlag, specs []spec) (*document, bool) {
	if a.doc != nil && flags == memd.SubdocDocFlagAddDoc {
		a.r.Status = memd.StatusKeyExists
		return nil, false
	}
	if a.doc != nil || flags == 0 || a.p.Cas != 0 {
		if !a.writable() {
			return nil, false
		}
		return &document{body: a.doc.body, xattrs: a.doc.xattrs, flags: a.doc.flags}, true
	}
	for _, s := range specs { // "the server will determine what the root object is based on the command and the path"
		if !s.xattr() && (s.path == "" && s.op != memd.SubDocOpSetDoc || s.path != "" && s.path[0] == '[') {
			return &document{body: []byte("[]")}, true
		}
	}
	return &document{body: []byte("{}")}, true
}

// mutate does one spec on a draft. It returns a value for a counter only.
func (a *access) mutate(n *document, s spec) ([]byte, memd.StatusCode) {
	if s.op == memd.SubDocOpSetDoc {
		n.body = s.value
		return nil, memd.StatusSuccess
	}
	steps, status := s.steps()
	if status != memd.StatusSuccess {
		return nil, status
	}
	if s.flags&memd.SubdocFlagExpandMacros != 0 {
		if s.value = a.expand(n, s.value); s.value == nil {
			return nil, memd.StatusSubDocXattrUnknownMacro
		}
	}
	if s.xattr() {
		text, result, status := edit(attributesText(n.xattrs), s, steps)
		if status == memd.StatusSuccess {
			if n.xattrs = text; len(members(text, rootOf(text))) == 0 {
				n.xattrs = nil
			}
		}
		return result, status
	}
	if !json.Valid(n.body) {
		return nil, memd.StatusSubDocNotJSON
	}
	text, result, status := edit(n.body, s, steps)
	if status == memd.StatusSuccess {
		n.body = text
	}
	return result, status
}

// expand is what a macro stands for in the value of an attribute (ExtendedAttributes.md, macro expansion); nil for
// one that is not known. The CAS is in the order of bytes that clients have learnt to expect: the lowest first.
func (a *access) expand(n *document, macro []byte) []byte {
	switch string(macro) {
	case `"${Mutation.CAS}"`:
		return strconv.AppendQuote(nil, hex64(bits.ReverseBytes64(n.cas)))
	case `"${Mutation.seqno}"`:
		return strconv.AppendQuote(nil, hex64(a.bucket.sequence[vbucketOf(a.id)]+1))
	case `"${Mutation.value_crc32c}"`:
		return fmt.Appendf(nil, `"0x%08x"`, crc32.Checksum(n.body, crc32.MakeTable(crc32.Castagnoli)))
	}
	return nil
}

// edit is a text with one spec done to it.
func edit(text []byte, s spec, path []step) (out, result []byte, status memd.StatusCode) {
	at, missing, status := find(text, path)
	if status == memd.StatusSubDocPathMismatch {
		return nil, nil, status
	}
	switch s.op {
	case memd.SubDocOpDelete:
		out, status = cut(text, path)
	case memd.SubDocOpReplace:
		if status == memd.StatusSuccess {
			out, status = exchange(text, at, s.value)
		}
	case memd.SubDocOpDictAdd, memd.SubDocOpDictSet:
		switch {
		case path[len(path)-1].isIndex:
			status = memd.StatusSubDocPathInvalid
		case missing != nil:
			out, status = create(text, at, missing, s)
		case s.op == memd.SubDocOpDictAdd:
			status = memd.StatusSubDocPathExists
		default:
			out, status = exchange(text, at, s.value)
		}
	case memd.SubDocOpCounter:
		return count(text, at, missing, s)
	case memd.SubDocOpArrayInsert:
		out, status = insertElement(text, path, s.value)
	default:
		out, status = addElement(text, at, missing, s)
	}
	return out, nil, status
}

// exchange replaces a value.
func exchange(text []byte, at span, value []byte) ([]byte, memd.StatusCode) {
	if !json.Valid(value) {
		return nil, memd.StatusSubDocCantInsert
	}
	return splice(text, at, value), memd.StatusSuccess
}

// create adds what is missing of a path to an object, with the objects between if the client asked for them.
func create(text []byte, at span, missing []step, s spec) ([]byte, memd.StatusCode) {
	if !json.Valid(s.value) {
		return nil, memd.StatusSubDocCantInsert
	}
	if len(missing) > 1 && s.flags&memd.SubdocFlagMkDirP == 0 || slices.ContainsFunc(missing, func(m step) bool { return m.isIndex }) {
		return nil, memd.StatusSubDocPathNotFound
	}
	value := s.value
	for i := len(missing) - 1; i > 0; i-- {
		value = slices.Concat([]byte("{"), named(missing[i].name, value), []byte("}"))
	}
	return insertMember(text, at, -1, named(missing[0].name, value)), memd.StatusSuccess
}

// cut removes the member that a path leads to.
func cut(text []byte, path []step) ([]byte, memd.StatusCode) {
	last := len(path) - 1
	at, _, status := find(text, path[:last])
	if status != memd.StatusSuccess {
		return nil, status
	}
	n := child(members(text, at), path[last])
	if n < 0 {
		return nil, memd.StatusSubDocPathNotFound
	}
	return removeMember(text, at, n), memd.StatusSuccess
}

// count adds to a number, which begins at 0: whole numbers of 64 bits only.
func count(text []byte, at span, missing []step, s spec) (out, result []byte, status memd.StatusCode) {
	delta, err := strconv.ParseInt(string(s.value), 10, 64)
	if err != nil || delta == 0 {
		return nil, nil, memd.StatusSubDocBadDelta
	}
	var was int64
	if missing == nil {
		if was, err = strconv.ParseInt(string(text[at.start:at.end]), 10, 64); err != nil {
			if bytes.ContainsAny(text[at.start:at.end], `.eE"tfn{[`) {
				return nil, nil, memd.StatusSubDocPathMismatch
			}
			return nil, nil, memd.StatusSubDocBadRange
		}
	}
	if delta > 0 && was > math.MaxInt64-delta || delta < 0 && was < math.MinInt64-delta {
		return nil, nil, memd.StatusSubDocCantInsert
	}
	result = strconv.AppendInt(nil, was+delta, 10)
	if missing == nil {
		return splice(text, at, result), result, memd.StatusSuccess
	}
	s.value = result
	out, status = create(text, at, missing, s)
	return out, result, status
}
