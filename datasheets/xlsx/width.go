package xlsx

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"liveops/datasheets"
)

// Column widths, in characters.
const (
	minWidth = 8
	maxWidth = 60
	padding  = 2
)

// widths is how wide each column is shown: as its widest line of text, within bounds.
func (s Sheet) widths(columns int) []int {
	widths := make([]int, columns)
	for i := range widths {
		widths[i] = minWidth
	}
	fit := func(i int, text string) {
		for line := range strings.SplitSeq(text, "\n") {
			widths[i] = min(max(widths[i], lineWidth(line)+padding), maxWidth)
		}
	}
	at := func(header, i int) int {
		if s.Vertical {
			return 1 - header // names in A, values in B
		}
		return i
	}
	for i, name := range s.Header {
		fit(at(1, i), name)
	}
	for _, row := range s.Rows {
		for i, value := range row {
			i = at(0, i)
			switch v := value.(type) {
			case nil:
			case string:
				fit(i, v)
			case time.Time:
				fit(i, v.Format(time.DateTime))
			case datasheets.Cell:
				fit(i, shown(v))
			default:
				fit(i, fmt.Sprint(v))
			}
		}
	}
	return widths
}

// shown is about what a cell shows, for its width.
func shown(c datasheets.Cell) string {
	if c.Kind != datasheets.Date && c.Kind != datasheets.Duration {
		return string(c.Text)
	}
	days, _ := strconv.ParseFloat(string(c.Text), 64)
	return map[int]string{styleDate: "2024-01-31", styleDateTime: "2024-01-31 12:00:00", styleMillis: "2024-01-31 12:00:00.000",
		styleDuration: "12:00:00", styleDurationMillis: "12:00:00.000"}[serialStyle(c.Kind, days)]
}

// lineWidth is the width of a line in Latin letters: East Asian wide characters count two, combining marks
// none (Unicode Standard Annex 11).
func lineWidth(line string) int {
	n := 0
	for _, r := range line {
		switch kind := width.LookupRune(r).Kind(); {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
