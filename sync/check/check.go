// Package check reads data tests: SQL files under checks/ of the data repo, each one SELECT that must find no
// row. A release runs them in its own transaction, before the commit, with an account that may write; and a pull
// request brings them. So a file is taken only if nothing but reading can come of it: it is judged twice, by its
// words (see guard.go), and by the tree that a parser of MySQL's grammar makes of it (see tree.go). Both let
// through what they know to be harmless and refuse the rest. It is pure: no database is asked.
package check

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf8"

	"liveops/datasheets"
)

// The limits of a data test.
const (
	longestFile  = 64 << 10 // bytes
	longestTitle = 100      // characters
	deepest      = 50       // parentheses within parentheses
)

// Test is a data test: a SELECT that reads, and does nothing else.
type Test struct {
	Path   string
	Title  string   // the first line of the comment that the file begins with; else the file's name
	Line   int      // where the SELECT begins, from 1
	SQL    string   // the SELECT as it is run: comments are blanks, and no semicolon ends it
	Tables []string // the tables and views that it reads, sorted
	Names  []string // the names that its WITH clauses give, sorted; a name of Tables is none of these
}

// Parse reads the file of a data test. Where there are problems the test is not to be run.
func Parse(name string, text []byte) (Test, []datasheets.Problem) {
	return read(&source{path: name}, text)
}

// ParseQuery reads, on the same terms, a SELECT that stands within another file, such as the audience of a campaign: what says
// in problems what it is. Their positions are within the text.
func ParseQuery(what, name, text string) (Test, []datasheets.Problem) {
	return read(&source{path: name, what: what}, []byte(text))
}

func read(s *source, text []byte) (Test, []datasheets.Problem) {
	s.text = strings.TrimPrefix(string(text), "\ufeff")
	switch {
	case len(text) > longestFile:
		s.refuse(0, fmt.Sprintf("the file has %d bytes; a data test may have %d", len(text), longestFile), "split it into several files, one SELECT each")
		return Test{}, s.problems
	case !utf8.ValidString(s.text):
		s.refuse(0, "the file is not UTF-8 text", "save it as UTF-8")
		return Test{}, s.problems
	}
	s.split()
	s.guard()
	if len(s.problems) > 0 {
		return Test{}, datasheets.SortProblems(s.problems)
	}
	t := Test{Path: s.path, Title: s.title(), Line: s.position(s.tokens[0].at).Line, SQL: s.statement()}
	t.Tables, t.Names = s.judge()
	if len(s.problems) > 0 {
		return Test{}, datasheets.SortProblems(s.problems)
	}
	return t, nil
}

// source is a file while it is read.
type source struct {
	path     string
	what     string // in place of "a data test"; then it is no file
	text     string
	tokens   []token
	plain    []byte // the text with its comments blanked; as long as the text
	comments []string
	problems []datasheets.Problem
}

func (s *source) refuse(at int, text, mend string) {
	if s.what != "" {
		text = strings.NewReplacer("a data test", s.what, "the file", "the query").Replace(text)
		switch {
		case mend == mendStatement:
			mend = "write one SELECT that only reads tables"
		case strings.Contains(mend, "file"):
			mend = "leave it out"
		}
	}
	s.problems = append(s.problems, datasheets.Problem{At: s.position(at), Text: text, Mend: mend})
}

// position is the line and column, in characters, of a place in the text.
func (s *source) position(at int) datasheets.Position {
	before := s.text[:min(at, len(s.text))]
	line := strings.LastIndexByte(before, '\n') + 1
	return datasheets.Position{Path: s.path, Line: strings.Count(before, "\n") + 1, Column: utf8.RuneCountInString(before[line:]) + 1}
}

// statement is what is run.
func (s *source) statement() string {
	last := s.tokens[len(s.tokens)-1]
	if last.is(";") {
		last = s.tokens[len(s.tokens)-2]
	}
	return strings.ReplaceAll(string(s.plain[s.tokens[0].at:last.end]), "\r\n", "\n")
}

// title is the first line of the leading comments that says something; without one, the file's name.
func (s *source) title() string {
	for _, c := range s.comments {
		for line := range strings.Lines(c) {
			line = strings.Join(strings.Fields(strings.Trim(line, "*-#/ \t\r\n")), " ")
			if line == "" {
				continue
			}
			if r := []rune(line); len(r) > longestTitle {
				line = string(r[:longestTitle-1]) + "…"
			}
			return line
		}
	}
	return strings.TrimSuffix(path.Base(s.path), path.Ext(s.path))
}
