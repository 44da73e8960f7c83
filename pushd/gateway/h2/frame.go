package h2

import (
	"encoding/binary"
	"fmt"
	"io"

	"golang.org/x/net/http2"
)

// The sizes of RFC 9113: a frame's header (section 4.1), the longest payload that we take (section 6.5.2), and a window
// before any setting (section 6.9.2).
const (
	frameHeader   = 9
	maxFrame      = 16 << 10
	defaultWindow = 65535
	maxWindow     = 1<<31 - 1
	maxStreamID   = 1<<31 - 1
	maxHeadBlock  = 64 << 10
	noLimit       = 1<<31 - 1
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

func appendUint32Frame(b []byte, kind http2.FrameType, stream, value uint32) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, kind, 0, stream), value)
}

// appendPreface appends what a client says first: no pushes, and windows so wide that answers, which are short, do not
// wait for them (RFC 9113, section 3.4).
func appendPreface(b []byte) []byte {
	b = append(b, http2.ClientPreface...)
	b = appendFrame(b, 12, http2.FrameSettings, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(http2.SettingEnablePush))
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(http2.SettingInitialWindowSize))
	b = binary.BigEndian.AppendUint32(b, streamWindow)
	return appendUint32Frame(b, http2.FrameWindowUpdate, 0, connWindow-defaultWindow)
}

// How much of the answers the gateway may send before we read it: on a stream, and on the connection.
const (
	streamWindow = 64 << 10
	connWindow   = 16 << 20
)

// A frameReader reads frames.
type frameReader struct {
	from     io.Reader
	buffer   []byte
	at, read int // what was read and not taken yet: buffer[at:read]
}

// readSize is how much is read at a time at most, several times a frame.
const readSize = 64 << 10

func newFrameReader(from io.Reader) frameReader {
	return frameReader{from: from, buffer: make([]byte, readSize)}
}

// next takes the next frame, if it was read to its end.
func (r *frameReader) next() (f frame, ok bool, err error) {
	b := r.buffer[r.at:r.read]
	if len(b) < frameHeader {
		return f, false, nil
	}
	length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if length > maxFrame {
		return f, false, broken(http2.ErrCodeFrameSize, "a frame of %d bytes", length)
	}
	if len(b) < frameHeader+length {
		return f, false, nil
	}
	r.at += frameHeader + length
	f.kind, f.flags, f.stream = http2.FrameType(b[3]), http2.Flags(b[4]), binary.BigEndian.Uint32(b[5:])&maxStreamID
	f.payload = b[frameHeader : frameHeader+length]
	return f, true, nil
}

// more waits for more to be read.
func (r *frameReader) more() error {
	r.read = copy(r.buffer, r.buffer[r.at:r.read])
	r.at = 0
	n, err := r.from.Read(r.buffer[r.read:])
	if r.read += n; n > 0 {
		return nil // an error comes again
	}
	return err
}

// unpad takes the padding, and a HEADERS frame's priority, off a payload (RFC 9113, sections 6.1 and 6.2).
func unpad(f frame) ([]byte, error) {
	p, pad := f.payload, 0
	if f.flags.Has(http2.FlagDataPadded) { // the same bit in both kinds
		if len(p) < 1 {
			return nil, broken(http2.ErrCodeFrameSize, "a padded frame without padding")
		}
		pad, p = int(p[0]), p[1:]
	}
	if f.kind == http2.FrameHeaders && f.flags.Has(http2.FlagHeadersPriority) {
		if len(p) < 5 {
			return nil, broken(http2.ErrCodeFrameSize, "a priority of %d bytes", len(p))
		}
		p = p[5:]
	}
	if pad > len(p) {
		return nil, broken(http2.ErrCodeProtocol, "padding of %d in %d bytes", pad, len(p))
	}
	return p[:len(p)-pad], nil
}

// A ProtocolError is what the gateway did against RFC 9113, for which the connection is ended.
type ProtocolError struct {
	Code http2.ErrCode
	What string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the gateway sent %s (%s)", e.What, e.Code)
}

func broken(code http2.ErrCode, format string, args ...any) error {
	return &ProtocolError{code, fmt.Sprintf(format, args...)}
}

// A GoAwayError is a connection's end by GOAWAY.
type GoAwayError struct {
	Code  http2.ErrCode
	Debug string // what the gateway says to it; APNs a reason in JSON
}

func (e *GoAwayError) Error() string {
	if e.Debug == "" {
		return fmt.Sprintf("the gateway ended the connection (%s)", e.Code)
	}
	return fmt.Sprintf("the gateway ended the connection (%s): %s", e.Code, e.Debug)
}

// A ResetError is a stream's end by RST_STREAM.
type ResetError struct{ Code http2.ErrCode }

func (e *ResetError) Error() string { return fmt.Sprintf("the gateway reset the stream (%s)", e.Code) }
