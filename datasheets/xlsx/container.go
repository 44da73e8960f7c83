package xlsx

import (
	"archive/zip"
	"bytes"
	"io"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
)

// container is the zip package of a workbook: its parts by name, and how many bytes of them were inflated.
// Part names are compared without regard to case (ECMA-376 part 2, 6.2.2.3).
type container struct {
	limits Limits
	parts  map[string]*part

	mu       sync.Mutex
	inflated int64
}

// part is one file of the package. Names that differ only in case make it ambiguous, which the format forbids.
type part struct {
	file      *zip.File
	ambiguous bool
	inflated  int64 // the most of it that any reading inflated; guarded by container.mu
}

func openContainer(data []byte, limits Limits) (*container, error) {
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, faultf(mendSave, "the file is cut short or damaged: its zip directory cannot be read")
	}
	zr.RegisterDecompressor(zip.Deflate, flate.NewReader)
	c := &container{limits: limits, parts: make(map[string]*part, len(zr.File))}
	for _, f := range zr.File {
		name := partName(f.Name)
		if other := c.parts[name]; other != nil {
			other.ambiguous = true
			continue
		}
		c.parts[name] = &part{file: f}
	}
	return c, nil
}

// partName is the form under which parts are kept: some writers use backslashes or a leading slash.
func partName(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+name), "/"))
}

// find returns the part that target names from the part base, or nil. A target is an absolute or a relative
// URI reference; "" names none.
func (c *container) find(base, target string) *part {
	if target == "" {
		return nil
	}
	target = strings.ReplaceAll(target, `\`, "/")
	if !strings.HasPrefix(target, "/") {
		target = path.Dir("/"+base) + "/" + target
	}
	if p := c.parts[partName(target)]; p != nil {
		return p
	}
	if plain, err := url.PathUnescape(target); err == nil {
		return c.parts[partName(plain)]
	}
	return nil
}

// open starts a reading of a part.
func (c *container) open(p *part) (io.ReadCloser, error) {
	if p.ambiguous {
		return nil, faultf(mendSave, "the file holds more than one part called %s", p.file.Name)
	}
	if p.file.Flags&1 != 0 {
		return nil, faultf("save it in Excel without a password", "the zip package is encrypted")
	}
	r, err := p.file.Open()
	if err != nil {
		return nil, err
	}
	return &partReader{ReadCloser: r, container: c, part: p}, nil
}

// partReader counts what is inflated while it is read.
type partReader struct {
	io.ReadCloser
	container *container
	part      *part
	read      int64
}

func (r *partReader) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.read += int64(n)
	if overdrawn := r.container.charge(r.part, r.read); overdrawn != nil {
		return 0, overdrawn
	}
	return n, err
}

// charge notes that p was inflated as far as read, and fails once all parts together are past the limit.
func (c *container) charge(p *part, read int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if read > p.inflated {
		c.inflated += read - p.inflated
		p.inflated = read
	}
	if c.inflated > c.limits.Inflated {
		return faultf("if the workbook is not an attack (a zip bomb), split it or raise the limit",
			"the file inflates to more than %d bytes", c.limits.Inflated)
	}
	return nil
}
