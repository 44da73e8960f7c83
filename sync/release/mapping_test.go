package release_test

import (
	"fmt"
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

// designMapping are the `tables` of docs/design.md, as one real game needed them.
const designMapping = config + `tables:
  stuff:
    sheets:
      EquipmentItemSeoul: {stuff_type: {notIn: [T, M, AT]}}
      TreasureItemData:   {stuff_type: {in: [T]}}
      Material:           {stuff_type: {in: [M]}}
      Artifact:           {stuff_type: {in: [AT]}}
  level_guide:           {sheets: {LevelContents: {}}}
  gashapon_step1:        {sheets: {Gashapone_Step1_Rate: {}}}
  gashapon_step2:        {sheets: {Gashapone_Step2_Rate: {}}}
  weekly_ranking_reward: {sheets: {WeeklyRankReward: {}}}
`

var designDDL = []string{
	"CREATE TABLE stuff (stuff_id INT NOT NULL PRIMARY KEY, name VARCHAR(60) NOT NULL, stuff_type VARCHAR(4) NULL, price INT NOT NULL) CHARACTER SET utf8mb4",
	"CREATE TABLE level_guide (chapter INT NOT NULL, level INT NOT NULL, experience INT NOT NULL, hint TEXT NULL, PRIMARY KEY (chapter, level)) CHARACTER SET utf8mb4",
	"CREATE TABLE gashapon_step1 (grade CHAR(1) NOT NULL PRIMARY KEY, rate DECIMAL(8,5) NOT NULL)",
	"CREATE TABLE gashapon_step2 (grade CHAR(1) NOT NULL, stuff_id INT NOT NULL, rate DOUBLE NOT NULL, PRIMARY KEY (grade, stuff_id), FOREIGN KEY (stuff_id) REFERENCES stuff (stuff_id))",
	"CREATE TABLE weekly_ranking_reward (rank_from INT NOT NULL PRIMARY KEY, rank_to INT NOT NULL, crystal INT NOT NULL, stuff_id INT NULL, FOREIGN KEY (stuff_id) REFERENCES stuff (stuff_id))",
}

// stuffSheet is a sheet of table stuff. A row is "id|name|type|price".
func stuffSheet(name string, rows ...string) xlsx.Sheet {
	return sheetOf(name, "stuff_id|name|stuff_type|price", rows...)
}

// sheetOf is a sheet of text cells, which stand between bars; "" is an empty cell.
func sheetOf(name, header string, rows ...string) xlsx.Sheet {
	s := xlsx.Sheet{Name: name, Header: strings.Split(header, "|")}
	for _, r := range rows {
		var cells []any
		for c := range strings.SplitSeq(r, "|") {
			cells = append(cells, c)
		}
		s.Rows = append(s.Rows, cells)
	}
	return s
}

// The design's example from the first release to a change that moves rows between sheets.
func TestDesignMapping(t *testing.T) {
	w := newWorld(t, designDDL...)
	files := func(stuff ...xlsx.Sheet) map[string][]byte {
		return map[string][]byte{
			"datasheets/items.xlsx":  book(t, stuff...),
			"datasheets/levels.xlsx": book(t, sheetOf("LevelContents", "chapter|level|experience|hint", "1|1|0|시작", "1|2|120|", "2|1|500|ボス")),
			"datasheets/gashapon.xlsx": book(t, sheetOf("Gashapone_Step1_Rate", "grade|rate", "S|0.5", "A|99.5"),
				sheetOf("Gashapone_Step2_Rate", "grade|stuff_id|rate", "S|30031|1", "A|30008|0.000033", "A|30001|0.999967")),
			"datasheets/ranking.xlsx": book(t, sheetOf("WeeklyRankReward", "rank_from|rank_to|crystal|stuff_id", "1|1|1000|30031", "2|10|100|")),
		}
	}
	first := files(
		stuffSheet("EquipmentItemSeoul", "30001|나무 검|W|100", "30002|강철 검||900"), // no type at all: notIn takes NULL too
		stuffSheet("TreasureItemData", "30020|순한맛 쿠키|T|0"),
		stuffSheet("Material", "30008|妖精の粉|M|110"),
		stuffSheet("Artifact", "30031|고대의 나침반|AT|24000"))
	if p := w.run(w.commitWith("c1", designMapping, first), nil); states(p) != "staging applied, production applied" || p.Steps[1].Count.Inserted != 15 {
		t.Fatalf("%s, %+v", states(p), p.Steps)
	}
	second := w.commitWith("c2", designMapping, files(
		stuffSheet("EquipmentItemSeoul", "30001|나무 검|W|100"),
		stuffSheet("TreasureItemData", "30020|순한맛 쿠키|T|0", "30008|妖精の粉|T|110"), // from Material
		stuffSheet("Material", "30009|철광석|M|15"),
		stuffSheet("Artifact", "30031|고대의 나침반|AT|25000")))
	p := w.plan("staging", second)
	want := "stuff 5 rows, 0 unowned\n" +
		"  delete 30002|강철 검|NULL|900\n" +
		"  update 30008|妖精の粉|M|110 → 30008|妖精の粉|T|110 at datasheets/items.xlsx › TreasureItemData › A3\n" +
		"  insert 30009|철광석|M|15 at datasheets/items.xlsx › Material › A2\n" +
		"  update 30031|고대의 나침반|AT|24000 → 30031|고대의 나침반|AT|25000 at datasheets/items.xlsx › Artifact › A2\n"
	if got := showTables(p); got != want || len(p.Problems) > 0 {
		t.Fatalf("plan %v\n%swant\n%s", p.Problems, got, want)
	}
	if names := tableNames(p); names != "gashapon_step1 gashapon_step2 level_guide stuff weekly_ranking_reward" {
		t.Errorf("tables %s", names)
	}
	if sources := p.Tables[3].Sources; len(sources) != 4 || sources[0].Sheet != "EquipmentItemSeoul" || sources[3].Sheet != "Artifact" {
		t.Errorf("sources %v", sources)
	}
	if got := states(w.run(second, nil)); got != "staging applied, production applied" {
		t.Fatal(got)
	}
	if got := w.text("production", "SELECT GROUP_CONCAT(stuff_id, COALESCE(stuff_type, '-') ORDER BY stuff_id) FROM stuff"); got != "30001W,30008T,30009M,30020T,30031AT" {
		t.Errorf("stuff is %s", got)
	}
	if again := w.plan("production", second); again.Count().Total() != 0 {
		t.Errorf("a second plan changes %s", showTables(again))
	}
}

func tableNames(p *release.Plan) string {
	var names []string
	for _, t := range p.Tables {
		names = append(names, t.Schema.Name)
	}
	return strings.Join(names, " ")
}

// showTables are the tables that change, change by change.
func showTables(p *release.Plan) string {
	var b strings.Builder
	for _, t := range p.Changed() {
		fmt.Fprintf(&b, "%s %d rows, %d unowned\n", t.Schema.Name, t.Rows, t.Unowned)
		for _, c := range t.Changes {
			b.WriteString("  " + c.Op.String() + " ")
			switch c.Op {
			case plan.Delete:
				b.WriteString(showRow(c.Before))
			case plan.Insert:
				b.WriteString(showRow(c.After) + " at " + c.At.String())
			case plan.Update:
				b.WriteString(showRow(c.Before) + " → " + showRow(c.After) + " at " + c.At.String())
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func showRow(vs []datasheets.Value) string {
	var out []string
	for _, v := range vs {
		switch {
		case v.IsNull():
			out = append(out, "NULL")
		case v.IsDefault():
			out = append(out, "DEFAULT")
		default:
			out = append(out, v.Text())
		}
	}
	return strings.Join(out, "|")
}

// Rows that no sheet owns are counted and stay, whatever is in them, through apply, read-back and rollback.
func TestUnownedRowsAreLeftAlone(t *testing.T) {
	w := newWorld(t, designDDL[0])
	mapping := config + "tables: {stuff: {sheets: {Material: {stuff_type: {in: [M]}}, Artifact: {stuff_type: {in: [AT]}}}}}\n"
	for _, e := range []string{"staging", "production"} {
		w.exec(e, "INSERT INTO stuff VALUES (1, 'gm sword', 'GM', 1), (2, 'nothing', NULL, 2), (3, 'ore', 'M', 3), (4, 'lower case', 'm', 4)")
	}
	d := w.commitWith("c1", mapping, map[string][]byte{"datasheets/items.xlsx": book(t,
		sheetOf("Material", "stuff_id|name|price", "5|mithril|50"), // no stuff_type: the filter leaves it M
		stuffSheet("Artifact", "6|compass|AT|60"))})
	p := w.plan("staging", d)
	want := "stuff 2 rows, 3 unowned\n  delete 3|ore|M|3\n  insert 5|mithril|M|50 at datasheets/items.xlsx › Material › A2\n" +
		"  insert 6|compass|AT|60 at datasheets/items.xlsx › Artifact › A2\n"
	if got := showTables(p); got != want || len(p.Problems) > 0 {
		t.Fatalf("plan %v\n%swant\n%s", p.Problems, got, want)
	}
	w.exec("staging", "INSERT INTO stuff VALUES (7, 'by the game meanwhile', 'GM', 7)") // moves nothing of the plan
	progress := w.run(d, map[string]string{"staging": p.Digest, "production": w.plan("production", d).Digest})
	if states(progress) != "staging applied, production applied" {
		t.Fatalf("%s: %+v", states(progress), progress.Steps[0])
	}
	all := "SELECT GROUP_CONCAT(stuff_id, ':', name ORDER BY stuff_id) FROM stuff"
	if got := w.text("staging", all); got != "1:gm sword,2:nothing,4:lower case,5:mithril,6:compass,7:by the game meanwhile" {
		t.Errorf("after the release: %s", got)
	}
	if _, err := w.store("staging").Rollback(t.Context(), mysqlstore.RollbackRequest{Release: progress.Steps[0].Release, Actor: "mina"}); err != nil {
		t.Fatal(err)
	}
	if got := w.text("staging", all); got != "1:gm sword,2:nothing,3:ore,4:lower case,7:by the game meanwhile" {
		t.Errorf("after the rollback: %s", got)
	}
}

// A row that becomes a sheet's while the release is under way is found by the read-back, though the plan did not
// touch it.
func TestReadBackSeesARowThatBecameOwned(t *testing.T) {
	w := newWorld(t, designDDL[0])
	mapping := config + "tables: {stuff: {sheets: {Material: {stuff_type: {in: [M]}}}}}\n"
	w.exec("staging", "INSERT INTO stuff VALUES (1, 'gm sword', 'GM', 1)")
	d := w.commitWith("c1", mapping, map[string][]byte{"datasheets/items.xlsx": book(t, stuffSheet("Material", "5|mithril|M|50"))})
	p := w.plan("staging", d)
	w.exec("staging", "UPDATE stuff SET stuff_type = 'M'")
	_, err := w.store("staging").Apply(t.Context(), applyRequest(p))
	if err == nil || !strings.Contains(err.Error(), "not what the sheets say (2 rows, the sheets have 1)") {
		t.Fatalf("apply: %v", err)
	}
	if got := w.text("staging", "SELECT COUNT(*) FROM stuff"); got != "1" {
		t.Errorf("%s rows", got)
	}
}

func applyRequest(p *release.Plan) mysqlstore.Request {
	return mysqlstore.Request{Commit: p.Commit, Digest: p.Digest, Actor: "mina", Epoch: p.Base.Epoch, Tables: p.Tables}
}
