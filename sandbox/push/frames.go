package push

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

// clientPreface opens every connection (RFC 9113, section 3.4).
const clientPreface = http2.ClientPreface

// The sizes of RFC 9113: a frame's header (section 4.1), the longest payload of those who did not raise it
// (section 6.5.2), and a window before any setting (section 6.9.2).
const (
	frameHeader    = 9
	maxFrame       = 16 << 10
	defaultWindow  = 65535
	smallestWindow = 1 << 10 // the longest answer
)

// A frame is one as it was read; its payload is valid until the next is read.
type frame struct {
	kind    http2.FrameType
	flags   http2.Flags
	stream  uint32
	payload []byte
}

// appendFrame appends a frame's header.
func appendFrame(b []byte, length int, kind http2.FrameType, flags http2.Flags, stream uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), byte(kind), byte(flags),
		byte(stream>>24), byte(stream>>16), byte(stream>>8), byte(stream))
}

// appendSettings appends a SETTINGS frame (RFC 9113, section 6.5).
func appendSettings(b []byte, settings ...http2.Setting) []byte {
	b = appendFrame(b, 6*len(settings), http2.FrameSettings, 0, 0)
	for _, s := range settings {
		b = binary.BigEndian.AppendUint16(b, uint16(s.ID))
		b = binary.BigEndian.AppendUint32(b, s.Val)
	}
	return b
}

func appendWindowUpdate(b []byte, stream uint32, n int) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, http2.FrameWindowUpdate, 0, stream), uint32(n))
}

func appendReset(b []byte, stream uint32, code http2.ErrCode) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, http2.FrameRSTStream, 0, stream), uint32(code))
}

func appendGoAway(b []byte, last uint32, code http2.ErrCode, debug string) []byte {
	b = appendFrame(b, 8+len(debug), http2.FrameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	b = binary.BigEndian.AppendUint32(b, uint32(code))
	return append(b, debug...)
}

// unpad takes the padding, and a HEADERS frame's priority, off a payload (RFC 9113, sections 6.1 and 6.2).
func unpad(f frame) ([]byte, error) {
	p := f.payload
	pad := 0
	if f.flags.Has(http2.FlagDataPadded) { // the same bit in both kinds
		if len(p) < 1 {
			return nil, http2.ConnectionError(http2.ErrCodeFrameSize)
		}
		pad, p = int(p[0]), p[1:]
	}
	if f.kind == http2.FrameHeaders && f.flags.Has(http2.FlagHeadersPriority) {
		if len(p) < 5 {
			return nil, http2.ConnectionError(http2.ErrCodeFrameSize)
		}
		p = p[5:]
	}
	if pad > len(p) {
		return nil, http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return p[:len(p)-pad], nil
}
