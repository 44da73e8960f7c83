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
		"SELECT t.*, META(t).id FROM game t",
		"SELECT LOWER(t.a) AS a, COUNT(DISTINCT t.b), COUNT(*) AS n FROM (SELECT * FROM game -- x\n) AS t WHERE t.a > $a GROUP BY LOWER(t.a) ORDER BY a LIMIT $n",
	} {
		_, err := Parse(statement)
		if refused := strings.Contains(statement, "{}"); (err != nil) != refused {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for statement, want := range map[string]string{
		"":                                              "syntax error - line 1, column 1, near '', at: end of input",
		"SLECT name FROM game":                          "syntax error - line 1, column 1, near '', at: SLECT",
		"SELECT name FRM game":                          "", // FRM is an alias, then FROM is missing
		"SELECT name\nFROM game WHER a = 1":             "",
		"SELECT name\nFROM game WHERE":                  "syntax error - line 2, column 16, near 'WHERE', at: end of input",
		"SELECT a FROM game WHERE a = 1 = ":             "",
		"SELECT a FROM game WHERE a =":                  "",
		"SELECT a FROM game WHERE (a = 1":               "",
		"SELECT a FROM game WHERE a = 'x":               "syntax error - line 1, column 30, near '=', at: '",
		"SELECT a FROM game WHERE `a = 1":               "",
		"SELECT a FROM game LIMIT":                      "",
		"SELECT a FROM game WHERE a NOT = 1":            "",
		"SELECT a FROM game WHERE a IS 1":               "",
		"SELECT a FROM game WHERE ANY v IN l END":       "",
		"SELECT a FROM game WHERE a + 1 = 2":            "",
		"SELECT a FROM game WHERE COUNT(*) > 1":         "",
		"SELECT COUNT(DISTINCT *) FROM game":            "",
		"SELECT * FROM game GROUP BY a":                 "",
		"SELECT SUM(a) FROM game":                       "",
		"SELECT LOWER(a, b) FROM game":                  "",
		"SELECT LOWER() FROM game":                      "",
		"SELECT CASE a WHEN 1 THEN 2 END FROM game":     "",
		"SELECT CASE WHEN a THEN 2 FROM game":           "",
		"SELECT a FROM (SELECT a FROM game)":            "", // a select in FROM has a name
		"SELECT a FROM (SELECT a FROM game) AS t) AS u": "",
		"SELECT a FROM (UPDATE game SET a = 1) AS t":    "",
		"SELECT a.b.* FROM game":                        "",
		"SELECT a FROM game JOIN other ON 1":            "",
		"SELECT a FROM game.live":                       "",
		"SELECT a FROM game.live.users.x":               "",
		"SELECT a FROM game GROUP a":                    "",
		"SELECT DISTINCT a FROM game":                   "",
		"SELECT a FROM game; SELECT a FROM game":        "",
		"SELECT a FROM select":                          "",
		"SELECT a FROM game WHERE a = 1.2.3":            "",
		"SELECT a FROM game WHERE a = -b":               "",
		"SELECT a FROM game WHERE a = #":                "",
		"UPDATE game SET a = 1":                         "syntax error - line 1, column 1, near '', at: UPDATE",
		"SELECT RAW a, b FROM game":                     "",
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

func TestFunctions(t *testing.T) {
	for e, want := range map[string]string{
		"LOWER('ÄB')": `"äb"`, "lower(n)": "null", "lower(none)": "MISSING", "upper(z)": "null", "REPLACE('a_b_c', '_', '-')": `"a-b-c"`, "REPLACE('a', none, 'b')": "MISSING",
		"TO_STRING(n)": `"1"`, "TOSTRING(10.0)": `"10"`, "TOSTRING(1.5e2)": `"150"`, "TOSTRING(true)": `"true"`, "TOSTRING(z)": "null", "TOSTRING(none)": "MISSING", "TOSTRING(l)": "null",
		"IS_NUMBER(n)": "true", "IS_NUMBER(s)": "false", "IS_NUMBER(z)": "null", "IS_STRING(s)": "true", "IS_STRING(none)": "MISSING",
		"IFMISSINGORNULL(none, 1)": "1", "IFMISSINGORNULL(z, 1)": "1", "IFMISSINGORNULL(n, 2)": "1", "OBJECT_NAMES(o)": `["a"]`, "OBJECT_NAMES(n)": "null",
		"STR_TO_MILLIS('1970-01-02T00:00:00Z')": "86400000", "STR_TO_MILLIS('1970-01-01 00:00:01')": "1000", "STR_TO_MILLIS('1970-01-01T09:00:00.5+09:00')": "500", "STR_TO_MILLIS('soon')": "null", "STR_TO_MILLIS(n)": "null",
		"CASE WHEN n = 2 THEN 'a' WHEN n = 1 THEN 'b' ELSE 'c' END": `"b"`, "CASE WHEN none THEN 1 ELSE 2 END": "2", "CASE WHEN z THEN 1 END": "null",
	} {
		if got := eval(t, e); got != want {
			t.Errorf("%s is %s, want %s", e, got, want)
		}
	}
}

func TestGroupsAndSelectsInSelects(t *testing.T) {
	params, err := Bind(map[string]json.RawMessage{"n": json.RawMessage("3"), "one": json.RawMessage("1")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for statement, want := range map[string]string{
		"SELECT COUNT(*) AS n FROM game":                                                         `{"n":3}`,
		"SELECT RAW COUNT(m) FROM game":                                                          `1`,
		"SELECT COUNT(*), COUNT(n) FROM game WHERE n > 9":                                        `{"$1":0,"$2":0}`,
		"SELECT m, COUNT(*) AS n FROM game GROUP BY m ORDER BY n, m":                             `{"m":"x","n":1} {"n":2}`,
		"SELECT COUNT(*) AS n FROM game WHERE n > 9 GROUP BY m":                                  ``,
		"SELECT t.k FROM (SELECT n AS k FROM game) AS t WHERE t.k >= $one ORDER BY t.k":          `{"k":1} {"k":3}`,
		"SELECT RAW t.id FROM (SELECT META().id FROM game WHERE n = $n) t":                       `"a"`,
		"SELECT RAW META(t).id FROM (SELECT META().id FROM game LIMIT 1) t":                      `null`,
		"SELECT RAW t FROM (SELECT RAW n FROM game ORDER BY n DESC LIMIT 1) AS t":                `3`,
		"SELECT g.*, META(g).id FROM game g WHERE n = 1":                                         `{"id":"b","m":"x","n":1}`,
		"SELECT COUNT(DISTINCT t.w) AS n FROM (SELECT IFMISSINGORNULL(m, 'x') AS w FROM game) t": `{"n":1}`,
	} {
		if got, err := run(t, statement, params); got != want || err != nil {
			t.Errorf("%s: %s (%v), want %s", statement, got, err, want)
		}
	}
	if _, err := run(t, "SELECT t.a FROM (SELECT a FROM game WHERE a = $none) AS t", params); !errors.Is(err, ErrParameter) {
		t.Errorf("%v, want ErrParameter", err)
	}
}

func TestSignatureAndExplain(t *testing.T) {
	indexes := []Index{{Name: "by_user", Keys: []string{"user"}}, {Name: "push_order", Keys: []string{"platform", "token"}}, {Name: "folded", Keys: []string{"LOWER(os)", "token"}}}
	for statement, want := range map[string][2]string{
		"SELECT t.a, t.b AS c, COUNT(*) AS n FROM game t":                                                   {`{"a":"json","c":"json","n":"number"}`, "PrimaryScan3 Fetch InitialGroup FinalGroup InitialProject"},
		"SELECT RAW a FROM game":                                                                            {`"json"`, "PrimaryScan3 Fetch InitialProject"},
		"SELECT * FROM game ORDER BY a LIMIT 1":                                                             {`{"*":"*"}`, "PrimaryScan3 Fetch InitialProject Order Limit"},
		"SELECT t.*, META(t).id FROM game t WHERE t.user = 'a'":                                             {`{"*":"*","id":"json"}`, "IndexScan3 Fetch Filter InitialProject"},
		"SELECT t.token FROM game t WHERE t.platform = 'ios' AND t.token > $after ORDER BY t.token LIMIT 9": {`{"token":"json"}`, "IndexScan3 Fetch Filter InitialProject Limit"},
		"SELECT t.token FROM game t WHERE LOWER(t.os) = 'ios' ORDER BY t.token":                             {`{"token":"json"}`, "IndexScan3 Fetch Filter InitialProject"},
		"SELECT t.token FROM game t WHERE t.platform > 'ios' ORDER BY t.token":                              {`{"token":"json"}`, "IndexScan3 Fetch Filter InitialProject Order"},
		"SELECT t.token FROM game t WHERE t.token > $after ORDER BY t.token":                                {`{"token":"json"}`, "PrimaryScan3 Fetch Filter InitialProject Order"},
		"SELECT t.token FROM game t WHERE t.platform = 'ios' OR t.platform = 'b' ORDER BY t.token":          {`{"token":"json"}`, "PrimaryScan3 Fetch Filter InitialProject Order"},
		"SELECT t.a FROM (SELECT a FROM game) AS t ORDER BY t.a":                                            {`{"a":"json"}`, "PrimaryScan3 Fetch InitialProject Alias InitialProject Order"},
	} {
		s, err := Parse(statement)
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		signature, err := json.Marshal(s.Signature())
		var names []string
		var walk func(v any)
		walk = func(v any) {
			o := v.(map[string]any)
			if o["#operator"] != "Sequence" {
				names = append(names, o["#operator"].(string))
			}
			if inner, has := o["~children"]; has {
				for _, i := range inner.([]any) {
					walk(i)
				}
			}
		}
		walk(s.Explain(indexes))
		if got := strings.Join(names, " "); err != nil || string(signature) != want[0] || got != want[1] {
			t.Errorf("%s: %s, %s; want %s", statement, signature, got, want)
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
