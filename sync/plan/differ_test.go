package plan_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sync/plan"
)

// stuff is a table with a key of one integer, two columns, and one whose default is an expression.
func stuff() *datasheets.Table {
	return &datasheets.Table{Name: "stuff", Engine: "InnoDB", Key: []int{0}, Columns: []datasheets.Column{
		{Name: "id", Type: datasheets.Integer, Bits: 32},
		{Name: "name", Type: datasheets.String, Collation: "utf8mb4_general_ci", Charset: "utf8mb4", Nullable: true},
		{Name: "price", Type: datasheets.Integer, Bits: 32},
		{Name: "made", Type: datasheets.DateTime, DefaultIsExpr: true},
	}}
}

// row packs values: "∅" is NULL, "⊥" the server's default.
func row(values ...string) []byte {
	var b []byte
	for _, v := range values {
		switch v {
		case "∅":
			b = datasheets.AppendNull(b)
		case "⊥":
			b = datasheets.AppendDefault(b)
		default:
			b = datasheets.AppendText(b, []byte(v))
		}
	}
	return b
}

func show(vs []datasheets.Value) string {
	var out []string
	for _, v := range vs {
		switch {
		case v.IsNull():
			out = append(out, "∅")
		case v.IsDefault():
			out = append(out, "⊥")
		default:
			out = append(out, v.Text())
		}
	}
	return strings.Join(out, "|")
}

func describe(t *plan.Table) string {
	var b strings.Builder
	for i := range t.Changes {
		c := &t.Changes[i]
		fmt.Fprintf(&b, "%s %s → %s %s\n", c.Op, show(c.Before), show(c.After), c.At.Cell)
	}
	return b.String()
}

var items = []plan.Origin{{Source: plan.Source{Path: "items.xlsx", Sheet: "stuff"}, KeyColumn: 2}}

func TestDiffer(t *testing.T) {
	tests := []struct {
		name       string
		have, want [][]byte
		changes    string
		problems   string
	}{
		{"equal rows in another order are no change",
			[][]byte{row("1", "a", "5", "d"), row("2", "b", "6", "d")},
			[][]byte{row("2", "b", "6", "d"), row("1", "a", "5", "d")}, "", ""},
		{"a row that is not in the sheet is deleted",
			[][]byte{row("1", "a", "5", "d")}, nil, "delete 1|a|5|d →  \n", ""},
		{"a row that the table lacks is inserted",
			nil, [][]byte{row("1", "a", "5", "⊥")}, "insert  → 1|a|5|⊥ B2\n", ""},
		{"NULL and empty text differ",
			[][]byte{row("1", "∅", "5", "d")}, [][]byte{row("1", "", "5", "d")}, "update 1|∅|5|d → 1||5|d B2\n", ""},
		{"a server's default leaves an existing row as it is",
			[][]byte{row("1", "a", "5", "2024-01-01 00:00:00")}, [][]byte{row("1", "a", "5", "⊥")}, "", ""},
		{"and is not part of an update",
			[][]byte{row("1", "a", "5", "then")}, [][]byte{row("1", "a", "6", "⊥")}, "update 1|a|5|then → 1|a|6|then B2\n", ""},
		{"numbers are sorted by value, also below zero",
			[][]byte{row("10", "a", "1", "d"), row("9", "a", "1", "d"), row("-10", "a", "1", "d"), row("-9", "a", "1", "d")}, nil,
			"delete -10|a|1|d →  \ndelete -9|a|1|d →  \ndelete 9|a|1|d →  \ndelete 10|a|1|d →  \n", ""},
		{"a key twice, of a row that is there",
			[][]byte{row("1", "a", "5", "d")}, [][]byte{row("1", "a", "5", "d"), row("1", "b", "5", "d")}, "",
			"items.xlsx › stuff › B3: the key 1 stands already at B2 (give the row a key of its own, or delete one of the two)"},
		{"a key twice, of a new row",
			nil, [][]byte{row("1", "a", "5", "d"), row("1", "a", "5", "d")}, "insert  → 1|a|5|d B2\n",
			"items.xlsx › stuff › B3: the key 1 stands already at B2 (give the row a key of its own, or delete one of the two)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := diff(t, stuff(), tt.have, tt.want, nil)
			if d := describe(got); d != tt.changes {
				t.Errorf("changes\n%swant\n%s", d, tt.changes)
			}
			if problems != tt.problems {
				t.Errorf("problems %q, want %q", problems, tt.problems)
			}
		})
	}
}

