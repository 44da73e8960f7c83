package datarepo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/sync/purge"
)

const santaCookie = `description: Take the Santa cookie back from accounts that got it by abuse.
select:
  view: {design: inventory, name: by_item, key: santa_cookie}
match:  any(.inventory[]; .item == "santa_cookie")
update: del(.inventory[] | select(.item == "santa_cookie"))
`

func purgesFS(files ...string) fstest.MapFS {
	f := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		f["purges/"+files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return f
}

func TestPurges(t *testing.T) {
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	all := `description: d
select: {ids: ["1", "2"]}
scope: game
collection: users
delete: true
limits: {documents: 3}
rate: 120/m
expires: 2026-12-31
mask: [.email, '.cards[]."no 1"']
`
	got, problems, err := Purges(purgesFS("z/all.yml", all, "cookie.yaml", santaCookie, ".hidden.yaml", "{", "note.txt", "x"), seoul)
	if err != nil || len(problems) > 0 || len(got) != 2 {
		t.Fatalf("%v %v %v", got, problems, err)
	}
	want := purge.Spec{Name: "all", Path: "purges/z/all.yml", Description: "d", Select: purge.Select{IDs: []string{"1", "2"}}, Scope: "game", Collection: "users",
		Delete: true, Limit: 3, Rate: 2, Expires: time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC), Mask: []string{".email", `.cards[]."no 1"`}}
	if diff := cmp.Diff(want, got[0].Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cookie := got[1]
	if cookie.Name != "cookie" || cookie.Rate != purge.DefaultRate || string(cookie.Select.View.Key) != `"santa_cookie"` || cookie.Scope != "_default" {
		t.Errorf("%+v", cookie.Spec)
	}
	if none, problems, err := Purges(fstest.MapFS{}, nil); err != nil || len(none)+len(problems) > 0 {
		t.Errorf("of an empty repo: %v %v %v", none, problems, err)
	}
}

func TestPurgeSelects(t *testing.T) {
	tests := map[string]string{
		`{view: {design: d, name: v}}`: `{"view":{"design":"d","name":"v"}}`,
		`{view: {design: d, name: v, keys: [1, 1.50, ~, true, "x", [a, 9007199254740993], {b: 1}]}}`: `{"view":{"design":"d","name":"v","keys":[1,1.50,null,true,"x",["a",9007199254740993],{"b":1}]}}`,
		`{view: {design: d, name: v, range: {start: [a], end: [a, {}]}}}`:                            `{"view":{"design":"d","name":"v","range":{"start":["a"],"end":["a",{}],"inclusiveEnd":true}}}`,
		`{view: {design: d, name: v, range: {start: 1, inclusiveEnd: false}}}`:                       `{"view":{"design":"d","name":"v","range":{"start":1}}}`,
		`{query: "select raw meta().id from users"}`:                                                 `{"query":"select raw meta().id from users"}`,
		`{workbook: {path: purges/x.xlsx, sheet: S, column: id}}`:                                    `{"workbook":{"path":"purges/x.xlsx","sheet":"S","column":"id"}}`,
	}
	for yaml, want := range tests {
		got, problems, err := Purges(purgesFS("a.yaml", "description: d\ndelete: true\nselect: "+yaml+"\n"), nil)
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", yaml, problems, err)
			continue
		}
		if b, err := json.Marshal(got[0].Select); err != nil || string(b) != want {
			t.Errorf("%s:\ngot  %s %v\nwant %s", yaml, b, err, want)
		}
	}
}

