package push

import (
	"bufio"
	"net"
)

// An aheadConn lies under an encrypted connection, which reads record by record: it reads several at a time.
type aheadConn struct {
	net.Conn
	reader *bufio.Reader
}

// maxRecord is how long a record of TLS can be (RFC 8446, section 5.2), its header included.
const maxRecord = 5 + 16<<10 + 256

func newAheadConn(n net.Conn) *aheadConn {
	return &aheadConn{n, bufio.NewReaderSize(n, 4*maxRecord)}
}

func (c *aheadConn) Read(b []byte) (int, error) { return c.reader.Read(b) }

// ready says whether another record can be read for sure without waiting for the client.
func (c *aheadConn) ready() bool { return c.reader.Buffered() >= maxRecord }
