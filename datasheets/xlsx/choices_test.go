package xlsx

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// A short list stands in the validation, a long one, or one with a comma, in cells of a hidden note.
func TestWriteChoices(t *testing.T) {
	long := []string{"", strings.Repeat("가", 200), strings.Repeat("나", 60)}
	data := written(t,
		Sheet{Name: "item", Header: []string{"id", "grade", "kind", "tag"}, Rows: [][]any{{1, "전설", "a,b", long[1]}}, Choices: []Choice{
			{Column: 2, Values: []string{"전설", "<희귀>", ""}}, {Column: 3, Values: []string{"a,b", `"c"`}}, {Column: 4, Values: long}}},
		Sheet{Name: "#Lists", Header: []string{"a note of someone's"}},
		Sheet{Name: "none", Header: []string{"id"}, Choices: []Choice{{Column: 1, Values: []string{""}}}},
	)
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rules, err := f.GetDataValidations("item")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rules {
		got = append(got, r.Sqref+" "+r.Type+" "+r.Formula1)
	}
	want := []string{
		`B2:B1048576 list "전설,<희귀>"`,
		`C2:C1048576 list '#lists#'!$A$2:$A$3`,
		`D2:D1048576 list '#lists#'!$B$2:$B$3`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if none, err := f.GetDataValidations("none"); err != nil || len(none) > 0 {
		t.Errorf("a list without values: %v, %v", none, err)
	}
	rows, err := f.GetRows("#lists#")
	if err != nil || len(rows) != 3 || strings.Join(rows[0], "|") != "item.kind|item.tag" || rows[1][0] != "a,b" || rows[2][1] != long[2] {
		t.Errorf("the lists' sheet has %v, %v", rows, err)
	}
	if visible, err := f.GetSheetVisible("#lists#"); err != nil || visible {
		t.Errorf("the lists' sheet is visible: %v, %v", visible, err)
	}
}
