package couchbase

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/couchbase/gocbcore/v10/memd"
)

// listed says whether a value is one or several JSON values with commas between, as an array's text is within.
func listed(value []byte) bool {
	return json.Valid(slices.Concat([]byte("["), value, []byte("]")))
}

// addElement adds to the beginning or end of an array, which is made if the client asked for missing paths.
func addElement(text []byte, at span, missing []step, s spec) ([]byte, memd.StatusCode) {
	if !listed(s.value) {
		return nil, memd.StatusSubDocCantInsert
	}
	if missing != nil {
		if s.flags&memd.SubdocFlagMkDirP == 0 {
			return nil, memd.StatusSubDocPathNotFound
		}
		s.value = slices.Concat([]byte("["), s.value, []byte("]"))
		return create(text, at, missing, s)
	}
	if text[at.start] != '[' {
		return nil, memd.StatusSubDocPathMismatch
	}
	switch s.op {
	case memd.SubDocOpArrayPushFirst:
		return insertMember(text, at, 0, s.value), memd.StatusSuccess
	case memd.SubDocOpArrayAddUnique:
		if status := unique(text, at, s.value); status != memd.StatusSuccess {
			return nil, status
		}
	}
	return insertMember(text, at, -1, s.value), memd.StatusSuccess
}

// unique says whether an array lacks a value. Only arrays of primitive values, and such a value, can be compared
// (SubDocument.md, CMD_ARRAY_ADD_UNIQUE).
func unique(text []byte, at span, value []byte) memd.StatusCode {
	value = bytes.TrimSpace(value)
	if !json.Valid(value) || value[0] == '{' || value[0] == '[' {
		return memd.StatusSubDocCantInsert
	}
	for _, m := range members(text, at) {
		one := text[m.value.start:m.value.end]
		if one[0] == '{' || one[0] == '[' {
			return memd.StatusSubDocPathMismatch
		}
		if bytes.Equal(one, value) {
			return memd.StatusSubDocPathExists
		}
	}
	return memd.StatusSuccess
}

// insertElement inserts before the element that a path names; one past the last is allowed.
func insertElement(text []byte, path []step, value []byte) ([]byte, memd.StatusCode) {
	last := path[len(path)-1]
	if !last.isIndex || last.index < 0 {
		return nil, memd.StatusSubDocPathInvalid
	}
	if !listed(value) {
		return nil, memd.StatusSubDocCantInsert
	}
	at, _, status := find(text, path[:len(path)-1])
	switch {
	case status != memd.StatusSuccess:
		return nil, status
	case text[at.start] != '[':
		return nil, memd.StatusSubDocPathMismatch
	case last.index > len(members(text, at)):
		return nil, memd.StatusSubDocPathNotFound
	}
	return insertMember(text, at, last.index, value), memd.StatusSuccess
}
