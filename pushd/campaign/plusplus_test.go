package campaign

import (
	"errors"
	"strings"
	"testing"
)

func TestParsePlusPlus(t *testing.T) {
	for query, want := range map[string]PlusPlus{
		"SELECT t.token FROM tokens t":                             {Text: "SELECT t.token FROM tokens t"},
		" select raw t /* all ) */ from tokens t -- the end ) \n;": {Text: "select raw t   from tokens t"},
		"SELECT ')' AS a, \"it\\\")\" AS b, `c)` FROM t":           {Text: "SELECT ')' AS a, \"it\\\")\" AS b, `c)` FROM t"},
		"SELECT 'it''s)' AS a FROM t":                              {Text: "SELECT 'it''s)' AS a FROM t"},
		"FROM tokens t SELECT t.*":                                 {Text: "FROM tokens t SELECT t.*"},
		"(SELECT a FROM t) UNION ALL (SELECT a FROM u)":            {Text: "(SELECT a FROM t) UNION ALL (SELECT a FROM u)"},
		"WITH a AS (SELECT 1) SELECT x FROM a":                     {Text: "WITH a AS (SELECT 1) SELECT x FROM a"},
		"SELECT t.curl, t.a[0] FROM t WHERE t.p = $platform":       {Text: "SELECT t.curl, t.a[0] FROM t WHERE t.p = $platform", ByPlatform: true},
		"SELECT t.a FROM t WHERE t.p = $platform AND t.token > $after ORDER BY t.token LIMIT $limit": {
			Text: "SELECT t.a FROM t WHERE t.p = $platform AND t.token > $after ORDER BY t.token LIMIT $limit", ByPlatform: true, Behind: true, Ordered: "token"},
		"SELECT a FROM t WHERE a > $after order by `a` asc limit $limit -- x":       {Text: "SELECT a FROM t WHERE a > $after order by `a` asc limit $limit", Behind: true, Ordered: "a"},
		"SELECT t.`CURL`, `curl` AS c, `a``curl`(1) FROM t":                         {Text: "SELECT t.`CURL`, `curl` AS c, `a``curl`(1) FROM t"},
		"SELECT `a``)`, `b\\`)`, `c`i FROM t":                                       {Text: "SELECT `a``)`, `b\\`)`, `c`i FROM t"},
		"SELECT /*+ INDEX(t push_order) */ /* x */ a FROM t":                        {Text: "SELECT /*+ INDEX(t push_order) */   a FROM t"},
		"SELECT/*+ {\"index\": {\"keyspace\": \"t\"}}\nUSE_HASH(t/BUILD)*/a FROM t": {Text: "SELECT /*+ {\"index\": {\"keyspace\": \"t\"}}\nUSE_HASH(t/BUILD)*/a FROM t"},
		"SELECT --+ INDEX(t push_order)\ra FROM t":                                  {Text: "SELECT /*+ INDEX(t push_order)*/ a FROM t"},
		"SELECT a FROM t WHERE a > $after ORDER BY t.`\\u0061`i LIMIT $limit":       {Text: "SELECT a FROM t WHERE a > $after ORDER BY t.`\\u0061`i LIMIT $limit", Behind: true, Ordered: "a"},
	} {
		got, err := ParsePlusPlus(query)
		if err != nil || *got != want {
			t.Errorf("%s: %+v, %v; want %+v", query, got, err, want)
		}
	}
}

func TestQueriesThatAreNotTaken(t *testing.T) {
	for query, want := range map[string]string{
		"":                          "is no SELECT",
		"DELETE FROM t":             "is no SELECT",
		"/* SELECT */ UPDATE t":     "is no SELECT",
		"SELECT a FROM t; SELECT b": "more than one statement",
		"SELECT a FROM t) AS x, (SELECT b FROM u":                                 "closes with `)`",
		"SELECT a FROM (t":                                                        "does not close what it has opened: `)`",
		"SELECT [a) FROM t":                                                       "closes with `)`",
		"SELECT a FROM t /* x":                                                    "comment",
		"SELECT 'a FROM t":                                                        "does not close its `'`",
		"SELECT 'a\\' FROM t":                                                     "does not close its",
		"SELECT `a FROM t":                                                        "does not close its",
		"SELECT a FROM t WHERE a = $b":                                            "nothing gives `$b` a value",
		"SELECT a FROM t WHERE a = ?":                                             "nothing gives `?` a value",
		"SELECT a FROM t WHERE a = $1":                                            "nothing gives `$1` a value",
		"SELECT a FROM t WHERE a = @after":                                        "nothing gives `@after` a value",
		"SELECT CURL (\"http://x\") AS token":                                     "by CURL",
		"SELECT `CURL`('http://x') AS token":                                      "by CURL",
		"SELECT a FROM t WHERE `curl` /* x */ ('http://x') = 1":                   "by CURL",
		"SELECT `\\u0043U\\u0072l`('http://x')":                                   "by CURL",
		"SELECT cUrl /*+ x */ ('http://x')":                                       "by CURL",
		"SELECT `Curl`i('http://x')":                                              "by CURL",
		"SELECT `a``b`, `CURL`('http://x')":                                       "by CURL",
		"SELECT `cu\\xrl`('http://x')":                                            "a name in backticks",
		"SELECT `\\u+043`('http://x')":                                            "a name in backticks",
		"SELECT `a\\u00`('http://x')":                                             "a name in backticks",
		"SELECT /*+ INDEX(t i) **// CURL('http://x') */ a FROM t":                 "has a star in it",
		"SELECT --+ INDEX(t i) */ CURL('http://x')\n a FROM t":                    "has a star in it",
		"/*+ x */ SELECT a FROM t":                                                "is no SELECT",
		"SELECT a FROM t LIMIT $limit":                                            "`$limit` is for",
		"SELECT a FROM t ORDER BY a LIMIT $limit":                                 "`$limit` is for", // from where?
		"SELECT a FROM t WHERE a > $after LIMIT $limit":                           "`$limit` is for",
		"SELECT a FROM t WHERE a > $after ORDER BY a DESC LIMIT $limit":           "`$limit` is for",
		"SELECT a FROM t WHERE a > $after ORDER BY b, a LIMIT $limit":             "`$limit` is for",
		"SELECT a FROM t WHERE a > $after ORDER BY LOWER(a) LIMIT $limit":         "`$limit` is for",
		"SELECT a FROM t WHERE a > $after ORDER BY a LIMIT $limit OFFSET 1":       "`$limit` is for",
		"SELECT a FROM t WHERE a > $after AND b < $limit ORDER BY a LIMIT $limit": "`$limit` is for",
	} {
		_, err := ParsePlusPlus(query)
		if fault := (*QueryFault)(nil); !errors.As(err, &fault) || !strings.Contains(fault.Text, want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}

// Whatever is taken stands as a whole in parentheses.
func FuzzParsePlusPlus(f *testing.F) {
	f.Add("SELECT ')' FROM t WHERE a = `b` AND (c > $after) -- x")
	f.Add("SELECT/*+ a */`b``\\u0063`i, 'd' AS e --+ f\r FROM t")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ParsePlusPlus(query)
		if err != nil {
			return
		}
		again, err := ParsePlusPlus(q.Text)
		if err != nil || *again != *q {
			t.Errorf("%q became %+v, and again %+v, %v", query, q, again, err)
		}
		if _, err := ParsePlusPlus("SELECT t.a FROM (" + q.Text + "\n) AS t"); err != nil && q.Ordered == "" {
			t.Errorf("%q: %v", query, err)
		}
	})
}
