package xlsx

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"liveops/datasheets"
)

// sheetPatch is the editing of one sheet's part.
type sheetPatch struct {
	book   *workbook
	part   []byte
	edits  []Edit // by row, then column
	like   int    // the row whose cells lend their styles to new ones
	last   int    // the row at which ranges end that grow with the sheet; 0 for none
	expand func(cell string) (formula string, err error)

	out     bytes.Buffer
	prefix  string       // of the sheet's elements
	row     int          // the number of the last row written
	styles  map[int]int  // of row like, by column
	looks   []byte       // what else row like says of its looks
	orphans map[int]bool // shared formulas whose first cell has lost it
	written map[[2]int]datasheets.Cell
	kept    []Formula
	dropped []Formula
}

// run writes the part anew.
func (p *sheetPatch) run() error {
	p.written, p.orphans, p.styles = map[[2]int]datasheets.Cell{}, map[int]bool{}, map[int]int{}
	lowest, right := p.extent()
	done := 0 // how far the part is copied
	for i := 0; ; {
		t, ok := nextTag(p.part, i)
		if !ok {
			return faultf(mendSave, "the sheet's part has no rows and no place for them")
		}
		i = t.end
		switch {
		case t.closing:
		case t.name == "dimension":
			done = p.replaceAttribute(t, "ref", done, func(ref string) string { return unionOf(ref, lowest, right) })
		case t.name == "sheetData":
			p.out.Write(p.part[done:t.start])
			p.prefix = t.prefix
			end, err := p.sheetData(t)
			if err != nil {
				return err
			}
			p.rest(end, lowest)
			return nil
		}
	}
}

// extent is the lowest row and the rightmost column that get content.
func (p *sheetPatch) extent() (lowest, right int) {
	for _, e := range p.edits {
		if !e.clears() {
			lowest, right = max(lowest, e.Row), max(right, e.Column)
		}
	}
	return lowest, right
}

// replaceAttribute copies the part up to an attribute's value and writes another one.
func (p *sheetPatch) replaceAttribute(t patchTag, name string, done int, with func(string) string) int {
	from, to, ok := t.attribute(p.part, name)
	if !ok {
		return done
	}
	p.out.Write(p.part[done:from])
	p.out.WriteString(with(string(p.part[from:to])))
	return to
}

// sheetData writes the rows, and returns where the part goes on behind them.
func (p *sheetPatch) sheetData(t patchTag) (end int, err error) {
	open := p.part[t.start:t.end]
	if t.empty {
		open = append(bytes.TrimRight(bytes.TrimSuffix(bytes.Clone(open), []byte("/>")), " "), '>')
	}
	p.out.Write(open)
	for i := t.end; !t.empty; {
		row, ok := nextTag(p.part, i)
		if !ok {
			return 0, syntaxf("the sheet's rows have no end")
		}
		if end = row.end; row.closing {
			break
		}
		if end, ok = row.element(p.part); !ok {
			return 0, syntaxf("a row has no end")
		}
		if row.name != "row" {
			p.out.Write(p.part[i:end])
		} else if err := p.existingRow(row, i, end); err != nil {
			return 0, err
		}
		i = end
	}
	if t.empty {
		end = t.end
	}
	for len(p.edits) > 0 {
		p.newRow(p.edits[0].Row)
	}
	fmt.Fprintf(&p.out, "</%ssheetData>", p.prefix)
	return end, nil
}

// existingRow writes a row of the sheet, with the new rows that belong above it. from is behind the row before.
func (p *sheetPatch) existingRow(t patchTag, from, end int) error {
	number := p.row + 1
	if r, ok := atoi([]byte(t.value(p.part, "r"))); ok {
		number = r
	}
	for len(p.edits) > 0 && p.edits[0].Row < number {
		p.newRow(p.edits[0].Row)
	}
	p.row = number
	edited := len(p.edits) > 0 && p.edits[0].Row == number
	if !edited && number != p.like && (len(p.orphans) == 0 || !bytes.Contains(p.part[t.start:end], []byte("shared"))) {
		p.out.Write(p.part[from:end])
		return nil
	}
	p.out.Write(p.part[from:t.start])
	return p.editRow(t, end)
}

