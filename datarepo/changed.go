package datarepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// dataPaths are where the data repo keeps what is applied; everything else in it is the team's own.
func dataPaths() []string {
	return []string{ConfigPath, workbooksDir, checksDir, "purges", "pushes"}
}

// Changed lists, sorted, the data files that stand otherwise in the work tree than in the HEAD commit: changed,
// deleted, or not committed. Files that .gitignore names count, because WorkTree reads them too; dot files and
// the lock files of spreadsheet programs don't. A YAML or SQL file that differs only in its line ends is the same.
func (c *Checkout) Changed(ctx context.Context) ([]string, error) {
	head, err := c.Head()
	if err != nil {
		return nil, err
	}
	tree := &treeFS{objects: c.objects, root: head.tree, when: head.When}
	committed, err := dataFiles(tree, dataPaths())
	if err != nil {
		return nil, fmt.Errorf("list the data files of commit %s: %w", head.ID, err)
	}
	present, err := dataFiles(c.WorkTree(), dataPaths())
	if err != nil {
		return nil, fmt.Errorf("list the data files in %s: %w", c.Dir, err)
	}
	var changed []string
	for name := range maps.Keys(committed) {
		if _, ok := present[name]; !ok {
			changed = append(changed, name)
		}
	}
	for name, e := range present {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		was, err := tree.find("compare", name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && was.mode.Type() != e.Type() {
			changed = append(changed, name)
			continue
		}
		if err != nil {
			return nil, err
		}
		same, err := c.same(name, was)
		if err != nil {
			return nil, fmt.Errorf("compare %s with commit %s: %w", name, head.ID, err)
		}
		if !same {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed, nil
}

// ReleasedFiles lists, sorted, the plain files of a tree whose content releases bring to environments, or hold them to:
// the workbooks under datasheets/, the data tests under checks/ and the campaigns under pushes/. (What a purge has done has a way
// back of its own.)
func ReleasedFiles(fsys fs.FS) ([]string, error) {
	found, err := dataFiles(fsys, []string{workbooksDir, checksDir, campaignsDir})
	if err != nil {
		return nil, fmt.Errorf("list the data files: %w", err)
	}
	maps.DeleteFunc(found, func(name string, e fs.DirEntry) bool {
		ext := strings.ToLower(path.Ext(name))
		isTest := strings.HasPrefix(name, checksDir+"/") && ext == ".sql"
		isCampaign := strings.HasPrefix(name, campaignsDir+"/") && (ext == ".yaml" || ext == ".yml")
		return !e.Type().IsRegular() || !isTest && !isCampaign && !(strings.HasPrefix(name, workbooksDir+"/") && isWorkbook(name))
	})
	return slices.Sorted(maps.Keys(found)), nil
}

// dataFiles finds the data files under some paths of a tree, by their paths.
func dataFiles(fsys fs.FS, under []string) (map[string]fs.DirEntry, error) {
	found := make(map[string]fs.DirEntry)
	for _, top := range under {
		err := fs.WalkDir(fsys, top, func(name string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == top:
				return nil
			case err != nil:
				return err
			case isPassedOver(name) && e.IsDir():
				return fs.SkipDir
			case !isPassedOver(name) && !e.IsDir():
				found[name] = e
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// isPassedOver: dot files, and the lock files that Excel ("~$items.xlsx") and LibreOffice
// (".~lock.items.xlsx#") keep beside an open workbook.
func isPassedOver(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "~$")
}

// same compares a path of the work tree with what is committed there, by the id that Git would give it.
func (c *Checkout) same(name string, was entry) (bool, error) {
	switch was.mode.Type() {
	case 0:
	case fs.ModeSymlink:
		target, err := c.root.Readlink(filepath.FromSlash(name))
		return err == nil && plumbing.ComputeHash(plumbing.BlobObject, []byte(target)) == was.id, err
	default:
		return true, nil
	}
	f, err := c.WorkTree().Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if isText(name) {
		b, err := io.ReadAll(f)
		return plumbing.ComputeHash(plumbing.BlobObject, b) == was.id ||
			plumbing.ComputeHash(plumbing.BlobObject, bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))) == was.id, err
	}
	at, err := f.Stat()
	if err != nil {
		return false, err
	}
	hash := plumbing.NewHasher(plumbing.BlobObject, at.Size())
	_, err = io.Copy(hash, f)
	return hash.Sum() == was.id, err
}

func isText(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".sql":
		return true
	}
	return false
}
