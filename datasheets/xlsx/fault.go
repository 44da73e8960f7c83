package xlsx

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"

	"liveops/datasheets"
)

// fault is what is wrong with a workbook and how a designer mends it, before it is known where it stands.
type fault struct{ text, mend string }

func (f *fault) Error() string { return f.text }

func faultf(mend, format string, args ...any) error {
	return &fault{fmt.Sprintf(format, args...), mend}
}

const (
	mendSave  = "open the workbook in Excel, save it again and commit that file"
	mendSplit = "move a part of the sheet to another workbook, and delete what it does not need"
)

// errCut is the fault of a part that ends before its markup does.
var errCut = &fault{"the file ends in the middle of a part: it is cut short", mendSave}

// syntaxf is the fault of a part that is not the XML it should be.
func syntaxf(format string, args ...any) error {
	return faultf(mendSave, "broken XML: "+format, args...)
}

// problemOf places err. An error of the zip or deflate readers is the file's fault too: all of it is in memory.
func problemOf(at datasheets.Position, err error) *datasheets.Problem {
	var f *fault
	if !errors.As(err, &f) {
		f = containerFault(err)
	}
	return &datasheets.Problem{At: at, Text: f.text, Mend: f.mend}
}

func containerFault(err error) *fault {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, zip.ErrChecksum):
		return &fault{"the file is damaged: the checksum of a part does not match its content", mendSave}
	case errors.Is(err, zip.ErrAlgorithm):
		return &fault{"a part of the file is compressed in a way that workbooks do not use", mendSave}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case errors.As(err, &corrupt), errors.Is(err, zip.ErrFormat):
		return &fault{"the file is damaged: a part of it cannot be unpacked", mendSave}
	}
	return &fault{fmt.Sprintf("the file cannot be unpacked (%v)", err), mendSave}
}
