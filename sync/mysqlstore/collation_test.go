package mysqlstore_test

import (
	"strconv"
	"strings"
	"testing"
)

// Keys are equal where the server says so: another case, another width or trailing blanks may be the same row.
func TestKeysUnderTheirCollation(t *testing.T) {
	tests := []struct {
		name, collation string
		have, want      string // the key in the database, and in the sheet
		change          string // "update", "replace" (a delete and an insert)
	}{
		{"another case, case-insensitive", "utf8mb4_general_ci", "sword", "Sword", "update"},
		{"another case, binary", "utf8mb4_bin", "sword", "Sword", "replace"},
		{"trailing blanks, padding", "utf8mb4_bin", "sword", "sword ", "update"},
		{"trailing blanks, not padding", "utf8mb4_nopad_bin", "sword", "sword ", "replace"},
		{"an accent, accent-insensitive", "utf8mb4_unicode_ci", "epee", "épée", "update"},
		{"full width, unicode", "utf8mb4_unicode_ci", "ABC", "ＡＢＣ", "update"},
		{"other words", "utf8mb4_unicode_ci", "검", "칼", "replace"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, nil, func(t *testing.T, g *game) {
				if !g.collations {
					t.Skip("the embedded server compares keys by bytes")
				}
				g.exec("CREATE TABLE word (word VARCHAR(20) COLLATE " + tt.collation + " NOT NULL PRIMARY KEY, n INT NOT NULL, made INT NOT NULL DEFAULT 7)")
				g.exec("INSERT INTO word VALUES (?, 1, 2)", tt.have)
				r := g.applied("c1", sheet{"word", "word,n", []string{tt.want + "|1"}})
				kept := g.rows("SELECT made FROM word") == "2"
				if got := r.Updated == 1 && kept; got != (tt.change == "update") {
					t.Errorf("%+v, row kept: %v", r, kept)
				}
				if got := g.rows("SELECT CONCAT('>', word, '<') FROM word"); got != ">"+tt.want+"<" {
					t.Errorf("the key is %s", got)
				}
			})
		})
	}
}

func TestKeysThatAreOneToTheServer(t *testing.T) {
	onEach(t, []string{`CREATE TABLE word (word VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL PRIMARY KEY, n INT NOT NULL)`,
		`INSERT INTO word VALUES ('sword', 1)`}, func(t *testing.T, g *game) {
		_, _, err := planSheets(t.Context(), g.store, []sheet{{"word", "word,n", []string{"sword|1", "axe|1", "SWORD|2", "Axe|3"}}})
		if err == nil || !strings.Contains(err.Error(), "SWORD") || !strings.Contains(err.Error(), "Axe") {
			t.Errorf("two pairs of equal keys: %v", err)
		}
	})
}

// A composite key of text and numbers, more of them than one statement names.
func TestManyCompositeKeys(t *testing.T) {
	onEach(t, []string{`CREATE TABLE price (region CHAR(2) NOT NULL, id INT NOT NULL, price INT NOT NULL, PRIMARY KEY (region, id))`}, func(t *testing.T, g *game) {
		rows := func(price string) (out []string) {
			for id := range 252 {
				for _, region := range []string{"jp", "kr"} {
					out = append(out, region+"|"+strconv.Itoa(id)+"|"+price)
				}
			}
			return out
		}
		if r := g.applied("c1", sheet{"price", "region,id,price", rows("5")}); r.Inserted != 504 {
			t.Fatalf("%+v", r)
		}
		if r := g.applied("c2", sheet{"price", "region,id,price", rows("6")}); r.Updated != 504 {
			t.Fatalf("%+v", r)
		}
		r := g.applied("c3", sheet{"price", "region,id,price", nil})
		if r.Deleted != 504 || g.rows("SELECT COUNT(*) FROM price") != "0" {
			t.Fatalf("%+v", r)
		}
		if _, err := g.undo(r.ID); err != nil {
			t.Fatal(err)
		}
		if got := g.rows("SELECT COUNT(*), MIN(price), MAX(price) FROM price"); got != "504|6|6" {
			t.Errorf("brought back: %s", got)
		}
	})
}
