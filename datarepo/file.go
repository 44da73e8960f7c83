package datarepo

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"time"
)

// Name, IsDir, Type and Info make an entry an fs.DirEntry.

func (e entry) Name() string      { return e.name }
func (e entry) IsDir() bool       { return e.mode.IsDir() }
func (e entry) Type() fs.FileMode { return e.mode.Type() }
func (e entry) String() string    { return fs.FormatDirEntry(e) }

// Info finds a regular file's size; everything else has none.
func (e entry) Info() (fs.FileInfo, error) {
	if !e.mode.IsRegular() {
		return info{e, 0}, nil
	}
	size, err := e.tree.objects.size(e.id)
	return info{e, size}, err
}

func dirEntries(level []entry) []fs.DirEntry {
	list := make([]fs.DirEntry, len(level))
	for i, e := range level {
		list[i] = e
	}
	return list
}

// info is an entry with its size: an fs.FileInfo.
type info struct {
	entry
	size int64
}

func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return i.tree.when }
func (i info) Sys() any           { return nil }
func (i info) String() string     { return fs.FormatFileInfo(i) }

// file is an open regular file.
type file struct {
	info    info
	content *bytes.Reader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *file) Read(p []byte) (int, error) {
	if f.content == nil {
		return 0, fs.ErrClosed
	}
	return f.content.Read(p)
}

func (f *file) Seek(offset int64, whence int) (int64, error) {
	if f.content == nil {
		return 0, fs.ErrClosed
	}
	return f.content.Seek(offset, whence)
}

// ReadAt may be called from several goroutines at once.
func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	if f.content == nil {
		return 0, fs.ErrClosed
	}
	return f.content.ReadAt(p, offset)
}

func (f *file) Close() error {
	f.content = nil
	return nil
}

// directory is an open directory.
type directory struct {
	entry entry
	path  string
	rest  []entry
}

func (d *directory) Stat() (fs.FileInfo, error) { return info{d.entry, 0}, nil }
func (d *directory) Close() error               { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.path, Err: errors.New("is a directory")}
}

// ReadDir lists the next n entries, or all that are left where n is not positive.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	list := dirEntries(d.rest[:n])
	d.rest = d.rest[n:]
	return list, nil
}
