package main

import (
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"liveops/sandbox/github"
)

// block is a stretch of a comment: one that GitHub folds under a summary, or all between two of these.
type block struct {
	summary string // "" for what cannot be folded
	open    bool
	lines   []string
}

var tags = regexp.MustCompile("<[^>]*>")

// blocksOf reads a comment as GitHub shows it: without what is hidden.
func blocksOf(body string) []block {
	all := []block{{}}
	for line := range strings.SplitSeq(strings.TrimSpace(body), "\n") {
		last := &all[len(all)-1]
		switch {
		case strings.HasPrefix(line, "<details"):
			summary := strings.NewReplacer("<code>", "`", "</code>", "`").Replace(line)
			all = append(all, block{summary: html.UnescapeString(tags.ReplaceAllString(summary, "")), open: strings.HasPrefix(line, "<details open")})
		case line == "</details>":
			all = append(all, block{})
		case strings.HasPrefix(line, "<!--"):
		default:
			last.lines = append(last.lines, line)
		}
	}
	return all
}

// sayComment prints a comment as GitHub shows it. Where it was printed before and edited since, only the lines that are
// new are; a part that was printed with another comment is folded.
func (w *world) sayComment(c github.Comment, verb string) {
	id := fmt.Sprintf("comment %d", c.ID)
	before, edited := w.shown[id]
	w.shown[id] = c.Body
	if !edited {
		w.sayBody(c.Author, verb, w.lines(c.Body))
		return
	}
	known := strings.Split(before, "\n")
	w.sayBody(c.Author, verb+", edited in place", changed(w.lines(c.Body), known))
}

// sayBody prints what someone wrote: no two blank lines after each other, none at the ends.
func (w *world) sayBody(author, verb string, lines []string) {
	w.say("\x1b[2m┌\x1b[0m \x1b[1m%s\x1b[0m %s\n", author, verb)
	text := strings.TrimSpace(blankLines.ReplaceAllString(strings.Join(lines, "\n"), "\n\n"))
	diff := false
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "```") {
			diff = strings.HasPrefix(line, "```diff")
		}
		if ink := inkOf(line); ink != "" && (diff || !strings.HasPrefix(line, "- ")) {
			line = "\x1b[" + ink + "m" + line + "\x1b[0m"
		}
		w.say("\x1b[2m│\x1b[0m%s\n", strings.TrimRight(" "+line, " "))
	}
}

// inkOf is the colour of a line of a diff.
func inkOf(line string) string {
	if line == "" {
		return ""
	}
	return map[byte]string{'-': "31", '+': "32", '!': "33", '@': "36"}[line[0]]
}

var blankLines = regexp.MustCompile(`\n{3,}`)

// lines are those that GitHub shows of a comment at first sight: what is folded, and what was shown with another comment,
// is its summary only.
func (w *world) lines(body string) []string {
	var lines []string
	for _, b := range blocksOf(body) {
		content := strings.Join(b.lines, "\n")
		switch {
		case b.summary == "":
			lines = append(lines, b.lines...)
		case !b.open || w.shown[b.summary] == content:
			lines = append(lines, "▸ "+b.summary)
		default:
			w.shown[b.summary] = content
			lines = append(lines, "▾ "+b.summary)
			lines = append(lines, b.lines...)
		}
	}
	return lines
}

// changed leaves out what was there before, what frames it, and what is folded.
func changed(lines, before []string) []string {
	var left []string
	for _, line := range lines {
		fresh := line != "" && !strings.HasPrefix(line, "```") && !strings.HasPrefix(line, "▸") && !slices.Contains(before, line)
		switch {
		case fresh:
			left = append(left, line)
		case len(left) > 0 && left[len(left)-1] != "⋮" && line != "":
			left = append(left, "⋮")
		}
	}
	if n := len(left); n > 0 && left[n-1] == "⋮" {
		left = left[:n-1]
	}
	return left
}
