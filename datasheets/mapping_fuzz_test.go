package datasheets

import (
	"slices"
	"strings"
	"testing"
)

// Whatever a cell of a list holds, it is refused or becomes an array that the server keeps as it is.
func FuzzListCell(f *testing.F) {
	for _, seed := range []string{"1;2", "검; 방패", `""`, "[1]", ";", "a;;b", "-0;1e400;1.", `"x"`, "\\;\x00", "\xff", strings.Repeat("1;", 300) + "1"} {
		f.Add(seed, ";")
	}
	f.Add("a, b", ", ")
	f.Fuzz(func(t *testing.T, cell, separator string) {
		if separator == "" {
			t.Skip("liveops.yaml refuses it")
		}
		c := columnOf(t, "json null")
		r := &rule{mapping: &ColumnMapping{}, list: separator}
		row, wrong := r.append(nil, c, text(cell), &Options{})
		if wrong != nil {
			if wrong.Text == "" || wrong.Mend == "" || strings.Contains(wrong.Error(), "\n") || len(row) > 0 {
				t.Fatalf("mismatch %+v with %q", wrong, row)
			}
			return
		}
		values, err := Unpack(row)
		if err != nil || len(values) != 1 {
			t.Fatalf("%v, %v", values, err)
		}
		checkAgreement(t, c, values[0])
		if !values[0].IsNull() && (values[0].Text()[0] != '[' || cell == "") {
			t.Fatalf("%q becomes %q", cell, values[0].Text())
		}
	})
}

// A list of environments is refused, or means the same in whatever order it stands.
func FuzzScope(f *testing.F) {
	for _, seed := range []string{"seoul", "!seoul", "seoul, qa", "!qa,!tokyo", "qa,!tokyo", "", ",", "!", "!!qa", "Seoul", "qa,qa"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		takes, wrong := seoulAndTokyo.admits(list)
		if wrong != nil {
			if takes || wrong.Mend == "" || strings.Contains(wrong.Error(), "\n") {
				t.Fatalf("takes %t with %+v", takes, wrong)
			}
			return
		}
		names := strings.Split(list, ",")
		slices.Reverse(names)
		if again, wrong := seoulAndTokyo.admits(strings.Join(names, ",")); again != takes || wrong != nil {
			t.Fatalf("%q is %t, and the other way round %t, %v", list, takes, again, wrong)
		}
		names = strings.Split(list, ",")
		for i, name := range names {
			name = string(trimBlanks([]byte(name)))
			if bare, not := strings.CutPrefix(name, "!"); not {
				names[i] = bare
			} else {
				names[i] = "!" + name
			}
		}
		if turned, wrong := seoulAndTokyo.admits(strings.Join(names, ",")); turned == takes || wrong != nil {
			t.Fatalf("%q is %t, and its opposite %t, %v", list, takes, turned, wrong)
		}
	})
}
