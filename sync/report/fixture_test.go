package report

import (
	stdcontext "context"
	"fmt"
	"strings"
	"testing/fstest"
	"time"

	"liveops/datasheets"
	"liveops/sync/bookdiff"
	"liveops/sync/mysqlstore"
	"liveops/sync/plan"
	"liveops/sync/release"
)

const (
	headCommit  = "a1b2c3d4e5f60718293a4b5c6d7e8f9001122334"
	baseCommit  = "9e8d7c6b5a49382716050f1e2d3c4b5a69788796"
	mergeCommit = "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334"
)

var (
	now     = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	digestA = strings.Repeat("3f9c21ab", 8)
	digestB = strings.Repeat("77d0e5f2", 8)
)

// table makes a table from columns such as "id:int", the first keys of them its key; nullable, all managed.
func table(name string, keys int, columns ...string) *plan.Table {
	types := map[string]datasheets.Type{
		"int": datasheets.Integer, "decimal": datasheets.Decimal, "text": datasheets.String, "enum": datasheets.Enum,
		"json": datasheets.JSON, "time": datasheets.DateTime, "binary": datasheets.Binary,
	}
	t := &plan.Table{Schema: &datasheets.Table{Name: name, Engine: "InnoDB"}, Sources: []plan.Source{{Path: "datasheets/" + name + ".xlsx", Sheet: name}}}
	for i, c := range columns {
		n, typ, _ := strings.Cut(c, ":")
		t.Schema.Columns = append(t.Schema.Columns, datasheets.Column{Name: n, Type: types[typ]})
		t.Managed = append(t.Managed, i)
		if i < keys {
			t.Schema.Key = append(t.Schema.Key, i)
		}
	}
	return t
}

// values are the values of a row: nil is NULL, datasheets.ServerDefault is itself.
func values(vs ...any) []datasheets.Value {
	out := make([]datasheets.Value, len(vs))
	for i, v := range vs {
		switch v := v.(type) {
		case nil:
		case datasheets.Value:
			out[i] = v
		default:
			out[i] = datasheets.NewValue(fmt.Sprint(v))
		}
	}
	return out
}

func at(t *plan.Table) datasheets.Position {
	return datasheets.Position{Path: t.Sources[0].Path, Sheet: t.Sources[0].Sheet, Cell: datasheets.CellName(1, len(t.Changes)+2)}
}

func remove(t *plan.Table, vs ...any) {
	t.Changes = append(t.Changes, plan.Change{Op: plan.Delete, Before: values(vs...)})
}

func insert(t *plan.Table, vs ...any) {
	t.Changes = append(t.Changes, plan.Change{Op: plan.Insert, After: values(vs...), At: at(t)})
}

func update(t *plan.Table, before, after []datasheets.Value) {
	t.Changes = append(t.Changes, plan.Change{Op: plan.Update, Before: before, After: after, At: at(t)})
}

func planOf(environment, digest string, tables ...*plan.Table) *release.Plan {
	for _, t := range tables {
		plan.SortChanges(t)
	}
	return &release.Plan{Environment: environment, Commit: mergeCommit, Tables: tables, Digest: digest}
}

// stuff is a table of a game that speaks several languages.
func stuff() *plan.Table {
	t := table("stuff", 1, "stuff_id:int", "name:text", "stuff_type:enum", "price:int", "grade:enum", "note:text")
	t.Sources = []plan.Source{{Path: "datasheets/items.xlsx", Sheet: "TreasureItemData"}, {Path: "datasheets/items.xlsx", Sheet: "Artifact"}}
	t.Rows = 412
	remove(t, 30021, "산타맛 쿠키", "T", 0, "S", nil)
	insert(t, 30104, "용사맛 쿠키 🍪", "T", 1200, "A", "")
	insert(t, 30105, "勇者の剣", "AT", 3400, "S", "NULL")
	insert(t, 30106, "น้ำผึ้งป่า", "M", 15, "C", datasheets.ServerDefault)
	update(t, values(30007, "마법사의 지팡이", "T", 110, "B", nil), values(30007, "마법사의 지팡이", "T", 120, "B", nil))
	update(t, values(30008, "妖精の粉 ✨", "M", 110, "B", nil), values(30008, "妖精の粉 ✨", "M", 120, "A", "限定"))
	update(t, values(30011, "Dragn Tail", "M", 5, "C", nil), values(30011, "Dragon Tail", "M", 5, "C", nil))
	return t
}

