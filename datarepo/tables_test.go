package datarepo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
)

// designTables is the mapping of docs/design.md.
const designTables = `environments: [{name: staging}]
tables:                       # only the exceptions: by default a sheet's name is its table's name
  stuff:
    sheets:
      EquipmentItemSeoul: {stuff_type: {notIn: [T, M, AT]}}   # each sheet owns the rows its filter matches; notIn takes NULL too
      TreasureItemData:   {stuff_type: {in: [T]}}
      Material:           {stuff_type: {in: [M]}}
      Artifact:           {stuff_type: {in: [AT]}}
  level_guide:           {sheets: {LevelContents: {}}}
  gashapon_step1:        {sheets: {Gashapone_Step1_Rate: {}}}
  gashapon_step2:        {sheets: {Gashapone_Step2_Rate: {}}}
  weekly_ranking_reward: {sheets: {WeeklyRankReward: {}}}
`

// everyOption has every key of a table, and every kind of value.
const everyOption = `environments: [{name: staging}]
tables:
  hero:
    workbooks: [datasheets/heroes/*.xlsx]
    header: 3
    skip: 2
    ignore: [memo, "name[th]"]
    columns:
      name: {from: "name[ko]"}
      grade: {aliases: {전설: 4, 희귀: 3.50}, default: null}
      region: {constant: kr}
      open: {constant: true}
      tags: {list: ";", default: ""}
  config: {vertical: true}
`

