package datarepo

import (
	"fmt"
	"io/fs"
	"reflect"
	"time"

	"liveops/datasheets"
)

// Identified is a file system that knows the contents of its files by their ids: that of a commit does. Files with the
// same id have the same content, in whichever commit they are.
type Identified interface {
	// ContentID is the id of a regular file's content.
	ContentID(name string) (string, error)
}

// ContentID implements Identified by the id that Git gives a blob.
func (t *treeFS) ContentID(name string) (string, error) {
	e, err := t.find("identify", name)
	switch {
	case err != nil:
		return "", err
	case !e.mode.IsRegular():
		return "", &fs.PathError{Op: "identify", Path: name, Err: errNotFollowed}
	}
	return e.id.String(), nil
}

// DifferingWorkbooks are the workbooks that do not stand in both of two trees with the same content, as paths of the
// one and of the other, sorted; a workbook that changed is in both lists. Only ids are compared: no file is opened, and
// of a Git LFS pointer its own id counts. ok is false where one of the trees does not know its files by ids.
func DifferingWorkbooks(a, b fs.FS) (inA, inB []string, ok bool, err error) {
	as, ok, err := workbookIDs(a)
	if err != nil || !ok {
		return nil, nil, ok, err
	}
	bs, ok, err := workbookIDs(b)
	if err != nil || !ok {
		return nil, nil, ok, err
	}
	return without(as, bs), without(bs, as), true, nil
}

// identified is a workbook with the id of its content.
type identified struct{ path, id string }

func workbookIDs(fsys fs.FS) (list []identified, ok bool, err error) {
	ids, ok := fsys.(Identified)
	if !ok {
		return nil, false, nil
	}
	paths, _, err := Workbooks(fsys)
	if err != nil {
		return nil, false, err
	}
	for _, name := range paths {
		id, err := ids.ContentID(name)
		if err != nil {
			return nil, false, fmt.Errorf("compare the workbooks: %w", err)
		}
		list = append(list, identified{name, id})
	}
	return list, true, nil
}

// without are the paths of list that others does not have with the same content.
func without(list, others []identified) []string {
	known := map[identified]bool{}
	for _, o := range others {
		known[o] = true
	}
	var paths []string
	for _, l := range list {
		if !known[l] {
			paths = append(paths, l.path)
		}
	}
	return paths
}

// Same says whether sheets are read alike by both. Where in liveops.yaml it is said does not count.
func (r Reading) Same(other Reading) bool {
	return alike(reflect.ValueOf(r), reflect.ValueOf(other))
}

// alike compares values deeply, but for positions and the inside of a time zone, which its name says.
func alike(a, b reflect.Value) bool {
	switch zone := a.Interface().(type) {
	case datasheets.Position:
		return true
	case *time.Location:
		return zone.String() == b.Interface().(*time.Location).String()
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return alike(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}