func levels(experience int) *plan.Table {
	t := table("level_guide", 2, "chapter:int", "level:int", "experience:int", "hint:text")
	t.Sources = []plan.Source{{Path: "datasheets/levels.xlsx", Sheet: "LevelContents"}}
	update(t, values(3, 12, experience, "두 번째 보스를 조심하세요"), values(3, 12, 2400, "두 번째 보스를 조심하세요"))
	return t
}

func pull(plans ...*release.Plan) Pull {
	return Pull{Number: 41, Base: baseCommit, BaseName: "main", Head: headCommit, Merge: mergeCommit, Plans: plans, Took: 1240 * time.Millisecond, When: now}
}

func story() Pull {
	return pull(planOf("staging", digestA, levels(2200), stuff()), planOf("production", digestB, table("level_guide", 2, "chapter:int", "level:int"), stuff()))
}

func problems() []datasheets.Problem {
	return []datasheets.Problem{
		{At: datasheets.Position{Path: "datasheets/items.xlsx", Sheet: "Artifact", Cell: "D18"}, Text: "`grade` is `SS`; the column takes S, A, B or C", Mend: "nearest: `S`"},
		{At: datasheets.Position{Path: "datasheets/items.xlsx", Sheet: "Artifact", Cell: "A21"}, Text: "the key 30104 stands already at A7", Mend: "give the row a key of its own, or delete one of the two"},
		{At: datasheets.Position{Path: "liveops.yaml", Line: 3, Column: 5}, Text: "unknown key `enviroments`", Mend: "nearest: `environments`"},
	}
}

// failedTests are what a rehearsal found.
func failedTests() []datasheets.Problem {
	return []datasheets.Problem{
		{At: datasheets.Position{Path: "checks/prices.sql", Line: 2}, Text: `the data test "Prices <b>are</b> fair" finds 2 rows where there must be none: id=30104, name=</details> @octocat [x](https://evil.example); id=30105, name=NULL`,
			Mend: "mend the sheets or, where it is the test that is wrong, the test"},
		{At: datasheets.Position{Path: "checks/shop.sql", Line: 1}, Text: "the data test \"shop\" is refused by the database: Unknown column 'prize' in 'field list'", Mend: "mend the test"},
		{At: datasheets.Position{Path: "datasheets/items.xlsx", Sheet: "Artifact"}, Text: "rehearsed, this is refused: stuff: the database refuses: Duplicate entry '용사맛 쿠키' for key 'name'", Mend: "mend the rows that it names; nothing was changed"},
	}
}

func wide() *plan.Table {
	columns := []string{"season:int", "id:text", "memo:text", "display_name:text"}
	for i := range 30 {
		columns = append(columns, fmt.Sprintf("bonus_%02d:decimal", i))
	}
	t := table("hero_balance", 2, columns...)
	row := func(id string, bonus int) []datasheets.Value {
		vs := values(7, id, nil, "검은 사자 "+id)
		for i := range 30 {
			vs = append(vs, datasheets.NewValue(fmt.Sprintf("%d.50", bonus*i)))
		}
		return vs
	}
	t.Changes = append(t.Changes, plan.Change{Op: plan.Insert, After: row("lion", 3), At: at(t)})
	few := row("bear", 2)
	few[9] = datasheets.Null
	t.Changes = append(t.Changes, plan.Change{Op: plan.Update, Before: row("bear", 2), After: few, At: at(t)})
	t.Changes = append(t.Changes, plan.Change{Op: plan.Update, Before: row("wolf", 2), After: row("wolf", 5), At: at(t)})
	return t
}

func huge(rows int) *plan.Table {
	t := table("drop_table", 1, "id:int", "name:text", "rate:decimal")
	for i := range rows {
		insert(t, i+1, fmt.Sprintf("상자 %d", i), "0.25")
	}
	return t
}

func longTexts() *plan.Table {
	t := table("story", 1, "id:int", "title:text", "body:text", "data:json")
	before := strings.Repeat("옛날 옛적에 ", 20) + "여우가" + strings.Repeat(" 살았어요", 20)
	after := strings.Repeat("옛날 옛적에 ", 20) + "토끼가" + strings.Repeat(" 살았어요", 20)
	update(t, values(1, "서문", before, `{"a":1}`), values(1, "서문", after, `{"a":1}`))
	update(t, values(2, "café", "x", `{"a":1}`), values(2, "cafe\u0301", "x ", `{"a":[1,2]}`))
	update(t, values(3, "끝", "줄\n둘", nil), values(3, "끝", "줄\n둘\n", `null`))
	return t
}

