package bookdiff_test

import (
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sync/bookdiff"
	"liveops/sync/plan"
)

// book is a workbook of a text in which `## NAME` begins a sheet and every other line is a row, its cells separated
// by |: a number, @SERIAL for a date, 'TEXT for a text that looks like a number, TRUE for a Boolean, else a text.
func book(path, text string) *datasheets.Book {
	b := &datasheets.Book{Path: path}
	var lines [][]string
	flush := func() {
		if n := len(b.Sheets); n > 0 {
			b.Sheets[n-1].Rows = rows(lines[n-1])
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			flush()
			b.Sheets = append(b.Sheets, datasheets.Sheet{Path: path, Name: name})
			lines = append(lines, nil)
		} else if len(lines) > 0 {
			lines[len(lines)-1] = append(lines[len(lines)-1], line)
		}
	}
	flush()
	return b
}

var numberPattern = regexp.MustCompile(`^-?[0-9.]+(e-?[0-9]+)?$`)

func rows(lines []string) iter.Seq2[datasheets.Row, error] {
	return func(yield func(datasheets.Row, error) bool) {
		for i, line := range lines {
			r := datasheets.Row{Number: i + 1}
			for j, field := range strings.Split(line, "|") {
				c := datasheets.Cell{Column: j + 1, Kind: datasheets.Text, Text: []byte(field)}
				switch {
				case field == "":
					continue
				case field == "TRUE":
					c.Kind, c.Text = datasheets.Bool, []byte("1")
				case field[0] == '@':
					c.Kind, c.Text = datasheets.Date, []byte(field[1:])
				case field[0] == '\'':
					c.Text = []byte(field[1:])
				case numberPattern.MatchString(field):
					c.Kind = datasheets.Number
				}
				r.Cells = append(r.Cells, c)
			}
			if len(r.Cells) > 0 && !yield(r, nil) {
				return
			}
		}
	}
}

// show writes a diff in a line for each sheet and each change of it.
func show(d *bookdiff.Diff) string {
	var b strings.Builder
	for i := range d.Sheets {
		s := &d.Sheets[i]
		fmt.Fprintf(&b, "%s %s", s.State, s.Name())
		if len(s.AddedColumns)+len(s.RemovedColumns) > 0 {
			fmt.Fprintf(&b, " +%v -%v", s.AddedColumns, s.RemovedColumns)
		}
		if s.Note != "" {
			fmt.Fprintf(&b, " (%s)", s.Note)
		}
		b.WriteString("\n")
		for _, c := range s.Table.Changes {
			switch c.Op {
			case plan.Delete:
				b.WriteString("- " + texts(c.Before) + "\n")
			case plan.Insert:
				b.WriteString("+ " + texts(c.After) + " at " + c.At.Cell + "\n")
			case plan.Update:
				b.WriteString("~ " + texts(c.Before) + " → " + texts(c.After) + " at " + c.At.Cell + "\n")
			}
		}
	}
	return b.String()
}

func texts(vs []datasheets.Value) string {
	out := make([]string, len(vs))
	for i, v := range vs {
		if out[i] = v.Text(); v.IsNull() {
			out[i] = "-"
		}
	}
	return strings.Join(out, "|")
}

