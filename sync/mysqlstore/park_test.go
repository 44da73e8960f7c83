package mysqlstore_test

import (
	"fmt"
	"strings"
	"testing"
)

// Rows may exchange the values of unique columns in any way, on each server and in one release.
func TestUpdatesExchangeUniqueValues(t *testing.T) {
	tests := []struct {
		name   string
		ddl    string // of the table u, key id
		names  string
		before []string
		after  []string
	}{
		{"a swap of numbers", "slot INT NOT NULL UNIQUE", "id,slot", []string{"1|10", "2|20"}, []string{"1|20", "2|10"}},
		{"a rotation of three texts", "code VARCHAR(20) NOT NULL UNIQUE", "id,code", []string{"1|검", "2|剣", "3|ดาบ"}, []string{"1|剣", "2|ดาบ", "3|검"}},
		{"a chain in the wrong order", "slot INT NOT NULL UNIQUE", "id,slot", []string{"1|1", "2|2", "3|3"}, []string{"1|2", "2|3", "3|4"}},
		{"a chain the other way", "slot INT NOT NULL UNIQUE", "id,slot", []string{"1|2", "2|3", "3|4"}, []string{"1|1", "2|2", "3|3"}},
		{"a swap where NULL may stand in", "slot TINYINT NULL UNIQUE", "id,slot", []string{"1|1", "2|2"}, []string{"1|2", "2|1"}},
		{"a swap of bytes", "b TINYINT UNSIGNED NOT NULL UNIQUE", "id,b", []string{"1|0", "2|255", "3|7"}, []string{"1|255", "2|0", "3|7"}},
		{"a swap of one letter", "c CHAR(1) COLLATE utf8mb4_bin NOT NULL UNIQUE", "id,c", []string{"1|a", "2|b"}, []string{"1|b", "2|a"}},
		{"a swap of decimals", "d DECIMAL(8,3) NOT NULL UNIQUE", "id,d", []string{"1|-1.500", "2|2.000"}, []string{"1|2.000", "2|-1.500"}},
		{"a swap of days", "d DATE NOT NULL UNIQUE", "id,d", []string{"1|2024-01-01", "2|2024-02-29"}, []string{"1|2024-02-29", "2|2024-01-01"}},
		{"a swap of moments", "d DATETIME(3) NOT NULL UNIQUE", "id,d", []string{"1|2024-01-01 00:00:00.001", "2|2024-02-29 01:02:03.004"}, []string{"1|2024-02-29 01:02:03.004", "2|2024-01-01 00:00:00.001"}},
		{"an index of two columns", "s INT NOT NULL, r INT NOT NULL, UNIQUE (s, r)", "id,s,r", []string{"1|1|1", "2|1|2", "3|2|1"}, []string{"1|1|2", "2|2|1", "3|1|1"}},
		{"two indexes at once", "s INT NOT NULL UNIQUE, r VARCHAR(9) NOT NULL UNIQUE", "id,s,r", []string{"1|1|a", "2|2|b", "3|3|c"}, []string{"1|2|c", "2|3|a", "3|1|b"}},
		{"an insert takes what an update leaves", "slot INT NOT NULL UNIQUE", "id,slot", []string{"1|1"}, []string{"1|2", "2|1"}},
		{"an update takes what a delete leaves", "slot INT NOT NULL UNIQUE", "id,slot", []string{"1|1", "2|2"}, []string{"1|2"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, []string{"CREATE TABLE u (id INT PRIMARY KEY, other INT NOT NULL DEFAULT 7, " + tt.ddl + ")"}, func(t *testing.T, g *game) {
				g.applied("c1", sheet{"u", tt.names, tt.before})
				r := g.applied("c2", sheet{"u", tt.names, tt.after})
				if got := g.rows("SELECT " + tt.names + " FROM u ORDER BY id"); got != strings.Join(tt.after, "\n") {
					t.Fatalf("rows\n%s", got)
				}
				if _, err := g.undo(r.ID); err != nil {
					t.Fatal(err)
				}
				if got := g.rows("SELECT " + tt.names + " FROM u ORDER BY id"); got != strings.Join(tt.before, "\n") {
					t.Errorf("rolled back to\n%s", got)
				}
			})
		})
	}
}

// What the server holds to be equal, by a collation or by the first characters only, is exchanged too.
func TestUpdatesExchangeWhatTheServerHoldsEqual(t *testing.T) {
	t.Parallel()
	for _, ddl := range []string{
		"code VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE",
		"code VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, UNIQUE (code(2))",
	} {
		g := newGame(t, servers[0], []string{"CREATE TABLE u (id INT PRIMARY KEY, " + ddl + ")"})
		g.applied("c1", sheet{"u", "id,code", []string{"1|swo rd", "2|axe"}})
		g.applied("c2", sheet{"u", "id,code", []string{"1|axe", "2|swo RD"}})
		if got := g.rows("SELECT id, code FROM u ORDER BY id"); got != "1|axe\n2|swo RD" {
			t.Errorf("%s: rows\n%s", ddl, got)
		}
	}
}

// A thousand rows that all move up by one still go by few statements, and the quiet table is believed.
func TestUpdatesShiftManyUniqueValues(t *testing.T) {
	t.Parallel()
	g := newGame(t, servers[0], []string{"CREATE TABLE u (id INT PRIMARY KEY, place INT NOT NULL UNIQUE)"})
	rows := func(shift int) (lines []string) {
		for n := range 1000 {
			lines = append(lines, fmt.Sprintf("%d|%d", n, n+shift))
		}
		return lines
	}
	g.applied("c1", sheet{"u", "id,place", rows(0)})
	q := longAgo(g.request("c2", sheet{"u", "id,place", rows(1)}))
	if _, err := g.store.Apply(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := g.rows("SELECT COUNT(*), SUM(place - id) FROM u"); got != "1000|1000" {
		t.Errorf("rows and shifts %s", got)
	}
}

// A real duplicate is refused, and so is an exchange of which no value can stand in; nothing is changed.
func TestUpdatesThatCannotBeExchanged(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, ddl, want string }{
		{"an enum", "e ENUM('a','b') NOT NULL UNIQUE", "release it in two steps"},
		{"a column with no value left", "e BIT(1) NOT NULL UNIQUE", "no value left"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGame(t, servers[0], []string{"CREATE TABLE u (id INT PRIMARY KEY, " + tt.ddl + ")"})
			a, b := "a", "b"
			if strings.HasPrefix(tt.ddl, "e BIT") {
				a, b = "0", "1"
			}
			g.applied("c1", sheet{"u", "id,e", []string{"1|" + a, "2|" + b}})
			_, err := g.store.Apply(t.Context(), g.request("c2", sheet{"u", "id,e", []string{"1|" + b, "2|" + a}}))
			if !isRefused(err) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v", err)
			}
		})
	}
	g := newGame(t, servers[0], []string{"CREATE TABLE u (id INT PRIMARY KEY, place INT NOT NULL UNIQUE)"})
	g.applied("c1", sheet{"u", "id,place", []string{"1|1", "2|2"}})
	if _, err := g.store.Apply(t.Context(), g.request("c2", sheet{"u", "id,place", []string{"1|2", "2|2"}})); !isRefused(err) {
		t.Errorf("error %v", err)
	}
	if got := g.rows("SELECT id, place FROM u ORDER BY id"); got != "1|1\n2|2" {
		t.Errorf("rows\n%s", got)
	}
}
