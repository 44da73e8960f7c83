package xlsx

import (
	"strconv"

	"liveops/datasheets"
)

// readStyles learns what a number is by its cell's style. A workbook need not have styles.
func (w *workbook) readStyles(p *part) error {
	if p == nil {
		return nil
	}
	custom := map[uint16]datasheets.Kind{}
	var ids []uint16 // the number format of each style
	err := w.zip.walk(p, func(at string, s *scanner) error {
		switch at {
		case "styleSheet/numFmts/numFmt":
			custom[formatID(s.attribute("numFmtId"))] = formatKind(s.attribute("formatCode"))
		case "styleSheet/cellXfs/xf":
			ids = append(ids, formatID(s.attribute("numFmtId")))
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.kinds = make([]datasheets.Kind, len(ids))
	for i, id := range ids {
		kind, ok := custom[id]
		if !ok {
			kind = builtinKind(int(id))
		}
		w.kinds[i] = kind
	}
	return nil
}

// formatID is a number format's id; 0 (General) where it cannot be read.
func formatID(s string) uint16 {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(n)
}

// numberKind is what a number is in a cell of that style. A style that the workbook lacks is a plain one.
func (w *workbook) numberKind(style int) datasheets.Kind {
	if style < len(w.kinds) {
		return w.kinds[style]
	}
	return datasheets.Number
}
