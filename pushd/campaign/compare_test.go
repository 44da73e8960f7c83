package campaign

import (
	"strings"
	"testing"

	"liveops/datasheets"
)

// described is a column as information_schema has its type.
func described(name, columnType string) datasheets.Column {
	dataType, _, _ := strings.Cut(columnType, "(")
	dataType, _, _ = strings.Cut(dataType, " ")
	d := datasheets.ColumnInfo{Name: name, ColumnType: columnType, DataType: dataType}
	if dataType == "decimal" {
		precision, scale := int64(10), int64(2)
		d.NumericPrecision, d.NumericScale = &precision, &scale
	}
	return datasheets.ParseColumn(d)
}

func TestUnfit(t *testing.T) {
	const number, text, truth, bound = datasheets.Number, datasheets.Text, datasheets.Bool, true
	for _, tt := range []struct {
		column string
		kind   datasheets.Kind
		value  string
		bound  bool
		want   string // a part of what is told; "" for nothing
	}{
		{"int(11)", text, "high", bound, `found "high", but level (int(11)) takes a whole number`},
		{"int(11)", text, "1,500", bound, "leave the thousands separators out: 1500"},
		{"int(11)", text, "1500", bound, ""},
		{"int(11)", number, "1.5", bound, "a whole number"},
		{"int(11)", number, "1e3", bound, "plain digits"},
		{"int(11)", text, "", !bound, "level"},
		{"int(11)", text, " 7", !bound, "plain digits"},
		{"int(11)", truth, "1", !bound, ""},
		{"tinyint(1)", number, "300", !bound, "from -128 to 127"},
		{"bigint unsigned", number, "-1", !bound, "from 0 to 18446744073709551615"},
		{"bigint", number, "9007199254740993", !bound, ""},
		{"decimal(10,2)", number, "1.999", !bound, "2 digits"},
		{"decimal(10,2)", truth, "1", !bound, "level"},
		{"double", number, "1e3", bound, ""},
		{"date", number, "20240131", bound, "2024-01-31"},
		{"datetime", text, "2024-01-31 09:30", bound, ""},
		{"datetime", text, "yesterday", bound, `found "yesterday"`},
		{"timestamp", text, "2024-01-31T09:30:00+09:00", bound, ""},
		{"time", text, "noon", !bound, `found "noon"`},
		{"year", text, "MMXX", !bound, `found "MMXX"`},
		{"enum('gold','silver')", text, "Gold", !bound, ""},
		{"enum('gold','silver')", text, "golt", !bound, "has no `golt`; did you mean `gold`?"},
		{"enum('gold','silver')", number, "1", !bound, "has no `1`"},
		{"set('a','b')", text, "b,a", !bound, ""},
		{"set('a','b')", text, "a,c", !bound, "has no `c`"},
		{"varchar(20)", number, "0", !bound, ""},
		{"varchar(20)", number, "9", bound, "holds texts, of which `10` comes before `9`"},
		{"varchar(20)", text, "9", bound, ""},
		{"varchar(20)", truth, "1", !bound, "neither true nor false"},
		{"json", text, "a", !bound, "is not compared with values"},
		{"uuid", text, "a", !bound, ""},
		{"int(11)", datasheets.Empty, "", !bound, ""},
	} {
		c := described("level", tt.column)
		wrong, got := Unfit(&c, datasheets.Cell{Kind: tt.kind, Text: []byte(tt.value)}, tt.bound), ""
		if wrong != nil {
			got = wrong.Text + "; " + wrong.Mend
		}
		if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
			t.Errorf("%s and %q: %q, want %q", tt.column, tt.value, got, tt.want)
		}
	}
	if wrong := Unfit(&datasheets.Column{Name: "level"}, datasheets.Cell{Kind: text, Text: []byte("high")}, true); wrong != nil {
		t.Errorf("of a document: %v", wrong)
	}
}

// What an audience says is held to its columns' types, each value at its place.
func TestCheckOfTypes(t *testing.T) {
	cell := func(text string) datasheets.Cell { return datasheets.Cell{Kind: datasheets.Text, Text: []byte(text)} }
	high, columns := cell("high"), []datasheets.Column{described("level", "int(11)"), described("country", "enum('KR','JP')"), described("epoch", "bigint(20)"), described("lang", "varchar(10)"), described("tz", "int(11)")}
	for name, tt := range map[string]struct {
		change func(*Spec)
		key    string
		want   string
	}{
		"min": {func(s *Spec) { s.Audience.Columns = []Condition{{Column: "LEVEL", Min: &high}} }, "audience.columns.LEVEL.min", `found "high", but level (int(11)) takes`},
		"max": {func(s *Spec) { s.Audience.Columns = []Condition{{Column: "level", Max: &high}} }, "audience.columns.level.max", `found "high"`},
		"in": {func(s *Spec) {
			s.Audience.Columns = []Condition{{Column: "level", In: []datasheets.Cell{{}, cell("1"), high}}}
		}, "audience.columns.level.in.2", `found "high"`},
		"not in":    {func(s *Spec) { s.Audience.Columns = []Condition{{Column: "level", NotIn: []datasheets.Cell{high}}} }, "audience.columns.level.notIn.0", `found "high"`},
		"a country": {func(s *Spec) { s.Audience.Countries = []string{"kr", "KP"} }, "audience.country.1", "has no `KP`"},
		"a login":   {func(s *Spec) { s.Audience.Within = 1e15 }, "audience.lastLogin", "the column `epoch` is BIGINT(20), and a time"},
		"a zone":    {func(s *Spec) { s.EachUser = true }, "timezone", "the column `tz` is INT(11), and a text is expected"},
		"none":      {func(s *Spec) { s.Audience.Countries = []string{"kr"} }, "", ""},
	} {
		s := crystals()
		s.Audience, s.Places = Audience{}, Places{"": {Path: s.Path, Line: 1}}
		tt.change(&s)
		if tt.key != "" {
			s.Places[tt.key] = datasheets.Position{Path: s.Path, Line: 42}
		}
		e := Environment{Name: "production", Capacity: true, Lists: []string{"qa"}, Actual: columns, Tokens: Columns{Token: "token", Platform: "platform", Country: "country", Language: "lang", LastLogin: "epoch", Timezone: "tz"}}
		problems := made(t, s).Check(Surroundings{Guards: []string{"game-health"}, Environments: []Environment{e}})
		if tt.want == "" {
			if len(problems) != 0 {
				t.Errorf("%s: %v", name, problems)
			}
		} else if len(problems) != 1 || problems[0].At.Line != 42 || !strings.HasPrefix(problems[0].Text, "in `production`") || !strings.Contains(problems[0].Text, tt.want) {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
