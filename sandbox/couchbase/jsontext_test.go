package couchbase

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/couchbase/gocbcore/v10/memd"
)

func TestPaths(t *testing.T) {
	ok, invalid, big := memd.StatusSuccess, memd.StatusSubDocPathInvalid, memd.StatusSubDocPathTooBig
	long := ""
	for range 33 {
		long += "a."
	}
	for path, want := range map[string]struct {
		steps  []step
		status memd.StatusCode
	}{
		"":             {nil, ok},
		"a.b[0][-1].c": {[]step{{name: "a"}, {name: "b"}, {isIndex: true}, {index: -1, isIndex: true}, {name: "c"}}, ok},
		"[3]":          {[]step{{index: 3, isIndex: true}}, ok},
		"`a.b[0]`.c":   {[]step{{name: "a.b[0]"}, {name: "c"}}, ok},
		"`a``b`":       {[]step{{name: "a`b"}}, ok},
		`a\"b`:         {[]step{{name: `a"b`}}, ok},
		"ü":            {[]step{{name: "ü"}}, ok},
		"a.":           {nil, invalid},
		".a":           {nil, invalid},
		"a..b":         {nil, invalid},
		"a[":           {nil, invalid},
		"a[x]":         {nil, invalid},
		"a[-2]":        {nil, invalid},
		"a]":           {nil, invalid},
		"a[0]b":        {nil, invalid},
		"a.[0]":        {nil, invalid},
		"`a":           {nil, invalid},
		`a"b`:          {nil, invalid},
		long + "a":     {nil, big},
	} {
		steps, status := parsePath(path)
		if status != want.status || status == ok && !reflect.DeepEqual(steps, want.steps) {
			t.Errorf("%q: %v %v, want %v %v", path, steps, status, want.steps, want.status)
		}
	}
}

func TestAttributeNames(t *testing.T) {
	for name, want := range map[string]bool{
		"liveops": true, "_sync": true, "$document": true, "a.b": true, "a[0]": true, "fifteen_letters": true, "ü": true,
		"": false, "_": false, "$": false, "sixteen_letters_": false, ".a": false, "!a": false, "`a`": false, "a.": false, "[0]": false,
	} {
		if _, status := parseAttribute(name); (status == memd.StatusSuccess) != want {
			t.Errorf("%q: %v", name, status)
		}
	}
}

// TestEditsAreThoseOfAModel changes a text by random operations, and the value that it stands for beside it.
func TestEditsAreThoseOfAModel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"a", "b", `c"d`, "e.f"}
	quoted := map[string]string{"a": "a", "b": "b", `c"d`: `c\"d`, "e.f": "`e.f`"}
	for range 300 {
		text, model := []byte("{ }"), map[string]any{}
		for n := range 30 {
			name := names[r.IntN(len(names))]
			value, _ := model[name].([]any)
			_, there := model[name]
			op, path, given := memd.SubDocOpDictSet, quoted[name], strconv.Itoa(n)
			var want any = float64(n)
			works := true
			switch r.IntN(6) {
			case 0:
				given, want = " [ ] ", []any{}
			case 1:
				op, given, works = memd.SubDocOpDelete, "", there
			case 2:
				op, works = memd.SubDocOpReplace, there
			case 3:
				op, works = memd.SubDocOpDictAdd, !there
			case 4:
				op, works = memd.SubDocOpArrayPushLast, value != nil
				want = append(append([]any{}, value...), float64(n))
			case 5:
				op, works = memd.SubDocOpArrayPushFirst, value != nil
				want = append([]any{float64(n)}, value...)
			}
			if !there && (op == memd.SubDocOpArrayPushLast || op == memd.SubDocOpArrayPushFirst) {
				works = false
			}
			steps, status := parsePath(path)
			if status != memd.StatusSuccess {
				t.Fatal(status)
			}
			out, _, status := edit(text, spec{op: op, path: path, value: []byte(given)}, steps)
			if (status == memd.StatusSuccess) != works {
				t.Fatalf("%#x of %s in %s: %v, want success %v", op, path, text, status, works)
			}
			if !works {
				continue
			}
			if op == memd.SubDocOpDelete {
				delete(model, name)
			} else {
				model[name] = want
			}
			text = out
			var got map[string]any
			if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, model) {
				t.Fatalf("after %#x of %s: %s (%v), want %v", op, path, text, err, model)
			}
		}
	}
}

func TestElementsAreCut(t *testing.T) {
	for path, want := range map[string]string{
		"[0]": `[ 2 ,{"x":[]}]`, "[1]": `[ 1 ,{"x":[]}]`, "[2]": `[ 1, 2]`, "[-1]": `[ 1, 2]`, "[2].x": `[ 1, 2 ,{}]`,
	} {
		steps, _ := parsePath(path)
		if got, status := cut([]byte(`[ 1, 2 ,{"x":[]}]`), steps); string(got) != want || status != memd.StatusSuccess {
			t.Errorf("%s: %s (%v), want %s", path, got, status, want)
		}
	}
}

func FuzzEdit(f *testing.F) {
	f.Add(`{"a":[1,{"b":"\\\""}]}`, "a[1].b", `"x"`, uint8(0))
	f.Add(`[]`, "[0]", `1`, uint8(4))
	f.Fuzz(func(t *testing.T, text, path, value string, n uint8) {
		steps, status := parsePath(path)
		op := mutations[int(n)%len(mutations)]
		s := spec{op: op, path: path, value: []byte(value), flags: memd.SubdocFlagMkDirP}
		if !json.Valid([]byte(text)) || status != memd.StatusSuccess || s.check(true) != memd.StatusSuccess || op == memd.SubDocOpSetDoc || op == memd.SubDocOpDeleteDoc {
			return
		}
		if out, _, status := edit([]byte(text), s, steps); status == memd.StatusSuccess && !json.Valid(out) {
			t.Errorf("%s of %q in %s by %s: %s", path, op, text, value, out)
		}
	})
}

func TestSortKeys(t *testing.T) {
	c := newCollator()
	in := []string{
		`null`, `false`, `true`, `-1e300`, `-2`, `-1.5`, `-0`, `1`, `9`, `10`, `1e300`, `""`, `"123"`, `"a"`, `"A"`, `"aa"`, `"ab"`,
		`"apple"`, `"Apple"`, `"b"`, `"zebra"`, `"Zebra"`, `[]`, `[null]`, `[1]`, `[1,1]`, `[1,"a"]`, `[2]`, `["a"]`, `["a",1]`, `["aa"]`, `[[]]`, `{}`,
		`{"a":1}`, `{"a":1,"b":1}`, `{"a":2}`, `{"b":1}`,
	}
	var last []byte
	for i, text := range in {
		key, ok := c.sortKey([]byte(text))
		if !ok {
			t.Fatalf("%s is no key", text)
		}
		if i > 0 && string(last) >= string(key) {
			t.Errorf("%s is not after %s", text, in[i-1])
		}
		last = key
	}
	zero, _ := c.sortKey([]byte("0"))
	minus, _ := c.sortKey([]byte("-0.0"))
	if string(zero) != string(minus) {
		t.Error("0 and -0 differ")
	}
	if _, ok := c.sortKey([]byte("x")); ok {
		t.Error("x is a key")
	}
}
