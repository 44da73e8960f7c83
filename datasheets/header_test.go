package datasheets

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// items is a table with every kind of column that a header must tell apart.
func items(t *testing.T) *Table {
	t.Helper()
	column := func(name, sqlType string, change func(*Column)) Column {
		c := columnOf(t, sqlType)
		c.Name = name
		if change != nil {
			change(c)
		}
		return *c
	}
	zero := "0"
	return &Table{Name: "items", Engine: "InnoDB", Key: []int{1, 0}, Columns: []Column{
		column("level", "int(11)", nil),
		column("id", "varchar(10)", nil),
		column("name", "varchar(20)", nil),
		column("price", "int(11) null", nil),
		column("sort", "int(11)", func(c *Column) { c.Default = &zero }),
		column("made", "datetime", func(c *Column) { c.DefaultIsExpr = true }),
		column("serial", "bigint(20)", func(c *Column) { c.AutoIncrement = true }),
		column("total", "int(11)", func(c *Column) { c.Generated = true }),
		{Name: "place", Type: Unsupported, SQLType: "point", Nullable: true},
	}}
}

// line is a row of text cells from column A on; "" is no cell.
func line(number int, cells ...string) Row {
	r := Row{Number: number}
	for i, s := range cells {
		if s != "" {
			r.Cells = append(r.Cells, Cell{Column: i + 1, Kind: Text, Text: []byte(s)})
		}
	}
	return r
}

func TestReadHeader(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(*Table)
		header   Row
		columns  string // table column:sheet column, in order
		problems []string
	}{
		{"all in another order", nil, line(1, "price", "name", "level", "id"), "[{1 4} {0 3} {2 2} {3 1}]", nil},
		{"a gap and a generated column", nil, line(1, "id", "", "level", "total", "name"), "[{1 1} {0 3} {2 5}]", nil},
		{"blank header cells", nil, line(1, "id", "  ", "level", "name"), "[{1 1} {0 3} {2 4}]", nil},
		{"unknown", nil, line(3, "id", "level", "name", "weight"), "[{1 1} {0 2} {2 3}]",
			[]string{`D3: the table items has no column "weight" (its columns are level, id, name, price, sort, made, serial, total and 1 more)`}},
		{"misspelt", nil, line(1, "id", "level", "name", "prcie"), "[{1 1} {0 2} {2 3}]", []string{`D1: the table items has no column "prcie" (the nearest is price)`}},
		{"capitals", nil, line(1, "id", "level", "name", "Price"), "[{1 1} {0 2} {2 3}]", []string{"D1: the table items has no column \"Price\" (only capitals differ: write price)"}},
		{"blanks", nil, line(1, "id", "level", "name", " price "), "[{1 1} {0 2} {2 3}]", []string{"(leave out the blanks around the name)"}},
		{"twice", nil, line(1, "id", "level", "name", "level"), "[{1 1} {0 2} {2 3}]", []string{"D1: the column level stands in B1 and in D1 (leave one of them out)"}},
		{"key column missing", nil, line(1, "id", "name"), "[{1 1} {2 2}]", []string{"Artifact: the primary key's column level (int(11)) is missing (add the column)"}},
		{"no value for a new row", nil, line(1, "id", "level"), "[{1 1} {0 2}]", []string{"the column name (varchar(20)) is missing, and has no default: a new row would have no value"}},
		{"a type no cell describes", nil, line(1, "id", "level", "name", "place"), "[{1 1} {0 2} {2 3}]", []string{"D1: the column place (point) cannot be kept in a sheet"}},
		{"no primary key", func(t *Table) { t.Key = nil }, line(1, "id", "level", "name"), "[{0 2} {1 1} {2 3}]", []string{"the table items has no primary key"}},
		{"key of a binary fraction", func(t *Table) { t.Columns[0].Type = Double }, line(1, "id", "level", "name"), "[{1 1} {0 2} {2 3}]", []string{"is a binary fraction"}},
		{"generated key", func(t *Table) { t.Columns[0].Generated = true }, line(1, "id", "level", "name"), "[{1 1} {2 3}]", []string{"is generated"}},
		{"another engine", func(t *Table) { t.Engine = "MyISAM" }, line(1, "id", "level", "name"), "[{1 1} {0 2} {2 3}]", []string{`kept by the engine "MyISAM"`}},
		{"innodb", func(t *Table) { t.Engine = "innodb" }, line(1, "id", "level", "name"), "[{1 1} {0 2} {2 3}]", nil},
		{"nothing", nil, Row{Number: 1}, "[]", []string{"column name", "column id", "column level"}},
		{"an error", nil, Row{Number: 1, Cells: append(line(1, "id", "level", "name").Cells, Cell{4, Fault, []byte("#N/A")})}, "[{1 1} {0 2} {2 3}]",
			[]string{"D1: found the error #N/A where a column's name should be"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			table := items(t)
			if c.change != nil {
				c.change(table)
			}
			h, problems := ReadHeader(&Sheet{Path: "items.xlsx", Name: "Artifact"}, c.header, table)
			if got := fmt.Sprint(h.Columns); got != strings.TrimSpace(c.columns) {
				t.Errorf("columns %s, want %s", got, c.columns)
			}
			checkProblems(t, problems, c.problems)
		})
	}
}

