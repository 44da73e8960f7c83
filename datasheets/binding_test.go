package datasheets

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// grid is a sheet of cells: a string is text, other values are numbers, nil is no cell.
func grid(name string, rows ...[]any) *Sheet {
	return &Sheet{Path: "items.xlsx", Name: name, Rows: func(yield func(Row, error) bool) {
		for i, values := range rows {
			row := Row{Number: i + 1}
			for j, v := range values {
				switch v := v.(type) {
				case nil:
				case Cell:
					v.Column = j + 1
					row.Cells = append(row.Cells, v)
				case string:
					row.Cells = append(row.Cells, Cell{Column: j + 1, Kind: Text, Text: []byte(v)})
				default:
					row.Cells = append(row.Cells, Cell{Column: j + 1, Kind: Number, Text: fmt.Append(nil, v)})
				}
			}
			if len(row.Cells) > 0 && !yield(row, nil) {
				return
			}
		}
	}}
}

// written is a literal that stands in a line of liveops.yaml: a string, a number, a bool or nil for null.
func written(line int, v any) Literal {
	l := Literal{At: Position{Path: "liveops.yaml", Line: line}}
	switch v := v.(type) {
	case nil:
	case string:
		l.Cell = text(v)
	case bool:
		l.Cell = truth(v)
	default:
		l.Cell = num(fmt.Sprint(v))
	}
	return l
}

func constant(line int, v any) *Literal { l := written(line, v); return &l }

// stuff is a table with a column of each type that mappings care about.
func stuff(t *testing.T) *Table {
	t.Helper()
	table := &Table{Name: "stuff", Engine: "InnoDB", Key: []int{0}}
	for _, c := range []string{"id int(11)", "name varchar(20)", "grade int(11) null", "kind enum('W','M','T') null", "price decimal(8,2) null",
		"tags json null", "marks set('new','hot','rare') null", "made timestamp(0) null"} {
		name, sqlType, _ := strings.Cut(c, " ")
		column := columnOf(t, sqlType)
		column.Name = name
		table.Columns = append(table.Columns, *column)
	}
	twice := columnOf(t, "int(11)")
	twice.Name, twice.Generated = "twice", true
	table.Columns = append(table.Columns, *twice)
	return table
}

var seoulAndTokyo = Scope{Environment: "seoul", Environments: []string{"seoul", "tokyo", "qa"}}

// readAll reads a sheet of a mapping as a plan does. Each row is its values, in the order of the managed columns.
func readAll(t *testing.T, m *Mapping, s *Sheet) (rows []string, problems []Problem) {
	t.Helper()
	m.At, m.Table = Position{Path: "liveops.yaml", Line: 3}, "stuff"
	if m.Sheets == nil {
		m.Sheets = []SheetMapping{{At: m.At, Name: s.Name}}
	}
	for i := range m.Columns {
		m.Columns[i].At = Position{Path: "liveops.yaml", Line: 10 + i}
	}
	o := &Options{Location: zone(t, "Asia/Seoul")}
	b, problems := m.Bind(stuff(t), o)
	names, err := m.Layout.Names(s)
	if err != nil {
		return nil, append(problems, *err.(*Problem))
	}
	h, more := b.ReadHeader(s, names, seoulAndTokyo)
	problems = append(problems, more...)
	owned := b.Ownership(h.Managed())
	for row, err := range h.Rows(s) {
		if err != nil {
			t.Fatal(err)
		}
		takes, wrong := h.Takes(row)
		if wrong != nil {
			problems = append(problems, *wrong)
		}
		if !takes {
			continue
		}
		packed, more := h.AppendRow(nil, row, o)
		problems = append(problems, more...)
		if len(problems) > 0 {
			continue
		}
		outside, err := h.CheckOwner(owned, packed, row.Number)
		if err != nil {
			t.Fatal(err)
		}
		if outside != nil {
			problems = append(problems, *outside)
			continue
		}
		values, err := Unpack(packed)
		if err != nil {
			t.Fatal(err)
		}
		var spelt []string
		for i, v := range values {
			spelt = append(spelt, stuff(t).Columns[h.Managed()[i]].Name+"="+spell(v))
		}
		rows = append(rows, strings.Join(spelt, " "))
	}
	return rows, problems
}

