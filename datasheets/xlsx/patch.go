package xlsx

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"liveops/datasheets"
)

// SheetEdits are what changes in one sheet of a workbook.
type SheetEdits struct {
	Sheet string
	Cells []Edit // in any order, each cell once
	Like  int    // the row after which cells of rows that are new, or lack the cell, look; 0 for plain ones
	Last  int    // the last row of what the sheet lists: ranges of validations, formats, filters and tables that end there take in new rows below it; 0 for none
}

// Edit is what a cell is to hold from now on. Its format and its comment stay.
type Edit struct {
	Row, Column int
	// Cells are what may stand there, the best first: the first that the cell's number format shows as what it is, is
	// written. One of them must be a Text, a Bool or an Empty, which any format takes.
	Cells       []datasheets.Cell
	DropFormula bool // a formula in the cell goes; else it stays, and the cell's content is what it was last calculated to
}

// Formula is a cell with a formula.
type Formula struct {
	Sheet       string
	Row, Column int
}

// Patched is a workbook with edits.
type Patched struct {
	Data    []byte
	Kept    []Formula // formulas in edited cells that stay
	Dropped []Formula // formulas in edited cells that are gone
}

// clears says whether the edit leaves nothing in the cell.
func (e *Edit) clears() bool { return e.Cells[0].Kind == datasheets.Empty }

// choose picks what is written into a cell of a number format.
func (e *Edit) choose(format datasheets.Kind) datasheets.Cell {
	for _, c := range e.Cells {
		switch c.Kind {
		case datasheets.Number, datasheets.Date, datasheets.Duration:
			if c.Kind == format {
				return c
			}
		default:
			return c
		}
	}
	return e.Cells[len(e.Cells)-1]
}

// Patch changes cells of a workbook and leaves all else in it byte by byte as it is: formats, formulas, comments,
// drawings, macros, other sheets. Spreadsheets are told to calculate the formulas anew when they open it. A cell that
// others share their formula with (a shared formula's first) can lose it: the others keep theirs.
//
// The result is read back: where a cell other than the edited ones were not the same, or an edited one not what it
// is to be, Patch fails. A fault of the workbook, or a sheet that it does not have, is a *datasheets.Problem.
func Patch(path string, data []byte, edits []SheetEdits, limits Limits) (*Patched, error) {
	limits = limits.withDefaults()
	at := datasheets.Position{Path: path}
	zip, err := openContainer(data, limits)
	if err != nil {
		return nil, problemOf(at, err)
	}
	book, err := readWorkbook(zip)
	if err != nil {
		return nil, problemOf(at, err)
	}
	w := &patcher{book: book, data: data, parts: map[string][]byte{}, patched: &Patched{}, written: map[string]map[[2]int]datasheets.Cell{}}
	defer w.close()
	for _, e := range edits {
		if len(e.Cells) == 0 {
			continue
		}
		at.Sheet = e.Sheet
		if err := w.sheet(e); err != nil {
			return nil, problemOf(at, err)
		}
	}
	at.Sheet = ""
	if err := w.calculations(); err != nil {
		return nil, problemOf(at, err)
	}
	if err := w.write(); err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	if err := w.check(path, limits); err != nil {
		return nil, err
	}
	return w.patched, nil
}

// patcher is the patching of a workbook.
type patcher struct {
	book    *workbook
	data    []byte
	parts   map[string][]byte // what takes the place of parts, by their names in the zip; nil for parts that go
	patched *Patched
	written map[string]map[[2]int]datasheets.Cell // by sheet, and by row and column
	other   *excelize.File                        // opened where a shared formula is to be told
}

func (w *patcher) close() {
	if w.other != nil {
		w.other.Close()
	}
}

// read is the content of a part, which must be UTF-8, as it is everywhere.
func (w *patcher) read(p *part) ([]byte, error) {
	src, err := w.book.zip.open(p)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	content, err := io.ReadAll(src)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(content[:min(len(content), 200)], 0) >= 0 {
		return nil, faultf(mendSave, "the part %s is not in UTF-8", p.file.Name)
	}
	return content, nil
}

