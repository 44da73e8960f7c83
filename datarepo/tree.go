package datarepo

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// errNotFollowed is what opening anything but a file or a directory ends in.
var errNotFollowed = errors.New("it is a symbolic link, a submodule or a name that cannot be a path, and is not followed")

// treeFS is a commit's tree, read level by level as it is asked for.
type treeFS struct {
	objects *objects
	root    plumbing.Hash
	when    time.Time
	large   largeStore
	levels  sync.Map // plumbing.Hash to []entry; never changed once stored
}

// Large implements LargeFiles.
func (t *treeFS) Large(ctx context.Context, pointers []Pointer) ([][]byte, []error) {
	return t.large.Large(ctx, pointers)
}

// entry is one name of a tree.
type entry struct {
	tree *treeFS
	name string
	mode fs.FileMode
	id   plumbing.Hash
}

// list is one level of the tree, sorted by name.
func (t *treeFS) list(id plumbing.Hash) ([]entry, error) {
	if level, ok := t.levels.Load(id); ok {
		return level.([]entry), nil
	}
	raw, err := t.objects.tree(id)
	if err != nil {
		return nil, err
	}
	level := make([]entry, 0, len(raw.Entries))
	for _, e := range raw.Entries {
		name, ok := pathName(e.Name)
		mode := fileMode(e.Mode)
		if !ok {
			mode = fs.ModeIrregular
		}
		level = append(level, entry{t, name, mode, e.Hash})
	}
	// Git sorts a directory as if its name ended in a slash.
	slices.SortStableFunc(level, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	t.levels.Store(id, level)
	return level, nil
}

// pathName is a tree entry's name as part of a path, and whether it is the name that stands in the tree.
func pathName(name string) (string, bool) {
	clean := strings.ToValidUTF8(name, "\uFFFD")
	clean = strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == 0 {
			return utf8.RuneError
		}
		return r
	}, clean)
	if clean == "." || clean == ".." || clean == "" || strings.EqualFold(clean, ".git") {
		clean += "\uFFFD"
	}
	return clean, clean == name
}

func fileMode(m filemode.FileMode) fs.FileMode {
	switch m {
	case filemode.Regular, filemode.Deprecated:
		return 0o444
	case filemode.Executable:
		return 0o555
	case filemode.Dir:
		return fs.ModeDir | 0o555
	case filemode.Symlink:
		return fs.ModeSymlink
	default: // a submodule
		return fs.ModeIrregular
	}
}

// find is the entry at a path. A path through a link finds nothing.
func (t *treeFS) find(op, name string) (entry, error) {
	fail := func(err error) (entry, error) { return entry{}, &fs.PathError{Op: op, Path: name, Err: err} }
	if !fs.ValidPath(name) {
		return fail(fs.ErrInvalid)
	}
	at := entry{t, ".", fs.ModeDir | 0o555, t.root}
	if name == "." {
		return at, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if !at.mode.IsDir() {
			return fail(fs.ErrNotExist)
		}
		level, err := t.list(at.id)
		if err != nil {
			return fail(err)
		}
		i, ok := slices.BinarySearchFunc(level, part, func(e entry, s string) int { return strings.Compare(e.name, s) })
		if !ok {
			return fail(fs.ErrNotExist)
		}
		at = level[i]
	}
	return at, nil
}

// Open opens a file or directory of the commit.
func (t *treeFS) Open(name string) (fs.File, error) {
	e, err := t.find("open", name)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (fs.File, error) { return nil, &fs.PathError{Op: "open", Path: name, Err: err} }
	switch {
	case e.mode.IsDir():
		level, err := t.list(e.id)
		if err != nil {
			return fail(err)
		}
		return &directory{entry: e, path: name, rest: level}, nil
	case e.mode.IsRegular():
		content, err := t.objects.content(e.id)
		if err != nil {
			return fail(err)
		}
		return &file{info{e, content.Size()}, content}, nil
	default:
		return fail(errNotFollowed)
	}
}

// ReadDir lists a directory, sorted by name.
func (t *treeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	e, err := t.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !e.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a directory")}
	}
	level, err := t.list(e.id)
	if err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return dirEntries(level), nil
}

// ReadFile is a file's whole content, the caller's to change.
func (t *treeFS) ReadFile(name string) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	regular, ok := f.(*file)
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	b := make([]byte, regular.info.size)
	if _, err := io.ReadFull(regular.content, b); err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return b, nil
}

// Stat describes a path; of a link it describes the link.
func (t *treeFS) Stat(name string) (fs.FileInfo, error) {
	e, err := t.find("stat", name)
	if err != nil {
		return nil, err
	}
	if e.mode.IsDir() {
		if _, err := t.list(e.id); err != nil {
			return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
		}
	}
	i, err := e.Info()
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return i, nil
}
