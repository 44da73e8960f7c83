package mysqlstore_test

import (
	"strings"
	"testing"
)

var family = []string{
	`CREATE TABLE parent (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NOT NULL, UNIQUE KEY code (code))`,
	`CREATE TABLE child (id INT NOT NULL PRIMARY KEY, parent INT NULL, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE)`,
	`CREATE TABLE player (id INT NOT NULL PRIMARY KEY, code VARCHAR(10) NULL, FOREIGN KEY (code) REFERENCES parent (code) ON DELETE SET NULL)`,
	`INSERT INTO parent VALUES (1, 'one'), (2, 'two'), (3, 'three')`,
	`INSERT INTO child VALUES (10, 1), (11, 1), (12, NULL)`,
	`INSERT INTO player VALUES (500, 'two'), (501, NULL)`,
}

func parents(rows ...string) sheet  { return sheet{"parent", "id,code", rows} }
func children(rows ...string) sheet { return sheet{"child", "id,parent", rows} }

func TestReferences(t *testing.T) {
	tests := []struct {
		name   string
		sheets []sheet
		refuse string // "" for none
	}{
		{"a parent deleted with its children", []sheet{parents("2|two", "3|three"), children("12|")}, ""},
		{"a child that moves from a deleted parent to a new one", []sheet{parents("2|two", "3|three", "4|four"), children("10|4", "11|3", "12|")}, ""},
		{"a new child of a new parent", []sheet{parents("1|one", "2|two", "3|three", "4|four"), children("10|1", "11|1", "12|4", "13|4")}, ""},
		{"a parent deleted under owned children", []sheet{parents("2|two", "3|three"), children("10|1", "11|1", "12|")},
			"rows of child would be left without the row of parent that they refer to"},
		{"a parent deleted under children that no sheet has: no cascade", []sheet{parents("2|two", "3|three")}, "child id=10, child id=11"},
		{"a parent deleted under players: nothing is set to NULL", []sheet{parents("1|one", "3|three")}, "player id=500"},
		{"a parent's other key changed under players", []sheet{parents("1|one", "2|zwei", "3|three")}, "player id=500"},
		{"a child of nobody", []sheet{parents("1|one", "2|two", "3|three"), children("10|99", "11|1", "12|")}, "rows refer to rows of parent that do not exist"},
		{"an unchanged parent's children are left alone", []sheet{parents("1|one", "2|two")}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, family, func(t *testing.T, g *game) {
				before := g.rows("SELECT 'p', id, code FROM parent UNION ALL SELECT 'c', id, parent FROM child UNION ALL SELECT 'u', id, code FROM player ORDER BY 1, 2")
				_, err := g.apply("c1", tt.sheets...)
				if tt.refuse == "" {
					if err != nil {
						t.Fatal(err)
					}
					orphans := g.rows("SELECT c.id FROM child c LEFT JOIN parent p ON p.id = c.parent WHERE c.parent IS NOT NULL AND p.id IS NULL")
					if orphans != "" {
						t.Errorf("orphans: %s", orphans)
					}
					return
				}
				if !isRefused(err) || !strings.Contains(err.Error(), tt.refuse) {
					t.Errorf("error %v, want one that says %q", err, tt.refuse)
				}
				after := g.rows("SELECT 'p', id, code FROM parent UNION ALL SELECT 'c', id, parent FROM child UNION ALL SELECT 'u', id, code FROM player ORDER BY 1, 2")
				if after != before {
					t.Errorf("rows changed to\n%s", after)
				}
			})
		})
	}
}

func TestReferencesInCircles(t *testing.T) {
	circle := []string{
		`CREATE TABLE boss (id INT NOT NULL PRIMARY KEY, chief INT NULL, FOREIGN KEY (chief) REFERENCES boss (id))`,
		`INSERT INTO boss VALUES (1, NULL), (2, 1), (3, 2)`,
	}
	onEach(t, circle, func(t *testing.T, g *game) {
		g.applied("c1", sheet{"boss", "id,chief", []string{"4|6", "5|4", "6|5", "7|7"}})
		if got := g.rows("SELECT * FROM boss ORDER BY id"); got != "4|6\n5|4\n6|5\n7|7" {
			t.Errorf("rows\n%s", got)
		}
		if _, err := g.apply("c2", sheet{"boss", "id,chief", []string{"4|6", "5|4", "7|7"}}); !isRefused(err) {
			t.Errorf("a chief taken away: %v", err)
		}
	})
}
