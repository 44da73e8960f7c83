package revert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"liveops/datarepo"
	"liveops/sync/mysqlstore"
)

// work is a revert that is being computed.
type work struct {
	Commits
	environment string
	snap        *mysqlstore.Snapshot
	now         *overlay // the head with the changes so far
	changes     map[string]FileChange

	touched []touched // files that the release changed and somebody else since
	before  []string  // paths of the three trees, sorted
	last    []string
	head    []string
}

// touched is a file that cannot become its earlier version, since it was changed after the release.
type touched struct {
	path         string
	before, last []byte // nil for none
}

// list lists the files of the three trees.
func (w *work) list() (err error) {
	if w.before, err = datarepo.ReleasedFiles(w.Before); err != nil {
		return err
	}
	if w.last, err = datarepo.ReleasedFiles(w.Last); err != nil {
		return err
	}
	w.head, err = datarepo.ReleasedFiles(w.Head)
	return err
}

// bringBack gives files that nobody touched since the release their earlier version, and lists the others as touched.
func (w *work) bringBack(ctx context.Context) error {
	for _, p := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(w.before, w.last)))) {
		if err := ctx.Err(); err != nil {
			return err
		}
		before, err := contentOf(w.Before, w.before, p)
		if err != nil {
			return err
		}
		last, err := contentOf(w.Last, w.last, p)
		if err != nil {
			return err
		}
		if same(before, last) {
			continue
		}
		now, err := w.headContent(p)
		switch {
		case err != nil:
			return err
		case same(now, before): // brought back already
			continue
		case same(now, last):
			why := ""
			if isLarge(before) {
				why = "it is kept in Git LFS, and this is the earlier pointer"
			}
			w.put(p, before, Earlier, why)
			continue
		case now == nil && last != nil:
			moved, err := w.renamed(last)
			if err != nil {
				return err
			}
			if moved != "" {
				w.put(moved, before, Earlier, "it was renamed since; before it was "+p)
				continue
			}
		}
		w.touched = append(w.touched, touched{p, before, last})
	}
	return w.config()
}

// renamed finds the file at the head that the last commit lacked and that has this content; "" for none.
func (w *work) renamed(last []byte) (string, error) {
	for _, p := range w.head {
		if _, was := slices.BinarySearch(w.last, p); was || w.changes[p].Path != "" {
			continue
		}
		at, err := fs.Stat(w.Head, p)
		if err != nil {
			return "", err
		}
		if at.Size() != int64(len(last)) {
			continue
		}
		if c, err := content(w.Head, p); err != nil || same(c, last) {
			return p, err
		}
	}
	return "", nil
}

// config names liveops.yaml where the release changed it.
func (w *work) config() error {
	before, err := content(w.Before, datarepo.ConfigPath)
	if err != nil {
		return err
	}
	last, err := content(w.Last, datarepo.ConfigPath)
	if err == nil && !same(before, last) {
		w.cannot(datarepo.ConfigPath, "it changed with the release and is policy, which no rollback changes: look whether it is to be reverted too")
	}
	return err
}

// put has a file become a content; nil for deleting it.
func (w *work) put(p string, content []byte, how How, why string) {
	w.changes[p] = FileChange{Path: p, Content: content, Delete: content == nil, How: how, Why: why}
	w.now.put(p, content)
}

// cannot names a file that stays as it is, unless there is something to be done to it.
func (w *work) cannot(p, why string) {
	if w.changes[p].Path == "" {
		w.changes[p] = FileChange{Path: p, How: Cannot, Why: why}
	}
}

func (w *work) headContent(p string) ([]byte, error) { return contentOf(w.Head, w.head, p) }

// contentOf is the content of one of some paths, sorted; nil for another, such as that of a link.
func contentOf(files fs.FS, paths []string, p string) ([]byte, error) {
	if _, is := slices.BinarySearch(paths, p); !is {
		return nil, nil
	}
	return content(files, p)
}

// content is a file's; nil where there is none.
func content(files fs.FS, p string) ([]byte, error) {
	data, err := fs.ReadFile(files, p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", p, err)
	}
	if data == nil {
		data = []byte{}
	}
	return data, nil
}

// same compares contents, of which nil is none.
func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func isCSV(p string) bool { return strings.EqualFold(path.Ext(p), ".csv") }

func isExcel(p string) bool {
	ext := strings.ToLower(path.Ext(p))
	return ext == ".xlsx" || ext == ".xlsm"
}
