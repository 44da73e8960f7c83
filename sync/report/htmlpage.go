package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	_ "embed" // the page's style, script and frame
	"encoding/base64"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"liveops/sync/plan"
	"liveops/sync/release"
)

//go:embed page/page.css
var pageStyle string

//go:embed page/page.js
var pageScript string

//go:embed page/page.gotmpl
var pageFrame string

// PagePolicy is the Content-Security-Policy of the HTML pages, which stands in their heads too: nothing may be
// loaded, and no style or script runs but the page's own, known by its hash
// (https://www.w3.org/TR/CSP3/#framework-directive-source-list).
func PagePolicy() string {
	return "default-src 'none'; img-src data:; style-src '" + hashSource(pageStyle) + "'; script-src '" + hashSource(pageScript) +
		"'; base-uri 'none'; form-action 'none'"
}

func hashSource(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// document is what a page tells. Its texts are plain: the frame escapes them.
type document struct {
	Kind, Title  string
	Facts        []fact
	Notices      []notice
	Steps        []stepLine
	Commits      []commitLine // of a release that brings more than its own
	Problems     []problemLine
	Campaigns    []campaignPart
	Environments []string
	Columns      []string // of the summary: environments
	Totals       []string // of each column
	Summary      []summaryLine
	Purges       []purgePart
	sections     []section
}

type fact struct{ Name, Value string }

// noticeKind says how a notice looks.
type noticeKind string

const (
	goodNotice noticeKind = "good"
	badNotice  noticeKind = "bad"
	noteNotice noticeKind = "note"
)

type notice struct {
	Kind noticeKind
	Text []span
}

type stepLine struct{ Environment, State, Rows, Release, Time string }

type commitLine struct{ ID, Subject, Author string }

type problemLine struct {
	Place, Environments string
	Text, Mend          []span
}

// span is a piece of someone's prose; Code is what stood between backticks.
type span struct {
	Code bool
	Text string
}

func proseSpans(s string) (out []span) {
	parts := strings.Split(shown(s), "`")
	if len(parts)%2 == 0 { // the last backtick has no partner: it is text
		n := len(parts)
		parts = append(parts[:n-2], parts[n-2]+"`"+parts[n-1])
	}
	for i, p := range parts {
		if p != "" {
			out = append(out, span{i%2 == 1, p})
		}
	}
	return out
}

type summaryLine struct {
	Name, Sheets, ID string
	Cells            []summaryCell
}

// summaryCell is a count that links to the section of its rows; ID is "" where there is none.
type summaryCell struct{ Text, ID string }

// shown is a name or a line of prose with what cannot be seen escaped.
func shown(s string) string { return literal(s, math.MaxInt) }

// sheetsOf names a table's sheets without the folder that all workbooks are in.
func sheetsOf(t *plan.Table) string {
	short := slices.Clone(t.Sources)
	for i := range short {
		short[i].Path = strings.TrimPrefix(short[i].Path, "datasheets/")
	}
	return shown(Sheets(short))
}

func (d *document) fact(name, value string) {
	if value != "" {
		d.Facts = append(d.Facts, fact{shown(name), shown(value)})
	}
}

func (d *document) notice(text string, kind noticeKind) {
	if text != "" {
		d.Notices = append(d.Notices, notice{kind, proseSpans(strings.TrimSpace(text))})
	}
}

func (d *document) addProblems(fs []finding) {
	for _, f := range fs {
		d.Problems = append(d.Problems, problemLine{shown(place(f.At)), shown(list(f.environments)), proseSpans(f.Text), proseSpans(f.Mend)})
	}
}

// pageStep is an environment's line of a release.
func pageStep(m Merge, s *release.Step) stepLine {
	l := stepLine{Environment: shown(s.Environment), State: strings.Trim(stateWords(s), "*"), Time: stepTime(s, m.Now)}
	switch {
	case s.State == release.Applied:
		l.Rows = counts(s.Count, "−")
	case s.Plan != nil && s.State != release.Same && s.State != release.Skipped:
		l.Rows = counts(s.Plan.Count(), "−")
	}
	if s.Release > 0 {
		l.Release = strings.ReplaceAll(grouped(int(s.Release)), ",", "")
	}
	return l
}

// line is the summary's line of a table, a new one where it has none.
func (d *document) line(table string) *summaryLine {
	name := shown(table)
	i := slices.IndexFunc(d.Summary, func(l summaryLine) bool { return l.Name == name })
	if i < 0 {
		i = len(d.Summary)
		d.Summary = append(d.Summary, summaryLine{Name: name})
	}
	return &d.Summary[i]
}

// set puts a cell into a column, after empty ones where the line is shorter.
func (l *summaryLine) set(column int, c summaryCell) {
	for len(l.Cells) <= column {
		l.Cells = append(l.Cells, summaryCell{})
	}
	l.Cells[column] = c
}

// write writes the page: its frame by the template, the rows by pageWriter.
func (d *document) write(w io.Writer) error {
	t, err := template.New("page").Parse(pageFrame)
	if err != nil {
		return err
	}
	for i := range d.Summary {
		if n := len(d.Columns); n > 0 && len(d.Summary[i].Cells) < n {
			d.Summary[i].set(n-1, summaryCell{})
		}
	}
	rows, tables := 0, map[string]bool{}
	for i := range d.sections {
		rows += d.sections[i].Rows
		tables[d.sections[i].Name] = true
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if err := t.ExecuteTemplate(out, "top", map[string]any{"D": d, "Policy": PagePolicy(), "Style": template.CSS(pageStyle),
		"Rows": rows, "Tables": several(len(tables), "table"), "AllRows": several(rows, "row")}); err != nil {
		return err
	}
	for i := range d.sections {
		s := &d.sections[i]
		if err := t.ExecuteTemplate(out, "section", s); err != nil {
			return err
		}
		var head bytes.Buffer
		if err := t.ExecuteTemplate(&head, "head", s); err != nil {
			return err
		}
		if err := s.rows(out, head.Bytes()); err != nil {
			return err
		}
		if err := t.ExecuteTemplate(out, "end", s); err != nil {
			return err
		}
	}
	if err := t.ExecuteTemplate(out, "bottom", template.JS(pageScript)); err != nil {
		return err
	}
	return out.Flush()
}