// spans says which columns of a row have cells; a row may do without.
var spans = regexp.MustCompile(`\s+spans\s*=\s*("[^"]*"|'[^']*')`)

var rowNumber = regexp.MustCompile(`\s+r\s*=\s*("[^"]*"|'[^']*')`)

// editRow writes a row with its edits.
func (p *sheetPatch) editRow(t patchTag, end int) error {
	open := spans.ReplaceAll(p.part[t.start:t.end], nil)
	if t.empty {
		open = append(bytes.TrimRight(bytes.TrimSuffix(open, []byte("/>")), " "), '>')
	}
	p.out.Write(open)
	if p.row == p.like {
		p.looks = bytes.TrimSuffix(open[len("<row")+len(t.prefix):], []byte(">"))
		p.looks = rowNumber.ReplaceAll(p.looks, nil)
	}
	column := 0
	for i := t.end; !t.empty; {
		c, ok := nextTag(p.part, i)
		if !ok || c.closing {
			break
		}
		after, ok := c.element(p.part)
		if !ok {
			return syntaxf("a cell has no end")
		}
		if c.name == "c" {
			column++
			if n, _, ok := parseCellName([]byte(c.value(p.part, "r"))); ok {
				column = n
			}
			p.cellsBefore(column)
			if err := p.existingCell(c, after, column); err != nil {
				return err
			}
		} else {
			p.out.Write(p.part[c.start:after])
		}
		i = after
	}
	p.cellsBefore(maxColumn + 1)
	fmt.Fprintf(&p.out, "</%srow>", t.prefix)
	return nil
}

// cellsBefore writes the new cells of the current row that stand left of a column.
func (p *sheetPatch) cellsBefore(column int) {
	for len(p.edits) > 0 && p.edits[0].Row == p.row && p.edits[0].Column < column {
		style, ok := p.styles[p.edits[0].Column]
		p.put(p.edits[0], style, ok, nil)
		p.edits = p.edits[1:]
	}
}

// newRow writes a row that the sheet does not have.
func (p *sheetPatch) newRow(number int) {
	p.row = number
	fmt.Fprintf(&p.out, `<%srow r="%d"%s>`, p.prefix, number, p.looks)
	p.cellsBefore(maxColumn + 1)
	fmt.Fprintf(&p.out, "</%srow>", p.prefix)
}

// existingCell writes a cell of the sheet, edited or as it is.
func (p *sheetPatch) existingCell(c patchTag, end, column int) error {
	style, styled := 0, false
	if s := c.value(p.part, "s"); s != "" {
		style, styled = atoi([]byte(s))
	}
	if p.row == p.like && styled {
		p.styles[column] = style
	}
	f, fEnd, hasFormula := p.formula(c, end)
	if len(p.edits) == 0 || p.edits[0].Row != p.row || p.edits[0].Column != column {
		if hasFormula && p.orphans[p.shared(f)] {
			return p.writeOrphan(c, f, fEnd, end, column)
		}
		p.out.Write(p.part[c.start:end])
		return nil
	}
	e := p.edits[0]
	p.edits = p.edits[1:]
	var formula []byte
	if hasFormula {
		found := Formula{Row: p.row, Column: column}
		if e.DropFormula || e.clears() {
			p.dropped = append(p.dropped, found)
			if si := p.shared(f); si >= 0 && f.value(p.part, "ref") != "" {
				p.orphans[si] = true
			}
		} else {
			p.kept = append(p.kept, found)
			formula = p.part[f.start:fEnd]
		}
	}
	p.put(e, style, styled, formula)
	return nil
}

// formula finds the formula of a cell.
func (p *sheetPatch) formula(c patchTag, end int) (f patchTag, fEnd int, ok bool) {
	for i := c.end; !c.empty && i < end; {
		t, found := nextTag(p.part, i)
		if !found || t.closing {
			break
		}
		after, found := t.element(p.part)
		if !found {
			break
		}
		if t.name == "f" {
			return t, after, true
		}
		i = after
	}
	return f, 0, false
}

