package push

import (
	"encoding/binary"
	"errors"
	"slices"

	"golang.org/x/net/http2"
)

// handle does what a frame asks for; an http2.ConnectionError ends the connection with that code.
func (c *conn) handle(f frame) error {
	if (c.blockOf != 0) != (f.kind == http2.FrameContinuation) || c.blockOf != 0 && f.stream != c.blockOf {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	switch f.kind {
	case http2.FrameData:
		return c.data(f)
	case http2.FrameHeaders:
		return c.header(f)
	case http2.FrameContinuation:
		return c.headerGoesOn(f.payload, f.flags.Has(http2.FlagContinuationEndHeaders))
	case http2.FrameRSTStream:
		return c.canceled(f)
	case http2.FrameSettings:
		return c.set(f)
	case http2.FramePing:
		if f.stream != 0 || len(f.payload) != 8 {
			return http2.ConnectionError(http2.ErrCodeFrameSize)
		}
		if !f.flags.Has(http2.FlagPingAck) {
			c.out = append(appendFrame(c.out, 8, http2.FramePing, http2.FlagPingAck, 0), f.payload...)
		}
	case http2.FrameGoAway:
		return errDone
	case http2.FrameWindowUpdate:
		if len(f.payload) != 4 {
			return http2.ConnectionError(http2.ErrCodeFrameSize)
		}
		if f.stream == 0 {
			c.answers.window += int64(binary.BigEndian.Uint32(f.payload) & (1<<31 - 1))
			if c.answers.window >= 1<<31 {
				return http2.ConnectionError(http2.ErrCodeFlowControl)
			}
			c.wakeUp()
		}
	case http2.FramePushPromise:
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	return nil
}

// header takes a HEADERS frame.
func (c *conn) header(f frame) error {
	block, err := unpad(f)
	if err != nil {
		return err
	}
	if f.stream%2 == 0 || f.stream <= c.highest {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	c.highest = f.stream
	if c.current != nil { // its header is about to be overwritten
		s := &stream{id: c.current.id, own: *c.current.request, body: slices.Clone(c.current.body), window: c.current.window}
		s.own.Fields = slices.Clone(s.own.Fields)
		s.request, c.open[s.id], c.current = &s.own, s, nil
	}
	c.blockOf, c.blockEnd = f.stream, f.flags.Has(http2.FlagHeadersEndStream)
	return c.headerGoesOn(block, f.flags.Has(http2.FlagHeadersEndHeaders))
}

// headerGoesOn takes a piece of a header block.
func (c *conn) headerGoesOn(piece []byte, end bool) error {
	if !end || len(c.block) > 0 {
		if c.block = append(c.block, piece...); len(c.block) > 64<<10 {
			return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
		}
		if piece = c.block; !end {
			return nil
		}
	}
	id := c.blockOf
	r, err := c.heads.read(piece)
	c.block, c.blockOf = c.block[:0], 0
	if err != nil {
		return c.malformed(id, err)
	}
	if c.leaving && id > c.last {
		return nil
	}
	if uint32(len(c.open)+len(c.queue)+len(c.mute)) >= max(c.limit, slices.Max(append(c.unacked, 0))) {
		c.s.over.Add(1)
		c.out = appendReset(c.out, id, http2.ErrCodeRefusedStream)
		return nil
	}
	window := defaultWindow
	if c.settings.Window > 0 {
		window = int(c.settings.Window)
	}
	c.spare = stream{id: id, request: r, body: c.spare.body[:0], window: window}
	c.current = &c.spare
	if c.blockEnd {
		r.Body = nil
		return c.complete(c.current)
	}
	return nil
}

// malformed resets a stream whose header is malformed, and passes on what is the connection's error.
func (c *conn) malformed(id uint32, err error) error {
	stream := http2.StreamError{}
	if !errors.As(err, &stream) {
		return err
	}
	c.out = appendReset(c.out, id, stream.Code)
	return nil
}

// data takes a piece of a body.
func (c *conn) data(f frame) error {
	piece, err := unpad(f)
	if err != nil {
		return err
	}
	if f.stream == 0 || f.stream > c.highest {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if c.window -= len(f.payload); c.window < 0 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	if c.received += len(f.payload); c.received >= c.s.window/2 {
		c.out = appendWindowUpdate(c.out, 0, c.received)
		c.window += c.received
		c.received = 0
	}
	s := c.current
	if s == nil || s.id != f.stream {
		if s = c.open[f.stream]; s == nil {
			return nil // it was refused, reset, or is after the last
		}
	}
	if s.window -= len(f.payload); s.window < 0 {
		return http2.ConnectionError(http2.ErrCodeFlowControl)
	}
	if f.flags.Has(http2.FlagDataEndStream) && len(s.body) == 0 {
		s.request.Body = piece
		return c.complete(s)
	}
	if s.body = append(s.body, piece...); len(s.body) > 64<<10 {
		return http2.ConnectionError(http2.ErrCodeEnhanceYourCalm)
	}
	if f.flags.Has(http2.FlagDataEndStream) {
		s.request.Body = s.body
		return c.complete(s)
	}
	if len(f.payload) > 0 {
		c.out = appendWindowUpdate(c.out, s.id, len(f.payload))
		s.window += len(f.payload)
	}
	return nil
}

// complete answers a request.
func (c *conn) complete(s *stream) error {
	if s == c.current {
		c.current = nil
	} else {
		delete(c.open, s.id)
	}
	err := c.judge(s.id, s.request)
	if c.allowed() != c.announced() {
		c.announce(c.settings)
	}
	return err
}

// announced is the limit that was announced last.
func (c *conn) announced() uint32 {
	if len(c.unacked) > 0 {
		return c.unacked[len(c.unacked)-1]
	}
	return c.limit
}

// canceled takes RST_STREAM: the client does not want the answer any more.
func (c *conn) canceled(f frame) error {
	if len(f.payload) != 4 || f.stream > c.highest {
		return http2.ConnectionError(http2.ErrCodeProtocol)
	}
	if c.current != nil && c.current.id == f.stream {
		c.current = nil
	}
	delete(c.open, f.stream)
	delete(c.mute, f.stream)
	c.queue = slices.DeleteFunc(c.queue, func(p pending) bool { return p.stream == f.stream })
	return nil
}

// set takes the client's settings, or its acknowledgement of ours.
func (c *conn) set(f frame) error {
	if f.flags.Has(http2.FlagSettingsAck) {
		if len(c.unacked) == 0 {
			return http2.ConnectionError(http2.ErrCodeProtocol)
		}
		c.limit, c.unacked = c.unacked[0], c.unacked[1:]
		return nil
	}
	if len(f.payload)%6 != 0 {
		return http2.ConnectionError(http2.ErrCodeFrameSize)
	}
	for p := f.payload; len(p) > 0; p = p[6:] {
		value := binary.BigEndian.Uint32(p[2:])
		switch http2.SettingID(binary.BigEndian.Uint16(p)) {
		case http2.SettingInitialWindowSize:
			if value < smallestWindow || value > 1<<31-1 {
				return http2.ConnectionError(http2.ErrCodeFlowControl)
			}
		case http2.SettingHeaderTableSize:
			c.answers.resize(value)
		}
	}
	c.out = appendFrame(c.out, 0, http2.FrameSettings, http2.FlagSettingsAck, 0)
	return nil
}
