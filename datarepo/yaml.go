package datarepo

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"liveops/datasheets"
)

// Bounds on a YAML file, far over what a person writes. They keep the parser, whose work grows with the square
// of a mapping's length and whose stack grows with nesting, within milliseconds and a few MB.
const (
	maxYAMLBytes  = 1 << 20
	maxYAMLTokens = 20_000
	maxYAMLNest   = 16  // of brackets, and of `- - -` on one line
	maxYAMLIndent = 200 // columns
)

// report collects the problems of one file.
type report struct {
	path     string
	lenient  bool   // what a file may not have any more, and had when it was released, is no problem
	source   source // of the file that was parsed last
	problems []datasheets.Problem
}

func (r *report) add(p *token.Position, mend, format string, args ...any) {
	at := datasheets.Position{Path: r.path}
	if p != nil {
		at.Line, at.Column = max(p.Line, 1), max(p.Column, 1)
	}
	r.problems = append(r.problems, datasheets.Problem{At: at, Text: fmt.Sprintf(format, args...), Mend: mend})
}

// parseYAML reads the one document of a file into nodes, without anchors, aliases, merge keys, tags,
// directives and `?` keys, so that what stands in a file is what it means. A byte order mark is passed over; a
// carriage return ends a line like a line feed. s is the file's format: it tells where texts are that must stand in quotes. It returns nil where it reports a problem or the document is empty.
func parseYAML(content []byte, s shape, r *report) ast.Node {
	content = bytes.TrimPrefix(content, []byte("\uFEFF"))
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	content = bytes.ReplaceAll(content, []byte("\r"), []byte("\n"))
	if !checkCharacters(content, r) {
		return nil
	}
	r.source = source{strings.Split(string(content), "\n"), freeKeys(s)}
	tokens := lexer.Tokenize(string(content))
	unused := &report{path: r.path}
	checkTokens(tokens, unused)
	if found := unused.problems; len(found) > 0 {
		if !r.reportMisread(found[0].At.Line) {
			r.problems = append(r.problems, found...)
		}
		return nil
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		reportSyntax(content, err, r)
		return nil
	}
	if len(file.Docs) == 0 {
		return nil
	}
	return file.Docs[0].Body
}

// checkCharacters reports the first character that YAML does not allow.
func checkCharacters(content []byte, r *report) bool {
	at := &token.Position{Line: 1, Column: 1}
	for rest := content; len(rest) > 0; {
		c, size := utf8.DecodeRune(rest)
		switch {
		case c == utf8.RuneError && size == 1:
			r.add(at, "save the file as UTF-8", "the byte 0x%02X is not UTF-8", rest[0])
			return false
		case c < ' ' && c != '\n' && c != '\t', c == 0x7F:
			r.add(at, "remove it", "the control character %U is not allowed", c)
			return false
		case c == '\n':
			at.Line, at.Column = at.Line+1, 0
		}
		at.Column++
		rest = rest[size:]
	}
	return true
}

// checkTokens reports what is not used here and what is over the bounds.
func checkTokens(tokens token.Tokens, r *report) {
	if len(tokens) > maxYAMLTokens {
		r.add(tokens[maxYAMLTokens].Position, "", "the file is too long: over %d words and signs", maxYAMLTokens)
		return
	}
	var nest, dashes, line, indent int
	var begun, ended bool
	for _, t := range tokens {
		if t.Type == token.CommentType {
			continue
		}
		if what := unused(t); what != "" {
			r.add(t.Position, "write the value out", "%s are not used here", what)
		}
		if t.Type == token.DocumentHeaderType && begun || ended {
			r.add(t.Position, "keep one document in the file", "a second document begins here")
			return
		}
		begun, ended = true, t.Type == token.DocumentEndType
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			nest++
		case token.SequenceEndType, token.MappingEndType:
			nest--
		}
		if t.Position.Line != line {
			line, dashes = t.Position.Line, 0
			indent = t.Position.Column - 1
		}
		if t.Type == token.SequenceEntryType {
			dashes++
		}
		if nest > maxYAMLNest || dashes > maxYAMLNest || nest == 0 && indent > maxYAMLIndent {
			r.add(t.Position, "", "this is nested too deeply")
			return
		}
	}
}

// unused names, in the plural, a construct of YAML that is refused.
func unused(t *token.Token) string {
	switch t.Type {
	case token.AnchorType:
		return "anchors (`&`)"
	case token.AliasType:
		return "aliases (`*`)"
	case token.MergeKeyType:
		return "merge keys (`<<`)"
	case token.TagType:
		return "tags (`!`)"
	case token.DirectiveType:
		return "directives (`%`)"
	case token.MappingKeyType:
		return "complex keys (`?`)"
	}
	return ""
}

// reportSyntax tells where the parser gave up. It stops at its first error, so there is one.
func reportSyntax(content []byte, err error, r *report) {
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		r.add(nil, "", "this is not YAML: %v", err)
		return
	}
	at := syntax.GetToken().Position
	if r.reportMisread(at.Line) {
		return
	}
	if column := tabIndent(content, at.Line); column > 0 {
		r.add(&token.Position{Line: at.Line, Column: column}, "indent with spaces", "a tab indents this line")
		return
	}
	r.add(at, r.source.mendSyntax(at), "this is not YAML: %s", syntax.GetMessage())
}

// tabIndent is the column of the first tab among the blanks that a line begins with; 0 for none.
func tabIndent(content []byte, line int) int {
	lines := bytes.Split(content, []byte("\n"))
	if line < 1 || line > len(lines) {
		return 0
	}
	text := lines[line-1]
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	return bytes.IndexByte(indent, '\t') + 1
}
