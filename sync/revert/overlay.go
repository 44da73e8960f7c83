package revert

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"liveops/datarepo"
)

// overlay is a tree of files of which some are others, or are not there.
type overlay struct {
	base  fs.FS
	files map[string][]byte // by path; nil for one that is not there
}

func newOverlay(base fs.FS) *overlay { return &overlay{base, map[string][]byte{}} }

func (o *overlay) put(p string, content []byte) { o.files[p] = content }

// Large implements datarepo.LargeFiles.
func (o *overlay) Large(ctx context.Context, pointers []datarepo.Pointer) ([][]byte, []error) {
	if base, ok := o.base.(datarepo.LargeFiles); ok {
		return base.Large(ctx, pointers)
	}
	wrong := make([]error, len(pointers))
	for i := range wrong {
		wrong[i] = &datarepo.LargeFileError{Reason: "it has not been fetched", Mend: "run `git lfs pull`"}
	}
	return make([][]byte, len(pointers)), wrong
}

// Open opens a file, or a directory.
func (o *overlay) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	content, changed := o.files[name]
	switch {
	case changed && content == nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case changed:
		return &file{Reader: bytes.NewReader(content), info: info{path.Base(name), int64(len(content)), false}}, nil
	}
	if entries := o.added(name); len(entries) > 0 { // a directory that the base may lack
		list, err := o.ReadDir(name)
		return &directory{info{path.Base(name), 0, true}, list}, err
	}
	f, err := o.base.Open(name)
	if err != nil {
		return nil, err
	}
	if at, err := f.Stat(); err != nil || !at.IsDir() {
		return f, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	list, err := o.ReadDir(name)
	return &directory{info{path.Base(name), 0, true}, list}, err
}

// ReadDir lists a directory, sorted by name.
func (o *overlay) ReadDir(name string) ([]fs.DirEntry, error) {
	added := o.added(name)
	list, err := fs.ReadDir(o.base, name)
	if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(added) > 0) {
		return nil, err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(e fs.DirEntry) bool {
		_, changed := o.files[path.Join(name, e.Name())]
		return changed || slices.ContainsFunc(added, func(a info) bool { return a.name == e.Name() })
	})
	for _, a := range added {
		list = append(list, fs.FileInfoToDirEntry(a))
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

// added lists what changed files, and the directories on the way to them, a directory has.
func (o *overlay) added(dir string) []info {
	var list []info
	for _, p := range sortedKeys(o.files) {
		rest, within := p, dir == "."
		if !within {
			rest, within = strings.CutPrefix(p, dir+"/")
		}
		if !within || o.files[p] == nil {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if !slices.ContainsFunc(list, func(i info) bool { return i.name == name }) {
			i := info{name, int64(len(o.files[p])), deeper}
			if deeper {
				i.size = 0
			}
			list = append(list, i)
		}
	}
	return list
}

// info describes a file or a directory.
type info struct {
	name string
	size int64
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// file is an open file.
type file struct {
	*bytes.Reader
	info info
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *file) Close() error               { return nil }

// directory is an open directory.
type directory struct {
	info info
	rest []fs.DirEntry
}

func (d *directory) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *directory) Close() error               { return nil }

func (d *directory) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: errors.New("is a directory")}
}

// ReadDir lists the next n entries, or all that are left where n is not positive.
func (d *directory) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.rest)
	} else if len(d.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.rest))
	list := d.rest[:n]
	d.rest = d.rest[n:]
	return list, nil
}
