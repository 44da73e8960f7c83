package mysqlstore_test

import (
	"fmt"
	"strings"
	"testing"
)

// Many rows are updated by one statement: values of every type arrive as if each row had its own.
func TestUpdateMany(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, key string // the key's columns, of which %d is made
		keys      string // a row's key, of its number
	}{
		{"a whole number", "id INT NOT NULL, PRIMARY KEY (id)", "%[1]d"},
		{"a large one", "id BIGINT UNSIGNED NOT NULL, PRIMARY KEY (id)", "18446744073709%06[1]d"},
		{"text", "id VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL, PRIMARY KEY (id)", "검-%[1]d"},
		{"text in another character set", "id CHAR(20) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL, PRIMARY KEY (id)", "Stück %[1]d"},
		{"a decimal, one at a time", "id DECIMAL(30,10) NOT NULL, PRIMARY KEY (id)", "12345678901234567890.%010[1]d"},
		{"a time, one at a time", "id DATETIME(6) NOT NULL, PRIMARY KEY (id)", "2024-01-01 00:00:00.%06[1]d"},
	}
	const columns = `i INT NULL, u BIGINT UNSIGNED NOT NULL, dec20 DECIMAL(20,5) NULL, dbl DOUBLE NOT NULL, flt FLOAT NULL, txt TEXT NULL,
		vc VARCHAR(40) COLLATE utf8mb4_bin NULL, latin VARCHAR(20) CHARACTER SET latin1 NULL, en ENUM('a','b') NULL, st SET('x','y') NULL, dt DATETIME(3) NULL, d DATE NULL,
		tm TIME NULL, y YEAR NULL, bin VARBINARY(8) NULL, js JSON NULL, bits BIT(9) NULL, untouched INT NOT NULL DEFAULT 7, `
	const names = "id,i,u,dec20,dbl,flt,txt,vc,latin,en,st,dt,d,tm,y,bin,js,bits"
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGame(t, servers[0], []string{"CREATE TABLE wide (" + columns + tt.key + ") CHARACTER SET utf8mb4"})
			rows := func(generation int) (lines []string) {
				for n := range 250 {
					key := fmt.Sprintf(tt.keys, n)
					switch n % 3 {
					case 0: // nearly everything is NULL
						lines = append(lines, key+fmt.Sprintf("||%d||%d|||||||||||||", generation, generation))
					case 1:
						lines = append(lines, key+fmt.Sprintf("|-%d|18446744073709551615|-0.0000%d|3.3e-%d|0.1|o'neil \\ %d|Ärger|naïve|b|x,y|2024-02-29 12:00:00.12%d|2024-01-0%d|-838:59:5%d|202%d|0x00ff0%d|{\"k\": [%d, null]}|50%d",
							generation, generation, generation, generation, generation, generation, generation, generation, generation, generation, generation))
					default:
						lines = append(lines, key+fmt.Sprintf("|%d|%d|123456789012345.%d|1e300|%d.5|%s|검 %d|x|a|x|1000-01-01 00:00:00.000|9999-12-31|00:00:00|1901|0x%02d|[]|0",
							n, n+generation, generation, generation, strings.Repeat("긴 글 ", 400+generation), generation, generation))
					}
				}
				return lines
			}
			g.applied("c1", sheet{"wide", names, rows(1)})
			r := g.applied("c2", sheet{"wide", names, rows(2)})
			if r.Updated != 250 {
				t.Errorf("release %+v", r)
			}
			if got := g.rows("SELECT COUNT(*), SUM(untouched) FROM wide"); got != "250|1750" {
				t.Errorf("rows and untouched column: %s", got)
			}
			if tables, _ := g.plan(sheet{"wide", names, rows(2)}); tables[0].Count().Total() != 0 {
				t.Errorf("a plan right after: %+v", tables[0].Count())
			}
			if _, err := g.undo(r.ID); err != nil {
				t.Fatal(err)
			}
			if tables, _ := g.plan(sheet{"wide", names, rows(1)}); tables[0].Count().Total() != 0 {
				t.Errorf("a plan after the rollback: %+v", tables[0].Count())
			}
		})
	}
}

// A column that does not change keeps the form that the game gave it, also beside rows where it changes.
func TestUpdateLeavesOtherColumnsAlone(t *testing.T) {
	onEach(t, []string{`CREATE TABLE conf (id INT PRIMARY KEY, js JSON NOT NULL, n INT NOT NULL)`,
		`INSERT INTO conf VALUES (1, '{"b": 1,   "a": 2}', 1), (2, '{"b": 1,   "a": 2}', 1), (3, '{"b": 1,   "a": 2}', 1)`}, func(t *testing.T, g *game) {
		before := strings.Split(g.rows("SELECT js FROM conf ORDER BY id"), "\n")
		g.applied("c1", sheet{"conf", "id,js,n", []string{`1|{"b":1,"a":2}|5`, `2|{"b":1,"a":3}|5`, `3|{"b":1,"a":2}|6`}})
		after := strings.Split(g.rows("SELECT js FROM conf ORDER BY id"), "\n")
		if after[0] != before[0] || after[1] == before[1] || after[2] != before[2] {
			t.Errorf("from %q to %q", before, after)
		}
		if got := g.rows("SELECT n FROM conf ORDER BY id"); got != "5\n5\n6" {
			t.Errorf("n is %q", got)
		}
	})
}
