package release

import (
	"bytes"
	"errors"
	"io/fs"
	"reflect"
	"testing"
	"testing/fstest"

	"liveops/datasheets"
	"liveops/datasheets/xlsx"
)

// countedFiles counts how often files are read; identifiedFiles know their contents by ids besides.
type countedFiles struct {
	fstest.MapFS
	reads map[string]int
}

func (c *countedFiles) ReadFile(name string) ([]byte, error) {
	c.reads[name]++
	return c.MapFS.ReadFile(name)
}

type identifiedFiles struct{ *countedFiles }

func (identifiedFiles) ContentID(name string) (string, error) { return name, nil }

func bookFiles(t *testing.T) *countedFiles {
	t.Helper()
	c := &countedFiles{fstest.MapFS{}, map[string]int{}}
	for _, name := range []string{"a.xlsx", "b.xlsx", "c.xlsx"} {
		var b bytes.Buffer
		if err := xlsx.Write(&b, []xlsx.Sheet{{Name: "one", Header: []string{name}}, {Name: "two", Header: []string{"x"}}}); err != nil {
			t.Fatal(err)
		}
		c.MapFS[name] = &fstest.MapFile{Data: b.Bytes()}
	}
	return c
}

// read reads the first cell of a book's sheet.
func read(t *testing.T, b *datasheets.Book, sheet int) string {
	t.Helper()
	for row, err := range b.Sheets[sheet].Rows {
		if err != nil {
			t.Fatal(err)
		}
		return string(row.Cells[0].Text)
	}
	return ""
}

// The workbooks of a commit are read again for their cells, and stay open while there is room: the one that was not
// used longest goes first.
func TestShelf(t *testing.T) {
	files := bookFiles(t)
	s := newShelf(t.Context(), identifiedFiles{files})
	s.most = len(files.MapFS["a.xlsx"].Data) * 5 / 2 // two of them
	books, problems, err := s.contents([]string{"a.xlsx", "b.xlsx", "c.xlsx"})
	if err != nil || len(problems) > 0 || len(books) != 3 {
		t.Fatalf("%d books, %v, %v", len(books), problems, err)
	}
	step := func(what string, want map[string]int) {
		t.Helper()
		if !reflect.DeepEqual(files.reads, want) {
			t.Errorf("%s: files were read %v, want %v", what, files.reads, want)
		}
	}
	step("the sheets' names", map[string]int{"a.xlsx": 1, "b.xlsx": 1, "c.xlsx": 1})
	a, b, c := books[0], books[1], books[2]
	if got := read(t, a, 0) + read(t, a, 1) + read(t, b, 0); got != "a.xlsxxb.xlsx" {
		t.Errorf("read %q", got)
	}
	step("two workbooks", map[string]int{"a.xlsx": 2, "b.xlsx": 2, "c.xlsx": 1})
	read(t, a, 0)
	read(t, c, 0) // b goes
	read(t, a, 1)
	step("a third", map[string]int{"a.xlsx": 2, "b.xlsx": 2, "c.xlsx": 2})
	read(t, b, 1)
	step("the one that went", map[string]int{"a.xlsx": 2, "b.xlsx": 3, "c.xlsx": 2})
	s.most = 1
	for range 2 {
		read(t, c, 0)
		read(t, c, 1)
	}
	step("one that is larger than there is room for", map[string]int{"a.xlsx": 2, "b.xlsx": 3, "c.xlsx": 3})
}

// Files that someone may be saving are read once: what the sheets are called and what is in them belongs together.
func TestShelfKeepsWhatMayChange(t *testing.T) {
	files := bookFiles(t)
	s := newShelf(t.Context(), files)
	s.most = 1
	books, _, err := s.contents([]string{"a.xlsx"})
	if err != nil {
		t.Fatal(err)
	}
	files.MapFS["a.xlsx"] = files.MapFS["b.xlsx"]
	if got := read(t, books[0], 0); got != "a.xlsx" || files.reads["a.xlsx"] != 1 {
		t.Errorf("read %q, the file %d times", got, files.reads["a.xlsx"])
	}
}

// A workbook whose cells cannot be read is told of where they are asked for; one whose sheets cannot be told, at once.
func TestShelfTellsOfProblems(t *testing.T) {
	files := bookFiles(t)
	s := newShelf(t.Context(), identifiedFiles{files})
	files.MapFS["b.xlsx"] = &fstest.MapFile{Data: []byte("no workbook")}
	books, problems, err := s.contents([]string{"a.xlsx", "b.xlsx", "c.xlsx"})
	if err != nil || len(books) != 2 || len(problems) != 1 || problems[0].At.Path != "b.xlsx" {
		t.Fatalf("%d books, %v, %v", len(books), problems, err)
	}
	delete(files.MapFS, "c.xlsx") // as where a commit was closed too early
	for _, err := range books[1].Sheets[0].Rows {
		var problem *datasheets.Problem
		if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &problem) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := OpenWorkbook(t.Context(), files, "b.xlsx"); err == nil {
		t.Error("a file that is no workbook was opened")
	}
}
