package datarepo

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// workTree is a checkout's directory, read through an os.Root, which nothing escapes even while links change.
type workTree struct {
	root  *os.Root
	large largeStore
}

// Large implements LargeFiles.
func (w *workTree) Large(ctx context.Context, pointers []Pointer) ([][]byte, []error) {
	return w.large.Large(ctx, pointers)
}

// check refuses what a commit's tree could not hold or give: bad paths, .git, and ways through a link.
func (w *workTree) check(op, name string) error {
	fail := func(err error) error { return &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	parent := "."
	for part := range strings.SplitSeq(name, "/") {
		at, err := w.root.Lstat(filepath.FromSlash(parent))
		if err != nil || !at.IsDir() || strings.EqualFold(part, ".git") {
			return fail(fs.ErrNotExist)
		}
		parent = path.Join(parent, part)
	}
	return nil
}

// Open opens a regular file or a directory.
func (w *workTree) Open(name string) (fs.File, error) {
	at, err := w.stat("open", name)
	if err != nil {
		return nil, err
	}
	if !at.IsDir() && !at.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errNotFollowed}
	}
	if at.Size() > maxFileBytes {
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrTooLarge}
	}
	f, err := w.root.FS().Open(name)
	if err != nil || !at.IsDir() {
		return f, err
	}
	listed, ok := f.(fs.ReadDirFile)
	if !ok {
		return f, nil
	}
	return &workDirectory{listed}, nil
}

// ReadDir lists a directory, sorted by name.
func (w *workTree) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := w.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	list, err := d.ReadDir(-1)
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, err
}

// ReadFile is a file's whole content.
func (w *workTree) ReadFile(name string) ([]byte, error) {
	f, err := w.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer // of the file's size at once: to grow into it takes as long as to read a workbook's cells
	if i, err := f.Stat(); err == nil && i.Size() < maxFileBytes {
		b.Grow(int(i.Size()) + bytes.MinRead)
	}
	_, err = b.ReadFrom(io.LimitReader(f, maxFileBytes))
	return b.Bytes(), err
}

// Stat describes a path; of a link it describes the link.
func (w *workTree) Stat(name string) (fs.FileInfo, error) { return w.stat("stat", name) }

func (w *workTree) stat(op, name string) (fs.FileInfo, error) {
	if err := w.check(op, name); err != nil {
		return nil, err
	}
	at, err := w.root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return at, nil
}

// workDirectory leaves .git out of a directory's list.
type workDirectory struct {
	fs.ReadDirFile
}

// ReadDir may return fewer than n entries where it leaves one out, but never none before the end.
func (d *workDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	for {
		list, err := d.ReadDirFile.ReadDir(n)
		list = slices.DeleteFunc(list, func(e fs.DirEntry) bool { return strings.EqualFold(e.Name(), ".git") })
		if len(list) > 0 || err != nil || n <= 0 {
			return list, err
		}
	}
}
