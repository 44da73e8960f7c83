package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// render is the lines of a hunk as a comment has them.
func render(t *plan.Table, most, width int) []string {
	h := newHunk(t.Schema.Name, t.Changes, most)
	return strings.Split(strings.TrimSuffix(fenced(h.lines(t, width)), "\n"), "\n")
}

func TestLinesKeepToTheirWidth(t *testing.T) {
	many := table("m", 16, strings.Split("a:int b:text c:text d:text e:text f:text g:text h:text i:text j:text k:text l:text m:text n:text o:text p:text name:text q:text", " ")...)
	row := make([]any, 18)
	for i := range row {
		row[i] = strings.Repeat("긴 글", 10)
	}
	insert(many, row...)
	for name, table := range map[string]*plan.Table{"stuff": stuff(), "wide": wide(), "long texts": longTexts(), "key of sixteen": many} {
		for _, width := range []int{40, 60, 80, 116, 200} {
			for _, line := range render(table, 100, width) {
				most := max(width, 100) // a key at its narrowest and one changed cell are shown whatever the width
				if name == "key of sixteen" {
					most = max(width, 150)
				}
				if cells(line) > most {
					t.Errorf("%s in %d: %d cells: %s", name, width, cells(line), line)
				}
			}
		}
	}
}

func TestColumnsAlign(t *testing.T) {
	var starts []int
	for _, line := range render(stuff(), 100, lineWidth) {
		for _, name := range []string{"name  ", "마법사", "妖精", "Dragon Tail  ", "산타맛", "용사맛", "勇者", "น้ำ"} {
			if i := strings.Index(line, name); i > 0 {
				starts = append(starts, cells(line[:i]))
				break
			}
		}
	}
	if got, want := fmt.Sprint(starts), "[12 12 12 12 12 12 12 12]"; got != want {
		t.Errorf("names begin at %s, want %s", got, want)
	}
}

func TestIdentifyingColumn(t *testing.T) {
	for _, test := range []struct {
		name    string
		columns []string
		want    int
	}{
		{"called a name", []string{"id:int", "icon:text", "item_name:text"}, 2},
		{"called a title", []string{"id:int", "memo:text", "Title:text"}, 2},
		{"else the first text", []string{"id:int", "n:int", "memo:text", "note:text"}, 2},
		{"never the key", []string{"name:text", "n:int"}, -1},
		{"no text", []string{"id:int", "name:int"}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := identifying(table("t", 1, test.columns...)); got != test.want {
				t.Errorf("got column %d, want %d", got, test.want)
			}
		})
	}
}

func TestKeyThatChangesItsCase(t *testing.T) {
	tab := table("t", 1, "id:text", "n:int")
	update(tab, values("sword", 1), values("Sword", 1))
	if got := render(tab, 1, 80)[3]; got != "! Sword  id: sword → Sword" {
		t.Errorf("got %q", got)
	}
}

