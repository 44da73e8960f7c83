package report

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

// longestProse is how many cells of someone else's prose are shown.
const longestProse = 400

// codeSpan is text as Markdown's inline code, where GitHub looks for nothing: no markup, mention, reference or
// link (https://github.github.com/gfm/#code-spans).
func codeSpan(s string, most int) string {
	s = literal(s, most)
	if strings.TrimSpace(s) == "" {
		s = `"` + s + `"`
	}
	fence := strings.Repeat("`", longestRun(s)+1)
	if edge := "` "; strings.ContainsAny(s[:1], edge) || strings.ContainsAny(s[len(s)-1:], edge) {
		s = " " + s + " "
	}
	return fence + s + fence
}

// longestRun is the length of the longest run of backticks.
func longestRun(s string) int {
	longest, n := 0, 0
	for _, r := range s {
		if r != '`' {
			n = 0
			continue
		}
		n++
		longest = max(longest, n)
	}
	return longest
}

// tableCell is Markdown for a cell of a table, where a pipe ends the cell even in code
// (https://github.github.com/gfm/#tables-extension-).
func tableCell(markdown string) string { return strings.ReplaceAll(markdown, "|", `\|`) }

// htmlCode is text as inline code within HTML, where Markdown does not reach.
func htmlCode(s string, most int) string {
	return "<code>" + html.EscapeString(literal(s, most)) + "</code>"
}

// codeWords are what problems name that reads best whole and as code: a column's type in brackets, and a
// spreadsheet's error values.
var codeWords = regexp.MustCompile(`\((?:(?:tiny|small|medium|big)?int|decimal|float|double|bit|year|(?:var)?char|(?:tiny|medium|long)?(?:text|blob)|` +
	`date(?:time)?|time(?:stamp)?|enum|set|json|(?:var)?binary|point|geometry)\b[^()]*(?:\([^()]*\))?[^()]*\)` +
	`|#(?:REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|N/A)`)

// prose is someone else's line of prose as Markdown. Plain words and numbers stand as they are; whatever else
// there is (a cell's text, a path, anything that could be markup, a mention, a reference or a link) becomes
// inline code. Text between backticks is inline code too. It is for the inside of a line: at its beginning a
// number and a full stop would make a list.
func prose(s string) string {
	s = literal(strings.Join(strings.Fields(s), " "), longestProse)
	if !strings.Contains(s, "`") {
		s = codeWords.ReplaceAllStringFunc(s, func(word string) string {
			if word[0] == '(' {
				return "(`" + word[1:len(word)-1] + "`)"
			}
			return "`" + word + "`"
		})
	}
	parts := strings.Split(s, "`")
	if len(parts)%2 == 0 { // the last backtick has no partner: it is text
		n := len(parts)
		parts = append(parts[:n-2], parts[n-2]+"`"+parts[n-1])
	}
	var w spans
	for i, p := range parts {
		if i%2 == 1 {
			w.code(p, "")
			continue
		}
		w.text(p)
	}
	return w.String()
}

// spans writes inline code and plain words in turns. Two spans of code never touch: their backticks would
// make one run, and nothing would close it.
type spans struct {
	strings.Builder
	inCode bool
}

func (w *spans) code(s, before string) {
	if before == "" && w.inCode {
		before = " "
	}
	w.WriteString(before + codeSpan(s, longestProse))
	w.inCode = true
}

func (w *spans) plain(s string) {
	w.WriteString(s)
	w.inCode = false
}

// mixed writes words that are not plain: as code, but for the punctuation that ends them.
func (w *spans) mixed(s, blank string) {
	core := strings.TrimRight(s, ".,;:!?")
	if core == "" {
		core = s
	}
	w.code(core, blank)
	if len(core) < len(s) {
		w.plain(s[len(core):])
	}
}

// text writes words, those that are not plain as code, neighbours in one span.
func (w *spans) text(s string) {
	words := strings.Split(s, " ")
	blank := ""
	for i := 0; i < len(words); {
		j := i
		for j < len(words) && words[j] != "" && !plainWord(words[j]) {
			j++
		}
		switch {
		case j > i:
			w.mixed(strings.Join(words[i:j], " "), blank)
			i = j
		default:
			if blank+words[i] != "" {
				w.plain(blank + words[i])
			}
			i++
		}
		blank = " "
	}
}

// plainWord reports whether a word means nothing to Markdown or GitHub: letters or a number, and punctuation
// around it.
func plainWord(word string) bool {
	core := strings.TrimRight(strings.TrimLeft(word, `("'`), `.,;:!?)"'`)
	return core == "" || plainLetters(core) || plainNumber(core)
}

// plainLetters reports whether a word is letters, or anything beyond ASCII, with apostrophes and hyphens
// between them, and can't be taken for a commit's id.
func plainLetters(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > unicode.MaxASCII
		inner := (r == '\'' || r == '-') && i > 0 && i < len(s)-1
		if !letter && !inner {
			return false
		}
	}
	return len(s) < 7 || strings.Trim(s, "abcdefABCDEF") != ""
}

// plainNumber reports whether a word is a number that is too short for a commit's id.
func plainNumber(s string) bool {
	return strings.Trim(s, "0123456789,.") == "" && strings.Trim(s, ",.") == s &&
		len(strings.ReplaceAll(s, ",", "")) < 7
}
