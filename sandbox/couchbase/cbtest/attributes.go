package cbtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

func attributes() []check {
	return []check{
		{"a body and an attribute change in one write under CAS", bodyAndMark},
		{"under a stale CAS neither body nor attribute changes", bodyAndMarkStale},
		{"attributes stay when the body is replaced", markStays},
		{"attributes go with a removed document", markGoes},
		{"an attribute can be removed, and then is not found", markRemoved},
		{"an insert with an attribute needs an id that is free", insertWithMark},
		{"the CAS macro writes the CAS of the write itself", casMacro},
		{"$document tells about a document and cannot be changed", virtual},
		{"no more than 16 paths a request", tooManyPaths},
	}
}

var (
	asXattr   = &gocb.UpsertSpecOptions{IsXattr: true}
	asPath    = &gocb.UpsertSpecOptions{IsXattr: true, CreatePath: true}
	xattrGet  = &gocb.GetSpecOptions{IsXattr: true}
	keepsTime = &gocb.MutateInOptions{PreserveExpiry: true}
)

// mark reads liveops.purge, "" if there is none.
func mark(t *testing.T, p *place, id string) string {
	t.Helper()
	r := must[*gocb.LookupInResult](t)(p.docs.LookupIn(id, []gocb.LookupInSpec{gocb.GetSpec("liveops.purge", xattrGet)}, nil))
	var s string
	if err := r.ContentAt(0, &s); err != nil && !errors.Is(err, gocb.ErrPathNotFound) {
		t.Fatalf("the mark of %s: %v", id, err)
	}
	return s
}

// marked replaces a body and sets the mark in one write.
func marked(body any, value string) []gocb.MutateInSpec {
	return []gocb.MutateInSpec{gocb.UpsertSpec("liveops.purge", value, asPath), gocb.ReplaceSpec("", body, nil)}
}

func bodyAndMark(t *testing.T, p *place) {
	id := p.id(t, "mark")
	must[*gocb.MutationResult](t)(p.docs.Insert(id, map[string]int{"coins": 500}, &gocb.InsertOptions{Expiry: time.Hour}))
	got := must[*gocb.GetResult](t)(p.docs.Get(id, &gocb.GetOptions{WithExpiry: true}))
	r := must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, marked(map[string]int{"coins": 400}, "first"), &gocb.MutateInOptions{Cas: got.Cas(), PreserveExpiry: true}))
	if b, m := p.body(t, id), mark(t, p, id); b != `{"coins":400}` || m != "first" {
		t.Errorf("body %s, mark %q", b, m)
	}
	after := must[*gocb.GetResult](t)(p.docs.Get(id, &gocb.GetOptions{WithExpiry: true}))
	if after.Cas() != r.Cas() || !after.ExpiryTime().Equal(got.ExpiryTime()) {
		t.Errorf("CAS %x, want %x; expiry %v, want %v", after.Cas(), r.Cas(), after.ExpiryTime(), got.ExpiryTime())
	}
	var content map[string]int // the flags are still those of JSON
	if err := must[*gocb.GetResult](t)(p.docs.Get(id, nil)).Content(&content); err != nil {
		t.Errorf("content: %v", err)
	}
}

func bodyAndMarkStale(t *testing.T, p *place) {
	id, stale := p.put(t, "mark", 1)
	must[*gocb.MutationResult](t)(p.docs.Upsert(id, 2, nil))
	_, err := p.docs.MutateIn(id, marked(3, "no"), &gocb.MutateInOptions{Cas: stale})
	if !errors.Is(err, gocb.ErrDocumentExists) && !errors.Is(err, gocb.ErrCasMismatch) { // the SDK says the former
		t.Errorf("%v, want a CAS mismatch", err)
	}
	if b, m := p.body(t, id), mark(t, p, id); b != "2" || m != "" {
		t.Errorf("body %s, mark %q", b, m)
	}
}

func markStays(t *testing.T, p *place) {
	id, _ := p.put(t, "mark", 1)
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, marked(2, "stays"), keepsTime))
	must[*gocb.MutationResult](t)(p.docs.Replace(id, 3, nil))
	must[*gocb.MutationResult](t)(p.docs.Upsert(id, 4, nil))
	if b, m := p.body(t, id), mark(t, p, id); b != "4" || m != "stays" {
		t.Errorf("body %s, mark %q", b, m)
	}
}

