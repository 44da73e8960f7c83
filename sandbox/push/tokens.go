package push

import (
	"encoding/binary"
	"encoding/hex"
	"hash/fnv"
)

// The tokens made here carry a number, so that millions of them are counted in a bitmap. They look like the
// vendor's: 64 hexadecimal digits for APNs; for FCM 22 characters, a colon and more.

// APNsToken appends the token of a number below 2^28: the number, scrambled, and what follows from it.
func APNsToken(b []byte, n uint64) []byte {
	var raw [32]byte
	fillToken(&raw, n)
	return hex.AppendEncode(b, raw[:])
}

// The parts of an FCM token that all have in common.
const (
	fcmMiddle = ":APA91b"
	fcmTail   = "Hf3_qVbXoLzC7kDeW-2mYtRnJpGs5uIaBgN8xQhMvEwUcKiSrTlPyOdZjFA1460Hf3_qVbXoLzC7kDeW-2mYtRnJpG"
)

// FCMToken appends the token of a number below 2^28.
func FCMToken(b []byte, n uint64) []byte {
	var raw [32]byte
	fillToken(&raw, n)
	b = hex.AppendEncode(b, raw[:11]) // 22 characters
	b = append(b, fcmMiddle...)
	b = hex.AppendEncode(b, raw[11:])
	return append(b, fcmTail...)
}

// fcmTokenLength is that of a token made here.
const fcmTokenLength = 22 + len(fcmMiddle) + 42 + len(fcmTail)

// fillToken writes a number, scrambled, and three words that follow from it.
func fillToken(raw *[32]byte, n uint64) {
	for i := range 4 {
		binary.BigEndian.PutUint64(raw[8*i:], scramble(n+uint64(i)<<56))
	}
}

// scramble maps the numbers one to one onto each other: the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast
// splittable pseudorandom number generators", 2014).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// unscramble undoes scramble.
func unscramble(x uint64) uint64 {
	x ^= x>>31 ^ x>>62
	x *= 0x319642b2d24d8ec3
	x ^= x>>27 ^ x>>54
	x *= 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}

// A Mark stands for a token in the counters: its number if it carries one, or else its hash.
type Mark struct {
	Number   uint64
	Numbered bool
}

// MarkOf is the mark of a token of either vendor.
func MarkOf(token []byte) Mark {
	var raw [32]byte
	ok := false
	switch len(token) {
	case 64: // all but the words that tell nothing
		_, err := hex.Decode(raw[:8], token[:16])
		_, err2 := hex.Decode(raw[24:], token[48:])
		ok = err == nil && err2 == nil
	case fcmTokenLength:
		_, err := hex.Decode(raw[:11], token[:22])
		_, err2 := hex.Decode(raw[11:], token[22+len(fcmMiddle):][:42])
		ok = err == nil && err2 == nil
	}
	if ok {
		n := unscramble(binary.BigEndian.Uint64(raw[:]))
		// One of the other words tells a token made here from one that is merely as long.
		if n < maxNumber && binary.BigEndian.Uint64(raw[24:]) == scramble(n+3<<56) {
			return Mark{Number: n, Numbered: true}
		}
	}
	h := fnv.New64a()
	h.Write(token)
	return Mark{Number: h.Sum64()}
}
