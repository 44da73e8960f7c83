package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"liveops/sync/plan"
)

const nothing = "nothing to do"

// counts is a table's or an environment's changes as git's statistics show them, "+2 −1 ~3", with the sign
// given for a deletion; "nothing to do" where there are none.
func counts(n plan.Count, minus string) string {
	var parts []string
	for _, p := range []struct {
		sign string
		n    int
	}{{"+", n.Inserted}, {minus, n.Deleted}, {"~", n.Updated}} {
		if p.n > 0 {
			parts = append(parts, p.sign+grouped(p.n))
		}
	}
	if parts == nil {
		return nothing
	}
	return strings.Join(parts, " ")
}

// inWords says the same in words: "1,100 inserted, 134 updated".
func inWords(n plan.Count) string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{n.Deleted, "deleted"}, {n.Inserted, "inserted"}, {n.Updated, "updated"}} {
		if p.n > 0 {
			parts = append(parts, grouped(p.n)+" "+p.word)
		}
	}
	return strings.Join(parts, ", ")
}

// grouped writes a number with commas between its thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// several is a number and a noun: "1 problem", "1,234 rows".
func several(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// list joins words as a sentence does: "a", "a and b", "a, b and c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// instant is a time as reports show it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// lasting is a duration as reports show it: "38 ms", "1.2 s", "2 min 5 s".
func lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(d.Milliseconds(), 0))
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Truncate(100*time.Millisecond).Seconds())
	default:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
