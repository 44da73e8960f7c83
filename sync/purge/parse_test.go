package purge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// What is JSON to the standard library is JSON here, with the same meaning, and nothing else is.
func FuzzParseDocument(f *testing.F) {
	for _, text := range []string{
		`{"a":[1,-0,0.5,1e5,-1.25E-7],"b":{"c":null,"d":true,"e":false},"f":"\u0041\n\ud83d\ude00 é"}`, ` [ ] `, `{ }`, `""`, `[1,]`, `[,1]`, `[1 2]`, `{"a"}`, `{"a":}`,
		`{"a":1,}`, `{a:1}`, `01`, `1.`, `.5`, `-`, `1e`, `+1`, `tru`, `truex`, `nul`, `[1]]`, `{"a":1}}`, `"\x"`, `"\u12"`, "\"\t\"", `"\`, `"`, `[`, `{`, `]`, `[}`, `{]`, "", " ", "\x00",
		`{"a":1,"\u0061":2}`, "\"\xff\"", "\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseDocument([]byte(text))
		if !json.Valid([]byte(text)) {
			if err == nil {
				t.Errorf("%q is no JSON", text)
			}
			return
		}
		if err != nil {
			if utf8.ValidString(text) && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "deeper") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		var want any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := n.value(); !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
		if n.raw != strings.Trim(text, " \t\r\n") {
			t.Errorf("%q stands in %q", n.raw, text)
		}
	})
}

// A key twice is found among few keys and among many.
func TestKeyTwice(t *testing.T) {
	for _, many := range []int{2, 16, 17, 100} {
		var b bytes.Buffer
		for i := range many {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		once := "{" + b.String()[1:] + "}"
		if _, err := parseDocument([]byte(once)); err != nil {
			t.Errorf("%d keys: %v", many, err)
		}
		if _, err := parseDocument([]byte(strings.TrimSuffix(once, "}") + `,"k1":0}`)); err == nil || err.Error() != `it has the key "k1" twice in one object` {
			t.Errorf("%d keys and one twice: %v", many, err)
		}
	}
}

// What goes from the middle of a long array leaves the bytes of all others, far beyond what is looked at one by one.
func TestLongArray(t *testing.T) {
	var before, after []string
	for i := range 1000 {
		one := fmt.Sprintf(`{"n": %d}`, i)
		before = append(before, one)
		if i < 100 || i >= 100+3*alignReach {
			after = append(after, one)
		}
	}
	p := compiled(t, Spec{Update: fmt.Sprintf("del(.[100:%d])", 100+3*alignReach)})
	v, err := p.Judge(t.Context(), []byte("["+strings.Join(before, ",")+"]"))
	if want := "[" + strings.Join(after, ",") + "]"; err != nil || string(v.After) != want {
		t.Errorf("%s %v", v.After, err)
	}
}

// BenchmarkJudge takes an item out of an account.
func BenchmarkJudge(b *testing.B) {
	var items []string
	for i := range 24 {
		items = append(items, fmt.Sprintf(`{"count":%d,"from":"drop","item":"sword_%02d","since":17000000%02d}`, 1+i%9, i, i))
	}
	items[12] = `{"count":1,"from":"event","item":"santa_cookie","since":1733000000}`
	body := []byte(`{"coins":500,"inventory":[` + strings.Join(items, ",") + `],"level":7,"name":"플레이어"}`)
	p, faults := New(Spec{Match: `any(.inventory[]; .item == "santa_cookie")`, Update: `del(.inventory[] | select(.item == "santa_cookie"))`})
	if len(faults) > 0 {
		b.Fatal(faults)
	}
	b.ReportAllocs()
	for b.Loop() {
		if v, err := p.Judge(b.Context(), body); err != nil || !v.Changes() {
			b.Fatal(v, err)
		}
	}
}
