package release_test

import (
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/release"
)

// A problem is told as a whole, with its position; while there is one, nothing of its table is planned.
func TestMappingProblems(t *testing.T) {
	const ddl = "CREATE TABLE stuff (stuff_id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, stuff_type VARCHAR(4) NULL, price INT NOT NULL DEFAULT 0) CHARACTER SET utf8mb4"
	const words = "CREATE TABLE word (word VARCHAR(20) NOT NULL PRIMARY KEY, kind VARCHAR(4) NOT NULL) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"
	w := newWorld(t, ddl, words)
	w.exec("staging", "INSERT INTO stuff VALUES (1, 'sword', 'W', 10), (2, 'ore', 'M', 20), (3, 'nothing', NULL, 30)")
	w.exec("staging", "INSERT INTO word VALUES ('axe', 'GM'), ('Bow', 'T')")
	two := "tables:\n  stuff:\n    sheets:\n      Weapon: {stuff_type: {in: [W]}}\n      Material: {stuff_type: {in: [M]}}\n" // lines 7 to 10
	weapons := stuffSheet("Weapon", "1|sword|W|10")
	materials := stuffSheet("Material", "2|ore|M|20")
	for _, c := range []struct {
		name   string
		tables string
		files  map[string][]xlsx.Sheet
		want   []string
	}{
		{"nothing wrong", two, map[string][]xlsx.Sheet{"a": {weapons, materials}}, nil},
		{"a row outside its sheet's filter", two, map[string][]xlsx.Sheet{"a": {weapons, stuffSheet("Material", "2|ore|M|20", "4|bow|W|40", "5|gem|X|50")}}, []string{
			`datasheets/a.xlsx › Material › C3: stuff_type is "W", but the sheet owns the rows where it is "M" (move the row to the sheet Weapon, or correct the cell)`,
			`datasheets/a.xlsx › Material › C4: stuff_type is "X", but the sheet owns the rows where it is "M" (correct the cell, or the sheet's filter (liveops.yaml, line 10))`}},
		{"overlapping filters", two + "      Rest: {stuff_type: {notIn: [W]}}\n", map[string][]xlsx.Sheet{"a": {weapons, materials, stuffSheet("Rest", "3|nothing||30")}}, []string{
			`liveops.yaml:11:7: the sheets "Material" and "Rest" could own the same row of the table stuff (give both a condition on one column, without a value in common)`}},
		{"a mapped sheet that is missing", two, map[string][]xlsx.Sheet{"a": {weapons}, "b": {{Name: "#Materials", Header: []string{"a note"}}}}, []string{
			`liveops.yaml:10:7: no workbook has the sheet "Material" of the table stuff (add the sheet, or take it out of liveops.yaml)`}},
		{"a mapped sheet that is misspelt", two, map[string][]xlsx.Sheet{"a": {weapons, stuffSheet("Materials", "2|ore|M|20")}}, []string{
			`datasheets/a.xlsx › Materials: there is no table "Materials" (name the sheet after its table, map it in liveops.yaml, or begin its name with # to make it a note)`,
			`liveops.yaml:10:7: no workbook has the sheet "Material" of the table stuff (the nearest is Materials)`}},
		{"a key of a row that no sheet owns", two, map[string][]xlsx.Sheet{"a": {weapons, stuffSheet("Material", "2|ore|M|20", "3|gem|M|30")}}, []string{
			"datasheets/a.xlsx › Material › A3: the key 3 belongs to a row of the table that no sheet owns (give the row a key of its own, or let a sheet's filter in liveops.yaml take that row in)"}},
		{"a key that only the server takes for one that no sheet owns", "tables: {word: {sheets: {Words: {kind: {in: [T]}}}}}\n", map[string][]xlsx.Sheet{"a": {sheetOf("Words", "word|kind", "bow|T", "AXE|T")}}, []string{
			"datasheets/a.xlsx › Words › A3: the key AXE belongs to a row of the table that no sheet owns (give the row a key of its own, or let a sheet's filter in liveops.yaml take that row in)"}},
		{"one key in two sheets", two, map[string][]xlsx.Sheet{"a": {weapons}, "b": {stuffSheet("Material", "2|ore|M|20", "1|sword|M|10")}}, []string{
			"datasheets/b.xlsx › Material › A3: the key 1 stands already at datasheets/a.xlsx › Weapon › A2 (give the row a key of its own, or delete one of the two)"}},
		{"sheets that manage different columns", two, map[string][]xlsx.Sheet{"a": {weapons, sheetOf("Material", "stuff_id|name", "2|ore")}}, []string{
			"datasheets/a.xlsx › Material: the column price is missing, which the sheet Weapon of the same table has (add the column here, or take it out of the table's other sheets)"}},
		{"one sheet without a header, problems in the other's rows", two, map[string][]xlsx.Sheet{"a": {{Name: "Weapon"}, stuffSheet("Material", "x|ore|M|20")}}, []string{
			`datasheets/a.xlsx › Material › A2: found "x", but stuff_id (int(11)) takes a whole number from -2147483648 to 2147483647 (write the number with digits only)`,
			"datasheets/a.xlsx › Weapon › A1: row 1 is empty; it must hold the column names (write the column names into row 1, or begin the sheet's name with # to make it a note)"}},
		{"a table that is not there", "tables: {stuf: {sheets: {Weapon: {}}}}\n", map[string][]xlsx.Sheet{"a": {weapons}}, []string{
			`liveops.yaml:6:10: there is no table "stuf"; nearest: stuff (correct the table's name, or have the table made)`}},
		{"the table's own name for a sheet besides those that it has", two, map[string][]xlsx.Sheet{"a": {weapons, materials, stuffSheet("stuff", "5|x|X|1")}}, []string{
			"datasheets/a.xlsx › stuff: the table stuff is described by other sheets (liveops.yaml, line 7): Weapon, Material (rename the sheet, or add it to the table's sheets)"}},
		{"a sheet in two workbooks", two, map[string][]xlsx.Sheet{"a": {weapons, materials}, "b": {weapons}}, []string{
			"datasheets/b.xlsx › Weapon: table stuff is described already by a sheet of datasheets/a.xlsx (keep one of the two sheets, or begin the other's name with # to make it a note; a table that is spread over workbooks needs `workbooks` in liveops.yaml)"}},
		{"a workbook that is none of the table's", "tables: {stuff: {workbooks: [datasheets/a*.xlsx, datasheets/c.xlsx], sheets: {Weapon: {}}}}\n", map[string][]xlsx.Sheet{"a1": {weapons}, "b": {weapons}}, []string{
			"datasheets/b.xlsx › Weapon: the workbook is none of those that the table stuff is spread over (liveops.yaml, line 6) (move the workbook, add it to the table's workbooks, or begin the sheet's name with # to make it a note)",
			`liveops.yaml:6:50: no workbook of this path has a sheet of the table stuff: "datasheets/c.xlsx" (correct the path, or take it out)`}},
		{"an environment that is not there", "", map[string][]xlsx.Sheet{"a": {sheetOf("stuff", "stuff_id|name|price@stage|#env", "1|sword|10|")}}, []string{
			`datasheets/a.xlsx › stuff › C1: "stage" is no environment of liveops.yaml (the environments are staging, production)`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, sheets := range c.files {
				files["datasheets/"+name+".xlsx"] = book(t, sheets...)
			}
			p := w.plan("staging", w.commitWith("c", config+c.tables, files))
			var got []string
			for i := range p.Problems {
				got = append(got, p.Problems[i].Error())
			}
			if g, want := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != want {
				t.Errorf("problems\n%s\nwant\n%s", g, want)
			}
			if (p.Digest == "") != (len(c.want) > 0) {
				t.Errorf("digest %q", p.Digest)
			}
		})
	}
}

