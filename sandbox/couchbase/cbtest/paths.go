package cbtest

import (
	"errors"
	"testing"

	"github.com/couchbase/gocb/v2"
)

func paths() []check {
	return []check{
		{"paths are read: members, elements, the last element, names in backticks", pathsRead},
		{"a lookup tells for each path what became of it", lookupPartly},
		{"paths are changed, and nothing else of the text is", pathsChanged},
		{"a change that fails tells its path and leaves the document alone", changeFails},
		{"arrays grow at both ends, within, and without doubles", arrays},
		{"counters count whole numbers", counters},
		{"missing parents are made only on request", parents},
	}
}

func (p *place) putRaw(t *testing.T, name, body string) string {
	t.Helper()
	id := p.id(t, name)
	must[*gocb.MutationResult](t)(p.docs.Upsert(id, []byte(body), &gocb.UpsertOptions{Transcoder: raw}))
	return id
}

func pathsRead(t *testing.T, p *place) {
	id := p.putRaw(t, "read", `{"a":{"b":[1,[2,3],{"c":"x"}]},"dot.ted":{"f":true},"back`+"`"+`tick":5,"n":12345678901234567890}`)
	for path, want := range map[string]string{
		"a.b[0]": "1", "a.b[1][1]": "3", "a.b[2].c": `"x"`, "a.b[-1].c": `"x"`, "`dot.ted`.f": "true", "`back``tick`": "5",
		"n": "12345678901234567890", "a.b[1]": "[2,3]",
	} {
		r := must[*gocb.LookupInResult](t)(p.docs.LookupIn(id, []gocb.LookupInSpec{gocb.GetSpec(path, nil)}, nil))
		var got rawJSON
		if err := r.ContentAt(0, &got); err != nil || string(got) != want {
			t.Errorf("%s is %s (%v), want %s", path, got, err, want)
		}
	}
}

type rawJSON []byte

func (r *rawJSON) UnmarshalJSON(b []byte) error { *r = append((*r)[:0], b...); return nil }

func lookupPartly(t *testing.T, p *place) {
	id := p.putRaw(t, "partly", `{"a":1,"l":[1,2,3]}`)
	r := must[*gocb.LookupInResult](t)(p.docs.LookupIn(id, []gocb.LookupInSpec{
		gocb.GetSpec("a", nil), gocb.GetSpec("z", nil), gocb.GetSpec("a.b", nil), gocb.GetSpec("a[", nil),
		gocb.ExistsSpec("l[2]", nil), gocb.ExistsSpec("l[3]", nil), gocb.CountSpec("l", nil),
	}, nil))
	var n int
	if err := r.ContentAt(0, &n); err != nil || n != 1 {
		t.Errorf("a is %d (%v)", n, err)
	}
	for i, want := range map[uint]error{1: gocb.ErrPathNotFound, 2: gocb.ErrPathMismatch, 3: gocb.ErrPathInvalid} {
		var v any
		if err := r.ContentAt(i, &v); !errors.Is(err, want) {
			t.Errorf("path %d: %v, want %v", i, err, want)
		}
	}
	if !r.Exists(4) || r.Exists(5) {
		t.Errorf("exists: %v, %v", r.Exists(4), r.Exists(5))
	}
	if err := r.ContentAt(6, &n); err != nil || n != 3 {
		t.Errorf("count is %d (%v)", n, err)
	}
}

func pathsChanged(t *testing.T, p *place) {
	id := p.putRaw(t, "change", `{"z":1.10,"a":{"x":1,"y":12345678901234567890},"l":[1,2,3]}`)
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{
		gocb.ReplaceSpec("a.x", "new", nil), gocb.InsertSpec("n", true, nil), gocb.RemoveSpec("l[1]", nil), gocb.UpsertSpec("a.w", nil, nil),
	}, nil))
	if got, want := p.body(t, id), `{"z":1.10,"a":{"x":"new","y":12345678901234567890,"w":null},"l":[1,3],"n":true}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func changeFails(t *testing.T, p *place) {
	id := p.putRaw(t, "fail", `{"a":1}`)
	for name, c := range map[string]struct {
		spec gocb.MutateInSpec
		want error
	}{
		"insert of what is there":       {gocb.InsertSpec("a", 2, nil), gocb.ErrPathExists},
		"replace of what is not there":  {gocb.ReplaceSpec("b", 2, nil), gocb.ErrPathNotFound},
		"removal of what is not there":  {gocb.RemoveSpec("b", nil), gocb.ErrPathNotFound},
		"a member of a number":          {gocb.UpsertSpec("a.b", 2, nil), gocb.ErrPathMismatch},
		"a path that is none":           {gocb.UpsertSpec("a..b", 2, nil), gocb.ErrPathInvalid},
		"an element of what is no list": {gocb.ArrayAppendSpec("a", 2, nil), gocb.ErrPathMismatch},
	} {
		_, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("ok", 1, nil), c.spec}, nil)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if got := p.body(t, id); got != `{"a":1}` {
		t.Errorf("the document is %s", got)
	}
}

func arrays(t *testing.T, p *place) {
	id := p.putRaw(t, "array", `{"l":[2],"e":[]}`)
	several := &gocb.ArrayAppendSpecOptions{HasMultiple: true}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{
		gocb.ArrayAppendSpec("l", []int{4, 5}, several), gocb.ArrayPrependSpec("l", 1, nil), gocb.ArrayInsertSpec("l[2]", 3, nil),
		gocb.ArrayAddUniqueSpec("e", "x", nil), gocb.ArrayAppendSpec("new.list", 1, &gocb.ArrayAppendSpecOptions{CreatePath: true}),
	}, nil))
	if got, want := p.body(t, id), `{"l":[1,2,3,4,5],"e":["x"],"new":{"list":[1]}}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.ArrayAddUniqueSpec("e", "x", nil)}, nil); !errors.Is(err, gocb.ErrPathExists) {
		t.Errorf("a double: %v, want ErrPathExists", err)
	}
	if _, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.ArrayInsertSpec("l[9]", 0, nil)}, nil); !errors.Is(err, gocb.ErrPathNotFound) {
		t.Errorf("far beyond the end: %v, want ErrPathNotFound", err)
	}
}

func counters(t *testing.T, p *place) {
	id := p.putRaw(t, "count", `{"n":9223372036854775806,"f":1.5}`)
	r := must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.IncrementSpec("n", 1, nil), gocb.DecrementSpec("new", 3, nil)}, nil))
	var n int64
	if err := r.ContentAt(1, &n); err != nil || n != -3 {
		t.Errorf("the new counter is %d (%v)", n, err)
	}
	if got, want := p.body(t, id), `{"n":9223372036854775807,"f":1.5,"new":-3}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, path := range []string{"n", "f"} {
		if _, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.IncrementSpec(path, 1, nil)}, nil); err == nil {
			t.Errorf("%s was counted on", path)
		}
	}
}

func parents(t *testing.T, p *place) {
	id := p.putRaw(t, "parents", `{}`)
	if _, err := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("a.b", 1, nil)}, nil); !errors.Is(err, gocb.ErrPathNotFound) {
		t.Errorf("without a request: %v, want ErrPathNotFound", err)
	}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("a.b.c", 1, &gocb.UpsertSpecOptions{CreatePath: true})}, nil))
	if got := p.body(t, id); got != `{"a":{"b":{"c":1}}}` {
		t.Errorf("got %s", got)
	}
}
