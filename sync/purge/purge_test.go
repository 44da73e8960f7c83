package purge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func compiled(t testing.TB, s Spec) *Purge {
	t.Helper()
	p, faults := New(s)
	if len(faults) > 0 {
		t.Fatalf("%+v: %+v", s, faults)
	}
	return p
}

func TestJudge(t *testing.T) {
	const cookie = `any(.inventory[]; .item == "santa_cookie")`
	const take = `del(.inventory[] | select(.item == "santa_cookie"))`
	tests := []struct {
		name, match, update, body string
		matches                   bool
		after                     string // "" for no change
	}{
		{"takes the item, and nothing else moves", cookie, take,
			`{"z":1,"inventory":[{"item":"a","n":1},{"item":"santa_cookie"},{"n":2,"item":"b"}],"a":"\u0041"}`, true,
			`{"z":1,"inventory":[{"item":"a","n":1},{"n":2,"item":"b"}],"a":"\u0041"}`},
		{"one that has none", cookie, take, `{"inventory":[]}`, false, ""},
		{"without match, every document", "", ".a = 1", `{}`, true, `{"a":1}`},
		{"the same document is no change", "", ".a = 5", `{"a":5.0}`, true, ""},
		{"the same number in another form is no change", "", ".a = 100", `{"a":1e2}`, true, ""},
		{"numbers keep every digit", "", ".n = 1",
			`{"big":9007199254740993,"huge":1e400,"small":0.1000000000000000055,"n":0}`, true,
			`{"big":9007199254740993,"huge":1e400,"small":0.1000000000000000055,"n":1}`},
		{"numbers that move keep every digit", "", "{a: {big, huge, small}}",
			`{"big":9007199254740993,"huge":1e400,"small":0.1000000000000000055}`, true,
			`{"a":{"big":9007199254740993,"huge":1e400,"small":0.1000000000000000055}}`},
		{"whole numbers are exact at any size", "", ".big += 1", `{"big":123456789012345678901234567890}`, true, `{"big":123456789012345678901234567891}`},
		{"a near number is another", "", ".a = 0.1", `{"a":0.1000000000000000055}`, true, `{"a":0.1}`},
		{"new keys come last and sorted", "", ". + {b: 1, a: 2}", `{"z": 1, "y": [1, 2]}`, true, `{"z":1,"y":[1, 2],"a":2,"b":1}`},
		{"an element that changed keeps its order", "", ".l[1].x = 2", `{"l":[{"z":1,"a":1},{"z":1,"x":1,"a":1}]}`, true, `{"l":[{"z":1,"a":1},{"z":1,"x":2,"a":1}]}`},
		{"one goes and one changes", "", ".l |= (del(.[0]) | .[0].x = 2)", `{"l":[{"k":0},{"z":1,"x":1,"a":1},{"q":1,"b":1}]}`, true, `{"l":[{"z":1,"x":2,"a":1},{"q":1,"b":1}]}`},
		{"blanks around the document stay out of it", "", ".a = 1", "\n {\"a\":1} \n", true, ""},
		{"null, false and empty texts", "", ".d = null", `{"a":null,"b":false,"c":"","d":true}`, true, `{"a":null,"b":false,"c":"","d":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := compiled(t, Spec{Match: tt.match, Update: tt.update}).Judge(t.Context(), []byte(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if v.Matches != tt.matches || string(v.After) != tt.after || v.Delete {
				t.Errorf("got %v %s\nwant %v %s", v.Matches, v.After, tt.matches, tt.after)
			}
		})
	}
}

func TestJudgeFails(t *testing.T) {
	tests := []struct{ name, match, update, body, want string }{
		{"match gives a number", ".a", ".", `{"a":1}`, "`match` gives no true or false"},
		{"match gives nothing", "empty", ".", `{}`, "`match` gives nothing; expected one value"},
		{"match gives two", "true, true", ".", `{}`, "`match` gives more than one value; expected one"},
		{"match fails", "any(.inventory[]; .x)", ".", `{}`, "`match` cannot iterate over: null"},
		{"update gives the wrong kind", "", ".a", `{"a":1}`, "`update` gives another kind of value than the document is; did you mean `del(...)`, or `|=`?"},
		{"update gives what JSON has not", "", ".a = nan", `{"a":1}`, "`update` gives a number that JSON cannot hold"},
		{"update fails late", "", "., error(\"x\")", `{}`, "`update` error: x"},
		{"update does not end", "", "def f: f; f", `{}`, "`update` takes more than 10ms"},
		{"not JSON", "", ".", `{`, "the document cannot be read: it is not JSON"},
		{"a key twice", "", ".", `{"a":1,"\u0061":2}`, `the document cannot be read: it has the key "a" twice in one object`},
		{"not UTF-8", "", ".", "\"\xff\"", "the document cannot be read: it is not UTF-8"},
		{"too deep", "", ".", strings.Repeat("[", 600) + strings.Repeat("]", 600), "the document cannot be read: it is nested deeper than 500"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := compiled(t, Spec{Match: tt.match, Update: tt.update})
			p.update.limit = 10 * time.Millisecond
			v, err := p.Judge(t.Context(), []byte(tt.body))
			var de *DocumentError
			if !errors.As(err, &de) || err.Error() != tt.want || v.Changes() {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := compiled(t, Spec{Update: "def f: f; f"}).Judge(ctx, []byte("{}")); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled judgement: %v", err)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		text   string
		offset int
		want   string
	}{
		{".a |", 4, "this is not jq: it ends too early"},
		{".a\n| )", 5, "this is not jq: `)` is not expected here"},
		{".a | foo(1)", 5, "this jq does not compile: function not defined: foo/1"},
		{".a | $x", 5, "this jq does not compile: variable not defined: $x"},
		{".at = now", 6, "`now` may not be used: what becomes of a document must depend on the document alone"},
		{"[.[] | {a: input}]", 11, "`input` may not be used: what becomes of a document must depend on the document alone"},
		{"$ENV.PATH", 0, "`$ENV` may not be used: what becomes of a document must depend on the document alone"},
		{"def f: env; f", 7, "`env` may not be used: what becomes of a document must depend on the document alone"},
		{`"\(env)"`, 3, "`env` may not be used: what becomes of a document must depend on the document alone"},
		{"import \"a\" as a; .", 0, "`import` may not be used: what becomes of a document must depend on the document alone"},
		{"include \"a\"; .", 0, "`include` may not be used: what becomes of a document must depend on the document alone"},
		{"halt", 0, "`halt` may not be used: what becomes of a document must depend on the document alone"},
		{"input_filename", 0, "`input_filename` may not be used: what becomes of a document must depend on the document alone"},
	}
	for _, tt := range tests {
		_, faults := New(Spec{Match: tt.text, Delete: true})
		if len(faults) != 1 || faults[0].Field != "match" || faults[0].Offset != tt.offset || faults[0].Text != tt.want {
			t.Errorf("%q: %+v", tt.text, faults)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := Spec{Name: "a", Path: "purges/a.yaml", Select: Select{IDs: []string{"1", "2"}}, Match: ".a == 1", Update: "del(.a)"}
	same := base
	same.Path, same.Description, same.Rate, same.Limit, same.Mask, same.Expires = "purges/old/a.yaml", "what", 3, 4, []string{".a"}, time.Now()
	same.Match, same.Select.IDs = " .a==1 # one\n", []string{"2", "1", "2"}
	if compiled(t, same).Fingerprint() != compiled(t, base).Fingerprint() {
		t.Error("a reformat changes the fingerprint")
	}
	for what, change := range map[string]func(*Spec){
		"select": func(s *Spec) { s.Select.IDs = []string{"1"} }, "match": func(s *Spec) { s.Match = ".a == 2" },
		"update": func(s *Spec) { s.Update = "del(.b)" }, "delete": func(s *Spec) { s.Update, s.Delete = "", true },
		"scope": func(s *Spec) { s.Scope = "x" }, "collection": func(s *Spec) { s.Collection = "x" },
		"query": func(s *Spec) { s.Select = Select{Query: "SELECT 1"} },
	} {
		other := base
		change(&other)
		if compiled(t, other).Fingerprint() == compiled(t, base).Fingerprint() {
			t.Errorf("another %s leaves the fingerprint as it is", what)
		}
	}
	book := base
	book.Select = Select{Workbook: &Workbook{Path: "x.xlsx"}}
	if p := compiled(t, book).WithIDs([]string{"2", "1"}); p.Fingerprint() != compiled(t, base).Fingerprint() {
		t.Error("where the ids stand changes the fingerprint")
	}
}
