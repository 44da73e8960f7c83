package datarepo

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// wire carries one fetch's requests. It bounds each answer in size and in silence, and keeps the first thing
// that went wrong, because the layers above turn errors into text.
type wire struct {
	next     http.RoundTripper
	stall    time.Duration
	maxBytes int64

	mu    sync.Mutex
	first error
}

func (r *Remote) wire() *wire {
	w := &wire{
		next:     http.DefaultTransport,
		stall:    cmp.Or(r.Stall, defaultStall),
		maxBytes: cmp.Or(r.MaxBytes, defaultMaxBytes),
	}
	if r.Client != nil && r.Client.Transport != nil {
		w.next = r.Client.Transport
	}
	return w
}

// failure is the first thing that went wrong on the wire, nil for nothing.
func (w *wire) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// fail notes err if it is the first, and returns it.
func (w *wire) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == nil {
		w.first = err
	}
	return err
}

// RoundTrip implements http.RoundTripper.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	silence := time.AfterFunc(w.stall, func() {
		cancel(fmt.Errorf("%w: silent for %v", ErrStalled, w.stall))
	})
	body := &answer{wire: w, ctx: ctx, silence: silence, cancel: cancel, left: w.maxBytes}
	response, err := w.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		err = w.fail(body.cause(err))
		body.stop()
		return nil, err
	}
	body.raw = response.Body
	buffered := bufio.NewReader(body)
	response.Body = struct {
		io.Reader
		io.Closer
	}{buffered, body}
	if response.StatusCode == http.StatusOK {
		if refusal := refusal(buffered); refusal != "" {
			return nil, errors.Join(w.fail(fmt.Errorf("%w: the server says %q", ErrNotFound, refusal)), body.Close())
		}
	}
	return response, nil
}

// refusal is the text of an answer that is one error packet, "" of any other answer. A server sends it for
// a commit that it does not have or does not give: https://git-scm.com/docs/pack-protocol#_pkt_line_format
func refusal(r *bufio.Reader) string {
	const head = 8 // four digits of length, "ERR "
	start, err := r.Peek(head)
	if err != nil || !bytes.Equal(start[4:], []byte("ERR ")) {
		return ""
	}
	length, err := strconv.ParseUint(string(start[:4]), 16, 16)
	if err != nil || length < head {
		return ""
	}
	line, _ := r.Peek(min(int(length), 1024))
	return strings.TrimSpace(strings.ToValidUTF8(string(line[head:]), "\uFFFD"))
}

// answer is a response's body, with the limits of its wire.
type answer struct {
	wire    *wire
	ctx     context.Context
	silence *time.Timer
	cancel  context.CancelCauseFunc
	raw     io.ReadCloser
	left    int64
}

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.raw.Read(p)
	a.silence.Reset(a.wire.stall)
	a.left -= int64(n)
	switch {
	case a.left < 0:
		return 0, a.wire.fail(fmt.Errorf("%w: the server sends more than %d bytes", ErrTooLarge, a.wire.maxBytes))
	case err != nil && err != io.EOF:
		return n, a.wire.fail(a.cause(err))
	}
	return n, err
}

// Close ends the request, whatever of the answer is unread.
func (a *answer) Close() error {
	defer a.stop()
	return a.raw.Close()
}

// stop ends the watch over the server's silence and the request's own context.
func (a *answer) stop() {
	a.silence.Stop()
	a.cancel(nil)
}

// cause is why a request failed: the silence or the caller's context where that ended it, else err.
func (a *answer) cause(err error) error {
	if cause := context.Cause(a.ctx); cause != nil {
		return cause
	}
	return err
}
