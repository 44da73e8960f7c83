package release_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
)

var rulesDDL = []string{
	"CREATE TABLE item (id INT NOT NULL PRIMARY KEY, code VARCHAR(20) COLLATE utf8mb4_unicode_ci NOT NULL UNIQUE) CHARACTER SET utf8mb4",
	`CREATE TABLE shop (slot INT NOT NULL, place INT NOT NULL, item_id INT NULL, code VARCHAR(20) NULL, price DECIMAL(10,2) NULL,
		opens DATETIME NULL, cooldown TIME NULL, bundle JSON NULL, PRIMARY KEY (slot)) CHARACTER SET utf8mb4`,
	"CREATE TABLE rank_reward (id INT NOT NULL PRIMARY KEY, item_code VARCHAR(20) COLLATE utf8mb4_unicode_ci NULL, FOREIGN KEY (item_code) REFERENCES item (code)) CHARACTER SET utf8mb4",
	"CREATE TABLE players (id INT NOT NULL PRIMARY KEY)",
	"INSERT INTO players VALUES (7)",
}

func problemLines(ps []datasheets.Problem) string {
	var lines []string
	for _, p := range ps {
		lines = append(lines, p.At.String()+": "+p.Text)
	}
	return strings.Join(lines, "\n")
}

// Each rule of liveops.yaml, and each foreign key, is told at the cell that breaks it.
func TestRules(t *testing.T) {
	const items, shop = "1|SWORD-1\n2|axe-2", "slot|place|item_id|code|price|opens|cooldown|bundle"
	tests := []struct {
		name  string
		rules string // of table shop, indented by four
		rows  []string
		want  string
	}{
		{"a reference to a column", "columns: {item_id: {references: item.id}}", []string{"1|1|1", "2|1|3", "3|1|", "4|1|3"},
			"datasheets/shop.xlsx › shop › C3: item_id refers to \"3\", which item.id has in no row (liveops.yaml, line 8); so do 1 more"},
		{"a reference to a table", "columns: {item_id: {references: item}}", []string{"1|1|9"},
			"datasheets/shop.xlsx › shop › C2: item_id refers to \"9\", which item.id has in no row (liveops.yaml, line 8)"},
		{"a reference to a table that no sheet describes", "columns: {item_id: {references: players}}", []string{"1|1|7", "2|1|8"},
			"datasheets/shop.xlsx › shop › C3: item_id refers to \"8\", which players.id has in no row (liveops.yaml, line 8)"},
		{"a reference to the table itself", "columns: {place: {references: shop.slot}}", []string{"1|2", "2|1", "3|4"},
			"datasheets/shop.xlsx › shop › B4: place refers to \"4\", which shop.slot has in no row (liveops.yaml, line 8)"},
		{"a reference of a list's elements", "columns: {bundle: {list: ',', references: item}}", []string{"1|1||||||1,2", "2|1||||||2,5,6"},
			"datasheets/shop.xlsx › shop › H3: bundle refers to \"5\", which item.id has in no row (liveops.yaml, line 8)\n" +
				"datasheets/shop.xlsx › shop › H3: bundle refers to \"6\", which item.id has in no row (liveops.yaml, line 8)"},
		{"bounds of a number", "columns: {price: {min: 0.5, max: 100}}", []string{"1|1|||0.5", "2|1|||100.00", "3|1|||0.49", "4|1|||100.01", "5|1|||"},
			"datasheets/shop.xlsx › shop › E4: price is 0.49, and must be at least 0.50\ndatasheets/shop.xlsx › shop › E5: price is 100.01, and must be at most 100.00"},
		{"bounds of a date", "columns: {opens: {min: 2024-01-01, max: '2024-12-31 12:00'}}", []string{"1|1||||2023-12-31", "2|1||||2024-12-31 12:00:01", "3|1||||2024-02-29"},
			"datasheets/shop.xlsx › shop › F2: opens is 2023-12-31 00:00:00, and must be at least 2024-01-01 00:00:00\ndatasheets/shop.xlsx › shop › F3: opens is 2024-12-31 12:00:01, and must be at most 2024-12-31 12:00:00"},
		{"bounds of a time", "columns: {cooldown: {max: '100:00:00'}}", []string{"1|1|||||99:59:59", "2|1|||||100:00:01", "3|1|||||-200:00:00"},
			"datasheets/shop.xlsx › shop › G3: cooldown is 100:00:01, and must be at most 100:00:00"},
		{"a pattern", "columns: {code: {pattern: '[A-Z]+-[0-9]+'}}", []string{"1|1||AX-1", "2|1||ax-1", "3|1||AX-1 ", "4|1||"},
			"datasheets/shop.xlsx › shop › D3: code is \"ax-1\", which is not of the form [A-Z]+-[0-9]+\ndatasheets/shop.xlsx › shop › D4: code is \"AX-1 \", which is not of the form [A-Z]+-[0-9]+"},
		{"required", "columns: {code: {required: true}}", []string{"1|1||검", "2|1||", `3|1||""`},
			"datasheets/shop.xlsx › shop › D3: code is empty, and liveops.yaml requires a value\ndatasheets/shop.xlsx › shop › D4: code is empty, and liveops.yaml requires a value"},
		{"unique", "columns: {code: {unique: true}}", []string{"1|1||a", "2|1||", "3|1||", "4|1||a"},
			"datasheets/shop.xlsx › shop › D5: code \"a\" must be unique, and datasheets/shop.xlsx › shop › D2 has it too"},
		{"unique together", "unique: [[place, item_id]]", []string{"1|1|1", "2|1|2", "3|2|1", "4|1|2", "5|1|", "6|1|"},
			"datasheets/shop.xlsx › shop › B5: place \"1\", item_id \"2\" must be unique, and datasheets/shop.xlsx › shop › B3 has it too"},

		{"a reference to no table", "columns: {item_id: {references: itme.id}}", []string{"1|1|1"}, `liveops.yaml:8:37: there is no table "itme" to refer to; nearest: item`},
		{"a reference to no column", "columns: {item_id: {references: item.name}}", []string{"1|1|1"}, `liveops.yaml:8:37: the table item has no column "name"`},
		{"a least value that is none", "columns: {price: {min: cheap}}", []string{"1|1|1"}, `liveops.yaml:8:28: found "cheap", but price (decimal(10,2)) takes a number with at most 8 digits before the point and 2 digits after it`},
		{"bounds of a text", "columns: {code: {min: 3}}", []string{"1|1|1"}, `liveops.yaml:8:27: the column code varchar(20) holds no numbers, dates or times that could be compared`},
		{"bounds that nothing meets", "columns: {price: {min: 3, max: 2}}", []string{"1|1|1"}, "liveops.yaml:8:36: `max` (2.00) is less than `min` (3.00)"},
		{"a pattern of numbers", "columns: {price: {pattern: x}}", []string{"1|1|1"}, "liveops.yaml:8:32: the column price decimal(10,2) holds no plain text that a pattern could fit"},
		{"unique columns that no sheet has", "unique: [[place, nmae]]", []string{"1|1|1"}, `liveops.yaml:8:14: the sheets of the table shop have no column "nmae" to check`},
	}
	w := newWorld(t, rulesDDL...)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows := make([]string, len(tt.rows))
			for i, r := range tt.rows {
				rows[i] = r + strings.Repeat("|", 7-strings.Count(r, "|"))
			}
			d := w.commitWith("c-"+tt.name, config+"tables:\n  shop:\n    "+tt.rules+"\n", map[string][]byte{
				"datasheets/item.xlsx": book(t, sheetOf("item", "id|code", strings.Split(items, "\n")...)),
				"datasheets/shop.xlsx": book(t, sheetOf("shop", shop, rows...)),
			})
			if got := problemLines(w.plan("staging", d).Problems); got != tt.want {
				t.Errorf("problems\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// A foreign key is told at the cell, and a collation that makes two texts equal is the server's.
func TestForeignKeysAreRules(t *testing.T) {
	w := newWorld(t, rulesDDL...)
	files := func(rewards ...string) map[string][]byte {
		return map[string][]byte{"datasheets/item.xlsx": book(t, sheetOf("item", "id|code", "1|SWORD-1", "2|axe-2")),
			"datasheets/reward.xlsx": book(t, sheetOf("rank_reward", "id|item_code", rewards...))}
	}
	d := w.commitWith("c1", config, files("1|sword-1", "2|AXE-2", "3|", "4|bow-3", "5|bow-3"))
	want := `datasheets/reward.xlsx › rank_reward › B5: item_code refers to "bow-3", which item.code has in no row (foreign key rank_reward_ibfk_1); so do 1 more`
	if got := problemLines(w.plan("staging", d).Problems); got != want {
		t.Errorf("problems\n%s\nwant\n%s", got, want)
	}
	d = w.commitWith("c2", config, files("1|sword-1", "2|AXE-2", "3|"))
	if got := states(w.run(d, nil)); got != "staging applied, production applied" {
		t.Errorf("what passes the rules passes the server: %s", got)
	}
}

// Rows of a table that no sheet owns stay, and may be referred to.
func TestReferencesToUnownedRows(t *testing.T) {
	w := newWorld(t, "CREATE TABLE item (id INT NOT NULL PRIMARY KEY, kind VARCHAR(4) NULL)", "CREATE TABLE shop (id INT NOT NULL PRIMARY KEY, item_id INT NOT NULL)",
		"INSERT INTO item VALUES (90, 'GM'), (1, 'W')")
	d := w.commitWith("c1", config+"tables:\n  item:\n    sheets: {Weapons: {kind: {in: [W]}}}\n  shop:\n    columns: {item_id: {references: item}}\n", map[string][]byte{
		"datasheets/a.xlsx": book(t, sheetOf("Weapons", "id|kind", "2|W"), sheetOf("shop", "id|item_id", "1|2", "2|90", "3|1")),
	})
	want := `datasheets/a.xlsx › shop › B4: item_id refers to "1", which item.id has in no row (liveops.yaml, line 10)`
	if got := problemLines(w.plan("staging", d).Problems); got != want {
		t.Errorf("problems\n%s\nwant\n%s", got, want)
	}
}

// A rule is broken where, and only where, a naive look at the rows says so.
func TestRulesFindWhatANaiveCheckFinds(t *testing.T) {
	w := newWorld(t, "CREATE TABLE item (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE shop (id INT NOT NULL PRIMARY KEY, item_id INT NULL, place INT NULL, n INT NOT NULL)")
	const rules = config + "tables:\n  shop:\n    unique: [[item_id, place]]\n    columns: {item_id: {references: item}, n: {min: -3, max: 5}}\n"
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 1))
		var items, shop []string
		has, seen := map[int]bool{}, map[string]bool{}
		for id := range 6 {
			if has[id] = random.IntN(4) > 0; has[id] {
				items = append(items, fmt.Sprint(id))
			}
		}
		bad, missing := 0, map[int]bool{}
		for id := range 9 {
			item, place, n := random.IntN(7)-1, random.IntN(3)-1, random.IntN(11)-4
			row, pair := fmt.Sprintf("%d|%d|%d|%d", id, item, place, n), fmt.Sprint(item, place)
			row = strings.ReplaceAll(row, "|-1|", "||")
			row = strings.ReplaceAll(row, "|-1|", "||")
			if n < -3 || n > 5 {
				bad++
			}
			if item >= 0 && place >= 0 {
				if seen[pair] {
					bad++
				}
				seen[pair] = true
			}
			if item >= 0 && !has[item] {
				missing[item] = true
			}
			shop = append(shop, row)
		}
		d := w.commitWith(fmt.Sprint("c", seed), rules, map[string][]byte{
			"datasheets/a.xlsx": book(t, sheetOf("item", "id", items...), sheetOf("shop", "id|item_id|place|n", shop...)),
		})
		if got := w.plan("staging", d).Problems; len(got) != bad+len(missing) {
			t.Errorf("seed %d: %d problems, want %d and %d\nitems %v\nshop %v\n%s", seed, len(got), bad, len(missing), items, shop, problemLines(got))
		}
	}
}

// Many cells with one fault are one list, not thousands of lines.
func TestRulesAreToldAFewTimes(t *testing.T) {
	w := newWorld(t, "CREATE TABLE shop (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)")
	s := xlsx.Sheet{Name: "shop", Header: []string{"id", "n"}}
	for i := range 500 {
		s.Rows = append(s.Rows, []any{i, i})
	}
	d := w.commitWith("c1", config+"tables:\n  shop:\n    columns: {n: {max: 100}}\n", map[string][]byte{"datasheets/a.xlsx": book(t, s)})
	got := w.plan("staging", d).Problems
	if len(got) != 10 || !strings.HasSuffix(got[9].Text, "further cells with this fault are not listed") {
		t.Errorf("%d problems\n%s", len(got), problemLines(got))
	}
}
