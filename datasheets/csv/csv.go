// Package csv reads comma-separated values into the model of package datasheets: a file is a workbook of one sheet, of
// the file's name.
//
// The format is RFC 4180, as spreadsheets write it in their languages: separated by commas, semicolons or tabs,
// whichever the first row has most of; in UTF-8, or in UTF-16 with a byte order mark. A file is data from a stranger:
// whatever its bytes are, reading it ends and says what is wrong with it as a *datasheets.Problem.
package csv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"liveops/datasheets"
)

// The limits of a file, which are a sheet's (Excel specifications and limits).
const (
	mostRows    = 1_048_576
	mostColumns = 16_384
	mostBytes   = 1 << 20 // of a cell; Excel's own limit is 32,767 characters
)

const mendEncoding = "save it as CSV UTF-8 (in Excel: Save As, CSV UTF-8 (Comma delimited))"

// Open reads a file of comma-separated values as a workbook of one sheet. Every cell is a Text, and an empty one is
// none: what a column makes of a text decides. Row numbers are those that a spreadsheet shows. path is the file's
// place in the data repo; data must not change while the Book is in use. Every error is a *datasheets.Problem.
func Open(name string, data []byte) (*datasheets.Book, error) {
	at := datasheets.Position{Path: name}
	text, err := decoded(data)
	if err != nil {
		return nil, &datasheets.Problem{At: at, Text: err.Error(), Mend: mendEncoding}
	}
	if i := invalid(text); i >= 0 {
		at.Line = 1 + bytes.Count(text[:i], []byte("\n"))
		return nil, &datasheets.Problem{At: at, Text: "the file is not UTF-8: perhaps it was saved in the character set of a Korean, Japanese or Thai system", Mend: mendEncoding}
	}
	book := Contents(name)
	f := &file{path: name, sheet: book.Sheets[0].Name, text: text, comma: separator(text)}
	book.Sheets[0].Rows = f.rows()
	return book, nil
}

// Contents is the workbook that a file is, without the sheet's Rows: the file's name says all of it.
func Contents(name string) *datasheets.Book {
	return &datasheets.Book{Path: name, Sheets: []datasheets.Sheet{{Path: name, Name: strings.TrimSuffix(path.Base(name), path.Ext(name))}}}
}

// decoded is the text without its byte order mark, in UTF-8.
func decoded(data []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		return data[3:], nil
	case bytes.HasPrefix(data, []byte("\xFF\xFE")), bytes.HasPrefix(data, []byte("\xFE\xFF")):
		if len(data)%2 != 0 {
			return nil, errors.New("the file says that it is UTF-16, and is cut within a character")
		}
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
	}
	return data, nil
}

// invalid is where text is not UTF-8, or has a zero byte; -1 for nowhere.
func invalid(text []byte) int {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

// separator is what separates the cells: that of which the first row has most outside quotes.
func separator(text []byte) rune {
	count := map[byte]int{}
	quoted := false
	for _, c := range text {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n' && len(count) > 0:
			return most(count)
		default:
			if c == ',' || c == ';' || c == '\t' {
				count[c]++
			}
		}
	}
	return most(count)
}

func most(count map[byte]int) rune {
	best := byte(',')
	for _, c := range []byte{';', '\t'} {
		if count[c] > count[best] {
			best = c
		}
	}
	return rune(best)
}

// file is a file's text.
type file struct {
	path, sheet string
	text        []byte
	comma       rune
}

// rows are the rows that have a cell. Each use reads the text anew.
func (f *file) rows() iter.Seq2[datasheets.Row, error] {
	return func(yield func(datasheets.Row, error) bool) {
		r := csv.NewReader(bytes.NewReader(f.text))
		r.Comma, r.FieldsPerRecord, r.ReuseRecord = f.comma, -1, true
		row := datasheets.Row{}
		line := 0 // the last one that was read
		for {
			fields, err := r.Read()
			if err == io.EOF {
				return
			}
			if err == nil {
				first, _ := r.FieldPos(0)
				row.Number += first - line // empty lines are rows too
				last, _ := r.FieldPos(len(fields) - 1)
				line = last + strings.Count(fields[len(fields)-1], "\n")
				row.Cells, err = f.cells(row.Cells[:0], row.Number, fields)
			}
			if err != nil {
				yield(datasheets.Row{}, f.problem(err, line+1))
				return
			}
			if len(row.Cells) > 0 && !yield(row, nil) {
				return
			}
		}
	}
}

// cells are the cells of a row that are not empty.
func (f *file) cells(cells []datasheets.Cell, row int, fields []string) ([]datasheets.Cell, error) {
	if row > mostRows || len(fields) > mostColumns {
		return nil, fmt.Errorf("row %d with %d cells is more than a sheet has (%d rows, %d columns)", row, len(fields), mostRows, mostColumns)
	}
	for i, text := range fields {
		if len(text) > mostBytes {
			return nil, fmt.Errorf("the cell %s has %d bytes; at most %d are read", datasheets.CellName(i+1, row), len(text), mostBytes)
		}
		if text != "" {
			cells = append(cells, datasheets.Cell{Column: i + 1, Kind: datasheets.Text, Text: []byte(text)})
		}
	}
	return cells, nil
}

func (f *file) problem(err error, line int) *datasheets.Problem {
	p := &datasheets.Problem{At: datasheets.Position{Path: f.path, Line: line}, Text: err.Error(), Mend: "save it again as CSV UTF-8"}
	if wrong := (*csv.ParseError)(nil); errors.As(err, &wrong) {
		p.At.Line = wrong.Line
		switch {
		case errors.Is(err, csv.ErrBareQuote):
			p.Text, p.Mend = "a quote stands within a cell that is not quoted", `put the cell between quotes, and write each quote in it twice: "a ""b"" c"`
		case errors.Is(err, csv.ErrQuote):
			p.Text, p.Mend = "a quoted cell does not end, or something follows its last quote", `write each quote within the cell twice: "a ""b"" c"`
		default:
			p.Text = wrong.Err.Error()
		}
	}
	return p
}
