package xlsx

import (
	"bufio"
	"fmt"
	"strconv"

	"liveops/datasheets"
)

// write writes the sheet's part. The elements' order is that of CT_Worksheet.
func (s Sheet) write(out *bufio.Writer, selected bool) error {
	rows, columns := s.size()
	if rows > maxRow || columns > maxColumn {
		return fmt.Errorf("%d rows and %d columns are more than a sheet has", rows, columns)
	}
	fmt.Fprintf(out, `<worksheet xmlns="%s"><dimension ref="A1:%s"/>`, nsMain, datasheets.CellName(max(columns, 1), rows))
	out.WriteString(`<sheetViews><sheetView`)
	if selected {
		out.WriteString(` tabSelected="1"`)
	}
	out.WriteString(` workbookViewId="0">`)
	if s.Vertical {
		out.WriteString(`<pane xSplit="1" topLeftCell="B1" activePane="topRight" state="frozen"/><selection pane="topRight"/>`)
	} else {
		fmt.Fprintf(out, `<pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/>`, s.headerRow(), s.headerRow()+1)
	}
	out.WriteString(`</sheetView></sheetViews>`)
	if columns > 0 {
		out.WriteString(`<cols>`)
		for i, width := range s.widths(columns) {
			fmt.Fprintf(out, `<col min="%[1]d" max="%[1]d" width="%[2]d" customWidth="1"/>`, i+1, width)
		}
		out.WriteString(`</cols>`)
	}
	out.WriteString(`<sheetData>`)
	if err := s.writeRows(out); err != nil {
		return err
	}
	out.WriteString(`</sheetData>`)
	s.writeChoices(out)
	_, err := out.WriteString(`</worksheet>`)
	return err
}

// writeRows writes the header, the notes and the rows.
func (s Sheet) writeRows(out *bufio.Writer) error {
	if s.Vertical {
		return s.writeVertical(out)
	}
	if err := writeRow(out, s.headerRow(), texts(s.Header), styleHeader); err != nil {
		return err
	}
	for i, note := range s.Notes {
		if err := writeRow(out, s.headerRow()+1+i, texts(note), styleGeneral); err != nil {
			return err
		}
	}
	for i, row := range s.Rows {
		if err := writeRow(out, s.FirstRow()+i, row, styleGeneral); err != nil {
			return err
		}
	}
	return nil
}

// writeVertical writes each name with its value beside it.
func (s Sheet) writeVertical(out *bufio.Writer) error {
	if len(s.Rows) > 1 {
		return fmt.Errorf("a vertical sheet holds one row, not %d", len(s.Rows))
	}
	for i, name := range s.Header {
		row := []any{headed{name}}
		if len(s.Rows) == 1 && i < len(s.Rows[0]) {
			row = append(row, s.Rows[0][i])
		}
		if err := writeRow(out, s.headerRow()+i, row, styleGeneral); err != nil {
			return err
		}
	}
	return nil
}

// headed is a name in a header's style.
type headed struct{ text string }

func texts(names []string) []any {
	row := make([]any, len(names))
	for i, name := range names {
		row[i] = name
	}
	return row
}

// size is how many rows, those of the header and above it included, and columns the sheet has.
func (s Sheet) size() (rows, columns int) {
	if s.Vertical {
		return s.headerRow() + len(s.Header) - 1, 2
	}
	columns = len(s.Header)
	for _, row := range s.Rows {
		columns = max(columns, len(row))
	}
	return s.FirstRow() - 1 + len(s.Rows), columns
}

// writeRow writes a row of cells; style is that of cells that need none of their own.
func writeRow(out *bufio.Writer, number int, row []any, style int) error {
	out.WriteString(`<row r="`)
	out.WriteString(strconv.Itoa(number))
	out.WriteString(`">`)
	for i, value := range row {
		c, err := newCell(value)
		if err != nil {
			return fmt.Errorf("cell %s: %w", datasheets.CellName(i+1, number), err)
		}
		if c.text == "" {
			continue
		}
		if style != styleGeneral {
			c.style = style
		}
		out.WriteString(`<c r="`)
		out.WriteString(datasheets.CellName(i+1, number))
		if c.style != styleGeneral {
			out.WriteString(`" s="`)
			out.WriteString(strconv.Itoa(c.style))
		}
		out.WriteByte('"')
		c.writeContent(out)
	}
	_, err := out.WriteString(`</row>`)
	return err
}

// writeContent writes what follows the common attributes of a cell.
func (c cell) writeContent(out *bufio.Writer) {
	switch c.kind {
	case boolCell:
		out.WriteString(` t="b"><v>`)
	case numberCell:
		out.WriteString(`><v>`)
	default:
		out.WriteString(` t="inlineStr"><is><t`)
		if isSpace(c.text[0]) || isSpace(c.text[len(c.text)-1]) {
			out.WriteString(` xml:space="preserve"`)
		}
		out.WriteByte('>')
		out.WriteString(escape(c.text))
		out.WriteString(`</t></is></c>`)
		return
	}
	out.WriteString(c.text)
	out.WriteString(`</v></c>`)
}