func TestRowsLeftOutAreCounted(t *testing.T) {
	tab := huge(1500)
	tab.Changes[1499] = plan.Change{Op: plan.Update, Before: values(1500, "a", "1"), After: values(1500, "a", "2")}
	tab.Changes[1498] = plan.Change{Op: plan.Delete, Before: values(1499, "a", "1")}
	lines := render(tab, 10, 80)
	if got, want := lines[len(lines)-2], "  … and 1,490 more rows (1 deleted, 1,488 inserted, 1 updated)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every amount of everything fits into a comment, and the totals stay.
func TestCommentsFit(t *testing.T) {
	tables := func(n, rows int) []*plan.Table {
		var ts []*plan.Table
		for i := range n {
			w := wide()
			w.Schema.Name = fmt.Sprintf("table_%04d", i)
			one := w.Changes[0]
			w.Changes = nil
			for range rows {
				w.Changes = append(w.Changes, one)
			}
			ts = append(ts, w)
		}
		return ts
	}
	var many []datasheets.Problem
	for i := range 5000 {
		many = append(many, datasheets.Problem{At: datasheets.Position{Path: "datasheets/a.xlsx", Sheet: "s", Cell: datasheets.CellName(1, i+1)}, Text: strings.Repeat("@🍪 ", 2000), Mend: "mend it"})
	}
	var crowd []*release.Plan
	for i := range 1500 {
		crowd = append(crowd, planOf(fmt.Sprintf("environment-%d", i), digestA, huge(i%7+1)))
	}
	for _, test := range []struct {
		name string
		pull Pull
		want []string
	}{
		{"one table of 100,000 rows", pull(planOf("staging", digestA, huge(100_000))), []string{"+100,000", "… and 99,800 more rows (99,800 inserted)"}},
		{"40 tables of 300 wide rows", pull(planOf("staging", digestA, tables(40, 300)...)), []string{"### liveops: 40 tables change", "+12,000", "`table_0039`"}},
		{"3,000 tables", pull(planOf("staging", digestA, tables(3000, 2)...)), []string{"### liveops: 3,000 tables change", "more tables", "+6,000"}},
		{"5,000 problems", Pull{BaseName: "main", Problems: many}, []string{"**5,000 problems**", "more\n"}},
		{"1,500 environments", pull(crowd...), []string{"### liveops: 1 table changes", "too long for a comment"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := PullComment(test.pull)
			if n := length(got); n > longestComment {
				t.Errorf("%d long", n)
			}
			for _, s := range test.want {
				if !strings.Contains(got, s) {
					t.Errorf("lacks %q:\n%.3000s", s, got)
				}
			}
			if err := check(got); err != nil {
				t.Error(err)
			}
		})
	}
}

// The fewer rows are shown the shorter the comment, and the last step shows none.
func TestDetailsDescend(t *testing.T) {
	last := detail{1 << 30, 1 << 30, 1 << 30, 1 << 30}
	for _, d := range details() {
		if d.rows > last.rows || d.problems > last.problems || d.tables > last.tables || d.items > last.items {
			t.Errorf("%+v shows more than %+v", d, last)
		}
		last = d
	}
	if last.rows != 0 || last.tables != 0 {
		t.Errorf("the last step still shows %+v", last)
	}
}

func TestDescriptionsFit(t *testing.T) {
	var plans []*release.Plan
	for i := range 30 {
		plans = append(plans, planOf(fmt.Sprintf("environment%d", i), digestA, huge(i+1)))
	}
	m := Merge{Progress: progress(release.Stopped)}
	m.Progress.Steps[0].Reason = strings.Repeat("긴 이유\n", 100)
	_, a := PullStatus(pull(plans...))
	_, b := MergeStatus(m)
	for _, d := range []string{a, b} {
		if n := len([]rune(d)); n > longestDescription || !strings.HasSuffix(d, "…") || strings.Contains(d, "\n") {
			t.Errorf("%d characters: %q", n, d)
		}
	}
}

func TestViews(t *testing.T) {
	three := func(a, b, c *plan.Table) []*release.Plan {
		return []*release.Plan{planOf("a", "", a), planOf("b", "", b), planOf("c", "", c)}
	}
	none := table("level_guide", 2, "chapter:int", "level:int")
	for _, test := range []struct {
		name  string
		plans []*release.Plan
		want  string
	}{
		{"all alike", three(levels(1), levels(1), levels(1)), "[a, b and c alike]"},
		{"two alike, one else", three(levels(1), levels(2), levels(1)), "[a and c alike b]"},
		{"one only", three(none, levels(1), none), "[b only]"},
		{"two differ", three(levels(1), levels(2), none), "[a b]"},
		{"one environment", three(levels(1), none, none)[:1], "[]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			vs := views(test.plans)
			for i := range vs {
				got = append(got, vs[i].where(len(test.plans)))
			}
			if s := fmt.Sprint(got); s != test.want {
				t.Errorf("got %s, want %s", s, test.want)
			}
		})
	}
}

// A program that reads the JSON finds each value, and NULL and the server's default told apart from text.
func TestJSONValues(t *testing.T) {
	var got struct {
		Environments []struct {
			Tables []struct {
				Changes []struct {
					Op            string
					Before, After map[string]*string
				}
			}
		}
	}
	out := written(t, func(w io.Writer) error { return JSON(w, []*release.Plan{planOf("staging", digestA, stuff())}, nil) })
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	changes := got.Environments[0].Tables[0].Changes
	if v, ok := changes[3].Before["note"]; changes[3].Op != "delete" || !ok || v != nil {
		t.Errorf("NULL of a delete: got %v, %v", v, ok)
	}
	if v := changes[5].After["note"]; v == nil || *v != "NULL" {
		t.Errorf("the text NULL: got %v", v)
	}
	if _, ok := changes[6].After["note"]; ok {
		t.Error("the server's default has a value")
	}
	if len(changes[0].After) != 1 || *changes[0].After["price"] != "120" {
		t.Errorf("an update has %v, want what changes only", changes[0].After)
	}
}

func TestTextShowsEveryRow(t *testing.T) {
	const rows = 3*pageRows + 7
	out := written(t, func(w io.Writer) error {
		return Text(w, []*release.Plan{planOf("staging", digestA, huge(rows)), planOf("production", digestB, huge(rows))}, nil, TextOptions{})
	})
	if n := strings.Count(out, "\n+ "); n != rows {
		t.Errorf("%d rows, want %d, once", n, rows)
	}
	if n := strings.Count(out, "as in staging"); n != 1 {
		t.Errorf("%d tables as in staging, want 1", n)
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriteErrorsAreTold(t *testing.T) {
	plans := []*release.Plan{planOf("staging", digestA, huge(2000))}
	for name, err := range map[string]error{
		"text":     Text(broken{}, plans, nil, TextOptions{}),
		"JSON":     JSON(broken{}, plans, nil),
		"problems": ProblemsText(broken{}, problems(), nil, false),
		"status":   StatusText(broken{}, []EnvironmentStatus{{Name: "staging"}}, TextOptions{}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNumbersAndTimes(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "-1,000", -100: "-100"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %s", n, got)
		}
	}
	for _, test := range []struct {
		seconds float64
		want    string
	}{{0.038, "38 ms"}, {1.24, "1.2 s"}, {59.99, "59.9 s"}, {125, "2 min 5 s"}, {-1, "0 ms"}} {
		if got := lasting(seconds(test.seconds)); got != test.want {
			t.Errorf("lasting(%v s) = %s, want %s", test.seconds, got, test.want)
		}
	}
}
