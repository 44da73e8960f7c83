package push

import (
	"bytes"
	"strconv"

	"golang.org/x/net/http2/hpack"
)

// An answerWriter encodes the headers of one connection's answers.
type answerWriter struct {
	encoder *hpack.Encoder
	encoded bytes.Buffer
	blocks  map[blockKey][]byte // those encoded since the table last changed
	scratch []byte
	body    []byte
	window  int64 // how many bytes of bodies the client takes
}

// A blockKey tells header lists apart.
type blockKey struct {
	status int
	fields *hpack.HeaderField
}

func (w *answerWriter) init() {
	w.encoder = hpack.NewEncoder(&w.encoded)
	w.blocks = map[blockKey][]byte{}
	w.window = defaultWindow
}

// resize follows the client's SETTINGS_HEADER_TABLE_SIZE.
func (w *answerWriter) resize(size uint32) {
	w.encoder.SetMaxDynamicTableSizeLimit(size)
	clear(w.blocks)
}

// block is the header block of an answer; it is valid until the next call.
func (w *answerWriter) block(a Answer) []byte {
	key := blockKey{status: a.Status}
	if len(a.Fields) > 0 {
		key.fields = &a.Fields[0]
	}
	b, ok := w.blocks[key]
	if !ok {
		b = w.encode(key, a)
	}
	if a.ID == "" {
		return b
	}
	w.scratch = append(w.scratch[:0], b...)
	w.scratch = append(w.scratch, 0x00, 7) // a literal that does not go into the table (RFC 7541, section 6.2.2)
	w.scratch = append(w.scratch, "apns-id"...)
	w.scratch = append(w.scratch, byte(len(a.ID)))
	w.scratch = append(w.scratch, a.ID...)
	return w.scratch
}

// encode encodes a list, and keeps it if that left the table as it was.
func (w *answerWriter) encode(key blockKey, a Answer) []byte {
	w.encoded.Reset()
	changed := false
	write := func(name, value string) {
		at := w.encoded.Len()
		w.encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) // a bytes.Buffer takes all
		first := w.encoded.Bytes()[at]
		changed = changed || first&0xc0 == 0x40 || first&0xe0 == 0x20
	}
	write(":status", strconv.Itoa(a.Status))
	for _, f := range a.Fields {
		write(f.Name, f.Value)
	}
	b := bytes.Clone(w.encoded.Bytes())
	if changed {
		clear(w.blocks) // what stood at an index may stand at another now
		return b
	}
	w.blocks[key] = b
	return b
}
