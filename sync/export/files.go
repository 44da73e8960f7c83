package export

import (
	"bytes"
	"context"
	"errors"
	"path"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
	"liveops/sync/mysqlstore"
)

// File is a workbook of the data repo as an export leaves it.
type File struct {
	Path string
	Data []byte

	Over  *Rewritten // what has changed of a workbook that is there; nil of a new one
	New   *Exported  // the one table of a new workbook; nil of one that is there
	Table string     // its name
}

// Files writes tables over the workbooks that hold them (see Over), and the tables of others, which no sheet describes,
// into new ones: datasheets/TABLE.xlsx. mapping is what liveops.yaml says of a table, or nil. Nothing is
// returned unless all of it could be written.
func Files(ctx context.Context, snap *mysqlstore.Snapshot, targets []Target, others []string, mapping func(table string) *datasheets.Mapping,
	r Reading, read func(path string) ([]byte, error)) ([]File, error) {
	written, err := Over(ctx, snap, targets, r, read)
	if err != nil {
		return nil, err
	}
	var files []File
	for i := range written {
		files = append(files, File{Path: written[i].Path, Data: written[i].Data, Over: &written[i]})
	}
	var failed error
	for _, name := range others {
		t, err := Sheets(ctx, snap, snap.Tables[name], mapping(name), r)
		if wrong := (*TableError)(nil); err != nil && !errors.As(err, &wrong) {
			return nil, err
		} else if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		data, err := Workbook([]*Exported{t})
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: path.Join("datasheets", name+".xlsx"), Data: data, New: t, Table: name})
	}
	if failed != nil {
		return nil, failed
	}
	return files, nil
}

// Workbook is tables as a new workbook's bytes.
func Workbook(tables []*Exported) ([]byte, error) {
	Link(tables)
	var sheets []xlsx.Sheet
	for _, t := range tables {
		sheets = append(sheets, t.Sheets...)
	}
	var b bytes.Buffer
	err := xlsx.Write(&b, sheets)
	return b.Bytes(), err
}