func TestPurgeProblems(t *testing.T) {
	const head = "description: d\nselect: {ids: [a]}\n"
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"empty", "", []string{"0:0 the file is empty"}},
		{"nothing of what it needs", "rate: 5/s\n", []string{"1:1 the key `description` is missing", "1:1 the key `select` is missing"}},
		{"nothing becomes of it", head, []string{"1:1 the file does not say what becomes of the documents"}},
		{"two things become of it", head + "update: .\ndelete: true\n", []string{"4:9 `update` and `delete` exclude each other"}},
		{"an unknown key", head + "delete: true\nmach: .\n", []string{"4:1 unknown key `mach`; nearest: `match`"}},
		{"two selects", "description: d\nselect:\n  ids: [a]\n  query: SELECT 1\ndelete: true\n", []string{"3:8 `query` and `ids` exclude each other"}},
		{"no select", "description: d\nselect: {}\ndelete: true\n", []string{"2:9 one of `view`, `query`, `ids`, `workbook` is expected here"}},
		{"no SELECT", "description: d\nselect: {query: DELETE FROM users}\ndelete: true\n", []string{"2:17 the query is no SELECT"}},
		{"key and range", "description: d\nselect: {view: {design: d, name: v, key: 1, range: {start: 2}}}\ndelete: true\n", []string{"2:52 `key` and `range` exclude each other"}},
		{"a view of another collection", "description: d\nselect: {view: {design: d, name: v}}\ncollection: users\ndelete: true\n", []string{"2:9 views are of documents in the default collection only"}},
		{"a range of nothing", "description: d\nselect: {view: {design: d, name: v, range: {inclusiveEnd: true}}}\ndelete: true\n", []string{"2:44 the range has neither end"}},
		{"a key that is no JSON", "description: d\nselect: {view: {design: d, name: v, key: 010}}\ndelete: true\n", []string{"2:42 `010` is not a plain number"}},
		{"an id twice", "description: d\nselect: {ids: [a, b, a]}\ndelete: true\n", []string{"2:22 the id `a` stands here a second time"}},
		{"a rate", head + "delete: true\nrate: fast\n", []string{"4:7 `fast` is not allowed here"}},
		{"a date", head + "delete: true\nexpires: 2026-02-30\n", []string{"4:10 `2026-02-30` is no day of the calendar"}},
		{"a mask", head + "delete: true\nmask: [email]\n", []string{"4:8 `email` is not allowed here"}},
		{"jq in a line", head + "match: .a = now\ndelete: true\n", []string{"3:13 `match`: `now` may not be used: what becomes of a document must depend on the document alone"}},
		{"jq in quotes", head + "match: \".a | )\"\ndelete: true\n", []string{"3:14 `match`: this is not jq: `)` is not expected here"}},
		{"jq in quotes with escapes", head + "match: \"\\\"a\\\" | )\"\ndelete: true\n", []string{"3:8 `match`: this is not jq: `)` is not expected here (at character 7 of it)"}},
		{"jq in a block", head + "match: |\n\n  # ours\n  .a\n    | foo(1)\ndelete: true\n", []string{"7:7 `match`: this jq does not compile: function not defined: foo/1"}},
		{"jq in a folded block", head + "match: >\n  .a\n  | foo(1)\ndelete: true\n", []string{"3:8 `match`: this jq does not compile: function not defined: foo/1 (at character 6 of it)"}},
		{"jq that ends too early", head + "update: del(.a\n", []string{"3:15 `update`: this is not jq: it ends too early"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems, err := Purges(purgesFS("a.yaml", tt.yaml), nil)
			if err != nil || len(got) > 0 {
				t.Fatalf("%v %v", got, err)
			}
			var lines []string
			for _, p := range problems {
				lines = append(lines, fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, p.Text))
			}
			if diff := cmp.Diff(tt.want, lines); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	_, problems, err := Purges(purgesFS("b/a.yaml", santaCookie, "a.yaml", santaCookie, "ä.yaml", santaCookie), nil)
	if err != nil || len(problems) != 2 || problems[0].At.Path != "purges/b/a.yaml" || !strings.Contains(problems[1].Text, "the name `ä` is not one") {
		t.Errorf("%v %v", problems, err)
	}
}

func TestPurgeSchemaGolden(t *testing.T) {
	golden := filepath.Join("testdata", "purgeschema.golden.json")
	if *update {
		if err := os.WriteFile(golden, PurgeSchema(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(PurgeSchema())); diff != "" {
		t.Errorf("(-want +got; go test -update writes it anew):\n%s", diff)
	}
}

// Whatever stands in the file, there is an answer: a purge, or problems with a place in the file.
func FuzzPurge(f *testing.F) {
	f.Add(santaCookie)
	f.Add("description: d\nselect: {ids: [a]}\nmatch: |\n  .a\n  | )\ndelete: true\n")
	f.Fuzz(func(t *testing.T, yaml string) {
		got, problems, err := Purges(purgesFS("a.yaml", yaml), nil)
		if err != nil || len(got)+len(problems) == 0 || len(got) > 0 && len(problems) > 0 {
			t.Fatalf("%v %v %v", got, problems, err)
		}
		lines := strings.Count(yaml, "\n") + strings.Count(yaml, "\r") + 1
		for _, p := range problems {
			if p.At.Line > lines || p.At.Path != "purges/a.yaml" || p.Text == "" {
				t.Errorf("%v", p)
			}
		}
	})
}