func TestLoadConfigTables(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"the design's", designTables, `
stuff at 3:3
  sheet EquipmentItemSeoul at 5:7: stuff_type not in text T, text M, text AT
  sheet TreasureItemData at 6:7: stuff_type in text T
  sheet Material at 7:7: stuff_type in text M
  sheet Artifact at 8:7: stuff_type in text AT
level_guide at 9:3
  sheet LevelContents at 9:36:
gashapon_step1 at 10:3
  sheet Gashapone_Step1_Rate at 10:36:
gashapon_step2 at 11:3
  sheet Gashapone_Step2_Rate at 11:36:
weekly_ranking_reward at 12:3
  sheet WeeklyRankReward at 12:36:
`},
		{"every option", everyOption, `
hero at 3:3
  layout {3 2 false}
  sheet hero at 3:3:
  workbooks datasheets/heroes/*.xlsx at 4:17
  column name from name[ko]
  column grade 전설=number 4 희귀=number 3.50 default NULL
  column region constant text kr
  column open constant bool 1
  column tags default text  list ;
  ignore memo, name[th]
config at 14:3
  layout {0 0 true}
  sheet config at 14:3:
`},
		{"conditions on several columns, with null and numbers",
			"environments: [{name: a}]\ntables: {t: {sheets: {s: {a: {in: [1, -2.5e3, null, ~, true, '1']}, b: {notIn: [NULL]}}}}}\n", `
t at 2:10
  sheet s at 2:23: a in number 1, number -2.5e3, NULL, NULL, bool 1, text 1; b not in NULL
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, problems := LoadConfig(configFS(tt.yaml))
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), showTables(config.Tables)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func showTables(tables []datasheets.Mapping) string {
	var b strings.Builder
	for _, m := range tables {
		fmt.Fprintf(&b, "%s at %d:%d\n", m.Table, m.At.Line, m.At.Column)
		if m.Layout != (datasheets.Layout{}) {
			fmt.Fprintf(&b, "  layout %v\n", m.Layout)
		}
		for _, s := range m.Sheets {
			var conditions []string
			for _, c := range s.Conditions {
				var values []string
				for _, l := range c.Values {
					values = append(values, showLiteral(l))
				}
				conditions = append(conditions, c.Column+map[bool]string{true: " not in ", false: " in "}[c.NotIn]+strings.Join(values, ", "))
			}
			b.WriteString(strings.TrimRight(fmt.Sprintf("  sheet %s at %d:%d: %s", s.Name, s.At.Line, s.At.Column, strings.Join(conditions, "; ")), " ") + "\n")
		}
		for _, w := range m.Workbooks {
			fmt.Fprintf(&b, "  workbooks %s at %d:%d\n", w.Text, w.At.Line, w.At.Column)
		}
		for _, c := range m.Columns {
			b.WriteString("  column " + c.Column)
			if c.From != "" {
				b.WriteString(" from " + c.From)
			}
			for _, a := range c.Aliases {
				b.WriteString(" " + a.Text + "=" + showLiteral(a.Value))
			}
			if c.Constant != nil {
				b.WriteString(" constant " + showLiteral(*c.Constant))
			}
			if c.Default != nil {
				b.WriteString(" default " + showLiteral(*c.Default))
			}
			if c.List != "" {
				b.WriteString(" list " + c.List)
			}
			b.WriteString("\n")
		}
		if len(m.Ignore) > 0 {
			fmt.Fprintf(&b, "  ignore %s\n", strings.Join(m.Ignore, ", "))
		}
	}
	return b.String()
}

func showLiteral(l datasheets.Literal) string {
	kind := map[datasheets.Kind]string{datasheets.Text: "text ", datasheets.Number: "number ", datasheets.Bool: "bool ", datasheets.Empty: "NULL"}[l.Cell.Kind]
	return kind + string(l.Cell.Text)
}

// In want, a problem is "line:column text" and, after " -- ", its mend. The first table stands in line 2.
func TestLoadConfigTableProblems(t *testing.T) {
	tests := []struct {
		name, tables string
		want         []string
	}{
		{"no value", "tables:\n", []string{"2:1 `tables` has no value; expected a mapping"}},
		{"empty", "tables: {}\n", []string{"2:9 the mapping is empty; it needs at least one entry"}},
		{"a list", "tables: [stuff]\n", []string{"2:9 expected a mapping, found a list"}},
		{"a table without a value", "tables:\n  stuff:\n", []string{"3:3 `stuff` has no value; expected a mapping"}},
		{"a table twice", "tables:\n  stuff: {header: 2}\n  stuff: {header: 3}\n", []string{
			"4:3 the key `stuff` stands here a second time; the first is in line 3 -- keep one of the two"}},
		{"an unknown option", "tables:\n  stuff:\n    sheet: {A: {}}\n", []string{
			"4:5 unknown key `sheet`; nearest: `sheets` -- the keys here are `sheets`, `workbooks`, `header`, `skip`, `vertical`, `columns`, `unique`, `ignore`"}},
		{"a sheet in two tables", "tables:\n  stuff: {sheets: {A: {}}}\n  other: {sheets: {B: {}, A: {}}}\n", []string{
			"4:27 the sheet `A` is mapped a second time; the first is in line 3 -- let the sheet describe one table"}},
		{"a sheet that is its own table's by default", "tables:\n  stuff: {header: 2}\n  other: {sheets: {stuff: {}}}\n", []string{
			"4:20 the sheet `stuff` is mapped a second time; the first is in line 3"}},
		{"no sheets", "tables:\n  stuff: {sheets: {}}\n", []string{"3:19 the mapping is empty; it needs at least one entry"}},
		{"a sheet without a filter", "tables:\n  stuff:\n    sheets:\n      A:\n", []string{"5:7 `A` has no value; expected a mapping"}},
		{"a note for a sheet", "tables: {stuff: {sheets: {'#A': {}}}}\n", []string{"2:27 a sheet whose name begins with # is a note and is not read -- rename the sheet"}},
		{"a filter without a condition's word", "tables:\n  stuff: {sheets: {A: {type: [T]}}}\n", []string{"3:30 expected a mapping, found a list"}},
		{"a condition that says nothing, one that says both", "tables:\n  stuff: {sheets: {A: {type: {}, kind: {in: [a], notIn: [b]}}}}\n", []string{
			"3:24 the condition on `type` needs either `in` or `notIn` -- write {in: [value, …]} or {notIn: [value, …]}",
			"3:34 the condition on `kind` needs either `in` or `notIn`"}},
		{"a condition on no value", "tables:\n  stuff: {sheets: {A: {type: {in: []}}}}\n", []string{"3:35 the list is empty; it needs at least one"}},
		{"a condition on one value", "tables:\n  stuff: {sheets: {A: {type: {in: T}}}}\n", []string{"3:35 expected a list, found text"}},
		{"a condition misspelt", "tables:\n  stuff: {sheets: {A: {type: {notin: [T]}}}}\n", []string{"3:31 unknown key `notin`; nearest: `notIn`"}},
		{"values that are none", "tables:\n  stuff: {sheets: {A: {type: {in: [010, 0x1F, 1_0, .inf, [a], {b: c}]}}}}\n", []string{
			"3:36 `010` is not a plain number -- write it in plain digits or, if it is a text, in quotes", "3:41 `0x1F` is not a plain number",
			"3:47 `1_0` is not a plain number", "3:52 `.inf` is not a plain number", "3:58 expected a value, found a list", "3:63 expected a value, found a mapping"}},
		{"numbers out of range", "tables:\n  a: {header: 0, skip: -1}\n  b: {header: 1.5}\n  c: {header: one}\n  d: {skip: 1001}\n", []string{
			"3:15 expected a whole number from 1 to 1000, found `0`", "3:24 expected a whole number from 0 to 1000, found `-1`",
			"4:15 expected a whole number from 1 to 1000, found `1.5`", "5:15 expected a whole number, found text",
			"6:13 expected a whole number from 0 to 1000, found `1001`"}},
		{"vertical", "tables:\n  a: {vertical: yes}\n  b: {vertical: true, skip: 1}\n", []string{
			"3:17 expected true or false, found text", "4:29 `skip` has no meaning in a vertical sheet, which has no rows below each other -- leave it out"}},
		{"workbooks", "tables:\n  a: {workbooks: []}\n  b: {workbooks: ['datasheets/[x', items.xlsx, 1]}\n", []string{
			"3:18 the list is empty; it needs at least one",
			"4:19 `datasheets/[x` is not a path with wildcards -- write the special characters *, ?, [ and \\ only as wildcards, or with a \\ before them",
			"4:36 `items.xlsx` is not where workbooks are -- begin it with datasheets/", "4:48 expected text, found a number"}},
		{"a column of which nothing is said", "tables: {a: {columns: {x: {}}}}\n", []string{"2:24 nothing is said of the column `x` -- say what fills it, or leave it out"}},
		{"a constant and more", "tables: {a: {columns: {x: {constant: 1, default: 2}}}}\n", []string{
			"2:38 the column `x` has a constant: nothing else can fill it -- keep either the constant or the other keys"}},
		{"a constant without a value", "tables:\n  a:\n    columns:\n      x: {constant: }\n", []string{"5:11 `constant` has no value; expected a value"}},
		{"one header for two columns", "tables: {a: {columns: {x: {from: n}, y: {from: n}, n: {default: 1}}}}\n", []string{
			"2:38 the columns `x` and `y` are both read from the header `n` -- give each a header of its own",
			"2:52 the columns `x` and `n` are both read from the header `n`"}},
		{"a header that is read and ignored", "tables:\n  a:\n    columns: {x: {from: n}, y: {default: 1}, z: {constant: 1}}\n    ignore: [n, y, z]\n", []string{
			"5:14 the header `n` is to be ignored, but the column `x` is read from it (line 4) -- keep one of the two",
			"5:17 the header `y` is to be ignored, but the column `y` is read from it (line 4)"}},
		{"rules that are none", "tables:\n  a:\n    columns:\n      x: {pattern: '[a', references: .id, required: maybe}\n      y: {references: b.}\n      z: {min: [1]}\n    unique: [[p, q, p], []]\n", []string{
			"5:20 `[a` is not a regular expression: error parsing regexp: missing closing ]: `[a` -- see https://github.com/google/re2/wiki/Syntax",
			"5:38 `.id` is not a column of a table -- write it as table.column, or as the table alone",
			"5:53 expected true or false, found text", "6:23 `b.` is not a column of a table", "7:16 expected a value, found a list",
			"8:21 the column `p` stands here a second time -- keep one of the two", "8:25 the list is empty; it needs at least one"}},
		{"a comment for a header", "tables: {a: {columns: {x: {from: '#n'}}}}\n", []string{"2:24 a column whose header begins with # is a comment and is not read -- rename the sheet's column"}},
		{"aliases", "tables:\n  a: {columns: {x: {aliases: {' a': 1, b: [1], '': 2}}}}\n", []string{
			"3:31 the alias ` a` has blanks around it, which cells are read without -- leave them out", "3:43 expected a value, found a list",
			"3:48 expected a name, found an empty one"}},
		{"a list without a separator", "tables: {a: {columns: {x: {list: ''}}}}\n", []string{"2:34 expected text, found an empty one"}},
		{"too many sheets", "tables:\n  a:\n    sheets:\n" + manySheets(maxSheets+1), []string{
			fmt.Sprintf("%d:7 the mapping has %d entries; at most %d are allowed", 5+maxSheets, maxSheets+1, maxSheets)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, problems := LoadConfig(configFS("environments: [{name: staging}]\n" + tt.tables))
			if config != nil {
				t.Errorf("a configuration came with problems: %+v", config)
			}
			checkProblems(t, problems, tt.want)
		})
	}
}

func manySheets(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "      s%d: {}\n", i)
	}
	return b.String()
}
