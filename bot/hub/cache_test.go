package hub

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// asked is an answer that the cache is given, and what it gives back.
func asked(t *testing.T, c *cache, path, etag, content string, status int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	known := c.ask(r)
	answer := c.answer(r, known, &http.Response{StatusCode: status, Header: http.Header{"Etag": {etag}}}, []byte(content))
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s %s", answer.StatusCode, r.Header.Get("If-None-Match"), b)
}

// What was asked for least lately goes first, by number and by size; what is large alone is not kept.
func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range mostEntries + 10 {
		asked(t, c, fmt.Sprint(i), "e", "x", http.StatusOK)
		asked(t, c, "0", "e", "", http.StatusNotModified)
	}
	if c.order.Len() != mostEntries || len(c.entries) != mostEntries || c.bytes != mostEntries {
		t.Errorf("it keeps %d answers of %d bytes", c.order.Len(), c.bytes)
	}
	for path, want := range map[string]string{"0": "200 e x", "1": "304  ", fmt.Sprint(mostEntries): "200 e x"} {
		if got := asked(t, c, path, "e", "", http.StatusNotModified); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for i := range 30 {
		asked(t, c, "big"+fmt.Sprint(i), "e", strings.Repeat("x", mostEntry), http.StatusOK)
	}
	asked(t, c, "huge", "e", strings.Repeat("x", mostEntry+1), http.StatusOK)
	if c.bytes > mostBytes || c.order.Len() != mostBytes/mostEntry {
		t.Errorf("it keeps %d answers of %d bytes", c.order.Len(), c.bytes)
	}
	if got := asked(t, c, "huge", "e", "y", http.StatusOK); got != "200  y" {
		t.Errorf("an answer over the size: %q", got)
	}
}

func TestCacheTellsRequestsApart(t *testing.T) {
	c := newCache()
	asked(t, c, "a", "1", "one", http.StatusOK)
	for _, test := range []struct{ method, accept, tag, want string }{
		{"GET", "", "", "1"}, {"GET", "application/vnd.github.raw", "", ""}, {"POST", "", "", ""}, {"GET", "", "mine", "mine"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, "https://api.example/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range map[string]string{"Accept": test.accept, "If-None-Match": test.tag} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		c.ask(r)
		if got := r.Header.Get("If-None-Match"); got != test.want {
			t.Errorf("%+v: asks for %q", test, got)
		}
	}
}
