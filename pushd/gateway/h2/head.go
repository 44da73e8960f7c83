package h2

import (
	"bytes"

	"golang.org/x/net/http2/hpack"
)

// A Mode says how a header field is compressed.
type Mode int

const (
	// Indexed fields go into the table, so that a repeat takes a byte.
	Indexed Mode = iota
	// Literal fields are sent whole each time, and as they are: nobody has to decode them (RFC 7541, section 6.2.2).
	Literal
	// NameIndexed fields go into the table once, for the sake of their name, and are literal from then on.
	NameIndexed
)

// A Field is a header field; its name is in lower case.
type Field struct {
	Name, Value string
	Mode        Mode
}

// A Head is the header that many messages have in common. It must not change once it was used; connections know it by
// its address.
type Head struct {
	Authority string
	// Path is the whole path if PathOpen is false. Else a message's own path follows it, and is sent literally.
	Path     string
	PathOpen bool
	Fields   []Field
	// Tag is for the owner.
	Tag any
}

// headCache is how many heads a connection keeps encoded.
const headCache = 8

// A headWriter encodes the heads of one connection. A head whose fields are all in the table, or literal, is always
// the same bytes until another head changes the table: those bytes are kept.
type headWriter struct {
	encoder *hpack.Encoder
	buffer  bytes.Buffer
	named   map[string]bool
	kept    []encodedHead
	once    encodedHead // of one that changed the table
}

// An encodedHead is a header block, around the path if that is open.
type encodedHead struct {
	head          *Head
	before, after []byte
}

func (w *headWriter) init() {
	w.encoder = hpack.NewEncoder(&w.buffer)
	w.named = map[string]bool{}
}

// resize follows the gateway's SETTINGS_HEADER_TABLE_SIZE.
func (w *headWriter) resize(size uint32) {
	w.encoder.SetMaxDynamicTableSizeLimit(size)
	w.kept = w.kept[:0]
}

// append appends the header block of a message.
func (w *headWriter) append(b []byte, p *Post) []byte {
	e := w.encoded(p.Head)
	b = append(b, e.before...)
	if p.Head.PathOpen {
		b = append(b, 0x04) // literal without indexing; the name is that of :path (RFC 7541, section 6.2.2)
		b = appendLength(b, len(p.Head.Path)+len(p.Path))
		b = append(b, p.Head.Path...)
		b = append(b, p.Path...)
	}
	b = append(b, e.after...)
	if p.Extra.Name != "" {
		w.buffer.Reset()
		if w.write(p.Extra) {
			w.kept = w.kept[:0]
		}
		b = append(b, w.buffer.Bytes()...)
	}
	return b
}

// encoded is the block of a head.
func (w *headWriter) encoded(h *Head) *encodedHead {
	for i := range w.kept {
		if w.kept[i].head == h {
			return &w.kept[i]
		}
	}
	w.buffer.Reset()
	changed := w.write(Field{Name: ":method", Value: "POST"})
	changed = w.write(Field{Name: ":scheme", Value: "https"}) || changed
	changed = w.write(Field{Name: ":authority", Value: h.Authority}) || changed
	if !h.PathOpen {
		changed = w.write(Field{Name: ":path", Value: h.Path}) || changed
	}
	middle := w.buffer.Len()
	for _, f := range h.Fields {
		changed = w.write(f) || changed
	}
	all := bytes.Clone(w.buffer.Bytes())
	e := encodedHead{h, all[:middle], all[middle:]}
	if changed {
		w.kept = w.kept[:0] // what stood at an index may stand at another now
		w.once = e
		return &w.once
	}
	if len(w.kept) == headCache {
		w.kept = append(w.kept[:0], w.kept[1:]...)
	}
	w.kept = append(w.kept, e)
	return &w.kept[len(w.kept)-1]
}

// authorizationIndex is that of the name in the static table (RFC 7541, appendix A).
const authorizationIndex = 23

// literal encodes a field without indexing, not Huffman-coded.
func (w *headWriter) literal(f Field) {
	b := w.buffer.AvailableBuffer()
	if f.Name == "authorization" {
		b = append(b, 0x0f, authorizationIndex-15)
	} else {
		b = append(appendLength(append(b, 0), len(f.Name)), f.Name...)
	}
	b = append(appendLength(b, len(f.Value)), f.Value...)
	w.buffer.Write(b)
}

// write encodes a field, and says whether that changed the table.
func (w *headWriter) write(f Field) bool {
	if f.Mode == Literal {
		w.literal(f)
		return false
	}
	literal := f.Mode == NameIndexed && w.named[f.Name]
	if f.Mode == NameIndexed {
		w.named[f.Name] = true
	}
	at := w.buffer.Len()
	w.encoder.WriteField(hpack.HeaderField{Name: f.Name, Value: f.Value, Sensitive: literal}) // a bytes.Buffer takes all
	first := w.buffer.Bytes()[at]
	// A literal with incremental indexing, or a new size of the table (RFC 7541, sections 6.2.1 and 6.3).
	return first&0xc0 == 0x40 || first&0xe0 == 0x20
}

// appendLength appends a string's length, not Huffman-coded (RFC 7541, sections 5.1 and 5.2).
func appendLength(b []byte, n int) []byte {
	if n < 127 {
		return append(b, byte(n))
	}
	b = append(b, 127)
	for n -= 127; n >= 128; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// A headReader decodes the header blocks of answers. A block of nothing but indexes does not change the table, so that
// the same bytes mean the same again until another block changes it: such a block is decoded once.
type headReader struct {
	decoder  *hpack.Decoder
	answer   answerHead
	constant []byte // the last block of indexes alone, decoded since the table last changed
}

// An answerHead is what matters of an answer's header.
type answerHead struct {
	status         int
	id, retryAfter string
}

func (r *headReader) init() {
	r.decoder = hpack.NewDecoder(4096, r.field)
	r.decoder.SetMaxStringLength(maxFrame)
}

// read decodes a block; the head is valid until the next.
func (r *headReader) read(block []byte) (*answerHead, error) {
	if len(r.constant) > 0 && bytes.Equal(block, r.constant) {
		return &r.answer, nil
	}
	r.answer, r.constant = answerHead{}, r.constant[:0]
	if _, err := r.decoder.Write(block); err != nil {
		return nil, err
	}
	if err := r.decoder.Close(); err != nil {
		return nil, err
	}
	if onlyIndexes(block) {
		r.constant = append(r.constant, block...)
	}
	return &r.answer, nil
}

// onlyIndexes says whether a block consists of one-byte indexed fields (RFC 7541, section 6.1).
func onlyIndexes(block []byte) bool {
	for _, b := range block {
		if b&0x80 == 0 || b == 0xff {
			return false
		}
	}
	return true
}

func (r *headReader) field(f hpack.HeaderField) {
	switch f.Name {
	case ":status":
		r.answer.status = 0
		if len(f.Value) == 3 {
			for _, c := range []byte(f.Value) {
				if c < '0' || c > '9' {
					r.answer.status = 0
					return
				}
				r.answer.status = 10*r.answer.status + int(c-'0')
			}
		}
	case "apns-id":
		r.answer.id = f.Value
	case "retry-after":
		r.answer.retryAfter = f.Value
	}
}
