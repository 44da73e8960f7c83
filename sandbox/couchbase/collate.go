package couchbase

import (
	"encoding/binary"
	"encoding/json"
	"math"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// The kinds of keys in their order (https://docs.couchbase.com/server/current/views/views-querying.html, ordering):
// null, false, true, numbers, strings, arrays, objects.
const (
	rankEnd = iota // of an array or object: sorts before any further member
	rankNull
	rankFalse
	rankTrue
	rankNumber
	rankString
	rankArray
	rankObject
)

// A collator makes keys of views comparable by their bytes. Strings go by the Unicode Collation Algorithm: "apple"
// before "Apple" before "Zebra". It is not for use by several goroutines at once.
type collator struct {
	unicode *collate.Collator
	buffer  collate.Buffer
}

func newCollator() *collator { return &collator{unicode: collate.New(language.Und)} }

// sortKey is what a JSON value is compared by; not ok if it is not JSON.
func (c *collator) sortKey(text []byte) (key []byte, ok bool) {
	if !json.Valid(text) {
		return nil, false
	}
	return c.append(nil, text, rootOf(text)), true
}

func (c *collator) append(key, text []byte, at span) []byte {
	switch text[at.start] {
	case 'n':
		return append(key, rankNull)
	case 'f':
		return append(key, rankFalse)
	case 't':
		return append(key, rankTrue)
	case '"':
		var s string
		_ = json.Unmarshal(text[at.start:at.end], &s) // it is a valid string
		return c.appendString(append(key, rankString), s)
	case '[':
		key = append(key, rankArray)
		for _, m := range members(text, at) {
			key = c.append(key, text, m.value)
		}
		return append(key, rankEnd)
	case '{':
		key = append(key, rankObject)
		for _, m := range members(text, at) {
			key = c.appendString(append(key, rankString), m.name)
			key = c.append(key, text, m.value)
		}
		return append(key, rankEnd)
	}
	var n float64
	_ = json.Unmarshal(text[at.start:at.end], &n) // out of range is ±Inf, as in JavaScript
	return binary.BigEndian.AppendUint64(append(key, rankNumber), ordered(n))
}

// appendString appends a string's collation key so that no other begins with it.
func (c *collator) appendString(key []byte, s string) []byte {
	for _, b := range c.unicode.KeyFromString(&c.buffer, s) {
		if key = append(key, b); b == 0 {
			key = append(key, 0xff)
		}
	}
	c.buffer.Reset()
	return append(key, 0, 0)
}

// ordered is a number whose order as an unsigned integer is that of n.
func ordered(n float64) uint64 {
	if n == 0 {
		n = 0 // -0 is 0
	}
	bits := math.Float64bits(n)
	if bits>>63 == 1 {
		return ^bits
	}
	return bits | 1<<63
}
