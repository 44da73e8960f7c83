// Package page keeps HTML reports for a while and serves them to whoever has their link. A link has a signature and
// ends; neither the link nor the page's id can be guessed.
package page

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Lifetime is how long a link works.
const Lifetime = 30 * 24 * time.Hour

// Pages keeps what is put under an id. Get of what is not there, or not any more, gives an error that is
// fs.ErrNotExist.
type Pages interface {
	Put(ctx context.Context, id string, r io.Reader) error
	Get(ctx context.Context, id string) (io.ReadCloser, error)
}

// Options of a Shelf.
type Options struct {
	Pages     Pages
	Key       []byte // of the signatures, 32 bytes; the same for all processes that serve the same pages
	PublicURL string // where people reach the process, as CheckURL takes it
	Log       *slog.Logger
	Now       func() time.Time // default time.Now
}

// Shelf makes pages and serves them; it is the handler of GET /report/{id}.
type Shelf struct {
	Options
}

// New checks the options.
func New(o Options) (*Shelf, error) {
	if len(o.Key) < 32 {
		return nil, fmt.Errorf("the key of the pages has %d bytes, not 32", len(o.Key))
	}
	if err := CheckURL(o.PublicURL); err != nil {
		return nil, err
	}
	o.PublicURL = strings.TrimRight(o.PublicURL, "/")
	o.Log = cmp.Or(o.Log, slog.Default())
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Shelf{o}, nil
}

// CheckURL says what is wrong with an address under which people reach this process: it is that of http or https,
// with a host and perhaps a path, and nothing else.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		strings.ContainsAny(address, " <>\"'`\\#") {
		return errors.New("is not an address such as https://liveops.example.com")
	}
	return nil
}

// Keep makes a page of what write writes, and returns its link. policy is the page's Content-Security-Policy, with
// which it is served.
func (s *Shelf) Keep(ctx context.Context, policy string, write func(io.Writer) error) (link string, err error) {
	if strings.ContainsAny(policy, "\r\n") {
		return "", errors.New("keep a page: its policy has a line end")
	}
	random := make([]byte, idBytes)
	rand.Read(random) // never fails
	id := base64.RawURLEncoding.EncodeToString(random)
	r, w := io.Pipe()
	written := make(chan struct{})
	go func() {
		defer close(written)
		w.CloseWithError(compress(w, policy, write))
	}()
	err = s.Pages.Put(ctx, id, r)
	r.CloseWithError(context.Canceled) // where Put has not read to the end
	<-written
	if err != nil {
		return "", fmt.Errorf("keep a page: %w", err)
	}
	return s.link(id, s.Now().Add(Lifetime)), nil
}

// compress writes a page as it is kept: a line with its policy, then the document, compressed.
func compress(w io.Writer, policy string, write func(io.Writer) error) error {
	if _, err := io.WriteString(w, policy+"\n"); err != nil {
		return err
	}
	z := gzip.NewWriter(w)
	if err := write(z); err != nil {
		return err
	}
	return z.Close()
}

// policyOf reads the first line of a kept page; what follows is the document.
func policyOf(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}
