package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// shareStrings turns a workbook with inline strings into one with shared strings, as Excel saves it.
func shareStrings(workbook []byte) ([]byte, error) {
	in, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zw := zip.NewWriter(&out)
	t := &stringTable{index: map[string]int{}}
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		part, err := io.ReadAll(r)
		r.Close()
		if err != nil {
			return nil, err
		}
		switch {
		case strings.HasPrefix(f.Name, "xl/worksheets/"):
			part = t.share(part)
		case f.Name == "[Content_Types].xml":
			part = bytes.Replace(part, []byte("</Types>"), []byte(`<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`), 1)
		case f.Name == "xl/_rels/workbook.xml.rels":
			part = bytes.Replace(part, []byte("</Relationships>"), []byte(`<Relationship Id="rIdStrings" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`), 1)
		}
		if err := writePart(zw, f.Name, part); err != nil {
			return nil, err
		}
	}
	if err := writePart(zw, "xl/sharedStrings.xml", t.part()); err != nil {
		return nil, err
	}
	err = zw.Close()
	return out.Bytes(), err
}

func writePart(zw *zip.Writer, name string, content []byte) error {
	w, err := zw.Create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	return err
}

// stringTable is the shared strings, as they stand in the sheets: escaped.
type stringTable struct {
	index map[string]int
	texts []string
	uses  int
}

// share puts every inline string of a sheet into the table.
func (t *stringTable) share(sheet []byte) []byte {
	const start, end = `t="inlineStr"><is><t>`, `</t></is></c>`
	var out bytes.Buffer
	for {
		before, rest, found := bytes.Cut(sheet, []byte(start))
		out.Write(before)
		if !found {
			return out.Bytes()
		}
		text, after, _ := bytes.Cut(rest, []byte(end))
		i, known := t.index[string(text)]
		if !known {
			i = len(t.texts)
			t.index[string(text)] = i
			t.texts = append(t.texts, string(text))
		}
		t.uses++
		fmt.Fprintf(&out, `t="s"><v>%d</v></c>`, i)
		sheet = after
	}
}

func (t *stringTable) part() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`+"\n"+
		`<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="%d" uniqueCount="%d">`, t.uses, len(t.texts))
	for _, text := range t.texts {
		out.WriteString("<si><t>" + text + "</t></si>")
	}
	out.WriteString("</sst>")
	return out.Bytes()
}
