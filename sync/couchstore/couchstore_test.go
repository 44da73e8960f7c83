package couchstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/couchbase/gocbcore/v10"

	"liveops/sync/purge"
)

func TestSplitURL(t *testing.T) {
	tests := map[string]string{
		"couchbases://cb.example/game":              "couchbases://cb.example game",
		"couchbase://a:11210,b:11210/game?x=1&y=/z": "couchbase://a:11210,b:11210?x=1&y=/z game",
		"couchbases://cb.example":                   "",
		"couchbases://cb.example/":                  "",
		"couchbases:///game":                        "",
		"couchbases://a/b/c":                        "",
		"couchbases://user:secret@a/b":              "",
		"http://cb.example/game":                    "",
		"cb.example/game":                           "",
	}
	for url, want := range tests {
		address, bucket, err := splitURL(url)
		if want == "" {
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %s %s %v", url, address, bucket, err)
			}
			continue
		}
		if got := address + " " + bucket; got != want || err != nil {
			t.Errorf("%s: %s %v", url, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	tests := []struct{ library, write, read error }{
		{gocb.ErrDocumentNotFound, purge.ErrNotFound, purge.ErrNotFound},
		{gocb.ErrCasMismatch, purge.ErrConflict, purge.ErrConflict},
		{gocb.ErrDocumentExists, purge.ErrConflict, purge.ErrConflict},
		{gocb.ErrDocumentLocked, purge.ErrTemporary, purge.ErrTemporary},
		{gocb.ErrTemporaryFailure, purge.ErrTemporary, purge.ErrTemporary},
		{gocb.ErrUnambiguousTimeout, purge.ErrTemporary, purge.ErrTemporary},
		{gocb.ErrAmbiguousTimeout, purge.ErrAmbiguous, purge.ErrTemporary},
		{gocbcore.ErrSocketClosed, purge.ErrAmbiguous, purge.ErrTemporary},
		{&net.OpError{Op: "write", Err: syscall.ECONNRESET}, purge.ErrAmbiguous, purge.ErrTemporary},
		{io.EOF, purge.ErrAmbiguous, purge.ErrTemporary},
		{&gocb.ViewError{HTTPStatusCode: 503}, purge.ErrTemporary, purge.ErrTemporary},
		{&gocb.QueryError{HTTPStatusCode: 500}, purge.ErrTemporary, purge.ErrTemporary},
		{&gocb.QueryError{HTTPStatusCode: 404}, nil, nil},
		{gocb.ErrValueTooLarge, purge.ErrRefused, purge.ErrRefused},
		{gocb.ErrAuthenticationFailure, nil, nil},
	}
	all := []error{purge.ErrNotFound, purge.ErrConflict, purge.ErrTemporary, purge.ErrAmbiguous, purge.ErrRefused}
	for _, tt := range tests {
		for write, want := range map[bool]error{true: tt.write, false: tt.read} {
			got := meant(fmt.Errorf("said: %w", tt.library), write)
			if !errors.Is(got, tt.library) {
				t.Errorf("%v lost the library's error", got)
			}
			for _, ours := range all {
				if errors.Is(got, ours) != (ours == want) {
					t.Errorf("%v, write %t: %v", tt.library, write, got)
				}
			}
		}
	}
	if meant(nil, true) != nil {
		t.Error("no error is one")
	}
}

func TestAgain(t *testing.T) {
	busy := &gocb.ViewError{InnerError: errors.New("busy"), HTTPStatusCode: 503}
	tries := 0
	err := again(t.Context(), func() error {
		if tries++; tries < 3 {
			return busy
		}
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%v after %d tries", err, tries)
	}

	for name, once := range map[string]error{"refused": errors.New("no such view"), "out of time": gocb.ErrUnambiguousTimeout} {
		tries = 0
		if err := again(t.Context(), func() error { tries++; return once }); !errors.Is(err, once) || tries != 1 {
			t.Errorf("%s: %v after %d tries", name, err, tries)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = again(ctx, func() error { cancel(); return busy })
	if !errors.Is(err, context.Canceled) || !errors.Is(err, purge.ErrTemporary) {
		t.Errorf("called off: %v", err)
	}
}

func TestRowID(t *testing.T) {
	for raw, want := range map[string]string{`"user-1"`: "user-1", `{"id":"user-2","x":1}`: "user-2", `{"x":1}`: "", `7`: "", `null`: "", `""`: ""} {
		got, err := rowID(json.RawMessage(raw))
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q %v", raw, got, err)
		}
	}
}

// index is a view whose rows are sorted by key and id; it answers as the server does.
type index []row

func (x index) read(page span, most int) ([]row, error) {
	var rows []row
	for _, r := range x {
		key := string(r.key)
		if page.start != nil && (key < string(page.start) || key == string(page.start) && r.id < page.startID) {
			continue
		}
		if page.end != nil && (key > string(page.end) || key == string(page.end) && !page.inclusive) {
			continue
		}
		if rows = append(rows, r); len(rows) == most {
			break
		}
	}
	return rows, nil
}

func TestViewPages(t *testing.T) {
	var x index
	for _, key := range []string{"a", "b", "c"} {
		for i := range 25 {
			x = append(x, row{json.RawMessage(`"` + key + `"`), fmt.Sprintf("%s-%02d", key, i)})
		}
	}
	key := func(k string) json.RawMessage { return json.RawMessage(`"` + k + `"`) }
	tests := []struct {
		name string
		view purge.View
		want int
		keys string
	}{
		{"all", purge.View{}, 75, "abc"},
		{"a key", purge.View{Key: key("b")}, 25, "b"},
		{"keys", purge.View{Keys: []json.RawMessage{key("c"), key("a"), key("x")}}, 50, "ac"},
		{"a range", purge.View{Range: &purge.Range{Start: key("a"), End: key("b"), Inclusive: true}}, 50, "ab"},
		{"a range without its end", purge.View{Range: &purge.Range{Start: key("a"), End: key("b")}}, 25, "a"},
		{"an open range", purge.View{Range: &purge.Range{Start: key("b")}}, 50, "bc"},
	}
	for _, tt := range tests {
		for _, most := range []int{1, 7, 24, 25, 26, 1000} {
			var ids []string
			err := eachOfView(tt.view, most, x.read, func(id string) error { ids = append(ids, id); return nil })
			slices.Sort(ids)
			if len(slices.Compact(slices.Clone(ids))) != len(ids) {
				t.Errorf("%s, pages of %d: some twice", tt.name, most)
			}
			keys := ""
			for _, id := range ids {
				if !strings.Contains(keys, id[:1]) {
					keys += id[:1]
				}
			}
			if err != nil || len(ids) != tt.want || keys != tt.keys {
				t.Errorf("%s, pages of %d: %d ids of %s, %v", tt.name, most, len(ids), keys, err)
			}
		}
	}
	same := index{{key("a"), "x"}, {key("a"), "x"}, {key("a"), "x"}}
	if err := eachOfView(purge.View{}, 2, same.read, func(string) error { return nil }); err == nil {
		t.Error("a page that cannot go on does not end")
	}
	stop := errors.New("stop")
	if err := eachOfView(purge.View{}, 2, x.read, func(string) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestDocumentOf(t *testing.T) {
	res := &gocbcore.LookupInResult{Cas: 7, Ops: []gocbcore.SubDocResult{{Value: []byte("4000000000")}, {Value: []byte("33554438")}, {Err: gocb.ErrPathNotFound}, {Value: []byte(` {"a": "<"} `)}}}
	doc, err := documentOf("u", "r1", res)
	if err != nil || doc.CAS != 7 || !doc.Expiry.Equal(time.Unix(4_000_000_000, 0)) || doc.Flags != 0x02000006 || doc.Mark != "" || string(doc.Body) != ` {"a": "<"} ` {
		t.Errorf("%+v %v", doc, err)
	}
	res.Ops[0].Value, res.Ops[2] = []byte("0"), gocbcore.SubDocResult{Value: []byte(`"abc"`)}
	if doc, err = documentOf("u", "r1", res); err != nil || !doc.Expiry.IsZero() || doc.Mark != "abc" {
		t.Errorf("%+v %v", doc, err)
	}
}