// shared is the number of the shared formula that a cell has; -1 where it is not shared.
func (p *sheetPatch) shared(f patchTag) int {
	if n, ok := atoi([]byte(f.value(p.part, "si"))); ok && f.value(p.part, "t") == "shared" {
		return n
	}
	return -1
}

// writeOrphan writes a cell whose shared formula stood in a cell that has lost it: with the formula written out.
func (p *sheetPatch) writeOrphan(c, f patchTag, fEnd, end, column int) error {
	text, err := p.expand(datasheets.CellName(column, p.row))
	if err != nil {
		return err
	}
	p.out.Write(p.part[c.start:f.start])
	fmt.Fprintf(&p.out, "<%[1]sf>%[2]s</%[1]sf>", f.prefix, escape(text))
	p.out.Write(p.part[fEnd:end])
	return nil
}

// put writes what an edit puts into a cell of a style.
func (p *sheetPatch) put(e Edit, style int, styled bool, formula []byte) {
	cell := e.choose(p.book.numberKind(style))
	p.written[[2]int{e.Row, e.Column}] = cell
	if cell.Kind == datasheets.Empty && !styled {
		return
	}
	fmt.Fprintf(&p.out, `<%sc r="%s"`, p.prefix, datasheets.CellName(e.Column, e.Row))
	if styled {
		p.out.WriteString(` s="` + strconv.Itoa(style) + `"`)
	}
	text := string(cell.Text)
	open, shut := "<"+p.prefix+"v>", "</"+p.prefix+"v>"
	switch cell.Kind {
	case datasheets.Empty:
		p.out.WriteString("/>")
		return
	case datasheets.Bool:
		p.out.WriteString(` t="b">`)
	case datasheets.Text:
		space := ""
		if text != "" && (isSpace(text[0]) || isSpace(text[len(text)-1])) {
			space = ` xml:space="preserve"`
		}
		text = escape(text)
		if formula != nil {
			p.out.WriteString(` t="str">`)
			open = "<" + p.prefix + "v" + space + ">"
			break
		}
		p.out.WriteString(` t="inlineStr">`)
		open, shut = fmt.Sprintf("<%[1]sis><%[1]st%[2]s>", p.prefix, space), fmt.Sprintf("</%[1]st></%[1]sis>", p.prefix)
	default:
		p.out.WriteByte('>')
	}
	p.out.Write(formula)
	p.out.WriteString(open + text + shut)
	fmt.Fprintf(&p.out, "</%sc>", p.prefix)
}

// rest writes what follows the rows. Validations, formats and filters that end at the last row grow to the lowest new
// one.
func (p *sheetPatch) rest(done, lowest int) {
	grown := []string{"dataValidation", "conditionalFormatting", "autoFilter"}
	for i := done; p.last > 0 && lowest > p.last; {
		t, ok := nextTag(p.part, i)
		if !ok {
			break
		}
		i = t.end
		if t.closing || !slices.Contains(grown, t.name) {
			continue
		}
		for _, name := range []string{"sqref", "ref"} {
			done = p.replaceAttribute(t, name, done, func(ranges string) string { return grow(ranges, p.last, lowest) })
		}
	}
	p.out.Write(p.part[done:])
}

var rangeEnd = regexp.MustCompile(`(:\$?[A-Z]{1,3}\$?)([0-9]+)`)

// grow has the ranges that end in one row end in another: "A2:A9 C2:C9" from 9 to 12 is "A2:A12 C2:C12".
func grow(ranges string, from, to int) string {
	return rangeEnd.ReplaceAllStringFunc(ranges, func(end string) string {
		m := rangeEnd.FindStringSubmatch(end)
		if m[2] == strconv.Itoa(from) {
			return m[1] + strconv.Itoa(to)
		}
		return end
	})
}

// unionOf is a sheet's extent, such as "A1:F20", that takes in a row and a column.
func unionOf(ref string, row, column int) string {
	first, last, found := bytes.Cut([]byte(ref), []byte(":"))
	if !found {
		last = first
	}
	c, r, ok := parseCellName(last)
	if !ok || row <= r && column <= c {
		return ref
	}
	return string(first) + ":" + datasheets.CellName(max(c, column), max(r, row))
}