// diff runs a Differ; sheet rows begin at row 2.
func diff(t *testing.T, table *datasheets.Table, have, want [][]byte, fold plan.Folder) (*plan.Table, string) {
	t.Helper()
	d := plan.NewDiffer(table, []int{0, 1, 2, 3}[:len(table.Columns)], items)
	for _, r := range have {
		if err := d.Have(r); err != nil {
			t.Fatal(err)
		}
	}
	var problems []string
	for i, r := range want {
		p, err := d.Want(r, 0, i+2)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			problems = append(problems, p.Error())
		}
	}
	got, more, err := d.Table(context.Background(), fold)
	if err != nil {
		t.Fatal(err)
	}
	for i := range more {
		problems = append(problems, more[i].Error())
	}
	return got, strings.Join(problems, "\n")
}

// lower folds keys as a case-insensitive collation does.
type lower struct{}

func (lower) Fold(_ context.Context, _ *datasheets.Table, keys [][]datasheets.Value) ([]string, error) {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = strings.ToLower(k[0].Text())
	}
	return out, nil
}

func TestDifferFoldsKeys(t *testing.T) {
	table := &datasheets.Table{Name: "words", Key: []int{0}, Columns: []datasheets.Column{
		{Name: "word", Type: datasheets.String, Collation: "utf8mb4_general_ci"}, {Name: "n", Type: datasheets.Integer}}}
	tests := []struct {
		name              string
		have, want        [][]byte
		changes, problems string
	}{
		{"another case of a key is an update of its row", [][]byte{row("sword", "1")}, [][]byte{row("Sword", "1")},
			"update sword|1 → Sword|1 B2\n", ""},
		{"two cases of a key in the sheet are one row", nil, [][]byte{row("Sword", "1"), row("sword", "2")},
			"insert  → Sword|1 B2\n", "items.xlsx › stuff › B3: the key sword stands already at B2 (give the row a key of its own, or delete one of the two)"},
		{"also where the table has one of them", [][]byte{row("sword", "1")}, [][]byte{row("sword", "1"), row("SWORD", "1")},
			"", "items.xlsx › stuff › B3: the key SWORD stands already at B2 (give the row a key of its own, or delete one of the two)"},
		{"other keys stay other rows", [][]byte{row("axe", "1")}, [][]byte{row("Sword", "1")},
			"insert  → Sword|1 B2\ndelete axe|1 →  \n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := diff(t, table, tt.have, tt.want, lower{})
			if d := describe(got); d != tt.changes {
				t.Errorf("changes\n%swant\n%s", d, tt.changes)
			}
			if problems != tt.problems {
				t.Errorf("problems %q, want %q", problems, tt.problems)
			}
		})
	}
}

