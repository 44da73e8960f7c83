package hub

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// The bounds of what is remembered of answers, of one account.
const (
	mostEntries = 500
	mostBytes   = 16 << 20
	mostEntry   = 1 << 20
)

// cache remembers GitHub's answers to GET by their ETag. An answer is never taken from it unasked: GitHub is asked
// whether it still holds, which costs nothing of the primary limit if it does
// (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate).
type cache struct {
	mu      sync.Mutex
	entries map[string]*list.Element
	order   *list.List // of *entry, the least lately used first
	bytes   int
}

type entry struct {
	key     string
	etag    string
	header  http.Header
	content []byte
}

func newCache() *cache { return &cache{entries: map[string]*list.Element{}, order: list.New()} }

// ask makes a request conditional where its answer is known, and returns what is known.
func (c *cache) ask(r *http.Request) *entry {
	if r.Method != http.MethodGet || r.Header.Get("If-None-Match") != "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at := c.entries[cacheKey(r)]
	if at == nil {
		return nil
	}
	c.order.MoveToBack(at)
	known := at.Value.(*entry)
	r.Header.Set("If-None-Match", known.etag)
	return known
}

// answer is GitHub's answer with its content, or the known one that GitHub says still holds; a new one is remembered.
func (c *cache) answer(r *http.Request, known *entry, answer *http.Response, content []byte) *http.Response {
	if known != nil && answer.StatusCode == http.StatusNotModified {
		header := known.header.Clone()
		for name, values := range answer.Header {
			if name != "Content-Length" && name != "Content-Type" {
				header[name] = values
			}
		}
		answer.StatusCode, answer.Status, answer.Header, content = http.StatusOK, "200 OK", header, known.content
	} else if etag := answer.Header.Get("ETag"); r.Method == http.MethodGet && answer.StatusCode == http.StatusOK && etag != "" && len(content) <= mostEntry {
		c.keep(&entry{cacheKey(r), etag, answer.Header.Clone(), content})
	}
	answer.Body = io.NopCloser(bytes.NewReader(content))
	answer.ContentLength = int64(len(content))
	answer.Header.Set("Content-Length", strconv.Itoa(len(content)))
	return answer
}

func (c *cache) keep(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(c.entries[e.key])
	c.entries[e.key] = c.order.PushBack(e)
	c.bytes += len(e.content)
	for c.order.Len() > mostEntries || c.bytes > mostBytes {
		c.drop(c.order.Front())
	}
}

func (c *cache) drop(at *list.Element) {
	if at == nil {
		return
	}
	e := c.order.Remove(at).(*entry)
	delete(c.entries, e.key)
	c.bytes -= len(e.content)
}

// cacheKey tells requests apart by what GitHub's answers vary by, the account aside.
func cacheKey(r *http.Request) string { return r.Header.Get("Accept") + " " + r.URL.String() }
