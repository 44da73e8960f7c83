package datarepo

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
)

func TestWorkbooks(t *testing.T) {
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
	tree := fstest.MapFS{
		"items.xlsx":                            {Data: []byte("PK")},
		"datasheets/z.xlsx":                     {Data: []byte("PK")},
		"datasheets/a/b/아이템.XLSX":               {Data: []byte("PK")},
		"datasheets/macro.xlsm":                 {},
		"datasheets/~$z.xlsx":                   {},
		"datasheets/.~lock.z.xlsx#":             {},
		"datasheets/.hidden.xlsx":               {},
		"datasheets/.backup/z.xlsx":             {},
		"datasheets/table.csv":                  {},
		"datasheets/README.md":                  {Data: []byte(pointer)},
		"datasheets/old.xls":                    {},
		"datasheets/binary.xlsb":                {},
		"datasheets/office.ods":                 {},
		"datasheets/lfs.xlsx":                   {Data: []byte(pointer)},
		"datasheets/link.xlsx":                  {Data: []byte("z.xlsx"), Mode: fs.ModeSymlink},
		"datasheets/linked":                     {Data: []byte("elsewhere"), Mode: fs.ModeSymlink},
		"datasheets/\uFFFD.xlsx":                {Mode: fs.ModeIrregular},
		"datasheets/note.txt":                   {Mode: fs.ModeSymlink},
		"datasheets/directory.xlsx/inside.xlsx": {},
	}
	paths, problems, err := Workbooks(tree)
	if err != nil {
		t.Fatal(err)
	}
	wantPaths := []string{"datasheets/a/b/아이템.XLSX", "datasheets/directory.xlsx/inside.xlsx", "datasheets/lfs.xlsx", "datasheets/macro.xlsm", "datasheets/table.csv", "datasheets/z.xlsx"}
	if diff := cmp.Diff(wantPaths, paths); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	saveAs := "save it as .xlsx and delete this one"
	problem := func(name, text, mend string) datasheets.Problem {
		return datasheets.Problem{At: datasheets.Position{Path: "datasheets/" + name}, Text: text, Mend: mend}
	}
	wantProblems := []datasheets.Problem{
		problem("binary.xlsb", "the workbook is in the .xlsb format, which is not read", saveAs),
		problem("link.xlsx", "this is a symbolic link, and links are not followed", "commit the file itself in its place"),
		problem("linked", "this is a symbolic link, and links are not followed", "commit the file itself in its place"),
		problem("office.ods", "the workbook is in the .ods format, which is not read", saveAs),
		problem("old.xls", "the workbook is in the old .xls format, which is not read", saveAs),
		problem("\uFFFD.xlsx", "this is a submodule, or its name is not one that every system can have, and is not read", "commit a plain file whose name is UTF-8 without a backslash"),
	}
	if diff := cmp.Diff(wantProblems, problems); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestWorkbooksOfARepoWithoutThem(t *testing.T) {
	paths, problems, err := Workbooks(fstest.MapFS{ConfigPath: {}})
	if paths != nil || problems != nil || err != nil {
		t.Errorf("got %v, %v, %v", paths, problems, err)
	}
}

func TestWorkbooksIsBounded(t *testing.T) {
	tree := make(fstest.MapFS)
	for i := range maxDataEntries {
		tree[fmt.Sprintf("datasheets/%d", i)] = &fstest.MapFile{}
	}
	if _, _, err := Workbooks(tree); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
