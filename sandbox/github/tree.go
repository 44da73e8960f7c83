package github

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// file is one entry of a commit: its content (or, of a submodule, its commit)
// and its mode.
type file struct {
	mode filemode.FileMode
	hash plumbing.Hash
}

// fileSet is everything in a commit, by path.
type fileSet map[string]file

// errFileIsDirectory tells that a path would be a file and a directory at once.
var errFileIsDirectory = errors.New("the path is a file and a directory")

// filesOf lists what is in a commit.
func (r *Repo) filesOf(commit plumbing.Hash) (fileSet, error) {
	c, err := object.GetCommit(r.git, commit)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", commit, err)
	}
	all := fileSet{}
	return all, r.addTree(all, "", c.TreeHash)
}

func (r *Repo) addTree(all fileSet, dir string, hash plumbing.Hash) error {
	tree, err := object.GetTree(r.git, hash)
	if err != nil {
		return fmt.Errorf("read tree %s: %w", hash, err)
	}
	for _, entry := range tree.Entries {
		name := path.Join(dir, entry.Name)
		if entry.Mode != filemode.Dir {
			all[name] = file{mode: entry.Mode, hash: entry.Hash}
			continue
		}
		if err := r.addTree(all, name, entry.Hash); err != nil {
			return err
		}
	}
	return nil
}

// writeTree stores the trees of a set of files and returns the root's hash.
// It fails with errFileIsDirectory if one path is below another.
func (r *Repo) writeTree(all fileSet) (plumbing.Hash, error) {
	tree, below := &object.Tree{}, map[string]fileSet{}
	for name, f := range all {
		dir, rest, nested := strings.Cut(name, "/")
		if !nested {
			tree.Entries = append(tree.Entries, object.TreeEntry{Name: name, Mode: f.mode, Hash: f.hash})
			continue
		}
		if below[dir] == nil {
			below[dir] = fileSet{}
		}
		below[dir][rest] = f
	}
	for dir, files := range below {
		if _, ok := all[dir]; ok {
			return plumbing.ZeroHash, fmt.Errorf("%s: %w", dir, errFileIsDirectory)
		}
		hash, err := r.writeTree(files)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		tree.Entries = append(tree.Entries, object.TreeEntry{Name: dir, Mode: filemode.Dir, Hash: hash})
	}
	sort.Sort(object.TreeEntrySorter(tree.Entries))
	return r.store(tree)
}

func (r *Repo) writeBlob(content []byte) (plumbing.Hash, error) {
	blob := r.git.NewEncodedObject()
	blob.SetType(plumbing.BlobObject)
	w, err := blob.Writer()
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("store a file: %w", err)
	}
	if _, err := w.Write(slices.Clone(content)); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("store a file: %w", err)
	}
	return r.git.SetEncodedObject(blob)
}

// writeCommit stores a commit of the files and returns its hash. No reference
// points at it yet.
func (r *Repo) writeCommit(all fileSet, message string, by object.Signature, parents ...plumbing.Hash) (plumbing.Hash, error) {
	tree, err := r.writeTree(all)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	return r.store(&object.Commit{
		Author: by, Committer: by, Message: message, TreeHash: tree, ParentHashes: parents,
	})
}

// store writes a tree or a commit.
func (r *Repo) store(o interface {
	Encode(plumbing.EncodedObject) error
}) (plumbing.Hash, error) {
	encoded := r.git.NewEncodedObject()
	if err := o.Encode(encoded); err != nil {
		return plumbing.ZeroHash, fmt.Errorf("encode an object: %w", err)
	}
	return r.git.SetEncodedObject(encoded)
}