func TestCompare(t *testing.T) {
	for _, c := range []struct{ name, old, fresh, key, want string }{
		{"the same", "## a\nid|x\n1|2", "## a\nid|x\n1|2", "", ""},
		{"a number by its value", "## a\nid|x|y\n1|2.0|0.30000000000000004", "## a\nid|x|y\n1.0|2|0.3", "", ""},
		{"the order of rows, columns and sheets", "## a\nid|x\n1|2\n2|3\n## b\nid", "## b\nid\n## a\nid|x\n2|3\n1|2", "", ""},
		{"a cell", "## a\nid|x\n1|2\n2|3", "## a\nid|x\n1|2\n2|4", "", "changed a\n~ 2|3 → 2|4 at A3\n"},
		{"a number and a text", "## a\nid|x\n1|2", "## a\nid|x\n1|'2", "", "changed a\n~ 1|2 → 1|\"2\" at A2\n"},
		{"a number and a text in the key", "## a\nid|x\n1|2", "## a\nid|x\n'1|2", "", "changed a\n~ 1|2 → \"1\"|2 at A2\n"},
		{"a date", "## a\nid|x\n1|@45351", "## a\nid|x\n1|@45352.5", "", "changed a\n~ 1|2024-02-29 → 1|2024-03-01 12:00:00 at A2\n"},
		{"a date that becomes a text", "## a\nid|x\n1|@45351", "## a\nid|x\n1|2024-02-29", "", "changed a\n~ 1|2024-02-29 → 1|\"2024-02-29\" at A2\n"},
		{"an empty cell", "## a\nid|x\n1|2\n2|TRUE", "## a\nid|x\n1\n2|TRUE", "", "changed a\n~ 1|2 → 1|- at A2\n"},
		{"rows that come and go", "## a\nid|x\n1|a\n2|b\n3|c", "## a\nid|x\n4|d\n1|a\n3|c\n5|e", "",
			"changed a\n+ 4|d at A2\n- 2|b\n+ 5|e at A5\n"},
		{"another first row", "## a\nid|x\n1|a\n2|b", "## a\nid|x\n2|b", "", "changed a\n- 1|a\n"},
		{"a new column", "## a\nid|x\n1|2\n2|3", "## a\nid|y|x\n1|5|2\n2||3", "", "changed a +[y] -[]\n~ 1|-|2 → 1|5|2 at A2\n"},
		{"a column without cells", "## a\nid\n1", "## a\nid|y\n1", "", "changed a +[y] -[]\n"},
		{"a column that goes", "## a\nid|x\n1|2", "## a\nid\n1", "", "changed a +[] -[x]\n~ 1|2 → 1|- at A2\n"},
		{"cells under no name", "## a\nid\n1", "## a\nid\n1||7", "", "changed a +[(C)] -[]\n~ 1|- → 1|7 at A2\n"},
		{"a name twice", "## a\nid|x|x\n1|2|3", "## a\nid|x|x\n1|2|4", "", "changed a\n~ 1|2|3 → 1|2|4 at A2\n"},
		{"a header below empty rows", "## a\n\n\nid|x\n1|2", "## a\nid|x\n1|3", "", "changed a\n~ 1|2 → 1|3 at A2\n"},
		{"a new sheet", "## a\nid\n1", "## b\nid|x\n1|2\n## a\nid\n1", "", "added b\n+ 1|2 at A2\n"},
		{"a new sheet without rows", "## a\nid\n1", "## a\nid\n1\n## b", "", "added b\n"},
		{"a sheet that goes", "## a\nid\n1\n## b\nid\n7", "## a\nid\n1", "", "removed b\n- 7\n"},
		{"a new sheet whose key repeats", "", "## a\nid\n1\n1", "", "added a\n+ 1 at A2\n+ 1 at A3\n"},
		{"a new workbook", "", "## a\nid\n1", "", "added a\n+ 1 at A2\n"},
		{"a workbook that goes", "## a\nid\n1", "", "", "removed a\n- 1\n"},
		{"a key that repeats", "## a\nid|x\n1|a\n1|b\n2|c", "## a\nid|x\n1|b\n1|z\n2|c", "",
			"changed a (the key 1 stands at A2 and at A3 of old.xlsx; rows are matched as wholes)\n- 1|a\n+ 1|z at A3\n"},
		{"rows that are equal", "## a\nid\n1\n1", "## a\nid\n1\n1\n1", "",
			"changed a (the key 1 stands at A2 and at A3 of old.xlsx; rows are matched as wholes)\n+ 1 at A4\n"},
		{"a key of the first two columns", "## a\nid|lv|x\n1|1|a\n1|2|b", "## a\nid|lv|x\n1|1|a\n1|2|c", "",
			"changed a (the key 1 stands at A2 and at A3 of old.xlsx; rows are matched by id, lv)\n~ 1|2|b → 1|2|c at A3\n"},
		{"a key that is asked for and repeats", "## a\nid|x\n1|a\n2|a", "## a\nid|x\n1|a\n2|a\n3|a", "x",
			"changed a (the key a stands at B2 and at B3 of old.xlsx; rows are matched as wholes)\n+ 3|a at A4\n"},
		{"another first column", "## a\nid|x\n1|a", "## a\nnr|x\n1|a", "",
			"changed a +[nr] -[id] (only one of the workbooks has the column nr; rows are matched as wholes)\n- -|a|1\n+ 1|a|- at A2\n"},
		{"a key of two columns", "## a\nx|chapter|level\na|1|1\nb|1|2", "## a\nx|chapter|level\na|1|1\nc|1|2", "chapter,level",
			"changed a\n~ 1|2|b → 1|2|c at B3\n"},
		{"a key that one sheet has", "## a\nx|id\na|1\n## b\nid|x\n1|2", "## a\nx|id\nb|1\n## b\nid|x\n1|3", "x",
			"changed a\n- a|1\n+ b|1 at A2\nchanged b\n- 2|1\n+ 3|1 at B2\n"},
		{"keys that would run together", "## a\nk|l\na|b,c", "## a\nk|l\na,b|c", "k,l", "changed a\n- a|b,c\n+ a,b|c at A2\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var key []string
			if c.key != "" {
				key = strings.Split(c.key, ",")
			}
			d, err := bookdiff.Compare(t.Context(), book("old.xlsx", c.old), book("new.xlsx", c.fresh), key)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(d); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// A text that would read as another kind of cell has quotes, and only that.
func TestCompareTellsTextsApart(t *testing.T) {
	b := book("a.xlsx", "## a\nid|x\na|'1e5\nb|'12:30\nc|'-838:59:59\nd|'TRUE\ne|'\"5\"\nf|'=A1\ng|'#REF!\nh|1 000\ni|2024-1-1\nj|True\nk|\"\"")
	d, err := bookdiff.Compare(t.Context(), &datasheets.Book{}, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range d.Sheets[0].Table.Changes {
		got = append(got, c.After[1].Text())
	}
	const want = `"1e5" "12:30" "-838:59:59" "TRUE" ""5"" "=A1" "#REF!" 1 000 2024-1-1 True ""`
	if strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
}

func TestCompareFails(t *testing.T) {
	a := book("a.xlsx", "## a\nid|x\n1|2")
	var key *bookdiff.KeyError
	if _, err := bookdiff.Compare(t.Context(), a, a, []string{"nr"}); !errors.As(err, &key) || !strings.Contains(err.Error(), "nr") {
		t.Errorf("a key that no sheet has: %v", err)
	}
	cut := &datasheets.Problem{Text: "cut short"}
	b := book("b.xlsx", "## a\nid")
	b.Sheets[0].Rows = func(yield func(datasheets.Row, error) bool) { yield(datasheets.Row{}, cut) }
	var problem *datasheets.Problem
	if _, err := bookdiff.Compare(t.Context(), a, b, nil); !errors.As(err, &problem) || problem != cut {
		t.Errorf("a workbook that is cut short: %v", err)
	}
}

// A table of a sheet knows which columns hold numbers only: reports set them to the right.
func TestCompareTypesColumns(t *testing.T) {
	d, err := bookdiff.Compare(t.Context(), book("a.xlsx", "## a\nid|n|m\n1|2|3"), book("b.xlsx", "## a\nid|n|m\n1||x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	table := d.Sheets[0].Table
	for i := range table.Managed {
		got = append(got, fmt.Sprint(table.Column(i).Name, " ", table.Column(i).Type == datasheets.SheetNumber))
	}
	if want := "[id true n true m false]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