// Rows that no sheet owns are counted, never changed, and their keys are not to be had.
func TestDifferLeavesUnownedRowsAlone(t *testing.T) {
	mapping := datasheets.Mapping{Table: "words", Sheets: []datasheets.SheetMapping{{Name: "s", Conditions: []datasheets.Condition{
		{Column: "n", Values: []datasheets.Literal{{Cell: datasheets.Cell{Kind: datasheets.Number, Text: []byte("1")}}}}}}}}
	table := &datasheets.Table{Name: "words", Key: []int{0}, Columns: []datasheets.Column{
		{Name: "word", Type: datasheets.String, Collation: "utf8mb4_general_ci"}, {Name: "n", Type: datasheets.Integer, Bits: 32, Nullable: true}}}
	binding, problems := mapping.Bind(table, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d := plan.NewDiffer(table, []int{0, 1}, []plan.Origin{{Source: items[0].Source, KeyColumn: 4, Vertical: true}})
	d.Owned(binding.Ownership([]int{0, 1}))
	for _, r := range [][]byte{row("bow", "2"), row("axe", "1"), row("gem", "∅"), row("orb", "1")} {
		if err := d.Have(r); err != nil {
			t.Fatal(err)
		}
	}
	d.Known(row("bow"), 0, 2) // a row with a problem does not make it the sheet's
	var told []string
	for _, r := range [][]byte{row("bow", "1"), row("GEM", "1"), row("ORB", "1"), row("new", "1")} {
		p, err := d.Want(r, 0, 2)
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			told = append(told, p.At.Cell+" "+p.Text)
		}
	}
	got, more, err := d.Table(t.Context(), lower{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range more {
		told = append(told, p.At.Cell+" "+p.Text)
	}
	const changes = "update orb|1 → ORB|1 B4\ndelete axe|1 →  \ninsert  → new|1 B4\n"
	if d := describe(got); d != changes || got.Unowned != 2 {
		t.Errorf("%d unowned, changes\n%swant\n%s", got.Unowned, d, changes)
	}
	const want = "B4 the key bow belongs to a row of the table that no sheet owns\nB4 the key GEM belongs to a row of the table that no sheet owns"
	if s := strings.Join(told, "\n"); s != want {
		t.Errorf("problems\n%s\nwant\n%s", s, want)
	}
}

// Applying the changes to what the database has must give what the sheet wants, whatever both are.
func TestDifferProperty(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		have, want := randomRows(r), randomRows(r)
		got, _ := diff(t, stuff(), values(have), values(want), nil)
		table := map[string]string{}
		for k, v := range have {
			table[k] = string(v)
		}
		for i := range got.Changes {
			c := &got.Changes[i]
			if c.Before != nil {
				key := c.Before[0].Text()
				if table[key] != string(pack(c.Before)) {
					t.Fatalf("the before-image %s is not the row", show(c.Before))
				}
				delete(table, key)
			}
			if c.After != nil {
				table[c.After[0].Text()] = string(pack(c.After))
			}
		}
		sum := plan.NewSummer(got.Schema, got.Managed)
		for k, v := range table {
			if string(want[k]) != v {
				t.Fatalf("row %s is not what the sheet wants", k)
			}
			if err := sum.Add([]byte(v)); err != nil {
				t.Fatal(err)
			}
		}
		if len(table) != len(want) || !sum.Sum.Equal(got.Want) {
			t.Fatalf("%d rows of sum %s, want %d of %s", len(table), sum.Sum, len(want), got.Want)
		}
	}
}

func randomRows(r *rand.Rand) map[string][]byte {
	rows := map[string][]byte{}
	for range r.IntN(30) {
		id := fmt.Sprint(r.IntN(20))
		rows[id] = row(id, []string{"∅", "", "a", "검"}[r.IntN(4)], fmt.Sprint(r.IntN(2)), "d")
	}
	return rows
}

func values(m map[string][]byte) [][]byte {
	var out [][]byte
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

func pack(vs []datasheets.Value) []byte {
	var b []byte
	for _, v := range vs {
		b = datasheets.AppendValue(b, v)
	}
	return b
}

func TestSumNoticesWhatChanged(t *testing.T) {
	sum := func(rows ...[]byte) plan.Sum {
		s := plan.NewSummer(stuff(), []int{0, 1, 2, 3})
		for _, r := range rows {
			if err := s.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		return s.Sum
	}
	a, b := row("1", "a", "5", "then"), row("2", "b", "6", "then")
	if !sum(a, b).Equal(sum(b, a)) {
		t.Error("the order of rows matters")
	}
	if !sum(a).Equal(sum(row("1", "a", "5", "now"))) {
		t.Error("a column of a server's default is summed")
	}
	for name, other := range map[string]plan.Sum{
		"a row less": sum(a), "a row twice": sum(a, b, b), "NULL for text": sum(row("1", "∅", "5", "then"), b),
		"values swapped between rows": sum(row("1", "b", "5", "then"), row("2", "a", "6", "then")),
	} {
		if other.Equal(sum(a, b)) {
			t.Errorf("%s goes unnoticed", name)
		}
	}
	if len(sum().String()) != 64 {
		t.Error("a sum is not 64 digits")
	}
}

func TestCount(t *testing.T) {
	got, _ := diff(t, stuff(), [][]byte{row("1", "a", "5", "d"), row("2", "a", "5", "d")}, [][]byte{row("2", "b", "5", "d"), row("3", "c", "5", "d")}, nil)
	if n := got.Count(); n != (plan.Count{Deleted: 1, Inserted: 1, Updated: 1}) || n.Total() != 3 || n.Add(n).Total() != 6 {
		t.Errorf("count %+v", n)
	}
	if got.Rows != 2 || got.KeyLen() != 1 || got.Column(2).Name != "price" {
		t.Errorf("rows %d, key of %d, column %s", got.Rows, got.KeyLen(), got.Column(2).Name)
	}
}