// hostile are texts that try to become something else.
func hostile() []string {
	return []string{
		"</details><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- x --> -->", "@everyone @octocat", "octo/repo#12 #7 GH-3",
		"[x](https://evil.example)", "![i](https://evil.example/i.png)", "https://evil.example/a www.evil.example mail@evil.example",
		"```\n</details>\n# heading", "`````", "`", "a`b``c", "*bold* _em_ ~~gone~~ **x**", ":smile: :+1:", "a|b\\|c\\\\|d", "|", "\\", "&lt;b&gt; &#64;x",
		"\u202ereversed\u202c", "zero\u200bwidth\ufeff", "line\r\nbreak\tand tab", "\x1b[31mred\x1b[0m", "0123456789abcdef0123456789abcdef01234567", "deadbeef",
		"1. list", "- [ ] task", "> quote", "$x^2$", "    indented", "===", "# h", " lead", "trail ", "x\u0301\u0301\u0301", "\xff\xfe", "fixes #1", "`@a``@b`",
	}
}

func hostileTable(s string) *plan.Table {
	t := table("t"+s, 1, "id"+s+":text", "name"+s+":text", "n:int")
	t.Schema.Columns[0].Name, t.Schema.Columns[1].Name = "id"+s, "name"+s
	t.Schema.Columns[0].Type, t.Schema.Columns[1].Type = datasheets.String, datasheets.String
	t.Sources = []plan.Source{{Path: "datasheets/" + s + ".xlsx", Sheet: s}}
	insert(t, "a"+s+" ", s+" ", 1) // a blank at the end is told about
	remove(t, "b"+s, s, 1)
	update(t, values("c"+s, s, 1), values("c"+s, "x"+s+" ", 2))
	return t
}

func hostilePull(s string) Pull {
	p := pull(planOf("staging", digestA, hostileTable(s)), planOf("production", digestB, hostileTable(s+"2")))
	p.BaseName, p.Note = s, s
	p.Plans[0].Problems = []datasheets.Problem{{At: datasheets.Position{Path: s, Sheet: s, Cell: s}, Text: s + " is `" + s + "`", Mend: s}}
	p.Plans[1].Base.Hold = &mysqlstore.Hold{Reason: s, By: s, Since: now}
	p.Plans[1].Pending = p.Plans[1].Tables
	p.Plans[1].Unrehearsed = s
	p.Plans[1].Campaigns = []release.CampaignChange{{Name: s, After: "a", Preview: &hostileCampaign(s)[0]}, {Name: s + "2", Before: "a"}}
	p.Unreachable = []Unreachable{{Environment: "other", Reason: s}}
	p.Policy = policy(fmt.Sprintf("    freeze: [{days: [sun], from: \"00:00\", to: \"24:00\", reason: %q}]\n    guard: %q\nlimits: {deletedRows: 0, deletedShare: 0}\nguards: {%q: {url: https://game.example/health}}", s, s, s))
	p.Confirmations = map[string][]mysqlstore.Confirmation{"production": {{Kind: mysqlstore.Limits, Digest: digestA, By: s}}}
	return p
}

// hostileAnswer is an answer with a text everywhere that somebody else writes.
func hostileAnswer(s string) Answer {
	hold := mysqlstore.Hold{Reason: s, By: s, Since: now}
	e := EnvironmentStatus{Name: "staging", State: mysqlstore.State{Commit: mergeCommit, Release: 3, Hold: &hold}, Tables: []TableRows{{Table: s, Sheets: s}},
		Last: []mysqlstore.Release{{ID: 3, Kind: mysqlstore.ApplyKind, Actor: s, Commit: mergeCommit, State: mysqlstore.Failed, Error: s, Finished: now}}}
	return Answer{Comment: 7, Asker: s, Replies: []Reply{
		{Command: "/liveops lock staging " + s, State: Done, Text: StatusMarkdown([]EnvironmentStatus{e, {Name: "other", Error: s}})},
		{Command: s, State: Refused, Text: Sentence(s, s)},
		{Command: "/liveops rollback production", State: Failed, Text: RollbackMarkdown("production", mysqlstore.Rollback{Release: mysqlstore.Release{ID: 4, Undoes: 3}, Kept: mysqlstore.Changed{{Table: s, Count: 1, Rows: []mysqlstore.ChangedRow{{Table: s, Key: s, What: s}}}, {Table: s, Count: 2, Why: s}}, Hold: hold})},
		{Command: "/liveops plan", State: Done, Text: PlansMarkdown(hostilePull(s).Plans)},
		{Command: "/liveops status", State: Working},
	}}
}

