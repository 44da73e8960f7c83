package xlsx

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// Choice is a drop-down list in every cell of a column below the header: the spreadsheet offers the values and takes
// nothing else but an empty cell.
type Choice struct {
	Column int      // of the sheet, counted from 1
	Values []string // in their order; an empty one is left out
	From   *Cells   // in place of Values: cells that hold them. The spreadsheet then asks before it takes anything else

	list string // the cells that hold the values, where the validation itself cannot
}

// Cells are the cells of a column of some sheet, from one row to another.
type Cells struct {
	Sheet       string
	Column      int // counted from 1
	First, Last int // rows
}

// formula is the reference to the cells, as a validation has it.
func (c *Cells) formula() string {
	return fmt.Sprintf("'%s'!%s:%s", strings.ReplaceAll(c.Sheet, "'", "''"), absolute(datasheets.CellName(c.Column, c.First)), absolute(datasheets.CellName(c.Column, c.Last)))
}

// listsName is the sheet that keeps the values of lists that a validation itself cannot hold. Its name makes it a
// note, which is not read.
const listsName = "#lists"

// longestInline is how many characters the values of a list in the validation itself may have, with a comma between
// each two (https://support.microsoft.com/office/29fecbcc-d1b9-42c1-9d76-eff3ce5f7249).
const longestInline = 255

// isInline says whether a validation itself can hold a list.
func isInline(values []string) bool {
	for _, v := range values {
		if strings.ContainsAny(v, ",\"\n\r\t") || v != strings.TrimSpace(v) {
			return false
		}
	}
	return utf16Len(strings.Join(values, ",")) <= longestInline
}

// withLists adds a hidden sheet of the lists that a validation itself cannot hold, where there are any.
func withLists(sheets []Sheet) []Sheet {
	lists := Sheet{Name: listsName, hidden: true}
	for slices.ContainsFunc(sheets, func(s Sheet) bool { return strings.EqualFold(s.Name, lists.Name) }) {
		lists.Name += "#"
	}
	sheets = slices.Clone(sheets)
	for i := range sheets {
		sheets[i].Choices = slices.Clone(sheets[i].Choices)
		for j := range sheets[i].Choices {
			c := &sheets[i].Choices[j]
			if c.From != nil {
				c.list = c.From.formula()
				continue
			}
			c.Values = slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return v == "" })
			if isInline(c.Values) {
				continue
			}
			header := sheets[i].Name
			if c.Column <= len(sheets[i].Header) {
				header += "." + sheets[i].Header[c.Column-1]
			}
			lists.addColumn(header, c.Values)
			c.list = (&Cells{Sheet: lists.Name, Column: len(lists.Header), First: 2, Last: 1 + len(c.Values)}).formula()
		}
	}
	if len(lists.Header) > 0 {
		sheets = append(sheets, lists)
	}
	return sheets
}

// addColumn adds a column of texts.
func (s *Sheet) addColumn(header string, values []string) {
	s.Header = append(s.Header, header)
	for i, v := range values {
		if i == len(s.Rows) {
			s.Rows = append(s.Rows, nil)
		}
		row := make([]any, len(s.Header))
		copy(row, s.Rows[i])
		row[len(row)-1] = v
		s.Rows[i] = row
	}
}

// absolute is a cell's name as $A$2.
func absolute(name string) string {
	i := strings.IndexAny(name, "0123456789")
	return "$" + name[:i] + "$" + name[i:]
}

// writeChoices writes the sheet's drop-down lists (ECMA-376 part 1, 18.3.1.33).
func (s Sheet) writeChoices(out *bufio.Writer) {
	written := slices.DeleteFunc(slices.Clone(s.Choices), func(c Choice) bool { return len(c.Values) == 0 && c.From == nil })
	if len(written) == 0 {
		return
	}
	fmt.Fprintf(out, `<dataValidations count="%d">`, len(written))
	for _, c := range written {
		formula := c.list
		if formula == "" {
			formula = `"` + strings.Join(c.Values, ",") + `"`
		}
		sqref := datasheets.CellName(c.Column, s.FirstRow()) + ":" + datasheets.CellName(c.Column, maxRow)
		if s.Vertical {
			sqref = datasheets.CellName(2, s.headerRow()+c.Column-1)
		}
		strict := ""
		if c.From != nil {
			strict = ` errorStyle="warning"`
		}
		fmt.Fprintf(out, `<dataValidation type="list"%s allowBlank="1" showErrorMessage="1" sqref="%s"><formula1>%s</formula1></dataValidation>`,
			strict, sqref, strings.ReplaceAll(escape(formula), "&quot;", `"`)) // as Excel writes it
	}
	out.WriteString(`</dataValidations>`) // an error stays with out
}