func TestMappingRows(t *testing.T) {
	for _, c := range []struct {
		name    string
		mapping Mapping
		sheet   *Sheet
		want    []string
	}{
		{"nothing mapped", Mapping{}, grid("s", []any{"id", "name"}, []any{1, "검"}), []string{"id=1 name=검"}},
		{"comment rows and columns", Mapping{}, grid("s",
			[]any{"id", "#사람", "name", "#"}, []any{"# 무기", nil, "x"}, []any{1, "bad \x00", "검", 4.5}, []any{"#2", 1, 1, 1, "far off"}, []any{nil, "only a comment"}, []any{2, nil, "#활"}),
			[]string{"id=1 name=검", "id=2 name=#활"}},
		{"a column of marks at the left", Mapping{}, grid("s", []any{"##var", "id", "name"}, []any{"##type", "int", "string"}, []any{nil, 1, "검"}), []string{"id=1 name=검"}},
		{"header on another row, types and descriptions below it", Mapping{Layout: Layout{Header: 3, Skip: 2}}, grid("s",
			[]any{"무기 목록"}, []any{"id", "id"}, []any{"id", "name"}, []any{"int", "string"}, []any{"고유 번호"}, []any{1, "검"}), []string{"id=1 name=검"}},
		{"rows that are skipped may be empty", Mapping{Layout: Layout{Skip: 2}}, grid("s", []any{"id", "name"}, nil, []any{"x", "y"}, []any{1, "검"}), []string{"id=1 name=검"}},
		{"renamed and ignored, several languages side by side", Mapping{Columns: []ColumnMapping{{Column: "name", From: "name[ko]"}}, Ignore: []string{"name[ja]", "name"}},
			grid("s", []any{"id", "name[ja]", "name[ko]", "name"}, []any{1, "剣", "검", "sword"}), []string{"id=1 name=검"}},
		{"two columns that change names", Mapping{Columns: []ColumnMapping{{Column: "name", From: "kind"}, {Column: "kind", From: "name"}}},
			grid("s", []any{"id", "name", "kind"}, []any{1, "W", "검"}), []string{"id=1 name=검 kind=W"}},
		{"constants, converted as cells are", Mapping{Columns: []ColumnMapping{{Column: "id", Constant: constant(9, 7)}, {Column: "made", Constant: constant(9, "2024-03-01 09:00")}, {Column: "price", Constant: constant(9, 1.5)}, {Column: "grade", Constant: constant(9, nil)}}},
			grid("s", []any{"name"}, []any{"검"}), []string{"id=7 name=검 grade=NULL price=1.50 made=2024-03-01 00:00:00"}},
		{"defaults of empty cells", Mapping{Columns: []ColumnMapping{{Column: "id", Default: constant(9, "9")}, {Column: "name", Default: constant(9, "")}, {Column: "grade", Default: constant(9, 3)}}},
			grid("s", []any{"id", "name", "grade"}, []any{nil, "", 1}, []any{1, "검"}), []string{"id=9 name= grade=1", "id=1 name=검 grade=3"}},
		{"aliases", Mapping{Columns: []ColumnMapping{{Column: "grade", Aliases: []Alias{{"전설", written(9, 4)}, {"없음", written(9, nil)}, {"1", written(9, 10)}}}, {Column: "kind", Aliases: []Alias{{"무기", written(9, "W")}}}}},
			grid("s", []any{"id", "name", "grade", "kind"}, []any{1, "a", " 전설 ", "무기"}, []any{2, "b", 4, "M"}, []any{3, "c", "없음"}, []any{4, "d", 1}),
			[]string{"id=1 name=a grade=4 kind=W", "id=2 name=b grade=4 kind=M", "id=3 name=c grade=NULL kind=NULL", "id=4 name=d grade=10 kind=NULL"}},
		{"lists", Mapping{Columns: []ColumnMapping{{Column: "tags", List: ";", Aliases: []Alias{{"없음", written(9, nil)}, {"칠", written(9, "7")}, {"참", written(9, true)}}}, {Column: "marks", List: "/", Aliases: []Alias{{"인기", written(9, "hot")}}}}},
			grid("s", []any{"id", "name", "tags", "marks"}, []any{1, "a", "검; 2 ;칠;\"x\";007;-1.50;참;없음", "rare/인기"}, []any{2, "b", 5, "new"}, []any{3, "c", `""`, `""`}, []any{4, "d"}),
			[]string{`id=1 name=a tags=["검",2,"7","\"x\"","007",-1.5,true,null] marks=hot,rare`, "id=2 name=b tags=[5] marks=new", "id=3 name=c tags=[] marks=", "id=4 name=d tags=NULL marks=NULL"}},
		{"vertical", Mapping{Layout: Layout{Vertical: true, Header: 2}}, grid("s",
			[]any{"설정"}, []any{"name", "검", "이름"}, []any{"# 번호"}, []any{"id", 1}, []any{"grade", nil, "비어 있음"}), []string{"id=1 name=검 grade=NULL"}},
		{"vertical without a value", Mapping{Layout: Layout{Vertical: true}}, grid("s", []any{"name"}, []any{"id"}), nil},
		{"rows left out of environments", Mapping{}, grid("s", []any{"id", "name", "#env"}, []any{1, "a"}, []any{2, "b", "seoul"}, []any{3, "c", "tokyo , qa"},
			[]any{4, "d", "!seoul"}, []any{5, "e", "!qa,!tokyo"}), []string{"id=1 name=a", "id=2 name=b", "id=5 name=e"}},
		{"columns left out of environments", Mapping{Columns: []ColumnMapping{{Column: "kind", From: "종류"}}}, grid("s", []any{"id", "name", "price@tokyo", "price@!tokyo", "grade@qa", "종류@seoul, qa"},
			[]any{1, "a", 10, 20, 30, "W"}), []string{"id=1 name=a kind=W price=20.00"}},
		{"the one value that a filter leaves", Mapping{Sheets: []SheetMapping{{Name: "s", Conditions: []Condition{{Column: "kind", Values: []Literal{written(4, "T")}}}}}},
			grid("s", []any{"id", "name"}, []any{1, "a"}), []string{"id=1 name=a kind=T"}},
		{"NULL and notIn", Mapping{Sheets: []SheetMapping{{Name: "s", Conditions: []Condition{{Column: "kind", NotIn: true, Values: []Literal{written(4, "T"), written(4, "M")}}}}}},
			grid("s", []any{"id", "name", "kind"}, []any{1, "a"}, []any{2, "b", "W"}), []string{"id=1 name=a kind=NULL", "id=2 name=b kind=W"}},
		{"values of a filter are values of the column", Mapping{Sheets: []SheetMapping{{Name: "s", Conditions: []Condition{{Column: "price", Values: []Literal{written(4, "1.5"), written(4, nil)}}}}}},
			grid("s", []any{"id", "name", "price"}, []any{1, "a", "1.500"}, []any{2, "b"}), []string{"id=1 name=a price=1.50", "id=2 name=b price=NULL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, problems := readAll(t, &c.mapping, c.sheet)
			if len(problems) > 0 || !slices.Equal(rows, c.want) {
				t.Errorf("rows\n%s\nwant\n%s\nproblems %v", strings.Join(rows, "\n"), strings.Join(c.want, "\n"), problems)
			}
		})
	}
}