// policy is that of a liveops.yaml in Seoul whose environment production, or the file, goes on with these lines.
func policy(lines string) *release.Policy {
	file := "timezone: Asia/Seoul\nenvironments:\n  - name: staging\n  - name: production\n    after: staging\n" + lines
	if strings.Contains(lines, "guard:") && !strings.Contains(lines, "guards:") {
		file += "\nguards: {game-health: {url: https://game.example/health}}"
	}
	d, err := release.Read(stdcontext.Background(), "", fstest.MapFS{"liveops.yaml": {Data: []byte(file)}})
	if err != nil || d.Config == nil {
		panic(fmt.Sprint(err, d.Problems, file))
	}
	return release.PolicyOf(d.Config)
}

func seoul() *time.Location { return policy("").Zone() }

func progress(states ...release.StepState) *release.Progress {
	p := &release.Progress{Commit: release.Commit{ID: mergeCommit, Subject: "Balance: wands (#41)"}, Actor: "dana"}
	for i, s := range states {
		step := release.Step{Environment: []string{"staging", "production"}[i], State: s}
		if s != release.Waiting && s != release.Skipped && s != release.Queued {
			step.Started = now.Add(time.Duration(i) * time.Minute)
			step.Plan = planOf(step.Environment, digestA, stuff())
			step.Reviewed = digestA
			step.Commits = []release.Commit{p.Commit}
		}
		if s == release.Applied {
			step.Count = step.Plan.Count()
			step.Release, step.Finished = int64(17+i), step.Started.Add(380*time.Millisecond)
		}
		if s == release.Stopped {
			step.Finished = step.Started.Add(2 * time.Second)
			step.Hold = &mysqlstore.Hold{Reason: "release of 0f1e2d3c stopped", By: "liveops", Since: now}
		}
		p.Steps = append(p.Steps, step)
	}
	return p
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// workbookPull is a pull request that no database says anything of.
func workbookPull() Pull {
	p := pull()
	p.Unreachable = []Unreachable{{Environment: "staging", Reason: "LIVEOPS_STAGING_MYSQL_DSN is not set"}, {Environment: "production", Reason: "LIVEOPS_PRODUCTION_MYSQL_DSN is not set"}}
	all := diffs()
	p.Workbooks = []Workbook{
		{Path: "datasheets/`a`.xlsx", Diff: all["hostile"]},
		{Path: "datasheets/broken.xlsx", Reason: "the file is cut short or damaged: its zip directory cannot be read"},
		{Path: "datasheets/events/bonus.xlsx", Diff: &bookdiff.Diff{New: "datasheets/events/bonus.xlsx", Sheets: all["added"].Sheets}},
		{Path: "datasheets/items.xlsx", Diff: &bookdiff.Diff{Old: "datasheets/items.xlsx", New: "datasheets/items.xlsx", Sheets: all["story"].Sheets}},
		{Path: "datasheets/new.xlsx", Diff: &bookdiff.Diff{Old: "datasheets/old.xlsx", New: "datasheets/new.xlsx"}},
	}
	p.MoreWorkbooks = 12
	return p
}

// manyWorkbooks is one whose workbooks differ in more than a comment takes.
func manyWorkbooks() Pull {
	p := pull()
	p.Unreachable = workbookPull().Unreachable
	for i := range 50 {
		path := fmt.Sprintf("datasheets/%d.xlsx", i)
		d := &bookdiff.Diff{Old: path, New: path}
		for range 20 {
			s := sheet(bookdiff.Changed, strings.Repeat("시트", 15), 1, "id:int", "text:text")
			for id := range 100 {
				s.Table.Changes = append(s.Table.Changes, plan.Change{Op: plan.Insert, After: values(id, strings.Repeat("긴 글", 100))})
			}
			s.Note = strings.Repeat("note ", 100)
			d.Sheets = append(d.Sheets, s)
		}
		p.Workbooks = append(p.Workbooks, Workbook{Path: path, Diff: d})
	}
	return p
}
