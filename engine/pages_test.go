package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"
)

func pagesOf(t *testing.T, e *Engine) *Pages {
	t.Helper()
	p, err := e.Pages(bounded(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func kept(t *testing.T, p *Pages, id string) string {
	t.Helper()
	r, err := p.Get(bounded(t), id)
	if errors.Is(err, fs.ErrNotExist) {
		return "(gone)"
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPagesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	e := opened(t, Options{Dir: dir})
	p := pagesOf(t, e)
	large := strings.Repeat("<p>크리스탈</p>", 50_000) // of several pieces
	for id, page := range map[string]string{"small": "<p>", "empty": "", "large": large} {
		if err := p.Put(bounded(t), id, strings.NewReader(page)); err != nil {
			t.Fatal(err)
		}
	}
	key := p.Key()
	closed(t, e)
	if err := p.Put(bounded(t), "late", strings.NewReader("")); !errors.Is(err, ErrClosed) {
		t.Errorf("Put = %v, want ErrClosed", err)
	}
	if _, err := p.Get(bounded(t), "small"); !errors.Is(err, ErrClosed) {
		t.Errorf("Get = %v, want ErrClosed", err)
	}
	p = pagesOf(t, opened(t, Options{Dir: dir}))
	for id, want := range map[string]string{"small": "<p>", "empty": "", "large": large, "late": "(gone)", "none": "(gone)"} {
		if got := kept(t, p, id); got != want {
			t.Errorf("%s has %d bytes, want %d", id, len(got), len(want))
		}
	}
	if !bytes.Equal(p.Key(), key) || len(key) != 32 || bytes.Equal(key, make([]byte, 32)) {
		t.Error("the key is another one after a restart, or none")
	}
}

func TestProcessesShareThePages(t *testing.T) {
	url := external(t, maxMessage)
	a, b := pagesOf(t, opened(t, Options{URL: url})), pagesOf(t, opened(t, Options{URL: url}))
	if !bytes.Equal(a.Key(), b.Key()) {
		t.Error("two processes have two keys")
	}
	if err := a.Put(bounded(t), "one", strings.NewReader("page")); err != nil {
		t.Fatal(err)
	}
	if got := kept(t, b, "one"); got != "page" {
		t.Errorf("the other process has %q", got)
	}
}

func TestTheOldestPagesGoFirst(t *testing.T) {
	const most = 8 << 20
	p := pagesOf(t, opened(t, Options{Dir: t.TempDir(), PageBytes: most}))
	page := make([]byte, most/8) // the largest that there may be
	for i := range page {
		page[i] = byte(rand.Int())
	}
	for i := range 20 {
		if err := p.Put(bounded(t), fmt.Sprintf("p%02d", i), bytes.NewReader(page)); err != nil {
			t.Fatalf("page %d: %v", i, err)
		}
		status, err := p.store.Status(bounded(t))
		if err != nil || status.Size() > most {
			t.Fatalf("after page %d there are %d bytes, %v", i, status.Size(), err)
		}
	}
	held := 0
	for i := range 20 {
		switch got := kept(t, p, fmt.Sprintf("p%02d", i)); {
		case got == string(page):
			held++
		case got != "(gone)" || held > 0:
			t.Errorf("page %d has %d bytes, with older pages there", i, len(got))
		}
	}
	if held < 5 {
		t.Errorf("only %d pages are kept", held)
	}
	if err := p.Put(bounded(t), "large", bytes.NewReader(append(page, 0))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Put = %v, want ErrTooLarge", err)
	}
	if got := kept(t, p, "large"); got != "(gone)" {
		t.Errorf("of a page that is too large %d bytes are kept", len(got))
	}
	if status, err := p.store.Status(bounded(t)); err != nil || status.Size() > most-uint64(len(page)) {
		t.Errorf("what it had of it is still there: %d bytes, %v", status.Size(), err)
	}
}
