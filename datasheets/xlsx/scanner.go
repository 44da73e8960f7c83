package xlsx

import (
	"bytes"
	"io"
	"strings"
)

// token is a piece of XML that the readers of parts tell apart.
type token uint8

const (
	startTag token = iota // also <name/>, where scanner.empty is set and no endTag follows
	endTag
	charData // text, raw, or the content of a CDATA section
)

const (
	firstBuffer = 64 << 10
	maxDepth    = 256
	maxName     = 1000
)

// scanner splits a part into tokens in one bounded buffer, without allocating. It checks that tags nest and
// that the part is whole; it ignores namespaces, whose prefixes and URIs differ between writers and which
// the readers don't need: they know each element by the names on its way from the root.
type scanner struct {
	src    io.Reader
	buf    []byte
	lo, hi int // what is read of src and not yet scanned is buf[lo:hi]
	max    int // how large buf may become
	ended  bool
	err    error

	open  []byte // the names of the elements that are open, one after another
	marks []int  // where in open each of them begins
	root  bool   // there was an element

	// The current token; valid until the next one. name is without its prefix.
	name  []byte
	attrs []byte
	empty bool
	text  []byte
	cdata bool
}

// newScanner reads the part's beginning; a part that is not in UTF-8 fails at its first token.
func newScanner(src io.Reader, max int) *scanner {
	s := &scanner{src: src, buf: make([]byte, firstBuffer), max: max}
	for s.hi < 4 && s.more() {
	}
	head := s.buf[:s.hi]
	switch {
	case s.err != nil:
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		s.lo = 3
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")),
		bytes.HasPrefix(head, []byte("<\x00")), bytes.HasPrefix(head, []byte("\x00<")):
		s.err = faultf(mendSave, "a part of the workbook is written in UTF-16, which is not supported")
	}
	return s
}

// next moves to the next token. It returns io.EOF once the root element is closed and nothing follows; an
// element that is still open then is a fault. After an error it returns the same error again.
func (s *scanner) next() (token, error) {
	for s.err == nil {
		if s.lo == s.hi && !s.more() {
			return 0, s.finish()
		}
		if s.buf[s.lo] != '<' {
			return charData, s.scanText()
		}
		if s.hi-s.lo < 2 && !s.more() {
			return 0, s.cut()
		}
		switch s.buf[s.lo+1] {
		case '/':
			return endTag, s.scanEnd()
		case '!':
			if s.scanDeclaration() {
				return charData, s.err
			}
		case '?':
			s.scanInstruction()
		default:
			return startTag, s.scanStart()
		}
	}
	return 0, s.err
}

// unread is what is read of the part and not yet scanned.
func (s *scanner) unread() []byte { return s.buf[s.lo:s.hi] }

// take passes n unread bytes that the caller has scanned itself: whole elements.
func (s *scanner) take(n int) { s.lo += n }

// skip passes over the content and the end of the element whose start tag is the current token.
func (s *scanner) skip() error {
	if s.empty {
		return nil
	}
	for depth := len(s.marks); len(s.marks) >= depth; {
		if _, err := s.next(); err != nil {
			return err
		}
	}
	return nil
}

// more reads on, moving what is not yet scanned to the buffer's front. It reports whether there is more.
func (s *scanner) more() bool {
	if s.ended || s.err != nil {
		return false
	}
	if s.lo > 0 {
		s.hi = copy(s.buf, s.buf[s.lo:s.hi])
		s.lo = 0
	}
	if s.hi == len(s.buf) {
		if len(s.buf) >= s.max {
			s.err = faultf(mendSave, "a piece of text or markup is longer than %d bytes", len(s.buf))
			return false
		}
		s.buf = append(s.buf, make([]byte, min(len(s.buf), s.max-len(s.buf)))...)
	}
	for range 100 {
		n, err := s.src.Read(s.buf[s.hi:])
		s.hi += n
		if err == io.EOF {
			s.ended = true
		} else if err != nil {
			s.err = err
			return false
		}
		if n > 0 || s.ended {
			return n > 0
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// finish is the error at the end of the part.
func (s *scanner) finish() error {
	if s.err == nil {
		s.err = io.EOF
		if len(s.marks) > 0 {
			s.err = errCut
		}
	}
	return s.err
}

// cut is the error of a part that ends inside a token, unless reading it failed for another reason.
func (s *scanner) cut() error {
	if s.err == nil {
		s.err = errCut
	}
	return s.err
}

func (s *scanner) scanText() error {
	n := 0
	for {
		if i := bytes.IndexByte(s.buf[s.lo+n:s.hi], '<'); i >= 0 {
			n += i
			break
		}
		n = s.hi - s.lo
		if !s.more() {
			if s.err != nil {
				return s.err
			}
			break
		}
	}
	s.text, s.cdata = s.buf[s.lo:s.lo+n], false
	s.lo += n
	return nil
}

// until returns what stands between the first skip unread bytes and the terminator, and moves past both.
// It returns nil after setting err if there is no terminator.
func (s *scanner) until(skip int, terminator string) []byte {
	from := skip
	for {
		if s.hi-s.lo > from {
			if i := bytes.Index(s.buf[s.lo+from:s.hi], []byte(terminator)); i >= 0 {
				text := s.buf[s.lo+skip : s.lo+from+i]
				s.lo += from + i + len(terminator)
				return text
			}
			from = max(skip, s.hi-s.lo-len(terminator)+1)
		}
		if !s.more() {
			s.cut()
			return nil
		}
	}
}

// scanDeclaration passes a comment, or reads a CDATA section and reports true. A document type is refused:
// no workbook has one, and entities can be defined in it.
func (s *scanner) scanDeclaration() bool {
	const cdata, comment = "<![CDATA[", "<!--"
	for s.hi-s.lo < len(cdata) && s.more() {
	}
	switch head := s.buf[s.lo:s.hi]; {
	case bytes.HasPrefix(head, []byte(comment)):
		s.until(len(comment), "-->")
	case bytes.HasPrefix(head, []byte(cdata)):
		s.text, s.cdata = s.until(len(cdata), "]]>"), true
		return true
	case s.ended && len(head) < len(cdata):
		s.cut()
	default:
		s.err = syntaxf("a document type or an unknown declaration")
	}
	return false
}

// scanInstruction passes a processing instruction; of the XML declaration it checks the encoding.
func (s *scanner) scanInstruction() {
	text := s.until(len("<?"), "?>")
	attrs, declares := bytes.CutPrefix(text, []byte("xml"))
	if !declares || len(attrs) == 0 || !isSpace(attrs[0]) {
		return
	}
	s.attrs = attrs
	for name, value, ok := s.attr(); ok; name, value, ok = s.attr() {
		if string(name) != "encoding" {
			continue
		}
		switch strings.ToLower(string(value)) {
		case "utf-8", "utf8", "us-ascii", "ascii":
		default:
			s.err = faultf(mendSave, "a part of the workbook is written in %q, which is not supported", value)
		}
	}
}
