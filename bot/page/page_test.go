package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// memory keeps pages in this process.
type memory struct {
	mu    sync.Mutex
	pages map[string][]byte
	err   error
}

func (m *memory) Put(_ context.Context, id string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pages[id] = b
	return m.err
}

func (m *memory) Get(_ context.Context, id string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if b, ok := m.pages[id]; ok || m.err != nil {
		return io.NopCloser(bytes.NewReader(b)), m.err
	}
	return nil, fs.ErrNotExist
}

type world struct {
	*testing.T
	pages  *memory
	now    time.Time
	shelf  *Shelf
	server *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, pages: &memory{pages: map[string][]byte{}}, now: time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)}
	var err error
	w.shelf, err = New(Options{Pages: w.pages, Key: bytes.Repeat([]byte{7}, 32), PublicURL: "https://liveops.example/", Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return w.now }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /report/{id}", w.shelf)
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	return w
}

const document = "<!doctype html><p>크리스탈</p>"

func (w *world) keep() string {
	w.Helper()
	link, err := w.shelf.Keep(w.Context(), "default-src 'self'", func(out io.Writer) error { _, err := io.WriteString(out, document); return err })
	if err != nil {
		w.Fatal(err)
	}
	return link
}

// ask follows a link, at the test's server, with the encoding that is accepted.
func (w *world) ask(method, link, encoding string) (*http.Response, string) {
	w.Helper()
	q, err := http.NewRequestWithContext(w.Context(), method, strings.Replace(link, "https://liveops.example", w.server.URL, 1), nil)
	if err != nil {
		w.Fatal(err)
	}
	q.Header.Set("Accept-Encoding", encoding) // and so Go's client leaves the body as it is
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		w.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		w.Fatal(err)
	}
	return a, string(b)
}

