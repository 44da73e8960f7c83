package purge

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// hidden is what stands where a person is not shown a value.
const hidden = `"•••"`

// Bounds on what a person is shown of one document.
const (
	diffContext = 3
	diffWidth   = 160     // characters of a line
	diffWork    = 4 << 20 // pairs of lines that are compared
)

// line is one line of a document as it is laid out.
type line struct {
	text string // as it is shown
	is   string // what it is compared by: with masked values, without the comma at its end
}

// Diff is how a document differs after the purge, as lines of a unified diff without headers: one JSON value a line,
// "- " before what goes, "+ " before what comes, "  " before some lines around, and "…" in a line of its own where
// others are left out. after is nil for a document that is removed. Masked values are `"•••"`. It is at most most
// lines long, the last of which then says how many more differ.
func (p *Purge) Diff(before, after []byte, most int) ([]string, error) {
	return diffDocuments(before, after, p.masks, most)
}

// Masked is a document as a person may see it, laid out in lines.
func (p *Purge) Masked(body []byte, most int) ([]string, error) {
	lines, err := layOut(body, p.masks)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, l := range lines {
		out = append(out, cut(l.text))
	}
	return atMost(out, most), nil
}

func diffDocuments(before, after []byte, masks []mask, most int) ([]string, error) {
	old, err := layOut(before, masks)
	if err != nil {
		return nil, err
	}
	var young []line
	if after != nil {
		if young, err = layOut(after, masks); err != nil {
			return nil, err
		}
	}
	return atMost(withContext(compareLines(old, young)), most), nil
}

func layOut(body []byte, masks []mask) ([]line, error) {
	tree, err := parseDocument(body)
	if err != nil {
		return nil, &DocumentError{Err: err}
	}
	var lines []line
	lay(&lines, tree, "", "", "", masks, false)
	return lines, nil
}

// lay lays a value out below its indent, behind its key and before its comma.
func lay(lines *[]line, n *node, indent, key, comma string, masks []mask, hide bool) {
	add := func(shown, is string) { *lines = append(*lines, line{shown, is}) }
	switch {
	case hide:
		add(indent+key+hidden+comma, indent+key+n.raw)
	case n.kind != '{' && n.kind != '[', len(n.items) == 0:
		raw := n.raw
		if n.kind == '{' {
			raw = "{}"
		} else if n.kind == '[' {
			raw = "[]"
		}
		add(indent+key+raw+comma, indent+key+raw)
	default:
		closing := "}"
		if n.kind == '[' {
			closing = "]"
		}
		add(indent+key+string(n.kind), indent+key+string(n.kind))
		for i := range n.items {
			step, itemKey := "[]", ""
			if n.kind == '{' {
				step, itemKey = "."+n.keys[i].text, n.keys[i].raw+": "
			}
			rest, ends := below(masks, step)
			itemComma := ","
			if i == len(n.items)-1 {
				itemComma = ""
			}
			lay(lines, &n.items[i], indent+"  ", itemKey, itemComma, rest, ends)
		}
		add(indent+closing+comma, indent+closing)
	}
}

// edit is a line with what becomes of it: ' ', '-' or '+'.
type edit struct {
	op   byte
	text string
}

// compareLines finds what stays by the longest common subsequence, or, where that would be much work, takes all
// between the first and the last difference for other lines.
func compareLines(old, young []line) []edit {
	var head, tail []edit
	for len(old) > 0 && len(young) > 0 && old[0].is == young[0].is {
		head = append(head, edit{' ', young[0].text})
		old, young = old[1:], young[1:]
	}
	for len(old) > 0 && len(young) > 0 && old[len(old)-1].is == young[len(young)-1].is {
		tail = append(tail, edit{' ', young[len(young)-1].text})
		old, young = old[:len(old)-1], young[:len(young)-1]
	}
	all := append(head, middle(old, young)...)
	for i := len(tail) - 1; i >= 0; i-- {
		all = append(all, tail[i])
	}
	return all
}

func middle(old, young []line) (all []edit) {
	var common [][]int32
	if len(old)*len(young) <= diffWork {
		common = make([][]int32, len(old)+1)
		for i := range common {
			common[i] = make([]int32, len(young)+1)
		}
		for i := len(old) - 1; i >= 0; i-- {
			for j := len(young) - 1; j >= 0; j-- {
				if common[i][j] = max(common[i+1][j], common[i][j+1]); old[i].is == young[j].is {
					common[i][j] = common[i+1][j+1] + 1
				}
			}
		}
	}
	i, j := 0, 0
	for i < len(old) || j < len(young) {
		switch {
		case common != nil && i < len(old) && j < len(young) && old[i].is == young[j].is:
			all = append(all, edit{' ', young[j].text})
			i, j = i+1, j+1
		case i < len(old) && (common == nil || j == len(young) || common[i+1][j] >= common[i][j+1]):
			all = append(all, edit{'-', old[i].text})
			i++
		default:
			all = append(all, edit{'+', young[j].text})
			j++
		}
	}
	return all
}

// withContext leaves out lines that stay and are far from any that does not.
func withContext(all []edit) []string {
	near := make([]bool, len(all))
	for i, e := range all {
		if e.op != ' ' {
			for k := max(i-diffContext, 0); k <= min(i+diffContext, len(all)-1); k++ {
				near[k] = true
			}
		}
	}
	var out []string
	left := false
	for i, e := range all {
		if near[i] {
			out = append(out, string(e.op)+" "+cut(e.text))
		} else if !left {
			out = append(out, "…")
		}
		left = !near[i]
	}
	return out
}

// atMost keeps the first lines, and counts the others in the last.
func atMost(lines []string, most int) []string {
	if len(lines) <= most {
		return lines
	}
	kept := max(most-1, 0)
	return append(lines[:kept:kept], "… "+several(len(lines)-kept)+" more")
}

func several(n int) string {
	if n == 1 {
		return "1 line"
	}
	return strconv.Itoa(n) + " lines"
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= diffWidth {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:diffWidth-1]), " ") + "…"
}