// checkProblems wants one problem for each text, in the order of their positions.
func checkProblems(t *testing.T, problems []Problem, want []string) {
	t.Helper()
	if len(problems) != len(want) {
		t.Fatalf("problems %v; want %d of them", problems, len(want))
	}
	for i, p := range problems {
		if !strings.Contains(p.Error(), want[i]) || p.At.Path != "items.xlsx" || p.At.Sheet != "Artifact" || p.Mend == "" {
			t.Errorf("problem %q; want %q, with its position and a mend", p.Error(), want[i])
		}
	}
}

func TestAppendRow(t *testing.T) {
	h, problems := ReadHeader(&Sheet{Path: "items.xlsx", Name: "Artifact"}, line(1, "price", "name", "level", "id", "total", "", "sort"), items(t))
	checkProblems(t, problems, nil)
	if got := h.Managed(); !slices.Equal(got, []int{1, 0, 2, 3, 4}) {
		t.Fatalf("managed %v", got)
	}
	for _, c := range []struct {
		name     string
		row      Row
		want     string // the values; "" where there are problems
		problems []string
	}{
		{"full", line(2, "10", "검", "1", "sword", "99", "", "3"), "sword 1 검 10 3", nil},
		{"left empty", line(3, "", "", "2", "axe"), "axe 2  NULL 0", nil},
		{"the row before is forgotten", line(4, "", "", "3", "bow"), "bow 3  NULL 0", nil},
		{"empty text as key", line(5, "", "", "3", `""`), " 3  NULL 0", nil},
		{"two faults", line(6, "x", "a", "y", "axe"), "", []string{`C6: found "y"`, `A6: found "x"`}},
		{"empty key", line(7, "1", "a", "1"), "", []string{"D7: found an empty cell, but id (varchar(10)) takes a value: it is part of the primary key"}},
		{"under no name", line(8, "1", "a", "1", "axe", "", "a note\n"), "", []string{`F8: found "a note\n" under no column name`}},
		{"told once", line(9, "1", "a", "1", "axe", "", "a note"), "axe 1 a 1 0", nil},
		{"right of the header", line(10, "1", "a", "1", "axe", "", "", "", "", "x"), "", []string{`I10: found "x" under no column name`}},
		{"an empty text under no name", Row{11, append(line(11, "1", "a", "1", "axe").Cells, Cell{12, Text, nil})}, "axe 1 a 1 0", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := AppendNull(nil)
			packed, problems := h.AppendRow(before, c.row, nil)
			checkProblems(t, problems, c.problems)
			values, err := Unpack(packed[1:])
			if err != nil {
				t.Fatal(err)
			}
			var spelt []string
			for _, v := range values {
				spelt = append(spelt, spell(v))
			}
			if got := strings.Join(spelt, " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// The sheet's date system counts, whatever the options say; their location counts too.
func TestAppendRowDates(t *testing.T) {
	made := columnOf(t, "timestamp")
	made.Name = "made"
	table := &Table{Name: "items", Engine: "InnoDB", Columns: []Column{*made}, Key: []int{0}}
	for date1904, want := range map[bool]string{false: "2023-12-31 15:00:00", true: "2028-01-01 15:00:00"} {
		h, _ := ReadHeader(&Sheet{Path: "items.xlsx", Name: "Artifact", Date1904: date1904}, line(1, "made"), table)
		packed, problems := h.AppendRow(nil, Row{2, []Cell{{1, Date, []byte("45292")}}}, &Options{Location: zone(t, "Asia/Seoul"), Date1904: !date1904})
		values, _ := Unpack(packed)
		if len(problems) > 0 || values[0].Text() != want {
			t.Errorf("date1904 %v: %v, %v; want %s", date1904, values, problems, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"id", "Item", "price", "item_type", "장비", "장신구"}
	for name, want := range map[string]string{
		"prcie": "price", "pricee": "price", "Price": "price", "item": "Item", "itemtype": "item_type", "item-type": "item_type",
		"di": "id", "장비구": "장비", "weight": "", "x": "", "": "", strings.Repeat("x", 10_000): "", "price ": "price",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := Nearest("a", nil); got != "" {
		t.Errorf("of no candidates, %q is nearest", got)
	}
	if got := Nearest("cat", []string{"bat", "cut"}); got != "bat" {
		t.Errorf("of two alike, got %q", got)
	}
}
