package xlsx

import (
	"bytes"
	"unicode/utf16"
)

// checkKind tells the files that designers commit in place of a workbook from workbooks, by their first bytes.
func checkKind(data []byte) error {
	switch {
	case len(data) == 0:
		return faultf("save the workbook again and commit it", "the file is empty")
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return nil
	case bytes.HasPrefix(data, []byte("version https://git-lfs.github.com/spec/")):
		// https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
		return faultf("commit the workbook itself: take it out of Git LFS (git lfs untrack) and add it again",
			"the file is a Git LFS pointer, not the workbook")
	case bytes.HasPrefix(data, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")):
		return compoundFault(data)
	}
	return faultf("save it in Excel as Excel Workbook (.xlsx)",
		"the file is not an xlsx workbook: it begins with %q", data[:min(len(data), 16)])
}

// compoundFault tells what an OLE compound file (MS-CFB) is by the names of its streams, which its directory
// holds in UTF-16: EncryptedPackage is an encrypted workbook (MS-OFFCRYPTO 2.3.4.4), Workbook and Book are
// the main streams of .xls files (MS-XLS 2.1.2).
func compoundFault(data []byte) error {
	switch {
	case bytes.Contains(data, utf16Bytes("EncryptedPackage")):
		return faultf("remove the password in Excel (File, Info, Protect Workbook, Encrypt with Password: leave it empty) and save",
			"the workbook is encrypted with a password")
	case bytes.Contains(data, utf16Bytes("Workbook")), bytes.Contains(data, utf16Bytes("Book")):
		return faultf("save it in Excel as Excel Workbook (.xlsx)",
			"the file is a workbook of Excel 97-2003 (.xls), not xlsx")
	}
	return faultf("save it in Excel as Excel Workbook (.xlsx)",
		"the file is an OLE compound file, not an xlsx workbook")
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}
