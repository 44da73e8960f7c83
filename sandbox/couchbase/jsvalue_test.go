package couchbase

import (
	"encoding/json"
	"testing"

	"github.com/dop251/goja"
)

// A document looks to a map function as JSON.parse would make it.
func TestDocumentsAreAsJSONParseMakesThem(t *testing.T) {
	vm := goja.New()
	look, err := vm.RunString(`(function (d) {
		var seen = [JSON.stringify(d), typeof d, Array.isArray(d), d instanceof Object, Object.keys(d).join()];
		for (var k in d) { seen.push(k, d.hasOwnProperty(k), typeof d[k], k in d); }
		seen.push(d.none === undefined, "none" in d, d.toString === Object.prototype.toString);
		if (d.list) { d.list.push({z: 1}); d.list[0].added = d.list.length; d.list.forEach(function (e) { seen.push(JSON.stringify(e)); }); }
		d.a = {x: d.a}; delete d.b; d["7"] = 7; d.a.y = 2;
		seen.push(JSON.stringify(d), Object.keys(d).join());
		return JSON.stringify(seen);
	})`)
	if err != nil {
		t.Fatal(err)
	}
	call, _ := goja.AssertFunction(look)
	parse, _ := goja.AssertFunction(vm.Get("JSON").ToObject(vm).Get("parse"))
	for _, text := range []string{
		`{}`, ` { "a" : 1 } `, `{"b":1,"a":[1,2.5,-3e2,1e300,9007199254740993],"10":1,"9":2,"01":3,"4294967295":4}`,
		`{"list":[{"x":{"y":[]}},{}],"a":null,"b":true,"c":false,"d":"","e":"\u00e9\ud83d\ude00 쿠키 \"\\"}`, `{"a":1,"b":2,"a":{"c":3}}`, `{"":0,"__proto__":{"x":1},"constructor":2}`,
	} {
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s is no JSON", text)
		}
		parsed, err := parse(goja.Undefined(), vm.ToValue(text))
		if err != nil {
			t.Fatal(err)
		}
		want, err := call(goja.Undefined(), parsed)
		if err != nil {
			t.Fatal(err)
		}
		got, err := call(goja.Undefined(), valueOf(vm, []byte(text), rootOf([]byte(text))))
		if err != nil || got.String() != want.String() {
			t.Errorf("%s\ngot  %v %v\nwant %v", text, got, err, want)
		}
	}
	for _, text := range []string{`1`, `"a"`, `null`, `[]`, `[[1],{"a":2}]`, `true`} {
		got := vm.Get("JSON").ToObject(vm)
		stringify, _ := goja.AssertFunction(got.Get("stringify"))
		if s, err := stringify(goja.Undefined(), valueOf(vm, []byte(text), rootOf([]byte(text)))); err != nil || s.String() != text {
			t.Errorf("%s became %v %v", text, s, err)
		}
	}
}
