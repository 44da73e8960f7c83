package sqlpp

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestSyntax(t *testing.T) {
	for _, statement := range []string{
		"select raw meta().id from game",
		"SELECT META(g).id FROM `game` AS g;",
		"SELECT META().id, g.a.b[0] AS x, `c d` FROM game.live.users g WHERE a = 1 ORDER BY a DESC, b LIMIT 10 OFFSET 5",
		"SELECT VALUE {} FROM game", // refused below
		"SELECT * FROM default:game WHERE a IS NOT MISSING AND NOT b IS NULL /* c */ -- d",
		"SELECT RAW id FROM game WHERE ANY v IN inventory SATISFIES v.item IN ['a', \"b\"] AND EVERY w IN v.w SATISFIES w > -1.5e3 END END",
		"SELECT RAW 'it''s' FROM game WHERE a LIKE '\\_%' OR $1 = $name OR ? BETWEEN 1 AND 2",
		"SELECT a.type, a.`from`, a.from FROM game a",
	} {
		_, err := Parse(statement)
		if refused := strings.Contains(statement, "{}"); (err != nil) != refused {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for statement, want := range map[string]string{
		"":                                        "syntax error - line 1, column 1, near '', at: end of input",
		"SLECT name FROM game":                    "syntax error - line 1, column 1, near '', at: SLECT",
		"SELECT name FRM game":                    "", // FRM is an alias, then FROM is missing
		"SELECT name\nFROM game WHER a = 1":       "",
		"SELECT name\nFROM game WHERE":            "syntax error - line 2, column 16, near 'WHERE', at: end of input",
		"SELECT a FROM game WHERE a = 1 = ":       "",
		"SELECT a FROM game WHERE a =":            "",
		"SELECT a FROM game WHERE (a = 1":         "",
		"SELECT a FROM game WHERE a = 'x":         "syntax error - line 1, column 30, near '=', at: '",
		"SELECT a FROM game WHERE `a = 1":         "",
		"SELECT a FROM game LIMIT":                "",
		"SELECT a FROM game WHERE a NOT = 1":      "",
		"SELECT a FROM game WHERE a IS 1":         "",
		"SELECT a FROM game WHERE ANY v IN l END": "",
		"SELECT a FROM game WHERE a + 1 = 2":      "",
		"SELECT COUNT(*) FROM game":               "",
		"SELECT LOWER(a) FROM game":               "",
		"SELECT a FROM game JOIN other ON 1":      "",
		"SELECT a FROM game.live":                 "",
		"SELECT a FROM game.live.users.x":         "",
		"SELECT a FROM game GROUP BY a":           "",
		"SELECT DISTINCT a FROM game":             "",
		"SELECT a FROM game; SELECT a FROM game":  "",
		"SELECT a FROM select":                    "",
		"SELECT a FROM game WHERE a = 1.2.3":      "",
		"SELECT a FROM game WHERE a = -b":         "",
		"SELECT a FROM game WHERE a = #":          "",
		"UPDATE game SET a = 1":                   "syntax error - line 1, column 1, near '', at: UPDATE",
		"SELECT RAW a, b FROM game":               "",
		"SELECT a FROM game WHERE " + strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000): "",
	} {
		_, err := Parse(statement)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || want != "" && err.Error() != want {
			t.Errorf("%.60s: %v, want %q", statement, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("SELECT RAW META().id FROM game WHERE ANY v IN a SATISFIES v = 'x' END ORDER BY a LIMIT 1")
	f.Fuzz(func(t *testing.T, statement string) {
		s, err := Parse(statement)
		if err != nil {
			return
		}
		rows, err := s.Run(Params{}, slices.Values([]Document{{Meta: map[string]any{"id": "a"}, Body: []byte(`{"a":[1]}`)}}))
		if err != nil {
			return
		}
		for r := range rows {
			if !json.Valid(r) {
				t.Errorf("%q: row %s", statement, r)
			}
		}
	})
}

func TestWrites(t *testing.T) {
	for statement, want := range map[string]bool{
		"DELETE FROM game": true, " /* x */ update game SET a = 1": true, "CREATE INDEX i ON game(a)": true, "MERGE": true,
		"SELECT a FROM game": false, "EXPLAIN DELETE FROM game": false, "": false, "'DELETE'": false,
	} {
		if got := IsWrite(statement); got != want {
			t.Errorf("%q: %v", statement, got)
		}
	}
}

// eval evaluates an expression over a document, as JSON; "MISSING" for what is missing.
func eval(t *testing.T, e string) string {
	t.Helper()
	s, err := Parse("SELECT (" + e + ") AS v FROM game")
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	doc := Document{Meta: map[string]any{"id": "u1"}, Body: []byte(`{"n":1,"z":null,"l":[1,null,"x"],"o":{"a":1.0},"big":9007199254740993,"s":"a%b\nc"}`)}
	rows, err := s.Run(Params{}, slices.Values([]Document{doc}))
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	var row map[string]json.RawMessage
	for r := range rows {
		if err := json.Unmarshal(r, &row); err != nil {
			t.Fatal(err)
		}
	}
	if row["v"] == nil {
		return "MISSING"
	}
	return string(row["v"])
}

func TestValues(t *testing.T) {
	for e, want := range map[string]string{
		// https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/logicalops.html
		"true AND null": "null", "false AND null": "false", "true AND none": "MISSING", "null AND none": "MISSING", "false AND none": "false",
		"true OR null": "true", "false OR null": "null", "false OR none": "MISSING", "null OR none": "null", "true OR none": "true",
		"NOT null": "null", "NOT none": "MISSING", "NOT 0": "true", "NOT 'a'": "false", "NOT NOT true": "true",
		// comparisons
		"n = 1": "true", "n = 1.0": "true", "n == '1'": "false", "z = null": "null", "none = 1": "MISSING", "z != none": "MISSING",
		"o = o": "true", "l = [1, null, 'x']": "true", "[1] < [1, 0]": "true", "true > false": "true", "'a' > 99": "true", "'B' < 'a'": "true",
		"big = 9007199254740993": "true", "big > 9007199254740992": "true", "big = 9007199254740993.0": "true", "1e2 = 100": "true",
		"n < 2 = true": "true",
		// paths
		"o.a": "1.0", "o.b": "MISSING", "n.a": "MISSING", "l[0]": "1", "l[-1]": `"x"`, "l[3]": "MISSING", "game.n": "1", "game": "",
		"meta().id": `"u1"`, "meta(game).id": `"u1"`, "meta(x).id": "MISSING", "meta().none": "MISSING",
		// lists
		"1 IN l": "true", "2 IN l": "null", "2 IN [1]": "false", "null IN [1]": "null", "none IN [1]": "MISSING", "1 IN n": "null", "1 NOT IN [2]": "true",
		"any v in l satisfies v = 'x' end": "true", "every v in l satisfies v = 1 end": "false", "every v in [] satisfies false end": "true",
		"any v in none satisfies true end": "MISSING", "any v in n satisfies true end": "null", "some n in [5] satisfies n = 5 end": "true",
		"[none, 1]": "[null,1]",
		// LIKE
		"s like 'a%'": "true", "s like 'a\\%b%'": "true", "s like 'a_b_c'": "true", "s like 'a'": "false", "s not like '%c'": "false",
		"n like '1'": "null", "none like '1'": "MISSING", "'a.b' like 'a_b'": "true", "'axb' like 'a.b'": "false",
		// IS
		"z is null": "true", "none is null": "MISSING", "none is missing": "true", "z is missing": "false", "z is valued": "false", "n is valued": "true",
		"n is not null": "true", "none is not missing": "false", "n between 1 and 2": "true", "n not between 1 and 2": "false",
	} {
		if got := eval(t, e); got != want && want != "" {
			t.Errorf("%s is %s, want %s", e, got, want)
		}
	}
}

// run returns the rows of a statement over three documents.
func run(t *testing.T, statement string, params Params) (string, error) {
	t.Helper()
	s, err := Parse(statement)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	docs := []Document{
		{Meta: map[string]any{"id": "a"}, Body: []byte(`{"n":3,"<":1}`)},
		{Meta: map[string]any{"id": "b"}, Body: []byte(`{"n":1,"m":"x"}`)},
		{Meta: map[string]any{"id": "c"}, Body: nil}, // not JSON
	}
	rows, err := s.Run(params, slices.Values(docs))
	if err != nil {
		return "", err
	}
	var all []string
	for r := range rows {
		all = append(all, string(r))
	}
	return strings.Join(all, " "), nil
}

func TestRows(t *testing.T) {
	params, err := Bind(map[string]json.RawMessage{"n": json.RawMessage("3"), "two": json.RawMessage("2")}, []json.RawMessage{json.RawMessage("1"), json.RawMessage("3")})
	if err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]string{
		"SELECT RAW META().id FROM game":                            `"a" "b" "c"`,
		"SELECT META().id, n, m FROM game":                          `{"id":"a","n":3} {"id":"b","m":"x","n":1} {"id":"c"}`,
		"SELECT * FROM game g WHERE n = 3":                          `{"g":{"<":1,"n":3}}`,
		"SELECT * FROM game":                                        `{"game":{"<":1,"n":3}} {"game":{"m":"x","n":1}} {}`,
		"SELECT 1, 'x', n AS k FROM game LIMIT 1":                   `{"$1":1,"$2":"x","k":3}`,
		"SELECT RAW m FROM game":                                    `null "x" null`,
		"SELECT RAW META().id FROM game WHERE n":                    `"a" "b"`,
		"SELECT RAW META().id FROM game ORDER BY n":                 `"c" "b" "a"`,
		"SELECT RAW META().id FROM game ORDER BY n DESC":            `"a" "b" "c"`,
		"SELECT n AS k FROM game ORDER BY k":                        `{} {"k":1} {"k":3}`,
		"SELECT RAW META().id FROM game ORDER BY m, META().id DESC": `"c" "a" "b"`,
		"SELECT RAW META().id FROM game LIMIT 1 OFFSET 1":           `"b"`,
		"SELECT RAW META().id FROM game OFFSET $two":                `"c"`,
		"SELECT RAW META().id FROM game LIMIT 0":                    ``,
		"SELECT RAW META().id FROM game WHERE n = $n":               `"a"`,
		"SELECT RAW META().id FROM game WHERE n = $1":               `"b"`,
		"SELECT RAW META().id FROM game WHERE n = ? OR n = ?":       `"a" "b"`,
		"SELECT RAW META().id FROM game WHERE n IN [$1, $n]":        `"a" "b"`,
	} {
		if got, err := run(t, statement, params); got != want || err != nil {
			t.Errorf("%s: %s (%v), want %s", statement, got, err, want)
		}
	}
	for _, statement := range []string{
		"SELECT RAW $none FROM game", "SELECT RAW 1 FROM game WHERE [$3] = 1", "SELECT RAW 1 FROM game ORDER BY a.b[$none]", "SELECT RAW 1 FROM game LIMIT 'x'",
		"SELECT RAW 1 FROM game WHERE ANY v IN a SATISFIES NOT (v LIKE $x) END", "SELECT RAW 1 FROM game WHERE a IS NULL AND $0 IN a",
	} {
		if _, err := run(t, statement, params); !errors.Is(err, ErrParameter) {
			t.Errorf("%s: %v, want ErrParameter", statement, err)
		}
	}
}

func TestBindAndPaths(t *testing.T) {
	if _, err := Bind(map[string]json.RawMessage{"a": json.RawMessage("{")}, nil); err == nil {
		t.Error("a parameter that is not JSON was bound")
	}
	if _, err := Bind(nil, []json.RawMessage{json.RawMessage("x")}); err == nil {
		t.Error("a parameter that is not JSON was bound")
	}
	if got, err := ParsePath("`my-bucket`.live"); err != nil || !slices.Equal(got, []string{"my-bucket", "live"}) {
		t.Errorf("path: %v (%v)", got, err)
	}
	for _, bad := range []string{"", "a.", "a b", "a.`b", "select"} {
		if _, err := ParsePath(bad); err == nil {
			t.Errorf("%q is a path", bad)
		}
	}
}