// In want, a problem is its whole sentence, from its position to its mend.
func TestMappingProblems(t *testing.T) {
	one := func(conditions ...Condition) []SheetMapping {
		return []SheetMapping{{At: Position{Path: "liveops.yaml", Line: 5}, Name: "s", Conditions: conditions}}
	}
	in := func(column string, values ...any) Condition {
		c := Condition{At: Position{Path: "liveops.yaml", Line: 6, Column: 9}, Column: column}
		for _, v := range values {
			c.Values = append(c.Values, written(7, v))
		}
		return c
	}
	for _, c := range []struct {
		name    string
		mapping Mapping
		sheet   *Sheet
		want    string
	}{
		{"a column that is not there", Mapping{Columns: []ColumnMapping{{Column: "grad", Constant: constant(9, 1)}}}, grid("s", []any{"id", "name"}),
			`liveops.yaml:10: the table stuff has no column "grad" (the nearest is grade)`},
		{"a filter on a column that is not there", Mapping{Sheets: one(in("typ", "T"))}, grid("s", []any{"id", "name"}),
			`liveops.yaml:6:9: the table stuff has no column "typ" (its columns are id, name, grade, kind, price, tags, marks, made and 1 more)`},
		{"a generated column", Mapping{Columns: []ColumnMapping{{Column: "twice", Default: constant(9, 1)}}}, grid("s", []any{"id", "name"}),
			"liveops.yaml:10: the column twice (int(11)) is generated (take it out: the database computes the column)"},
		{"a bad constant", Mapping{Columns: []ColumnMapping{{Column: "grade", Constant: constant(9, "S")}}}, grid("s", []any{"id", "name"}, []any{1, "a"}),
			`liveops.yaml:9: found "S", but grade (int(11)) takes a whole number from -2147483648 to 2147483647 (write the number with digits only)`},
		{"NULL for a column that may not be", Mapping{Columns: []ColumnMapping{{Column: "name", Default: constant(9, nil)}}}, grid("s", []any{"id", "name"}),
			"liveops.yaml:9: the column name (varchar(20)) may not be NULL (write a value)"},
		{"a bad default and a bad alias", Mapping{Columns: []ColumnMapping{{Column: "kind", Default: constant(8, "X"), Aliases: []Alias{{"무기", written(9, "w")}}}}}, grid("s", []any{"id", "name", "kind"}),
			"liveops.yaml:8: found \"X\", but kind (enum('W','M','T')) takes one of W, M, T (write one of them exactly, or add it to the column's type)\n" +
				"liveops.yaml:9: found \"w\", but kind (enum('W','M','T')) takes one of W, M, T (capitals count: write \"W\")"},
		{"a filter's value that the column does not take", Mapping{Sheets: one(in("kind", "Z", nil))}, grid("s", []any{"id", "name", "kind"}),
			"liveops.yaml:7: found \"Z\", but kind (enum('W','M','T')) takes one of W, M, T (write one of them exactly, or add it to the column's type)"},
		{"a filter's value twice", Mapping{Sheets: one(in("price", "1.5", 1.50))}, grid("s", []any{"id", "name", "price"}),
			"liveops.yaml:7: the value 1.5 stands here a second time (keep one of the two)"},
		{"a list in a column that holds none", Mapping{Columns: []ColumnMapping{{Column: "name", List: ";"}}}, grid("s", []any{"id", "name"}),
			"liveops.yaml:10: the column name (varchar(20)) holds no list: only JSON and SET columns do (leave `list` out)"},
		{"an element's alias that is no member", Mapping{Columns: []ColumnMapping{{Column: "marks", List: ";", Aliases: []Alias{{"인기", written(9, "hit")}}}}}, grid("s", []any{"id", "name", "marks"}),
			`liveops.yaml:9: found "hit", but marks (set('new','hot','rare')) takes one of new, hot, rare (the nearest is "hot")`},
		{"a mapped column that the sheet lacks", Mapping{Columns: []ColumnMapping{{Column: "grade", From: "등급"}}}, grid("s", []any{"id", "name"}),
			`items.xlsx › s: the column "등급" is missing, which grade (int(11)) is read from (liveops.yaml, line 10) (add the column, or take it out of liveops.yaml)`},
		{"a column under its own name that is read from another", Mapping{Columns: []ColumnMapping{{Column: "grade", From: "등급"}}}, grid("s", []any{"id", "name", "등급", "grade"}),
			"items.xlsx › s › D1: the column grade is read from the header \"등급\" (liveops.yaml, line 10) (leave it out of the sheet, or add it to `ignore`)"},
		{"a column that has a constant", Mapping{Columns: []ColumnMapping{{Column: "grade", Constant: constant(9, 1)}}}, grid("s", []any{"id", "name", "grade"}),
			"items.xlsx › s › C1: the column grade is given by a constant (liveops.yaml, line 10) (leave it out of the sheet, or add it to `ignore`)"},
		{"a header that is nearly one of those mapped", Mapping{Columns: []ColumnMapping{{Column: "name", From: "name[ko]"}}}, grid("s", []any{"id", "name[kr]", "name[ko]"}),
			`items.xlsx › s › B1: the table stuff has no column "name[kr]" (the nearest is name[ko])`},
		{"the header elsewhere", Mapping{Layout: Layout{Header: 2}}, grid("s", []any{"id", "name"}, nil, []any{1, "a"}),
			"items.xlsx › s › A2: row 2 is empty; it must hold the column names (write the column names into row 2, or begin the sheet's name with # to make it a note)"},
		{"a vertical sheet without names", Mapping{Layout: Layout{Vertical: true}}, grid("s", []any{nil, "id"}),
			"items.xlsx › s › A1: column A holds no names (write the column names into column A, from row 1 on, or begin the sheet's name with # to make it a note)"},
		{"a vertical sheet's cells", Mapping{Layout: Layout{Vertical: true}}, grid("s", []any{"id", "x"}, []any{"nam", "a"}, []any{"name", "b"}, []any{nil, "c"}),
			"items.xlsx › s › A2: the table stuff has no column \"nam\" (the nearest is name)\n" +
				"items.xlsx › s › B4: found \"c\" under no column name (name the column in A4, or empty its cells)\n" +
				"items.xlsx › s › B1: found \"x\", but id (int(11)) takes a whole number from -2147483648 to 2147483647 (write the number with digits only)"},
		{"no value and no alias", Mapping{Columns: []ColumnMapping{{Column: "grade", Aliases: []Alias{{"희귀", written(9, 3)}, {"전설", written(9, 4)}}}}},
			grid("s", []any{"id", "name", "grade"}, []any{1, "a", "희구"}, []any{2, "b", "최고급"}),
			"items.xlsx › s › C2: found \"희구\", but grade (int(11)) takes a whole number from -2147483648 to 2147483647 (the nearest alias of liveops.yaml is 희귀)\n" +
				"items.xlsx › s › C3: found \"최고급\", but grade (int(11)) takes a whole number from -2147483648 to 2147483647 (write a value, or an alias of liveops.yaml: 전설, 희귀)"},
		{"lists", Mapping{Columns: []ColumnMapping{{Column: "tags", List: ";"}, {Column: "marks", List: ";"}}},
			grid("s", []any{"id", "name", "tags", "marks"}, []any{1, "a", "x;;y", "new;hut"}, []any{2, "b", `[1, 2]`}, []any{3, "c", "x", fault("#N/A")}),
			"items.xlsx › s › C2: found \"x;;y\", but tags (json) takes elements separated by \";\" (take out the separator that has no element on one side)\n" +
				"items.xlsx › s › D2: found \"hut\", but marks (set('new','hot','rare')) takes one of new, hot, rare (the nearest is \"hot\")\n" +
				"items.xlsx › s › C3: found \"[1, 2]\", but tags (json) takes elements separated by \";\" (write the elements without brackets and quotes)\n" +
				"items.xlsx › s › D4: found the error #N/A, but marks (set('new','hot','rare')) takes a value (mend the formula, or write the value itself)"},
		{"environments of rows", Mapping{}, grid("s", []any{"id", "name", "#env"}, []any{1, "a", "seol"}, []any{2, "b", "qa,!tokyo"}, []any{3, "c", "qa,"}, []any{4, "d", 1}),
			"items.xlsx › s › C2: \"seol\" is no environment of liveops.yaml (the nearest is seoul)\n" +
				"items.xlsx › s › C3: found \"qa,!tokyo\", which both names environments and leaves some out (write the names of those it belongs to, or each of those it does not with a ! before it)\n" +
				"items.xlsx › s › C4: a name is missing in a list of environments (write names of liveops.yaml, separated by commas)\n" +
				"items.xlsx › s › C5: found 1 where names of environments should be (write names of liveops.yaml, separated by commas)"},
		{"environments of columns", Mapping{}, grid("s", []any{"id", "name", "price@tokio", "grade", "grade@seoul", "weight@qa"}),
			"items.xlsx › s › C1: \"tokio\" is no environment of liveops.yaml (the nearest is tokyo)\n" +
				"items.xlsx › s › E1: the column grade stands in D1 and in E1 (leave one of them out)\n" +
				"items.xlsx › s › F1: the table stuff has no column \"weight@qa\" (its columns are id, name, grade, kind, price, tags, marks, made and 1 more)"},
		{"a filter's column that the sheet lacks", Mapping{Sheets: one(in("kind", "T", "M"))}, grid("s", []any{"id", "name"}),
			"items.xlsx › s: the column kind (enum('W','M','T')) is missing, by which the sheet's rows are told from others (liveops.yaml, line 5) (add the column)"},
		{"a row outside the sheet's filter", Mapping{Sheets: one(in("kind", "T"))}, grid("s", []any{"id", "name", "kind"}, []any{1, "a", "T"}, []any{2, "b"}),
			`items.xlsx › s › C3: kind is NULL, but the sheet owns the rows where it is "T" (correct the cell, or the sheet's filter (liveops.yaml, line 5))`},
		{"a row of another sheet", Mapping{Sheets: append(one(in("kind", "T")), SheetMapping{Name: "rest", Conditions: []Condition{{Column: "kind", NotIn: true, Values: []Literal{written(8, "T")}}}})},
			grid("s", []any{"id", "name", "kind"}, []any{2, "b", "W"}),
			`items.xlsx › s › C2: kind is "W", but the sheet owns the rows where it is "T" (move the row to the sheet rest, or correct the cell)`},
		{"a row that a list of values leaves out", Mapping{Sheets: one(Condition{Column: "grade", NotIn: true, Values: []Literal{written(4, 1), written(4, 2)}})},
			grid("s", []any{"id", "name", "grade"}, []any{1, "a", 2}),
			`items.xlsx › s › C2: grade is "2", but the sheet owns the rows where it is none of "1", "2" (correct the cell, or the sheet's filter (liveops.yaml, line 5))`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := readAll(t, &c.mapping, c.sheet)
			var got []string
			for _, p := range problems {
				got = append(got, p.Error())
			}
			if s := strings.Join(got, "\n"); s != c.want {
				t.Errorf("got\n%s\nwant\n%s", s, c.want)
			}
		})
	}
}

