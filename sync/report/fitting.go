package report

import "unicode/utf16"

// longestComment is how long a comment may become. GitHub takes 65,536 characters; whether it counts
// characters or UTF-16 units is not documented, so units are counted, with room to spare.
const longestComment = 60_000

// detail is how much of a report is shown: at most so many rows a table, problems, tables, and so many of
// anything else that is listed. What is left out is counted.
type detail struct{ rows, problems, tables, items int }

// details are the steps by which a report that is too long becomes shorter.
func details() []detail {
	return []detail{
		{200, 50, 100, 50},
		{100, 50, 100, 50},
		{50, 50, 100, 20},
		{20, 30, 100, 20},
		{8, 20, 100, 20},
		{3, 20, 60, 20},
		{0, 20, 60, 10},
		{0, 5, 10, 5},
		{0, 2, 0, 2},
	}
}

// fitting renders with the most detail that fits into a comment. Where nothing fits it is the last resort,
// which must.
func fitting(render func(detail) string, last string) string {
	for _, d := range details() {
		if s := render(d); length(s) <= longestComment {
			return s
		}
	}
	return last
}

// length is how many UTF-16 units a text has.
func length(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
