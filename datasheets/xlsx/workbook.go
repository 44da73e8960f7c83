package xlsx

import (
	"io"
	"path"
	"strings"

	"liveops/datasheets"
)

// workbook is what the sheets of a file share.
type workbook struct {
	zip      *container
	path     string // of the workbook part
	rels     map[string]relationship
	sheets   []sheetEntry
	used     map[*part]bool
	date1904 bool

	styles, texts *part // what readShared reads; nil where there is none

	kinds   []datasheets.Kind // what a number is, by its cell's style
	strings sharedStrings
}

// sheetEntry is one sheet as workbook.xml lists it.
type sheetEntry struct {
	name, id string
	hidden   bool
}

// relationship is one link from a part to another. kind is the last element of its type's URI, which is the
// same in Transitional and Strict files ("worksheet").
type relationship struct{ id, kind, target string }

// maxEntries bounds the sheets and the relationships of a workbook: what is kept of them is larger than
// what they take in the file.
const maxEntries = 1 << 16

// readWorkbook reads all but the sheets themselves.
func readWorkbook(zip *container) (*workbook, error) {
	w, err := readContents(zip)
	if err == nil {
		err = w.readShared()
	}
	return w, err
}

// readContents reads the list of sheets, and nothing that only cells need.
func readContents(zip *container) (*workbook, error) {
	w := &workbook{zip: zip, rels: map[string]relationship{}, used: map[*part]bool{}}
	root, err := zip.relationships("")
	if err != nil {
		return nil, err
	}
	w.path = "xl/workbook.xml"
	if target := targetOf(root, "officeDocument"); target != "" {
		w.path = strings.TrimPrefix(path.Clean("/"+target), "/")
	}
	if err := w.readSheets(); err != nil {
		return nil, err
	}
	rels, err := zip.relationships(w.path)
	if err != nil {
		return nil, err
	}
	for _, rel := range rels {
		w.rels[rel.id] = rel
	}
	w.styles, w.texts = zip.find(w.path, targetOf(rels, "styles")), zip.find(w.path, targetOf(rels, "sharedStrings"))
	w.sheets = w.worksheets()
	return w, nil
}

// readShared reads what the cells of all sheets share.
func (w *workbook) readShared() error {
	if err := w.readStyles(w.styles); err != nil {
		return err
	}
	return w.readStrings(w.texts)
}

// targetOf is the target of the first relationship of a kind; "" where there is none.
func targetOf(rels []relationship, kind string) string {
	for _, rel := range rels {
		if rel.kind == kind {
			return rel.target
		}
	}
	return ""
}

func (w *workbook) readSheets() error {
	p := w.zip.find("", w.path)
	switch {
	case p == nil && w.zip.parts["content.xml"] != nil:
		return faultf("save it as Excel Workbook (.xlsx)", "the file is an OpenDocument spreadsheet, not xlsx")
	case p == nil:
		return faultf(mendSave, "the file is a zip archive but no workbook: it has no %s", w.path)
	case strings.EqualFold(path.Ext(w.path), ".bin"):
		return faultf("save it as Excel Workbook (.xlsx)", "the file is a binary workbook (.xlsb), not xlsx")
	}
	seen := map[string]bool{}
	return w.zip.walk(p, func(at string, s *scanner) error {
		switch at {
		case "workbook/workbookPr":
			w.date1904 = isTrue(s.attribute("date1904"))
		case "workbook/sheets/sheet":
			state := s.attribute("state") // visible, hidden or veryHidden
			e := sheetEntry{s.attribute("name"), s.attribute("id"), strings.HasSuffix(strings.ToLower(state), "hidden")}
			key := strings.ToLower(e.name)
			if len(w.sheets) == maxEntries || e.name == "" || seen[key] {
				return faultf("rename or delete the sheet in Excel", "sheet %d of the workbook has no name of its own (%q)", len(w.sheets)+1, e.name)
			}
			seen[key] = true
			w.sheets = append(w.sheets, e)
		}
		return nil
	})
}

// worksheets leaves out the sheets that have no cells or no data: charts, dialogs and macros.
func (w *workbook) worksheets() []sheetEntry {
	var kept []sheetEntry
	for _, s := range w.sheets {
		switch w.rels[s.id].kind {
		case "chartsheet", "dialogsheet", "xlMacrosheet", "xlIntlMacrosheet":
		default:
			kept = append(kept, s)
		}
	}
	return kept
}

// sheetPart is the part that holds the sheet. Two sheets on one part would let a small file cost as much to
// read as a large one, and no workbook has them.
func (w *workbook) sheetPart(s sheetEntry) (*part, error) {
	rel := w.rels[s.id]
	p := w.zip.find(w.path, rel.target)
	if rel.kind != "worksheet" || p == nil || w.used[p] {
		return nil, faultf(mendSave, "the workbook lists this sheet, but the file does not hold it (part %q)", rel.target)
	}
	w.used[p] = true
	return p, nil
}

// relationships lists what the part source ("" for the package itself) links to inside the file.
func (c *container) relationships(source string) ([]relationship, error) {
	dir, file := path.Split(source)
	p := c.find("", dir+"_rels/"+file+".rels")
	if p == nil {
		return nil, nil
	}
	var rels []relationship
	err := c.walk(p, func(at string, s *scanner) error {
		if at != "Relationships/Relationship" || s.attribute("TargetMode") == "External" {
			return nil
		}
		if len(rels) == maxEntries {
			return faultf(mendSave, "the workbook has more than %d relationships", maxEntries)
		}
		rels = append(rels, relationship{s.attribute("Id"), path.Base(s.attribute("Type")), s.attribute("Target")})
		return nil
	})
	return rels, err
}

// walk reads a small part: visit sees each element down to the third level with its path from the root, and
// may read its attributes.
func (c *container) walk(p *part, visit func(at string, s *scanner) error) error {
	src, err := c.open(p)
	if err != nil {
		return err
	}
	defer src.Close()
	s := newScanner(src, c.limits.Cell)
	var names []string
	for {
		tok, err := s.next()
		switch {
		case err == io.EOF && s.root:
			return nil
		case err == io.EOF:
			return syntaxf("the part %s is empty", p.file.Name)
		case err != nil:
			return err
		case tok == endTag:
			names = names[:len(names)-1]
		case tok == startTag && len(names) == 3:
			if err := s.skip(); err != nil {
				return err
			}
		case tok == startTag:
			names = append(names, string(s.name))
			empty := s.empty
			if err := visit(strings.Join(names, "/"), s); err != nil {
				return err
			}
			if s.err != nil {
				return s.err
			}
			if empty {
				names = names[:len(names)-1]
			}
		}
	}
}

// isTrue reads an XML boolean.
func isTrue(s string) bool { return s == "1" || s == "true" }
