package datasheets

import (
	"encoding/json"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestJSONCells(t *testing.T) {
	runCells(t, nil, []cellCase{
		{"json", text(`{"b": 1, "a": [1, 2.50, -0, "x"], "": null}`), `{"":null,"a":[1,2.5,0,"x"],"b":1}`},
		{"json", text(" [ ] "), "[]"},
		{"json", text("{}"), "{}"},
		{"json", text(`""`), `""`},
		{"json", text("null"), "null"},
		{"json", text("1e0"), "1"},
		{"json", text("1.0"), "1"},
		{"json", text("1e400"), "1e+400"},
		{"json", text("0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827"},
		{"json", text("1E-7"), "1e-7"},
		{"json", text("12345678901234567890"), "12345678901234567890"},
		{"json", text("1000000000000000000000"), "1e+21"},
		{"json", text(`"\u00e9\/\ud83d\ude00\n\u0001\"\\"`), `"é/😀\n\u0001\"\\"`},
		{"json", text(`{"é":1,"\u00e8":2}`), `{"è":2,"é":1}`},
		{"json", text(`{"a":1,"a":2}`), `!character 8: the object has the name "a" twice`},
		{"json", text(`{"a":1,"\u0061":2}`), "!twice"},
		{"json", text(`{"a":{"b":1,"b":1}}`), "!twice"},
		{"json", text("sword"), "!put a text in double quotes"},
		{"json", text(`{"a":1`), "!character 7: a comma or } is missing"},
		{"json", text(`{"검":x}`), "!character 6: a value is missing"},
		{"json", text(`{a:1}`), "!a name in double quotes is missing"},
		{"json", text(`{"a" 1}`), "!a colon is missing"},
		{"json", text(`[1,]`), "!character 4: a value is missing"},
		{"json", text(`[1 2]`), "!a comma or ] is missing"},
		{"json", text(`{} {}`), "!character 4: there is more after the value"},
		{"json", text(`[01]`), "!no number of JSON"},
		{"json", text(`[+1]`), "!no number of JSON"},
		{"json", text(`[1.]`), "!no number of JSON"},
		{"json", text(`[.5]`), "!no number of JSON"},
		{"json", text(`[1e]`), "!no number of JSON"},
		{"json", text(`[1e1000000]`), "!exponent is too large"},
		{"json", text(`["\x41"]`), "!no such escape"},
		{"json", text(`["\ud800"]`), "!half of a surrogate pair"},
		{"json", text(`["\ud800\u0041"]`), "!half of a surrogate pair"},
		{"json", text(`["\u12"]`), "!no such escape"},
		{"json", text("[\"a\nb\"]"), "!control character"},
		{"json", text(`["a`), "!double quote at the end"},
		{"json", text("[\"\xff\"]"), "!valid UTF-8"},
		{"json", text(strings.Repeat("[", 100) + strings.Repeat("]", 100)), strings.Repeat("[", 100) + strings.Repeat("]", 100)},
		{"json", text(strings.Repeat("[", 101) + strings.Repeat("]", 101)), "!too deeply"},
		{"json", num("1.50"), "1.5"},
		{"json", num("1E15"), "!as text only"},
		{"json", truth(true), "true"},
		{"json", truth(false), "false"},
		{"json", date("45292"), "!one JSON value"},
	})
}

// MariaDB's JSON is a LONGTEXT and holds 31 levels.
func TestJSONDepthOfMariaDB(t *testing.T) {
	c := ParseColumn(ColumnInfo{Name: "v", ColumnType: "longtext", DataType: "longtext", IsNullable: "NO", JSONCheck: true, MariaDB: true})
	if _, wrong := convert(t, &c, text(strings.Repeat("[", 31)+strings.Repeat("]", 31)), nil); wrong != nil {
		t.Error(wrong)
	}
	_, wrong := convert(t, &c, text(strings.Repeat("[", 32)+strings.Repeat("]", 32)), nil)
	checkMismatch(t, wrong, "v (json) takes one JSON value")
}

// The canonical form is a fixed point, keeps the value as encoding/json reads it, and does not depend on how
// the value was written. What encoding/json refuses is refused here too.
func FuzzCanonicalJSON(f *testing.F) {
	for _, seed := range []string{
		`{"b":1,"a":[1,2.50,-0,1e400,"x\u00e9\ud83d\ude00"],"":null}`, `"\u0000\"\\\/"`, " true ", "1E-7", `{"a":1,"a":2}`,
		"[[[[]]]]", "-0.0e-0", "123456789012345678901234567890.5e-99998", `["\ud800"]`, "nul", "{", "9e99999", "1e-99999",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		canonical, fault := canonicalJSON(src, 100)
		if fault != nil {
			if fault.offset < 0 || fault.offset > len(src) || fault.what == "" {
				t.Fatalf("%q: fault %+v", src, fault)
			}
			return
		}
		if !json.Valid(src) || !json.Valid(canonical) {
			t.Fatalf("%q became %q, of which encoding/json refuses one", src, canonical)
		}
		again, fault := canonicalJSON(canonical, 100)
		if fault != nil || string(again) != string(canonical) {
			t.Fatalf("%q became %q and then %q (%v)", src, canonical, again, fault)
		}
		if !hugeExponent.Match(src) { // exact arithmetic would take long
			if before, after := decoded(t, src), decoded(t, canonical); !reflect.DeepEqual(before, after) {
				t.Fatalf("%q means %v, but %q %v", src, before, canonical, after)
			}
		}
		var indented strings.Builder
		e := json.NewEncoder(&indented)
		e.SetIndent(" ", "\t")
		if err := e.Encode(json.RawMessage(src)); err == nil {
			if other, fault := canonicalJSON([]byte(indented.String()), 100); fault != nil || string(other) != string(canonical) {
				t.Fatalf("%q became %q, but indented %q (%v)", src, canonical, other, fault)
			}
		}
	})
}

var hugeExponent = regexp.MustCompile(`[eE][+-]?0*[1-9][0-9]{3}`)

// decoded is a JSON text as encoding/json reads it, with its numbers by value.
func decoded(t *testing.T, src []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(src)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("decode %q: %v", src, err)
	}
	return exact(t, v)
}

func exact(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case json.Number:
		r, ok := new(big.Rat).SetString(string(v))
		if !ok {
			t.Fatalf("number %q", v)
		}
		return r.String()
	case []any:
		for i := range v {
			v[i] = exact(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = exact(t, v[k])
		}
	}
	return v
}