// sheet patches one sheet.
func (w *patcher) sheet(e SheetEdits) error {
	i := slices.IndexFunc(w.book.sheets, func(s sheetEntry) bool { return s.name == e.Sheet })
	if i < 0 {
		return faultf("check the sheet's name", "the workbook has no sheet %q", e.Sheet)
	}
	part, err := w.book.sheetPart(w.book.sheets[i])
	if err != nil {
		return err
	}
	content, err := w.read(part)
	if err != nil {
		return err
	}
	cells := slices.Clone(e.Cells)
	slices.SortFunc(cells, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Column, b.Column)) })
	p := &sheetPatch{book: w.book, part: content, edits: cells, like: e.Like, last: e.Last,
		expand: func(cell string) (string, error) { return w.expand(e.Sheet, cell) }}
	if err := p.run(); err != nil {
		return err
	}
	w.parts[part.file.Name] = p.out.Bytes()
	w.written[e.Sheet] = p.written
	for _, from := range []struct {
		found []Formula
		to    *[]Formula
	}{{p.kept, &w.patched.Kept}, {p.dropped, &w.patched.Dropped}} {
		for _, f := range from.found {
			f.Sheet = e.Sheet
			*from.to = append(*from.to, f)
		}
	}
	lowest := slices.MaxFunc(cells, func(a, b Edit) int { return cmp.Compare(a.Row, b.Row) }).Row
	if e.Last > 0 && lowest > e.Last {
		return w.growTables(strings.TrimPrefix(partName(part.file.Name), "/"), e.Last, lowest)
	}
	return nil
}

// expand is the formula of a cell that shares it with another.
func (w *patcher) expand(sheet, cell string) (string, error) {
	if w.other == nil {
		var err error
		if w.other, err = excelize.OpenReader(bytes.NewReader(w.data)); err != nil {
			return "", faultf(mendSave, "its shared formulas cannot be read: %v", err)
		}
	}
	return w.other.GetCellFormula(sheet, cell)
}

var totals = regexp.MustCompile(`totalsRowCount\s*=\s*["'][^0"']`)

// growTables has the tables of a sheet that end at its last row, without a row of totals, take in the rows below.
func (w *patcher) growTables(sheet string, from, to int) error {
	rels, err := w.book.zip.relationships(sheet)
	if err != nil {
		return err
	}
	for _, rel := range rels {
		p := w.book.zip.find(sheet, rel.target)
		if rel.kind != "table" || p == nil {
			continue
		}
		content, err := w.read(p)
		if err != nil {
			return err
		}
		if totals.Match(content) {
			continue
		}
		w.parts[p.file.Name] = growRefs(content, from, to)
	}
	return nil
}

// growRefs grows the attributes called ref of a part's elements.
func growRefs(part []byte, from, to int) []byte {
	var out bytes.Buffer
	done := 0
	for t, ok := nextTag(part, 0); ok; t, ok = nextTag(part, t.end) {
		if start, end, has := t.attribute(part, "ref"); has && !t.closing {
			out.Write(part[done:start])
			out.WriteString(grow(string(part[start:end]), from, to))
			done = end
		}
	}
	out.Write(part[done:])
	return out.Bytes()
}

// write writes the package: parts that did not change as they stand, compressed, in the old one.
func (w *patcher) write() error {
	from, err := zip.NewReader(bytes.NewReader(w.data), int64(len(w.data)))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	for _, f := range from.File {
		content, changed := w.parts[f.Name]
		switch {
		case !changed:
			err = to.Copy(f)
		case content != nil:
			var part io.Writer
			if part, err = to.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate, Modified: f.Modified}); err == nil {
				_, err = part.Write(content)
			}
		}
		if err != nil {
			return err
		}
	}
	if err := to.Close(); err != nil {
		return err
	}
	w.patched.Data = out.Bytes()
	return nil
}
