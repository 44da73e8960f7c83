package datarepo

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// Who writes a text need not know which signs mean something to YAML (https://yaml.org/spec/1.2.2/#733-plain-style). So where a
// file is not YAML, its lines are looked over for texts that must stand in quotes, and each is told with its line as it should be.

// source is the file that is read, line by line, with what is needed to find texts in it without its structure.
type source struct {
	lines []string
	free  map[string]bool // the keys whose text may be anything
}

// misreading is a text in a line that YAML takes for something else.
type misreading struct {
	at        *token.Position
	why, mend string
	opens     bool // the parser may stumble in a later line over what begins here
}

var (
	// blockKey is a line with one key and what stands behind it.
	blockKey = regexp.MustCompile(`^ *(?:- +)*([A-Za-z][A-Za-z0-9_]*):[ \t]+(\S.*)$`)
	// flowKey is where a key begins in a mapping that stands in a line.
	flowKey = regexp.MustCompile(`[{,] *([A-Za-z][A-Za-z0-9_]*): +`)
	// blockText is what begins a text on lines of its own.
	blockText = regexp.MustCompile(`^[|>][-+0-9]{0,2}(?:[ \t]+#.*)?$`)
	// openText is a key with such a beginning, or the beginning alone in a list.
	openText = regexp.MustCompile(`^ *(?:- +)*(?:[^ :]+:[ \t]+)?[|>][-+0-9]{0,2}(?:[ \t]+#.*)?$`)
	// hash begins a comment behind a plain text.
	hash = regexp.MustCompile(`(?:^|[ \t])#`)
)

// mostMisreadings is how many texts of a file are told at once.
const mostMisreadings = 50

// freeKeys are the keys of a format that stand for a text of any words wherever they stand.
func freeKeys(s shape) map[string]bool {
	free := map[string]bool{}
	var walk func(s shape)
	walk = func(s shape) {
		for _, k := range s.keys {
			is := k.shape.kind == aText && k.shape.pattern == "" && k.shape.or == nil
			was, met := free[k.name]
			free[k.name] = is && (was || !met)
			walk(k.shape)
		}
		for _, below := range []*shape{s.item, s.or} {
			if below != nil {
				walk(*below)
			}
		}
	}
	walk(s)
	return free
}

// misreadings are the texts that must stand in quotes and do not, by line; texts on lines of their own are passed over.
func (s *source) misreadings() []misreading {
	var all []misreading
	open := -1 // the indentation of the line before a text on lines of its own
	for i, line := range s.lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if open >= 0 && (indent > open || strings.TrimSpace(line) == "") {
			continue
		}
		open = -1
		if openText.MatchString(line) {
			open = indent
			continue
		}
		if all = append(all, s.inLine(i+1)...); len(all) >= mostMisreadings {
			break
		}
	}
	return all
}

// inLine are those of one line, counted from 1.
func (s *source) inLine(number int) []misreading {
	line := s.lines[number-1]
	if strings.HasPrefix(strings.TrimSpace(line), "#") {
		return nil
	}
	if m := blockKey.FindStringSubmatchIndex(line); m != nil {
		key, text := line[m[2]:m[3]], strings.TrimRight(line[m[4]:], " \t")
		if s.free[key] {
			if why := misread(text); why != "" {
				return []misreading{s.misreading(number, m[4], why, key, text)}
			}
			return nil
		}
	}
	return s.inFlow(number)
}

// inFlow are those of the mappings that stand in a line. Where a text ends there nobody knows who does not know what it says, so
// only one without further signs is shown as it should be.
func (s *source) inFlow(number int) (all []misreading) {
	line := s.lines[number-1]
	keys := flowKey.FindAllStringSubmatchIndex(line, -1)
	for i, k := range keys {
		end := len(line)
		if i+1 < len(keys) {
			end = keys[i+1][0]
		}
		key, text := line[k[2]:k[3]], strings.TrimRight(line[k[1]:end], " \t")
		if i+1 == len(keys) {
			text = strings.TrimRight(text, "}] \t")
		}
		if !s.free[key] || text == "" {
			continue
		}
		why := misread(text)
		isQuoted := strings.ContainsRune(`"'`, rune(text[0]))
		if rest, closed := behindQuotes(text); isQuoted && (!closed || strings.HasPrefix(strings.TrimLeft(rest, " \t"), ",")) {
			continue
		}
		cut := !isQuoted && why == "" && hash.MatchString(text)
		if cut {
			why = "everything after `#` is left out of a text"
		}
		if why == "" {
			continue
		}
		shown := text
		if strings.ContainsAny(text, "[]{},#") {
			shown = ""
		}
		m := s.misreading(number, k[1], why, key, shown)
		m.opens = m.opens || cut
		all = append(all, m)
	}
	return all
}

func (s *source) misreading(number, offset int, why, key, text string) misreading {
	line := s.lines[number-1]
	at := &token.Position{Line: number, Column: utf8.RuneCountInString(line[:offset]) + 1}
	return misreading{at, why, quoteMend(key, text), line[offset] == '[' || line[offset] == '{'}
}

// misread says why YAML does not take what stands behind a key for that text; "" where it does.
func misread(text string) string {
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case blockText.MatchString(text):
		return ""
	case first == '"' || first == '\'':
		if rest, closed := behindQuotes(text); closed && strings.TrimLeft(rest, " \t") != "" && !hash.MatchString(rest) {
			return fmt.Sprintf("the text goes on behind its quotes (`%c`)", first)
		}
		return ""
	case first == '`':
		return "a text that begins with a backquote must stand in quotes"
	case strings.ContainsRune("[{]}@*&!|>", first), strings.HasPrefix(text, "- "), strings.HasPrefix(text, "? "):
		return fmt.Sprintf("a text that begins with `%c` must stand in quotes", first)
	}
	if i := hash.FindStringIndex(text); i != nil {
		text = strings.TrimRight(text[:i[0]], " \t")
	}
	if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
		return "a text with a `:` before a blank or at its end must stand in quotes"
	}
	return ""
}

// behindQuotes is what stands behind a text in quotes; closed is false where they do not close in the line.
func behindQuotes(text string) (rest string, closed bool) {
	for i := 1; i < len(text); i++ {
		switch {
		case text[0] == '"' && text[i] == '\\', text[0] == '\'' && strings.HasPrefix(text[i:], "''"):
			i++
		case text[i] == text[0]:
			return text[i+1:], true
		}
	}
	return "", false
}

// reportMisread reports the texts of a file that must stand in quotes in place of the parser's own words, where one of them is
// what it stumbled over: one in that line, or one that opens before it what is not closed.
func (r *report) reportMisread(line int) bool {
	all := r.source.misreadings()
	if !slices.ContainsFunc(all, func(m misreading) bool { return m.at.Line == line || m.opens && m.at.Line < line }) {
		return false
	}
	slices.SortStableFunc(all, func(a, b misreading) int { return cmp.Compare(a.at.Line, b.at.Line) })
	for _, m := range all {
		r.add(m.at, m.mend, "%s", m.why)
	}
	return true
}
