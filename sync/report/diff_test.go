package report

import (
	"strings"
	"testing"

	"liveops/datasheets"
	"liveops/sync/bookdiff"
	"liveops/sync/plan"
)

// sheet is a changed sheet of a comparison; columns are as for table.
func sheet(state bookdiff.State, name string, keys int, columns ...string) bookdiff.Sheet {
	t := table(name, keys, columns...)
	for i, c := range t.Schema.Columns {
		t.Schema.Columns[i].Type = datasheets.SheetText
		if c.Type == datasheets.Integer {
			t.Schema.Columns[i].Type = datasheets.SheetNumber
		}
	}
	t.Rows = 7
	return bookdiff.Sheet{State: state, Table: t}
}

// diffs are the comparisons that the golden files show.
func diffs() map[string]*bookdiff.Diff {
	item := sheet(bookdiff.Changed, "item", 1, "id:int", "name:text", "price:int", "since:text")
	remove(item.Table, 3, "Old boots", 5, nil)
	insert(item.Table, 4, "용의 검", 900, "2024-03-01")
	update(item.Table, values(1, "Sword", 100, nil), values(1, "Sword", `"120"`, "2024-03-01"))
	update(item.Table, values(2, "Shield", 80, "(empty)"), values(2, " Shield", nil, nil))
	item.AddedColumns, item.RemovedColumns = []string{"since"}, []string{"note", "memo|2"}
	pool := sheet(bookdiff.Changed, "pool", 0, "item:int", "weight:int")
	pool.Note = "the key 5 stands at A3 and at A9 of old.xlsx; rows are matched as wholes"
	remove(pool.Table, 5, 10)
	insert(pool.Table, 5, 12)
	fresh, empty := sheet(bookdiff.Added, "bonus", 1, "id:int"), sheet(bookdiff.Removed, "#note", 0)
	insert(fresh.Table, 1)
	hostile := sheet(bookdiff.Changed, "</details>@octocat", 1, "[x](https://evil.example):text", "b:text")
	update(hostile.Table, values("```\x1b[31m", "\u202e#12"), values("```\x1b[31m", "| @octocat"))
	columns := sheet(bookdiff.Changed, "item", 1, "id:int")
	columns.AddedColumns = []string{"since"}
	return map[string]*bookdiff.Diff{
		"story":   {Old: "old.xlsx", New: "datasheets/items.xlsx", Sheets: []bookdiff.Sheet{item, pool, fresh, empty}},
		"hostile": {Old: "`a`.xlsx", New: "`a`.xlsx", Sheets: []bookdiff.Sheet{hostile}},
		"added":   {New: "bonus.xlsx", Sheets: []bookdiff.Sheet{fresh}},
		"removed": {Old: "bonus.xlsx"},
		"columns": {Old: "a.xlsx", New: "a.xlsx", Sheets: []bookdiff.Sheet{columns}},
		"same":    {Old: "a.xlsx", New: "b.xlsx"},
	}
}

func TestDiff(t *testing.T) {
	for name, d := range diffs() {
		t.Run(name, func(t *testing.T) {
			var text, json strings.Builder
			if err := DiffText(&text, d, TextOptions{Color: name == "story", Width: 100}); err != nil {
				t.Fatal(err)
			}
			golden(t, "diff-"+name+".txt", text.String())
			golden(t, "diff-"+name+".md", DiffMarkdown(d))
			if err := DiffJSON(&json, d); err != nil {
				t.Fatal(err)
			}
			golden(t, "diff-"+name+".json", json.String())
		})
	}
}

// However much differs, the Markdown fits into a comment and counts all of it.
func TestDiffMarkdownFits(t *testing.T) {
	d := &bookdiff.Diff{Old: "a.xlsx", New: "a.xlsx"}
	for range 300 {
		s := sheet(bookdiff.Changed, strings.Repeat("시트", 15), 1, "id:int", "text:text")
		for i := range 200 {
			s.Table.Changes = append(s.Table.Changes, plan.Change{Op: plan.Insert, After: values(i, strings.Repeat("긴 글", 100))})
		}
		s.Note = strings.Repeat("note ", 100)
		d.Sheets = append(d.Sheets, s)
	}
	got := DiffMarkdown(d)
	if n := length(got); n > longestComment {
		t.Errorf("%d units", n)
	}
	if !strings.Contains(got, "+60,000 in 300 sheets") {
		t.Errorf("the total is missing:\n%.200s", got)
	}
}
