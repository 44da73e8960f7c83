package release_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"liveops/datasheets/xlsx"
)

// domain are the values of the column that a random mapping tells rows by; "" is NULL.
var domain = []string{"", "A", "B", "C", "D", "e"}

// Whatever a table holds and however its rows are shared among sheets: after a release its owned rows are exactly
// the union of the sheets, and every other row is as it was.
func TestMappingProperty(t *testing.T) {
	w := newWorld(t, "CREATE TABLE thing (id INT NOT NULL PRIMARY KEY, kind VARCHAR(4) NULL, n INT NULL, name VARCHAR(20) NOT NULL) CHARACTER SET utf8mb4")
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		owner := randomPartition(r)
		have := randomThings(r, 1)
		want, sheets := randomSheets(r, owner, have)
		w.exec("staging", "DELETE FROM thing")
		for _, row := range have {
			w.exec("staging", "INSERT INTO thing VALUES ("+row.sql()+")")
		}
		id := fmt.Sprintf("c%d", seed)
		d := w.commitWith(id, "environments: [{name: staging}]\n"+mappingOf(owner), map[string][]byte{"datasheets/things.xlsx": book(t, sheets...)})
		p := w.plan("staging", d)
		if len(p.Problems) > 0 {
			t.Fatalf("seed %d: %v", seed, p.Problems)
		}
		left := 0
		for key, row := range have {
			if owner[row.kind] == "" {
				want[key] = row
				left++
			}
		}
		if got := p.Tables[0].Unowned; got != left {
			t.Fatalf("seed %d: %d unowned rows, want %d", seed, got, left)
		}
		if _, err := w.store("staging").Apply(t.Context(), applyRequest(p)); err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, showTables(p))
		}
		if got := w.text("staging", "SELECT GROUP_CONCAT(id, '|', COALESCE(kind, ''), '|', COALESCE(n, ''), '|', name ORDER BY id SEPARATOR '\\n') FROM thing"); got != list(want) {
			t.Fatalf("seed %d: the table is\n%s\nwant\n%s\nplan\n%s", seed, got, list(want), showTables(p))
		}
		if again := w.plan("staging", d); again.Count().Total() != 0 {
			t.Fatalf("seed %d: a second plan changes %s", seed, showTables(again))
		}
	}
}

// thing is a row of the table.
type thing struct {
	id         int
	kind, name string
	n          int // 0 for NULL
}

func (x thing) cells() []any {
	var n any
	if x.n != 0 {
		n = x.n
	}
	return []any{x.id, x.name, n, x.kind}
}

func (x thing) sql() string {
	return fmt.Sprintf("%d, NULLIF('%s', ''), NULLIF(%d, 0), '%s'", x.id, x.kind, x.n, x.name)
}

func list(things map[int]thing) string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(things)) {
		x := things[id]
		lines = append(lines, strings.Replace(fmt.Sprintf("%d|%s|%d|%s", x.id, x.kind, x.n, x.name), "|0|", "||", 1))
	}
	return strings.Join(lines, "\n")
}

func randomThings(r *rand.Rand, from int) map[int]thing {
	things := map[int]thing{}
	for id := from; id < from+30; id++ {
		if r.IntN(2) == 0 {
			things[id] = thing{id: id, kind: domain[r.IntN(len(domain))], n: r.IntN(3), name: []string{"a", "b", "검"}[r.IntN(3)]}
		}
	}
	return things
}

// randomPartition gives each value of the domain to a sheet, or to none: "". The last sheet may own all that is left.
func randomPartition(r *rand.Rand) map[string]string {
	owner := map[string]string{}
	n := 1 + r.IntN(3)
	rest := ""
	if r.IntN(2) == 0 {
		rest = "rest"
	}
	for _, kind := range domain {
		if i := r.IntN(n + 2); i < n {
			owner[kind] = fmt.Sprintf("S%d", i)
		} else {
			owner[kind] = rest
		}
	}
	return owner
}

// mappingOf writes a partition as filters: of the rest as what the other sheets do not own.
func mappingOf(owner map[string]string) string {
	values := map[string][]string{}
	var others []string
	for _, kind := range domain {
		literal := kind
		if kind == "" {
			literal = "null"
		}
		sheet := owner[kind]
		if sheet != "rest" {
			others = append(others, literal)
		}
		if sheet != "" && sheet != "rest" {
			values[sheet] = append(values[sheet], literal)
		}
	}
	var b strings.Builder
	b.WriteString("tables:\n  thing:\n    sheets:\n")
	for _, sheet := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "      %s: {kind: {in: [%s]}}\n", sheet, strings.Join(values[sheet], ", "))
	}
	switch {
	case slices.Contains(slices.Collect(maps.Values(owner)), "rest") && len(others) > 0:
		fmt.Fprintf(&b, "      rest: {kind: {notIn: [%s]}}\n", strings.Join(others, ", "))
	case len(others) == 0:
		b.WriteString("      rest: {}\n")
	case len(values) == 0:
		b.WriteString("      none: {kind: {in: [zz]}}\n")
	}
	return b.String()
}

// randomSheets are sheets of a partition: some rows that the table has, some changed, some moved to another sheet's
// kind, some new.
func randomSheets(r *rand.Rand, owner map[string]string, have map[int]thing) (want map[int]thing, sheets []xlsx.Sheet) {
	want = map[int]thing{}
	for _, id := range slices.Sorted(maps.Keys(have)) {
		x := have[id]
		if owner[x.kind] == "" || r.IntN(4) == 0 {
			continue
		}
		if r.IntN(2) == 0 {
			x.n = r.IntN(3)
		}
		if r.IntN(3) == 0 {
			x.kind = domain[r.IntN(len(domain))]
		}
		want[id] = x
	}
	maps.Copy(want, randomThings(r, 100))
	maps.DeleteFunc(want, func(_ int, x thing) bool { return owner[x.kind] == "" })
	rows := map[string][][]any{}
	for _, sheet := range owner {
		rows[sheet] = nil
	}
	for _, id := range slices.Sorted(maps.Keys(want)) {
		sheet := owner[want[id].kind]
		rows[sheet] = append(rows[sheet], want[id].cells())
	}
	delete(rows, "")
	if len(rows) == 0 {
		rows["none"] = nil
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		r.Shuffle(len(rows[name]), func(i, j int) { rows[name][i], rows[name][j] = rows[name][j], rows[name][i] })
		sheets = append(sheets, xlsx.Sheet{Name: name, Header: []string{"id", "name", "n", "kind"}, Rows: rows[name]})
	}
	return want, sheets
}
