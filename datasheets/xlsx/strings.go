package xlsx

import (
	"io"
	"math"
)

// sharedStrings holds the texts that cells refer to by index: all of them in one piece of memory.
type sharedStrings struct {
	text []byte
	ends []uint32 // where each text ends
}

// at returns text i, which must not be changed. ok is false where there is no such text.
func (t *sharedStrings) at(i int) (text []byte, ok bool) {
	if i < 0 || i >= len(t.ends) {
		return nil, false
	}
	start := uint32(0)
	if i > 0 {
		start = t.ends[i-1]
	}
	end := t.ends[i]
	return t.text[start:end:end], true
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
		if err := t.add(append(t.text, b[len(start):len(start)+n]...)); err != nil {
			return err
		}
		s.take(len(start) + n + len(end))
	}
}

// read reads the text of the si element whose start tag is the current token.
func (t *sharedStrings) read(s *scanner, preserve bool) error {
	start := len(t.text)
	text, err := s.appendRich(t.text, preserve)
	if err == nil {
		text, err = finishText(text, start)
	}
	if err != nil {
		return err
	}
	return t.add(text)
}

// add takes all texts with a new one at their end.
func (t *sharedStrings) add(text []byte) error {
	if len(text) > math.MaxUint32 {
		return faultf("split the workbook", "the texts of the workbook are longer than 4 GiB together")
	}
	t.text, t.ends = text, append(t.ends, uint32(len(text)))
	return nil
}
