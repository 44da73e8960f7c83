package main

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"liveops/datasheets"
)

// workbookOf makes an xlsx of a text in which `## NAME` begins a sheet and every other line is a row, its cells
// separated by |. It is made by hand, not by the product's writer, so that it can hold what that would never write:
//
//	12, 0.5, 1e3     a number, with just these digits, however many
//	@2024-01-02      a date; with T and a time of day, a date and time
//	TRUE, FALSE      a Boolean
//	#REF!, #N/A      the error of a formula
//	=A1+1            a formula without a cached value
//	=A1+1 -> 5       a formula with one
//	"…"              a text, by Go's rules for quotes: "12" is the text 12
//	anything else    a text
func workbookOf(text string) ([]byte, error) {
	var names []string
	sheets := map[string]*strings.Builder{}
	row := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if name, ok := strings.CutPrefix(line, "## "); ok {
			names, row = append(names, name), 0
			sheets[name] = &strings.Builder{}
			continue
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%q stands before the first ## sheet", line)
		}
		row++
		b := sheets[names[len(names)-1]]
		fmt.Fprintf(b, `<row r="%d">`, row)
		for i, field := range strings.Split(line, "|") {
			content, err := cellXML(datasheets.CellName(i+1, row), strings.TrimSpace(field))
			if err != nil {
				return nil, err
			}
			b.WriteString(content)
		}
		b.WriteString("</row>")
	}
	var buf bytes.Buffer
	zw := zip.NewWriter(&buf)
	for _, p := range parts(names, sheets) {
		w, err := zw.Create(p[0])
		if err != nil {
			return nil, err
		}
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"+p[1])
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

// parts are the files of the package: name and content.
func parts(names []string, sheets map[string]*strings.Builder) [][2]string {
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	const links = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	link := func(id int, kind, target string) string {
		return fmt.Sprintf(`<Relationship Id="rId%d" Type="%s/%s" Target="%s"/>`, id, office, kind, target)
	}
	list, rels := "", links+link(1, "styles", "styles.xml")
	out := [][2]string{
		{"_rels/.rels", links + link(1, "officeDocument", "xl/workbook.xml") + "</Relationships>"},
		{"xl/styles.xml", `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>`},
	}
	for i, name := range names {
		list += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escaped(name), i+1, i+2)
		rels += link(i+2, "worksheet", fmt.Sprintf("worksheets/sheet%d.xml", i+1))
		out = append(out, [2]string{fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), "<worksheet><sheetData>" + sheets[name].String() + "</sheetData></worksheet>"})
	}
	return append(out, [2]string{"xl/workbook.xml", `<workbook xmlns:r="` + office + `"><sheets>` + list + "</sheets></workbook>"},
		[2]string{"xl/_rels/workbook.xml.rels", rels + "</Relationships>"})
}

var (
	numberPattern = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	errorPattern  = regexp.MustCompile(`^#[A-Z/0]+[!?A]$`)
)

// cellXML is one cell of the sheet; nothing for an empty one.
func cellXML(at, field string) (string, error) {
	cell := func(attributes, content string) (string, error) {
		return `<c r="` + at + `"` + attributes + ">" + content + "</c>", nil
	}
	switch {
	case field == "":
		return "", nil
	case numberPattern.MatchString(field):
		return cell("", "<v>"+field+"</v>")
	case field == "TRUE", field == "FALSE":
		return cell(` t="b"`, map[string]string{"TRUE": "<v>1</v>", "FALSE": "<v>0</v>"}[field])
	case errorPattern.MatchString(field):
		return cell(` t="e"`, "<v>"+field+"</v>")
	case field[0] == '=':
		formula, value, cached := strings.Cut(field[1:], " -> ")
		if cached {
			value = "<v>" + value + "</v>"
		}
		return cell("", "<f>"+escaped(formula)+"</f>"+value)
	case field[0] == '@':
		return dateXML(at, field[1:])
	case field[0] == '"':
		text, err := strconv.Unquote(field)
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", at, field, err)
		}
		field = text
	}
	return cell(` t="inlineStr"`, `<is><t xml:space="preserve">`+escaped(field)+"</t></is>")
}

// dateXML is a date as a spreadsheet has it: days since 1899-12-30 in a cell with a date's format.
func dateXML(at, field string) (string, error) {
	style, layout := 1, "2006-01-02"
	if strings.Contains(field, "T") {
		style, layout = 2, "2006-01-02T15:04:05"
	}
	t, err := time.Parse(layout, field)
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	days := t.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24
	return fmt.Sprintf(`<c r="%s" s="%d"><v>%s</v></c>`, at, style, strconv.FormatFloat(days, 'f', -1, 64)), nil
}

func escaped(s string) string {
	var b strings.Builder
	xml.EscapeText(&b, []byte(s)) // writing to a Builder does not fail
	return b.String()
}
