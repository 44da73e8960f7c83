package purge

import (
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	const before = `{"name":"Mina","email":"m@x.kr","cards":[{"no":1,"on":true}],"inventory":[{"item":"a"},{"item":"santa_cookie"}],"z":[]}`
	tests := []struct {
		name, after string
		mask        []string
		most        int
		want        string
	}{
		{"an element goes", `{"name":"Mina","email":"m@x.kr","cards":[{"no":1,"on":true}],"inventory":[{"item":"a"}],"z":[]}`, []string{".email", ".cards[].no"}, 40, `
…
      {
        "item": "a"
      }
-     {
-       "item": "santa_cookie"
-     }
    ],
    "z": []
  }`},
		{"a masked value changes, and is not shown", `{"name":"Mina","email":"other","cards":[{"no":2,"on":true}],"inventory":[{"item":"a"},{"item":"santa_cookie"}],"z":[]}`, []string{".email", ".cards[].no"}, 40, `
  {
    "name": "Mina",
-   "email": "•••",
+   "email": "•••",
    "cards": [
      {
-       "no": "•••",
+       "no": "•••",
        "on": true
      }
    ],
…`},
		{"a masked object is one line", `{"name":"M","email":"m@x.kr","cards":[{"no":1,"on":true}],"inventory":[{"item":"a"},{"item":"santa_cookie"}],"z":[]}`, []string{".cards", `."name"`}, 40, `
  {
-   "name": "•••",
+   "name": "•••",
    "email": "m@x.kr",
    "cards": "•••",
    "inventory": [
…`},
		{"it goes, and is long", "", nil, 4, `
- {
-   "name": "Mina",
-   "email": "m@x.kr",
… 16 lines more`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := compiled(t, Spec{Update: ".", Mask: tt.mask})
			var after []byte
			if tt.after != "" {
				after = []byte(tt.after)
			}
			lines, err := p.Diff([]byte(before), after, tt.most)
			if err != nil {
				t.Fatal(err)
			}
			if got := "\n" + strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("got:%s\nwant:%s", got, tt.want)
			}
			if len(lines) > tt.most {
				t.Errorf("%d lines, %d allowed", len(lines), tt.most)
			}
		})
	}
}

// A document of many other lines is compared within bounds.
func TestDiffOfMuch(t *testing.T) {
	p := compiled(t, Spec{Update: "."})
	long := func(x string) []byte { return []byte("[" + strings.Repeat(x+",", 50_000) + x + "]") }
	lines, err := p.Diff(long("1"), long("2"), 10)
	if err != nil || len(lines) != 10 || lines[9] != "… 99995 lines more" {
		t.Errorf("%v %v", lines, err)
	}
}

func TestMaskFaults(t *testing.T) {
	for _, path := range []string{"", "email", ".a b", ".[0]", "."} {
		if _, faults := New(Spec{Update: ".", Mask: []string{".a", path}}); len(faults) != 1 || faults[0].Index != 1 {
			t.Errorf("%q: %v", path, faults)
		}
	}
}

// What is written anew means what jq gave, and what is the same keeps its bytes.
func FuzzPatch(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":1.0e5}],"c":"<\u0041>"}`, `{"a":[2,{"b":100000,"x":1}],"c":"<A>"}`)
	f.Add(`[[1],[2]]`, `[[2],[1]]`)
	f.Fuzz(func(t *testing.T, before, after string) {
		old, err := parseDocument([]byte(before))
		if err != nil {
			return
		}
		young, err := parseDocument([]byte(after))
		if err != nil {
			return
		}
		got, err := patch(nil, old, young.value())
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseDocument(got)
		if err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		if !same(back, young.value()) {
			t.Errorf("%s became %s for %s", before, got, after)
		}
		if again, err := patch(nil, old, old.value()); err != nil || string(again) != string(old.raw) {
			t.Errorf("%s became %s without a change: %v", before, again, err)
		}
	})
}
