package datasheets

// AppendKey appends the packed key of a row to dst, also where other cells of the row have problems; ok is false
// where the key has one itself. o is as for AppendRow.
func (h *Header) AppendKey(dst []byte, r Row, o *Options) (key []byte, ok bool) {
	options := Options{Date1904: h.date1904}
	if o != nil {
		options.Location = o.Location
	}
	h.sortCells(r)
	key = dst
	for i := range h.Table.Key {
		if i >= len(h.cells) {
			return dst, false
		}
		var wrong *Mismatch
		if key, wrong = h.appendCell(key, i, h.cells[i], &options); wrong != nil {
			return dst, false
		}
	}
	return key, true
}
