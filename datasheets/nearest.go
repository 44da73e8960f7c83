package datasheets

import "strings"

// Nearest is the candidate most like a name that is none of them: the fewest letters inserted, deleted, changed
// or swapped with the next, where capitals count less than anything else. Of two alike it is the first. It is ""
// where none is near: more than a third of the letters would have to change.
func Nearest(name string, candidates []string) string {
	best, least := "", -1
	folded := []rune(strings.ToLower(name))
	if len(folded) > mostCompared {
		return ""
	}
	for _, candidate := range candidates {
		other := []rune(strings.ToLower(candidate))
		if len(other) > mostCompared {
			continue
		}
		d := 2 * distance(folded, other)
		if d == 0 && candidate != name {
			d = 1
		}
		if d > 2*max(1, max(len(folded), len(other))/3) || d >= 2*max(len(folded), len(other)) {
			continue
		}
		if least < 0 || d < least {
			best, least = candidate, d
		}
	}
	return best
}

// mostCompared bounds the work of Nearest; MySQL's names have 64 characters at most.
const mostCompared = 128

// distance counts the letters inserted, deleted, changed, or swapped with their neighbour, that turn a into b
// (the optimal string alignment distance).
func distance(a, b []rune) int {
	older, old := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(old[j+1]+1, row[j]+1, old[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
