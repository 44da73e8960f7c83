package xlsx

import (
	"regexp"
	"slices"
)

// calculations has spreadsheets calculate the formulas anew, and takes the calculation chain out where a formula is
// gone: it may name no cell without one (ECMA-376 part 1, 18.6; spreadsheets make it anew).
func (w *patcher) calculations() error {
	p := w.book.zip.find("", w.book.path)
	content, err := w.read(p)
	if err != nil {
		return err
	}
	w.parts[p.file.Name] = calculateAnew(content)
	if len(w.patched.Dropped) == 0 {
		return nil
	}
	rels, err := w.book.zip.relationships(w.book.path)
	if err != nil {
		return err
	}
	chain := w.book.zip.find(w.book.path, targetOf(rels, "calcChain"))
	if chain == nil {
		return nil
	}
	w.parts[chain.file.Name] = nil
	dir, file := splitPart(w.book.path)
	for name, mention := range map[string]*regexp.Regexp{
		"[Content_Types].xml":           regexp.MustCompile(`<(\w+:)?Override\b[^>]*calcChain[^>]*/>`),
		dir + "_rels/" + file + ".rels": regexp.MustCompile(`<(\w+:)?Relationship\b[^>]*calcChain[^>]*/>`),
	} {
		p := w.book.zip.find("", name)
		if p == nil {
			continue
		}
		content, err := w.read(p)
		if err != nil {
			return err
		}
		w.parts[p.file.Name] = mention.ReplaceAll(content, nil)
	}
	return nil
}

func splitPart(name string) (dir, file string) {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return name[:i+1], name[i+1:]
		}
	}
	return "", name
}

// beforeCalculation are the elements of a workbook that stand before calcPr (CT_Workbook, ECMA-376 part 1, 18.2.27).
var beforeCalculation = []string{"fileVersion", "fileSharing", "workbookPr", "workbookProtection", "bookViews", "sheets", "functionGroups",
	"externalReferences", "definedNames"}

// calculateAnew sets fullCalcOnLoad in a workbook's part.
func calculateAnew(part []byte) []byte {
	place, prefix := -1, ""
	for t, ok := nextTag(part, 0); ok; t, ok = nextTag(part, t.end) {
		if t.name == "calcPr" && !t.closing {
			if from, to, has := t.attribute(part, "fullCalcOnLoad"); has {
				return slices.Concat(part[:from], []byte("1"), part[to:])
			}
			after := t.start + len("<") + len(t.prefix) + len(t.name)
			return slices.Concat(part[:after], []byte(` fullCalcOnLoad="1"`), part[after:])
		}
		if (t.closing || t.empty) && slices.Contains(beforeCalculation, t.name) {
			place, prefix = t.end, t.prefix
		}
	}
	if place < 0 {
		return part
	}
	return slices.Concat(part[:place], []byte("<"+prefix+`calcPr fullCalcOnLoad="1"/>`), part[place:])
}