// What cannot be read may hold what is missing: one problem, not two.
func TestMissingSheetMayBeInABrokenWorkbook(t *testing.T) {
	w := newWorld(t, designDDL[0])
	d := w.commitWith("c", config+"tables: {stuff: {sheets: {Weapon: {}}}}\n", map[string][]byte{"datasheets/a.xlsx": []byte("not a workbook")})
	p := w.plan("staging", d)
	if len(p.Problems) != 1 || p.Problems[0].At.Path != "datasheets/a.xlsx" || len(p.Tables) != 0 {
		t.Errorf("%v, %v", p.Problems, p.Tables)
	}
}

// A sheet that liveops.yaml gives another shape is checked in that shape, also without a database: errors count in
// cells that are read.
func TestCheckKnowsTheMapping(t *testing.T) {
	fault := func(column int) datasheets.Cell {
		return datasheets.Cell{Column: column, Kind: datasheets.Fault, Text: []byte("#REF!")}
	}
	text := func(column int, s string) datasheets.Cell {
		return datasheets.Cell{Column: column, Kind: datasheets.Text, Text: []byte(s)}
	}
	rows := []datasheets.Row{
		{Number: 1, Cells: []datasheets.Cell{fault(1)}},
		{Number: 2, Cells: []datasheets.Cell{text(1, "id"), text(2, "memo"), text(3, "#x"), text(4, "name")}},
		{Number: 3, Cells: []datasheets.Cell{fault(4)}},
		{Number: 4, Cells: []datasheets.Cell{text(1, "# old"), fault(4)}},
		{Number: 5, Cells: []datasheets.Cell{fault(1), fault(2), fault(3), fault(4)}},
	}
	s := &datasheets.Sheet{Path: "a.xlsx", Name: "stuff", Rows: func(yield func(datasheets.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}}
	for _, c := range []struct {
		name   string
		layout datasheets.Layout
		want   string
	}{
		{"a header in row 2, a row that is skipped", datasheets.Layout{Header: 2, Skip: 1}, "A5 D5"},
		{"the same without skipping", datasheets.Layout{Header: 2}, "D3 A5 D5"},
		{"no header", datasheets.Layout{Header: 9}, "A9"},
		{"vertical", datasheets.Layout{Header: 2, Vertical: true}, "B5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := datasheets.Mapping{Table: "stuff", Layout: c.layout, Sheets: []datasheets.SheetMapping{{Name: "stuff"}}, Ignore: []string{"memo"}}
			d := release.Desired{Tables: []release.DesiredTable{{Mapping: &m, Sheets: []*datasheets.Sheet{s}}}}
			problems, err := d.Check(t.Context())
			var cells []string
			for _, p := range problems {
				cells = append(cells, p.At.Cell)
			}
			if got := strings.Join(cells, " "); err != nil || got != c.want {
				t.Errorf("problems at %s, %v; want %s", got, err, c.want)
			}
		})
	}
}

