package xlsx

import (
	"io"
	"math"
)

// sharedStrings holds the texts that cells refer to by index, in blocks that no text reaches over. A block is never
// made longer: to move all texts into a longer one would take twice their memory while it is done.
type sharedStrings struct {
	block   int // bytes of a block: no text is longer
	blocks  [][]byte
	ends    []uint32 // where each text ends, counted from the start of the first block
	scratch []byte
}

// at returns text i, which must not be changed. ok is false where there is no such text.
func (t *sharedStrings) at(i int) (text []byte, ok bool) {
	if i < 0 || i >= len(t.ends) {
		return nil, false
	}
	start, end := 0, int(t.ends[i])
	if i > 0 {
		start = int(t.ends[i-1])
	}
	if start == end {
		return nil, true
	}
	block := (end - 1) / t.block
	first := block * t.block
	start = max(start, first) // where the text began a new block
	return t.blocks[block][start-first : end-first : end-first], true
}

// readStrings reads the shared strings. A workbook need not have any.
func (w *workbook) readStrings(p *part) error {
	if p == nil {
		return nil
	}
	src, err := w.zip.open(p)
	if err != nil {
		return err
	}
	defer src.Close()
	s := newScanner(src, w.zip.limits.Cell)
	preserve := false
	w.strings.block = max(stringsBlock, w.zip.limits.Cell)
	for {
		if len(s.marks) == 1 {
			if err := w.strings.readPlain(s); err != nil {
				return err
			}
		}
		tok, err := s.next()
		switch {
		case err == io.EOF:
			return nil
		case err == nil && tok == startTag && len(s.marks) == 1 && !s.empty: // the root, sst
			preserve, err = s.preserves(false)
		case err == nil && tok == startTag && string(s.name) == "si":
			err = w.strings.read(s, preserve)
		case err == nil && tok == startTag:
			err = s.skip()
		}
		if err != nil {
			return err
		}
	}
}

// readPlain reads the texts that come next and are written as nearly all are, <si><t>sword</t></si>. It leaves
// what differs in any way to read: see plaincell.go.
func (t *sharedStrings) readPlain(s *scanner) error {
	const start, end = "<si><t>", "</t></si>"
	for {
		b := s.unread()
		if !at(b, 0, start) {
			return nil
		}
		n := plainText(b[len(start):])
		if n < 0 || n > s.max || !at(b, len(start)+n, end) {
			return nil
		}
		if err := t.add(b[len(start) : len(start)+n]); err != nil {
			return err
		}
		s.take(len(start) + n + len(end))
	}
}

// read reads the text of the si element whose start tag is the current token.
func (t *sharedStrings) read(s *scanner, preserve bool) error {
	text, err := s.appendRich(t.scratch[:0], preserve)
	if err == nil {
		text, err = finishText(text, 0)
	}
	if err != nil {
		return err
	}
	t.scratch = text
	return t.add(text)
}

// stringsBlock is how long a block of texts is at least.
const stringsBlock = 1 << 20

// add keeps a copy of the next text.
func (t *sharedStrings) add(text []byte) error {
	last := len(t.blocks) - 1
	if last < 0 || len(t.blocks[last])+len(text) > t.block {
		t.blocks = append(t.blocks, make([]byte, 0, t.block))
		last++
	}
	end := last*t.block + len(t.blocks[last]) + len(text)
	if end > math.MaxUint32 {
		return faultf("split the workbook", "the texts of the workbook are longer than 4 GiB together")
	}
	t.blocks[last] = append(t.blocks[last], text...)
	t.ends = append(t.ends, uint32(end))
	return nil
}
