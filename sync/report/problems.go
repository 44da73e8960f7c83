package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"liveops/datasheets"
	"liveops/sync/release"
)

// finding is a problem with the environments that have it.
type finding struct {
	datasheets.Problem
	environments []string // nil where it is the file's own
}

// findings are the problems of the files and of each plan, sorted, each once.
func findings(files []datasheets.Problem, plans []*release.Plan) []finding {
	all := slices.Clone(files)
	for _, p := range plans {
		all = append(all, p.Problems...)
	}
	var fs []finding
	for _, problem := range datasheets.SortProblems(all) {
		f := finding{Problem: problem}
		if !slices.Contains(files, problem) {
			for _, p := range plans {
				if slices.Contains(p.Problems, problem) {
					f.environments = append(f.environments, p.Environment)
				}
			}
			if len(f.environments) == len(plans) {
				f.environments = nil
			}
		}
		fs = append(fs, f)
	}
	return fs
}

// place is where a problem is, without the folder that all workbooks are in.
func place(p datasheets.Position) string {
	p.Path = strings.TrimPrefix(p.Path, "datasheets/")
	return p.String()
}

// sentence is text and mend as two sentences of Markdown.
func sentence(text, mend string) string {
	s := stop(prose(text))
	if mend != "" {
		s += " " + stop(prose(capital(mend)))
	}
	return s
}

// capital is a sentence that begins with a capital, unless a file's name stands there.
func capital(s string) string {
	if first, _, _ := strings.Cut(s, " "); strings.Contains(strings.TrimRight(first, ".:,"), ".") {
		return s
	}
	if first, size := utf8.DecodeRuneInString(s); unicode.IsLower(first) {
		return string(unicode.ToUpper(first)) + s[size:]
	}
	return s
}

func stop(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// problemList is the first most findings as a Markdown list.
func problemList(fs []finding, most int) string {
	var b strings.Builder
	for _, f := range fs[:min(len(fs), most)] {
		fmt.Fprintf(&b, "- **%s**", codeSpan(place(f.At), 200))
		if f.environments != nil {
			b.WriteString(" (" + names(f.environments) + ")")
		}
		b.WriteString(": " + sentence(f.Text, f.Mend) + "\n")
	}
	if n := len(fs) - most; n > 0 {
		b.WriteString("- … and " + grouped(n) + " more\n")
	}
	return b.String()
}

// problemSection is the findings under a heading that says what they mean; "" where there are none.
func problemSection(fs []finding, most int) string {
	switch len(fs) {
	case 0:
		return ""
	case 1:
		return "**1 problem** (nothing is applied while there is one)\n\n" + problemList(fs, most) + "\n"
	default:
		return "**" + several(len(fs), "problem") + "** (nothing is applied while there is one)\n\n" + problemList(fs, most) + "\n"
	}
}

// ProblemsText writes the problems of the files and of each plan for a terminal, each once, with its mend and the
// environments that have it where not all do, and how many there are; "no problems" where there are none.
func ProblemsText(w io.Writer, problems []datasheets.Problem, plans []*release.Plan, color bool) error {
	t := terminal{color: color}
	fs := findings(problems, plans)
	t.findings(fs)
	if len(fs) == 0 {
		t.line("no problems")
	}
	return t.flush(w)
}