// Bind decides from the filters alone whether two sheets could own the same row.
func TestOverlaps(t *testing.T) {
	in := func(column string, values ...any) Condition { return conditionOf(column, false, values) }
	notIn := func(column string, values ...any) Condition { return conditionOf(column, true, values) }
	for _, c := range []struct {
		name    string
		a, b    []Condition
		overlap bool
	}{
		{"all rows twice", nil, nil, true},
		{"all rows and some", nil, []Condition{in("kind", "T")}, true},
		{"different values", []Condition{in("kind", "T")}, []Condition{in("kind", "M", "W")}, false},
		{"a value in common", []Condition{in("kind", "T", "W")}, []Condition{in("kind", "M", "W")}, true},
		{"one value written in two ways", []Condition{in("price", 1.5)}, []Condition{in("price", "1.50")}, true},
		{"values and none of them", []Condition{in("kind", "T")}, []Condition{notIn("kind", "T", "M")}, false},
		{"values and none of others", []Condition{notIn("kind", "T")}, []Condition{in("kind", "T", "M")}, true},
		{"NULL is in notIn", []Condition{in("kind", nil)}, []Condition{notIn("kind", "T")}, true},
		{"unless it is named", []Condition{in("kind", nil)}, []Condition{notIn("kind", nil)}, false},
		{"two notIn leave other numbers", []Condition{notIn("grade", 1)}, []Condition{notIn("grade", 2)}, true},
		{"two notIn leave no member", []Condition{notIn("kind", "T", "M")}, []Condition{notIn("kind", "W", nil)}, false},
		{"two notIn leave NULL", []Condition{notIn("kind", "T", "M")}, []Condition{notIn("kind", "W")}, true},
		{"other columns", []Condition{in("kind", "T")}, []Condition{in("grade", 1)}, true},
		{"apart on one of two columns", []Condition{in("kind", "T"), in("grade", 1)}, []Condition{in("grade", 2), in("kind", "T")}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := &Mapping{Table: "stuff", Sheets: []SheetMapping{{Name: "A", Conditions: c.a}, {Name: "B", At: Position{Path: "liveops.yaml", Line: 6}, Conditions: c.b}}}
			_, problems := m.Bind(stuff(t), nil)
			const want = `liveops.yaml:6: the sheets "A" and "B" could own the same row of the table stuff (give both a condition on one column, without a value in common)`
			if got := len(problems) > 0; got != c.overlap || got && problems[0].Error() != want {
				t.Errorf("problems %v, want overlap %t", problems, c.overlap)
			}
		})
	}
}

func conditionOf(column string, notIn bool, values []any) Condition {
	c := Condition{Column: column, NotIn: notIn}
	for i, v := range values {
		c.Values = append(c.Values, written(i+1, v))
	}
	return c
}

// A workbook that cannot be read to its end ends every way of reading it.
func TestLayoutEndsWithTheSheet(t *testing.T) {
	broken := &Problem{At: Position{Path: "items.xlsx"}, Text: "cut short"}
	s := &Sheet{Path: "items.xlsx", Name: "s", Rows: iter.Seq2[Row, error](func(yield func(Row, error) bool) {
		if yield(line(1, "id", "1"), nil) {
			yield(Row{}, broken)
		}
	})}
	for _, l := range []Layout{{Header: 2}, {Vertical: true}} {
		if _, err := l.Names(s); err != broken {
			t.Errorf("%+v: names end with %v", l, err)
		}
	}
	for _, l := range []Layout{{}, {Header: 2}, {Vertical: true}} {
		var last error
		for _, err := range l.Rows(s) {
			last = err
		}
		if last != broken {
			t.Errorf("%+v: rows end with %v", l, last)
		}
	}
}
