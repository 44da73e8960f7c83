package push

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// A conn is one connection. A goroutine reads it and answers at once; another sends what is answered later.
type conn struct {
	s       *Server
	net     *tls.Conn
	raw     *aheadConn // under net
	reader  *bufio.Reader
	session Session
	heads   *headReader
	wake    chan struct{}

	mu       sync.Mutex
	settings Settings // as the client was told last
	out      []byte   // not written yet
	answers  answerWriter
	queue    []pending // answers that wait for their time or for the connection's window
	current  *stream   // the stream whose header came last, and whose body did not
	spare    stream
	open     map[uint32]*stream // other streams whose body is not complete
	mute     map[uint32]bool    // streams that never get an answer
	block    []byte             // a header block in pieces,
	blockOf  uint32             // of this stream; 0 for none
	blockEnd bool               // and no body follows
	highest  uint32             // the last stream that the client opened
	limit    uint32             // how many streams may be open: what the client has acknowledged
	unacked  []uint32           // limits that it has not
	received int                // bytes of bodies read since the window was last opened
	window   int                // how many bytes of bodies the client may still send
	leaving  bool               // GOAWAY was sent,
	last     uint32             // with this stream as the last
	closed   bool               // nothing is written any more
}

// A stream is one whose request is not complete.
type stream struct {
	id      uint32
	request *Request
	own     Request // what request points to once another header was read
	body    []byte
	window  int
}

// errDone ends a connection that has nothing more to say.
var errDone = errors.New("done")

func newConn(s *Server, t *tls.Conn, raw *aheadConn) *conn {
	c := &conn{s: s, net: t, raw: raw, reader: bufio.NewReaderSize(t, 64<<10), session: s.vendor.Session(), heads: newHeadReader(),
		wake: make(chan struct{}, 1), open: map[uint32]*stream{}, mute: map[uint32]bool{}, limit: 1<<31 - 1, window: defaultWindow}
	c.answers.init()
	return c
}

// run serves the connection until the client leaves or breaks a rule.
func (c *conn) run() {
	preface := make([]byte, len(clientPreface))
	if _, err := io.ReadFull(c.reader, preface); err != nil || string(preface) != clientPreface {
		return
	}
	c.mu.Lock()
	c.announce(c.settings)
	if more := c.s.window - defaultWindow; more > 0 {
		c.out = appendWindowUpdate(c.out, 0, more)
		c.window += more
	}
	c.flush()
	c.mu.Unlock()
	ended := make(chan struct{})
	var later sync.WaitGroup
	later.Go(func() { c.sendLater(ended) })
	err := c.read()
	close(ended)
	c.mu.Lock()
	if broken := http2.ConnectionError(0); errors.As(err, &broken) && !c.closed {
		c.out = appendGoAway(c.out, c.highest, http2.ErrCode(broken), "")
		c.flush()
	}
	c.closed = true
	c.mu.Unlock()
	_ = c.net.Close() // either side wants it to end
	later.Wait()
}

// read reads frames; before it waits for more it sends what is to be sent.
func (c *conn) read() error {
	for {
		c.flushBefore(frameHeader)
		head, err := c.reader.Peek(frameHeader)
		if err != nil {
			return err
		}
		length := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
		f := frame{kind: http2.FrameType(head[3]), flags: http2.Flags(head[4]), stream: binary.BigEndian.Uint32(head[5:]) & (1<<31 - 1)}
		if length > maxFrame {
			return http2.ConnectionError(http2.ErrCodeFrameSize)
		}
		c.flushBefore(frameHeader + length)
		whole, err := c.reader.Peek(frameHeader + length)
		if err != nil {
			return err
		}
		f.payload = whole[frameHeader:]
		c.mu.Lock()
		err = c.handle(f)
		c.mu.Unlock()
		if err != nil {
			return err
		}
		if _, err := c.reader.Discard(frameHeader + length); err != nil {
			return err
		}
	}
}

// flushBefore writes what is to be sent before the client is waited for: if fewer bytes than n were read.
func (c *conn) flushBefore(n int) {
	if c.reader.Buffered() < n && !c.raw.ready() {
		c.mu.Lock()
		c.flush()
		c.mu.Unlock()
	}
}

// flush writes what is to be sent; c.mu must be held.
func (c *conn) flush() {
	if len(c.out) > 0 && !c.closed {
		if _, err := c.net.Write(c.out); err != nil {
			c.closed = true // the reader finds the same
		}
	}
	c.out = c.out[:0]
	if c.leaving && !c.closed && c.idle() {
		c.closed = true
		_ = c.net.CloseWrite() // the client may have left already
		// What the client sent meanwhile is read, or else the kernel would throw away answers that it did not read yet.
		_ = c.net.SetReadDeadline(time.Now().Add(time.Second))
	}
}

// idle says whether no stream waits for an answer that is to come.
func (c *conn) idle() bool {
	if len(c.queue) > 0 || c.current != nil && c.current.id <= c.last {
		return false
	}
	for id := range c.open {
		if id <= c.last {
			return false
		}
	}
	return true
}

// announce tells the client settings, whose limit holds once it is acknowledged.
func (c *conn) announce(to Settings) {
	c.settings = to
	limit := c.allowed()
	list := []http2.Setting{{ID: http2.SettingMaxConcurrentStreams, Val: limit}}
	if to.Window > 0 {
		list = append(list, http2.Setting{ID: http2.SettingInitialWindowSize, Val: to.Window})
	}
	if to.HeaderTable > 0 {
		list = append(list, http2.Setting{ID: http2.SettingHeaderTableSize, Val: to.HeaderTable &^ 1})
	}
	c.unacked = append(c.unacked, limit)
	c.out = appendSettings(c.out, list...)
	if to.HeaderTable > 0 {
		c.heads.decoder.SetAllowedMaxDynamicTableSize(to.HeaderTable &^ 1)
	}
}

// allowed is how many streams may be open by the settings and by what the session has seen.
func (c *conn) allowed() uint32 {
	if n := c.session.Streams(); n > 0 {
		return n
	}
	if c.settings.MaxStreams > 0 {
		return c.settings.MaxStreams
	}
	return 1<<31 - 1
}

// configure announces other settings from outside the connection's goroutines.
func (c *conn) configure(to Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.announce(to)
	c.flush()
}

// drain sends GOAWAY after the streams that arrived.
func (c *conn) drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leave(c.highest, http2.ErrCodeNo)
	c.flush()
}

func (c *conn) leave(last uint32, code http2.ErrCode) {
	if c.leaving {
		return
	}
	c.leaving, c.last = true, last
	c.out = appendGoAway(c.out, last, code, "")
}
