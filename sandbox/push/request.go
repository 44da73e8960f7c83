package push

import (
	"bytes"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// A Request is one message that a client submits.
type Request struct {
	Method, Scheme, Authority, Path string
	// Fields are the other header fields in the order sent.
	Fields []hpack.HeaderField
	// Head numbers the header lists of a connection: two requests with the same number have the same header.
	Head uint64
	// Body is valid until the request is judged.
	Body []byte
}

// Header is the value of a field, and how often it was sent; the name is in lower case.
func (r *Request) Header(name string) (value string, times int) {
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			if times == 0 {
				value = r.Fields[i].Value
			}
			times++
		}
	}
	return value, times
}

// A headReader decodes the header blocks of one connection. A block of nothing but indexes (RFC 7541, section 6.1)
// does not change the table, so that the same bytes mean the same again until another block changes it: such a block
// is decoded once.
type headReader struct {
	decoder   *hpack.Decoder
	request   Request
	malformed bool
	regular   bool   // a regular field came: no pseudo-field may follow
	constant  []byte // the last block of indexes alone, decoded since the table last changed
	heads     uint64
}

func newHeadReader() *headReader {
	h := &headReader{}
	h.decoder = hpack.NewDecoder(4096, h.field)
	h.decoder.SetMaxStringLength(16 << 10)
	return h
}

// read decodes a block; the request is valid until the next call. A malformed list (RFC 9113, section 8.1.1) is a
// stream's error, a block that cannot be decoded the connection's.
func (h *headReader) read(block []byte) (*Request, error) {
	if len(h.constant) > 0 && bytes.Equal(block, h.constant) {
		return &h.request, nil
	}
	h.heads++
	h.request = Request{Fields: h.request.Fields[:0], Head: h.heads}
	h.malformed, h.regular, h.constant = false, false, h.constant[:0]
	if _, err := h.decoder.Write(block); err != nil {
		return nil, http2.ConnectionError(http2.ErrCodeCompression)
	}
	if err := h.decoder.Close(); err != nil {
		return nil, http2.ConnectionError(http2.ErrCodeCompression)
	}
	r := &h.request
	if h.malformed || r.Method == "" || r.Scheme == "" || r.Path == "" {
		return nil, http2.StreamError{Code: http2.ErrCodeProtocol}
	}
	if onlyIndexes(block) {
		h.constant = append(h.constant, block...)
	}
	return r, nil
}

// onlyIndexes says whether a block consists of one-byte indexed fields.
func onlyIndexes(block []byte) bool {
	for _, b := range block {
		if b&0x80 == 0 || b == 0xff {
			return false
		}
	}
	return true
}

// field takes a decoded field.
func (h *headReader) field(f hpack.HeaderField) {
	if !strings.HasPrefix(f.Name, ":") {
		h.regular = true
		h.malformed = h.malformed || f.Name == "" || f.Name == "connection" || hasUpper(f.Name)
		h.request.Fields = append(h.request.Fields, f)
		return
	}
	at := h.pseudo(f.Name)
	if at == nil || *at != "" || h.regular {
		h.malformed = true
		return
	}
	*at = f.Value
}

func hasUpper(s string) bool {
	for i := range len(s) {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// pseudo is where a pseudo-field of requests (RFC 9113, section 8.3.1) goes; nil for one that is none.
func (h *headReader) pseudo(name string) *string {
	switch name {
	case ":method":
		return &h.request.Method
	case ":scheme":
		return &h.request.Scheme
	case ":authority":
		return &h.request.Authority
	case ":path":
		return &h.request.Path
	}
	return nil
}
