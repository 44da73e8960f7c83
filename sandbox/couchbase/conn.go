package couchbase

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"

	"github.com/couchbase/gocbcore/v10/memd"
)

// maxPacket is the longest request: a client that sends more is disconnected
// (https://github.com/couchbase/kv_engine/blob/master/docs/DocumentSizeLimits.md).
const maxPacket = 30 << 20

// errProtocol ends a connection whose client does not speak the protocol.
var errProtocol = errors.New("not a request of the binary protocol")

// errDropped ends a connection because a test asked for it.
var errDropped = errors.New("connection dropped")

// A conn serves one client: its requests one after another, in their order.
type conn struct {
	server    *Server
	in        *bufio.Reader
	out       *bufio.Writer
	packets   *memd.Conn
	encrypted bool
	features  map[memd.HelloFeature]bool
	scram     *scram
	user      *User   // nil before authentication
	bucket    *Bucket // nil before one is selected
}

// Read and Write make conn the stream that packets are read from and written to.
func (c *conn) Read(p []byte) (int, error)  { return c.in.Read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.Write(p) }

// serveConn serves a client until it leaves, breaks the protocol, or the server closes.
func (s *Server) serveConn(nc net.Conn, encrypted bool) {
	defer nc.Close() //nolint:errcheck // it is over either way
	c := &conn{server: s, in: bufio.NewReaderSize(nc, 64<<10), out: bufio.NewWriter(nc), encrypted: encrypted, features: map[memd.HelloFeature]bool{}}
	c.packets = memd.NewConn(c)
	for {
		if err := c.serveOne(); err != nil {
			return
		}
	}
}

// serveOne answers one request. What it answered is sent once no further request waits.
func (c *conn) serveOne() error {
	request, err := c.next()
	if err != nil {
		return err
	}
	response := &memd.Packet{Magic: memd.CmdMagicRes, Command: request.Command, Opaque: request.Opaque}
	if err := c.answer(request, response); err != nil {
		return errors.Join(err, c.out.Flush())
	}
	if err := c.packets.WritePacket(response); err != nil {
		return err
	}
	if request.Command == memd.CmdHello {
		for f := range c.features {
			c.packets.EnableFeature(f)
		}
	}
	if c.in.Buffered() == 0 {
		return c.out.Flush()
	}
	return nil
}

// next reads a request, after looking whether its header can be true.
func (c *conn) next() (*memd.Packet, error) {
	h, err := c.in.Peek(24)
	if err != nil {
		return nil, err
	}
	key, frames := int(binary.BigEndian.Uint16(h[2:])), 0
	switch h[0] {
	case 0x80:
	case 0x08: // with frames, and a shorter key length to make place for their length
		frames, key = int(h[2]), int(h[3])
	default:
		return nil, errProtocol
	}
	if body := int(binary.BigEndian.Uint32(h[8:])); body > maxPacket || frames+key+int(h[4]) > body {
		return nil, errProtocol
	}
	p, _, err := c.packets.ReadPacket()
	return p, err
}

// answer fills the response to a request. An error ends the connection without one.
func (c *conn) answer(p, r *memd.Packet) error {
	switch p.Command {
	case memd.CmdHello:
		c.hello(p, r)
	case memd.CmdGetErrorMap:
		r.Value = []byte(errorMap)
	case memd.CmdSASLListMechs:
		r.Value = []byte(c.mechanisms())
	case memd.CmdSASLAuth:
		c.authenticate(p, r)
	case memd.CmdSASLStep:
		c.authenticateStep(p, r)
	case memd.CmdNoop:
	default:
		if c.user == nil {
			r.Status = memd.StatusAccessError
			return nil
		}
		return c.answerUser(p, r)
	}
	return nil
}

// answerUser answers what only an authenticated user may ask.
func (c *conn) answerUser(p, r *memd.Packet) error {
	switch p.Command {
	case memd.CmdSelectBucket:
		c.selectBucket(p, r)
		return nil
	case memd.CmdGetClusterConfig:
		r.Value, r.Datatype = c.server.configJSON(c.bucket), c.jsonType()
		return nil
	}
	if c.bucket == nil {
		r.Status = memd.StatusNoBucket
		return nil
	}
	switch p.Command {
	case memd.CmdCollectionsGetManifest:
		c.getManifest(r)
	case memd.CmdCollectionsGetID:
		c.getCollectionID(p, r)
	default:
		return c.data(p, r)
	}
	return nil
}

// supported are the features that a client may switch on (feature.h beside BinaryProtocol.md): not compression,
// unordered execution or pushed configurations.
var supported = []memd.HelloFeature{
	memd.FeatureDatatype, memd.FeatureTCPNoDelay, memd.FeatureSeqNo, memd.FeatureXattr, memd.FeatureXerror, memd.FeatureSelectBucket,
	memd.FeatureJSON, memd.FeatureAltRequests, memd.FeatureSyncReplication, memd.FeatureCollections, memd.FeaturePreserveExpiry,
}

// hello agrees on the features that both sides have.
func (c *conn) hello(p, r *memd.Packet) {
	clear(c.features)
	for i := 0; i+1 < len(p.Value); i += 2 {
		f := memd.HelloFeature(binary.BigEndian.Uint16(p.Value[i:]))
		if slices.Contains(supported, f) && !c.features[f] {
			c.features[f] = true
			r.Value = binary.BigEndian.AppendUint16(r.Value, uint16(f))
		}
	}
}

// jsonType is the datatype of a JSON value, as far as the client wants to know.
func (c *conn) jsonType() uint8 {
	if c.features[memd.FeatureJSON] {
		return uint8(memd.DatatypeFlagJSON)
	}
	return 0
}

var _ io.ReadWriter = (*conn)(nil)