// A table that is spread over workbooks is the rows of all of them; a vertical sheet is a row; an environment gets
// what is its own.
func TestWorkbooksVerticalAndEnvironments(t *testing.T) {
	w := newWorld(t, "CREATE TABLE hero (id INT NOT NULL PRIMARY KEY, name VARCHAR(20) NOT NULL, hp INT NOT NULL)",
		"CREATE TABLE config (id TINYINT NOT NULL PRIMARY KEY, open_at DATETIME NOT NULL, tags JSON NULL)")
	tables := `tables:
  hero:
    workbooks: [datasheets/heroes/*.xlsx]
    columns: {name: {from: "name[ko]"}}
    ignore: ["name[ja]"]
  config:
    vertical: true
    columns: {id: {constant: 1}, tags: {list: ","}}
`
	header := "#env|id|name[ko]|name[ja]|hp@staging|hp@!staging"
	d := w.commitWith("c1", config+tables, map[string][]byte{
		"datasheets/heroes/a.xlsx": book(t, sheetOf("hero", header, "|1|사자|獅子|10|11", "staging|2|곰|熊|20|21")),
		"datasheets/heroes/b.xlsx": book(t, sheetOf("hero", header, "!staging|3|늑대|狼|30|31", "#||x", "|4|매|鷹|40|41")),
		"datasheets/config.xlsx":   book(t, xlsx.Sheet{Name: "config", Header: []string{"open_at", "2024-03-01 09:00:00", "when it opens"}, Rows: [][]any{{"tags", "a, 2"}}}),
	})
	if p := w.run(d, nil); states(p) != "staging applied, production applied" {
		t.Fatalf("%s %+v", states(p), p.Steps[0])
	}
	for environment, want := range map[string]string{"staging": "1:사자:10,2:곰:20,4:매:40", "production": "1:사자:11,3:늑대:31,4:매:41"} {
		if got := w.text(environment, "SELECT GROUP_CONCAT(id, ':', name, ':', hp ORDER BY id) FROM hero"); got != want {
			t.Errorf("%s has %s, want %s", environment, got, want)
		}
	}
	if got := w.text("staging", "SELECT CONCAT(id, ' ', open_at, ' ', tags) FROM config"); got != `1 2024-03-01 09:00:00 ["a",2]` {
		t.Errorf("config is %s", got)
	}
	if p := w.plan("production", d); p.Count().Total() != 0 || p.Tables[1].Sources[1].Path != "datasheets/heroes/b.xlsx" {
		t.Errorf("a second plan: %s %v", showTables(p), p.Tables[1].Sources)
	}
}
