// Package xlsx reads workbooks into the model of package datasheets, and writes simple ones.
//
// The format is Office Open XML (ECMA-376, ISO/IEC 29500), Transitional and Strict alike. A workbook is data
// from a stranger: whatever its bytes are, reading it ends, stays within Limits, and says what is wrong with
// it as a *datasheets.Problem. Sheets are streamed; only the shared strings are held in memory.
package xlsx

import (
	"iter"

	"liveops/datasheets"
)

// Limits bound what a hostile file can cost. A field of zero or less means its default.
type Limits struct {
	// Inflated is how many bytes all parts that are read may have together once inflated, as they really are
	// and not as the file declares them; reading a part again adds nothing. Default 1 GiB.
	Inflated int64
	// Cells is how many cells one reading of one sheet may meet, empty ones included. Default 20,000,000.
	Cells int64
	// Row is how many bytes of text the cells of one row may hold together, shared strings not counted.
	// Default 32 MiB.
	Row int
	// Cell is how many bytes the text of one cell, or any one piece of markup, may have. Excel's own limit is
	// 32,767 characters (about 100 KB in UTF-8). Default 1 MiB.
	Cell int
}

const (
	defaultInflated = 1 << 30
	defaultCells    = 20_000_000
	defaultRow      = 32 << 20
	defaultCell     = 1 << 20
)

func (l Limits) withDefaults() Limits {
	if l.Inflated <= 0 {
		l.Inflated = defaultInflated
	}
	if l.Cells <= 0 {
		l.Cells = defaultCells
	}
	if l.Row <= 0 {
		l.Row = defaultRow
	}
	if l.Cell <= 0 {
		l.Cell = defaultCell
	}
	return l
}

// Open reads a workbook's directory, styles and shared strings; its sheets are read when their Rows are asked
// for. path is the workbook's place in the data repo, for Book and problems; data must not change while the
// Book is in use. Every error is a *datasheets.Problem.
//
// Sheets whose name begins with '#' are listed like any other: not reading them is up to the caller.
func Open(path string, data []byte, limits Limits) (*datasheets.Book, error) {
	book, w, parts, err := list(path, data, limits)
	if err != nil {
		return nil, err
	}
	at := datasheets.Position{Path: path}
	if err := w.readShared(); err != nil {
		return nil, problemOf(at, err)
	}
	for i := range book.Sheets {
		at.Sheet = book.Sheets[i].Name
		book.Sheets[i].Rows = w.rows(at, parts[i])
	}
	return book, nil
}

// Contents lists the sheets of a workbook as Open does, without their Rows: no cell is read, nor what cells share. A
// workbook that passes may still fail to open. Every error is a *datasheets.Problem.
func Contents(path string, data []byte, limits Limits) (*datasheets.Book, error) {
	book, _, _, err := list(path, data, limits)
	return book, err
}

// list reads a workbook's directory: its sheets, and the part that each of them is.
func list(path string, data []byte, limits Limits) (*datasheets.Book, *workbook, []*part, error) {
	limits = limits.withDefaults()
	at := datasheets.Position{Path: path}
	fail := func(err error) (*datasheets.Book, *workbook, []*part, error) {
		return nil, nil, nil, problemOf(at, err)
	}
	if err := checkKind(data); err != nil {
		return fail(err)
	}
	zip, err := openContainer(data, limits)
	if err != nil {
		return fail(err)
	}
	w, err := readContents(zip)
	if err != nil {
		return fail(err)
	}
	book := &datasheets.Book{Path: path}
	var parts []*part
	for _, s := range w.sheets {
		at.Sheet = s.name
		part, err := w.sheetPart(s)
		if err != nil {
			return fail(err)
		}
		parts = append(parts, part)
		book.Sheets = append(book.Sheets, datasheets.Sheet{Path: path, Name: s.name, Hidden: s.hidden, Date1904: w.date1904})
	}
	return book, w, parts, nil
}

// rows is the sequence of a sheet part's rows. Each use of it reads the part anew.
func (w *workbook) rows(at datasheets.Position, p *part) iter.Seq2[datasheets.Row, error] {
	return func(yield func(datasheets.Row, error) bool) {
		src, err := w.zip.open(p)
		if err != nil {
			yield(datasheets.Row{}, problemOf(at, err))
			return
		}
		defer src.Close()
		r := newSheetReader(w, src)
		for r.next() {
			if !yield(datasheets.Row{Number: r.number, Cells: r.cells}, nil) {
				return
			}
		}
		if r.err != nil {
			at := at
			at.Cell = r.cellAtFault()
			yield(datasheets.Row{}, problemOf(at, r.err))
		}
	}
}
