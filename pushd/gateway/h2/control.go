package h2

import (
	"encoding/binary"
	"time"

	"golang.org/x/net/http2"
)

// set takes the gateway's settings, and acknowledges them.
func (c *Conn) set(f frame) error {
	if f.stream != 0 || len(f.payload)%6 != 0 {
		return broken(http2.ErrCodeFrameSize, "SETTINGS of %d bytes on stream %d", len(f.payload), f.stream)
	}
	r := &c.reader
	if f.flags.Has(http2.FlagSettingsAck) {
		return nil
	}
	for p := f.payload; len(p) > 0; p = p[6:] {
		value := binary.BigEndian.Uint32(p[2:])
		switch http2.SettingID(binary.BigEndian.Uint16(p)) {
		case http2.SettingMaxConcurrentStreams:
			c.limit.Store(int64(min(value, noLimit)))
		case http2.SettingInitialWindowSize:
			if value > maxWindow {
				return broken(http2.ErrCodeFlowControl, "an initial window of %d bytes", value)
			}
			c.initial.Store(int64(value))
		case http2.SettingHeaderTableSize:
			c.mu.Lock()
			c.table = append(c.table, value)
			c.mu.Unlock()
		}
	}
	c.leave(appendFrame(nil, 0, http2.FrameSettings, http2.FlagSettingsAck, 0))
	if !r.first {
		r.first = true
		close(c.ready)
	}
	c.o.Changed()
	return nil
}

// ping answers PING.
func (c *Conn) ping(f frame) error {
	if f.stream != 0 || len(f.payload) != 8 {
		return broken(http2.ErrCodeFrameSize, "PING of %d bytes on stream %d", len(f.payload), f.stream)
	}
	if f.flags.Has(http2.FlagPingAck) {
		c.alive(c.o.Now().UnixNano())
	} else {
		c.leave(append(appendFrame(nil, 8, http2.FramePing, http2.FlagPingAck, 0), f.payload...))
	}
	return nil
}

// goesAway takes GOAWAY. A gateway may send several, each with a lower last stream (RFC 9113, section 6.8): with the
// first no new messages are taken; those above the last stream are ended by the writer, which alone knows that no
// more of them come.
func (c *Conn) goesAway(f frame) error {
	if f.stream != 0 || len(f.payload) < 8 {
		return broken(http2.ErrCodeFrameSize, "GOAWAY of %d bytes on stream %d", len(f.payload), f.stream)
	}
	last := binary.BigEndian.Uint32(f.payload) & maxStreamID
	c.mu.Lock()
	c.away = &GoAwayError{http2.ErrCode(binary.BigEndian.Uint32(f.payload[4:])), string(f.payload[8:min(len(f.payload), 8+500)])}
	c.mu.Unlock()
	c.leaving.Store(true)
	c.goAway.Store(int64(last) + 1)
	c.release()
	c.Wake()
	c.o.Changed()
	return nil
}

// opens takes WINDOW_UPDATE.
func (c *Conn) opens(f frame) error {
	if len(f.payload) != 4 {
		return broken(http2.ErrCodeFrameSize, "WINDOW_UPDATE of %d bytes", len(f.payload))
	}
	by := int64(binary.BigEndian.Uint32(f.payload) & maxWindow)
	if f.stream == 0 {
		if c.window.Add(by) > maxWindow || by == 0 {
			return broken(http2.ErrCodeFlowControl, "a window opened by %d bytes", by)
		}
		c.Wake()
		return nil
	}
	if c.partials.Load() > 0 {
		c.mu.Lock()
		c.updates = append(c.updates, update{f.stream, by})
		c.mu.Unlock()
		c.Wake()
	}
	return nil
}

// sayGoodbye tells the gateway which rule it broke, as far as that is still possible.
func (c *Conn) sayGoodbye(p *ProtocolError) error {
	if err := c.net.SetWriteDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	b := appendFrame(nil, 8, http2.FrameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(p.Code))
	if _, err := c.net.Write(b); err != nil {
		return err
	}
	return c.o.Flush()
}
