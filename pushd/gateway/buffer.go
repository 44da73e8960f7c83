package gateway

import (
	"bufio"
	"net"
	"sync"
)

// A bufferedConn lies under an encrypted connection, which reads and writes record by record, 16 KB each: it reads and
// writes several at a time. Before hold is called it writes at once.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
	mu     sync.Mutex
	held   bool
	out    []byte
}

// How much is read at a time, and held back at most.
const (
	readSize = 64 << 10
	holdSize = 128 << 10
)

func newBufferedConn(c net.Conn) *bufferedConn {
	return &bufferedConn{Conn: c, reader: bufio.NewReaderSize(c, readSize)}
}

// hold has writes wait for flush.
func (c *bufferedConn) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = true
}

// Read reads what is buffered, or else from the connection.
func (c *bufferedConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

// Write holds back what is written, up to the buffer's size.
func (c *bufferedConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.held {
		return c.Conn.Write(b)
	}
	if len(c.out)+len(b) > holdSize {
		if err := c.write(); err != nil {
			return 0, err
		}
	}
	c.out = append(c.out, b...)
	return len(b), nil
}

// flush writes what was held back.
func (c *bufferedConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write()
}

func (c *bufferedConn) write() error {
	if len(c.out) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.out)
	c.out = c.out[:0]
	return err
}