func markGoes(t *testing.T, p *place) {
	id, _ := p.put(t, "mark", 1)
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, marked(2, "goes"), keepsTime))
	must[*gocb.MutationResult](t)(p.docs.Remove(id, nil))
	must[*gocb.MutationResult](t)(p.docs.Insert(id, 1, nil))
	if m := mark(t, p, id); m != "" {
		t.Errorf("the new document has the mark %q", m)
	}
}

func markRemoved(t *testing.T, p *place) {
	id, _ := p.put(t, "mark", 1)
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, marked(2, "there"), keepsTime))
	removal := []gocb.MutateInSpec{gocb.RemoveSpec("liveops", &gocb.RemoveSpecOptions{IsXattr: true})}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, removal, keepsTime))
	if m := mark(t, p, id); m != "" {
		t.Errorf("the mark is still %q", m)
	}
	if _, err := p.docs.MutateIn(id, removal, keepsTime); !errors.Is(err, gocb.ErrPathNotFound) {
		t.Errorf("a second removal: %v, want ErrPathNotFound", err)
	}
}

func insertWithMark(t *testing.T, p *place) {
	id := p.id(t, "mark")
	insert := &gocb.MutateInOptions{StoreSemantic: gocb.StoreSemanticsInsert}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, marked(map[string]int{"a": 1}, "new"), insert))
	if b, m := p.body(t, id), mark(t, p, id); b != `{"a":1}` || m != "new" {
		t.Errorf("body %s, mark %q", b, m)
	}
	if _, err := p.docs.MutateIn(id, marked(2, "again"), insert); !errors.Is(err, gocb.ErrDocumentExists) {
		t.Errorf("a second insert: %v, want ErrDocumentExists", err)
	}
}

func casMacro(t *testing.T, p *place) {
	id, _ := p.put(t, "macro", 1)
	r := must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("liveops", gocb.MutationMacroCAS, asXattr)}, keepsTime))
	l := must[*gocb.LookupInResult](t)(p.docs.LookupIn(id, []gocb.LookupInSpec{gocb.GetSpec("liveops", xattrGet)}, nil))
	var got string
	if err := l.ContentAt(0, &got); err != nil {
		t.Fatal(err)
	}
	var swapped uint64
	for i := range 8 {
		swapped = swapped<<8 | uint64(r.Cas())>>(8*i)&0xff
	}
	if want := hex(swapped); got != want {
		t.Errorf("the attribute is %s, the CAS %s", got, want)
	}
}

func hex(n uint64) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	b.WriteString("0x")
	for i := 60; i >= 0; i -= 4 {
		b.WriteByte(digits[n>>i&15])
	}
	return b.String()
}

func virtual(t *testing.T, p *place) {
	id, cas := p.put(t, "virtual", map[string]int{"a": 1})
	l := must[*gocb.LookupInResult](t)(p.docs.LookupIn(id, []gocb.LookupInSpec{gocb.GetSpec("$document", xattrGet)}, nil))
	var about struct {
		CAS        string
		Exptime    int64
		ValueBytes int `json:"value_bytes"`
		Deleted    bool
	}
	if err := l.ContentAt(0, &about); err != nil {
		t.Fatal(err)
	}
	if about.CAS != hex(uint64(cas)) || about.Exptime != 0 || about.ValueBytes != len(`{"a":1}`) || about.Deleted {
		t.Errorf("$document is %+v, the CAS %s", about, hex(uint64(cas)))
	}
	if _, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("$document.CAS", 1, asXattr)}, nil); err == nil {
		t.Error("$document could be changed")
	}
}

func tooManyPaths(t *testing.T, p *place) {
	id, _ := p.put(t, "paths", map[string]int{})
	var specs []gocb.MutateInSpec
	for i := range 17 {
		specs = append(specs, gocb.UpsertSpec(string(rune('a'+i)), i, nil))
	}
	if _, err := p.docs.MutateIn(id, specs, nil); !errors.Is(err, gocb.ErrInvalidArgument) {
		t.Errorf("17 paths: %v, want ErrInvalidArgument", err)
	}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, specs[:16], nil))
}