func TestALinkShowsItsPage(t *testing.T) {
	w := newWorld(t)
	link := w.keep()
	for encoding, compressed := range map[string]bool{"gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "": false, "identity": false, "xgzip": false} {
		a, body := w.ask("GET", link, encoding)
		if (a.Header.Get("Content-Encoding") == "gzip") != compressed {
			t.Errorf("%q: Content-Encoding is %q", encoding, a.Header.Get("Content-Encoding"))
		}
		if compressed {
			z, err := gzip.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			body = string(b)
		}
		if a.StatusCode != http.StatusOK || body != document {
			t.Errorf("%q: %d %q", encoding, a.StatusCode, body)
		}
	}
	a, body := w.ask("HEAD", link, "")
	if a.StatusCode != http.StatusOK || body != "" {
		t.Errorf("HEAD: %d %q", a.StatusCode, body)
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'", "Content-Type": "text/html; charset=utf-8", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow", "Vary": "Accept-Encoding", "Set-Cookie": "",
	} {
		if got := a.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
}

func TestLinksCannotBeGuessed(t *testing.T) {
	w := newWorld(t)
	link, other := w.keep(), w.keep()
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	o, err := url.Parse(other)
	if err != nil {
		t.Fatal(err)
	}
	if u.Path == o.Path || len(u.Path) != len("/report/")+22 {
		t.Errorf("the paths are %s and %s", u.Path, o.Path)
	}
	with := func(path, expires, signature string) string {
		return "https://liveops.example" + path + "?expires=" + url.QueryEscape(expires) + "&signature=" + url.QueryEscape(signature)
	}
	expires, signature := u.Query().Get("expires"), u.Query().Get("signature")
	const short = "/report/abc"
	for name, link := range map[string]string{
		"no query":               "https://liveops.example" + u.Path,
		"another page":           with(o.Path, expires, signature),
		"a later end":            with(u.Path, expires+"0", signature),
		"an end that is no time": with(u.Path, "never", signature),
		"no signature":           with(u.Path, expires, ""),
		"half a signature":       with(u.Path, expires, signature[:21]),
		"another signature":      with(u.Path, expires, "A"+signature[1:]+""),
		"not base64":             with(u.Path, expires, signature+"="),
		"no page's id":           with(short, expires, signature),
		"a page that is not":     with("/report/"+strings.Repeat("A", 22), expires, signature),
		"a path out of it":       with("/report/..%2f..%2fetc", expires, signature),
	} {
		if strings.HasPrefix(signature, "A") && name == "another signature" {
			continue
		}
		if a, body := w.ask("GET", link, ""); a.StatusCode != http.StatusForbidden || body != "Forbidden\n" {
			t.Errorf("%s: %d %q, want 403 and nothing more", name, a.StatusCode, body)
		}
	}
}

func TestLinksEnd(t *testing.T) {
	w := newWorld(t)
	link := w.keep()
	w.now = w.now.Add(Lifetime - time.Second)
	if a, _ := w.ask("GET", link, ""); a.StatusCode != http.StatusOK {
		t.Errorf("in its last second: %d", a.StatusCode)
	}
	w.now = w.now.Add(time.Second)
	if a, body := w.ask("GET", link, ""); a.StatusCode != http.StatusForbidden || !strings.Contains(body, "has expired") {
		t.Errorf("after its end: %d %q", a.StatusCode, body)
	}
	if a, body := w.ask("GET", link+"A", ""); a.StatusCode != http.StatusForbidden || body != "Forbidden\n" {
		t.Errorf("forged and after its end: %d %q", a.StatusCode, body)
	}
}

func TestPagesThatAreGone(t *testing.T) {
	w := newWorld(t)
	link := w.keep()
	clear(w.pages.pages)
	if a, body := w.ask("GET", link, ""); a.StatusCode != http.StatusNotFound || !strings.Contains(body, "not kept any more") {
		t.Errorf("%d %q", a.StatusCode, body)
	}
	w.pages.err = errors.New("nats: timeout at 10.0.0.7")
	if a, body := w.ask("GET", link, ""); a.StatusCode != http.StatusServiceUnavailable || strings.Contains(body, "10.0.0.7") {
		t.Errorf("%d %q", a.StatusCode, body)
	}
}

func TestADamagedPageIsNotTakenForAWholeOne(t *testing.T) {
	w := newWorld(t)
	link := w.keep()
	for id, b := range w.pages.pages {
		w.pages.pages[id] = b[:len(b)-6]
	}
	q, err := http.NewRequestWithContext(t.Context(), "GET", strings.Replace(link, "https://liveops.example", w.server.URL, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Accept-Encoding", "identity")
	a, err := http.DefaultClient.Do(q)
	if err == nil {
		defer a.Body.Close()
		_, err = io.ReadAll(a.Body)
	}
	if err == nil {
		t.Error("it came to its end")
	}
}

func TestKeepFails(t *testing.T) {
	w := newWorld(t)
	broken := errors.New("broken")
	if _, err := w.shelf.Keep(t.Context(), "p", func(io.Writer) error { return broken }); !errors.Is(err, broken) || len(w.pages.pages) != 0 {
		t.Errorf("a page that breaks off: %v, %d kept", err, len(w.pages.pages))
	}
	if _, err := w.shelf.Keep(t.Context(), "p\nX: y", func(io.Writer) error { return nil }); err == nil {
		t.Error("a policy of two lines was taken")
	}
	full := &unwilling{broken}
	w.shelf.Pages = full
	_, err := w.shelf.Keep(t.Context(), "p", func(out io.Writer) error { _, err := out.Write(make([]byte, 1<<20)); return err })
	if !errors.Is(err, broken) {
		t.Errorf("pages that take none: %v", err)
	}
}

// unwilling pages read nothing of what they are given.
type unwilling struct{ err error }

func (u *unwilling) Put(context.Context, string, io.Reader) error       { return u.err }
func (u *unwilling) Get(context.Context, string) (io.ReadCloser, error) { return nil, u.err }

func TestCheckURL(t *testing.T) {
	for _, good := range []string{"https://liveops.example", "http://10.0.0.7:8080", "https://example.com/liveops/", "http://[::1]:8080"} {
		if err := CheckURL(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "liveops.example", "ftp://x", "https://", "https://user:pw@x", "https://x?a=b", "https://x?", "https://x#y", "javascript:alert(1)", "https://x/>", "https://x/ y"} {
		if CheckURL(bad) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if _, err := New(Options{Key: []byte("short"), PublicURL: "https://x"}); err == nil {
		t.Error("a short key was taken")
	}
}

func ExampleCheckURL() {
	fmt.Println(CheckURL("liveops.example"))
	// Output: is not an address such as https://liveops.example.com
}
