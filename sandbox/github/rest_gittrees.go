package github

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxTreeEntries is how many entries a recursive listing has. See
// https://docs.github.com/en/rest/git/trees#get-a-tree
const maxTreeEntries = 100_000

// treeInput is one entry of
// https://docs.github.com/en/rest/git/trees#create-a-tree
type treeInput struct {
	Path    *string         `json:"path"`
	Mode    *string         `json:"mode"`
	Type    string          `json:"type"`
	SHA     json.RawMessage `json:"sha"` // null deletes the path
	Content *string         `json:"content"`
}

// createTree makes a tree, from nothing or from another one. See
// https://docs.github.com/en/rest/git/trees#create-a-tree
func createTree(c *call) (answer, error) {
	var in struct {
		BaseTree string       `json:"base_tree"`
		Tree     *[]treeInput `json:"tree"`
	}
	if err := firstError(c.started(), c.decode(&in)); err != nil {
		return answer{}, err
	}
	if in.Tree == nil {
		return answer{}, notSupplied("tree")
	}
	all := fileSet{}
	if in.BaseTree != "" {
		base := c.repo.resolveTree(in.BaseTree)
		if base.IsZero() {
			return answer{}, unprocessable("base_tree is not a valid tree oid")
		}
		if err := c.repo.addTree(all, "", base); err != nil {
			return answer{}, err
		}
	}
	for _, entry := range *in.Tree {
		if err := c.repo.enter(all, entry); err != nil {
			return answer{}, err
		}
	}
	hash, err := c.repo.writeTree(all)
	if err != nil {
		return answer{}, err
	}
	d, err := c.repo.treeDocument(hash, false)
	return answer{http.StatusCreated, d}, err
}

// enter puts one entry into a set of files, or takes it out.
func (r *Repo) enter(all fileSet, in treeInput) error {
	switch {
	case in.Path == nil:
		return notSupplied("path")
	case !fs.ValidPath(*in.Path) || *in.Path == "." || slices.Contains(strings.Split(*in.Path, "/"), ".git"):
		return unprocessable("tree.path contains a malformed path component")
	case in.Mode == nil:
		return notSupplied("mode")
	case !slices.Contains([]string{"100644", "100755", "040000", "160000", "120000"}, *in.Mode):
		return unprocessable("tree.mode %s is not a valid mode", *in.Mode)
	case in.SHA != nil && in.Content != nil:
		return unprocessable("Must supply either tree.sha or tree.content, but not both")
	case in.SHA == nil && in.Content == nil:
		return unprocessable("Must supply either tree.sha or tree.content")
	}
	was := len(all)
	remove(all, *in.Path)
	if string(in.SHA) == "null" {
		if len(all) == was {
			return unprocessable("GitRPC::BadObjectState") // GitHub's words for a deletion of what isn't there
		}
		return nil
	}
	mode, err := filemode.New(*in.Mode)
	if err != nil {
		return fmt.Errorf("read mode %s: %w", *in.Mode, err)
	}
	hash, err := r.entryHash(in)
	if err != nil {
		return err
	}
	for dir := path.Dir(*in.Path); dir != "."; dir = path.Dir(dir) {
		delete(all, dir) // a file that becomes a directory
	}
	if mode == filemode.Dir {
		return r.addTree(all, *in.Path, hash)
	}
	all[*in.Path] = file{mode: mode, hash: hash}
	return nil
}

// remove takes a file, or a directory with all in it, out of a set.
func remove(all fileSet, name string) {
	for has := range all {
		if has == name || strings.HasPrefix(has, name+"/") {
			delete(all, has)
		}
	}
}

// entryHash is the object of an entry: the one it names, which must be there and
// fit the mode, or its content, stored.
func (r *Repo) entryHash(in treeInput) (plumbing.Hash, error) {
	if in.Content != nil {
		return r.writeBlob([]byte(*in.Content))
	}
	name := ""
	if err := json.Unmarshal(in.SHA, &name); err != nil {
		return plumbing.ZeroHash, malformed("For 'properties/sha', %s is not a string.", in.SHA)
	}
	hash := plumbing.NewHash(name)
	known, kind := false, "blob"
	switch *in.Mode {
	case "040000":
		kind = "tree"
		_, known = r.git.Trees[hash]
	case "160000":
		known = plumbing.IsHash(name) // it is in another repository
	default:
		_, known = r.git.Blobs[hash]
	}
	if !known {
		return plumbing.ZeroHash, unprocessable("tree.sha %s is not a valid %s", name, kind)
	}
	return hash, nil
}

// resolveTree finds a tree by its id, or by a commit's or a reference's name;
// the zero hash if there is none.
func (r *Repo) resolveTree(name string) plumbing.Hash {
	if hash := plumbing.NewHash(name); plumbing.IsHash(name) {
		if _, ok := r.git.Trees[hash]; ok {
			return hash
		}
	}
	if name == "HEAD" {
		name = defaultBranch
	}
	c, err := object.GetCommit(r.git, r.resolve(name))
	if err != nil {
		return plumbing.ZeroHash
	}
	return c.TreeHash
}

// getTree lists a tree, and with the parameter recursive, whatever its value,
// all below it. See https://docs.github.com/en/rest/git/trees#get-a-tree
func getTree(c *call) (answer, error) {
	hash := c.repo.resolveTree(c.r.PathValue("sha"))
	if hash.IsZero() {
		return answer{}, notFound()
	}
	d, err := c.repo.treeDocument(hash, c.query.Has("recursive"))
	return answer{http.StatusOK, d}, err
}

func (r *Repo) treeDocument(hash plumbing.Hash, recursive bool) (document, error) {
	entries, err := r.treeEntries("", hash, recursive)
	if err != nil {
		return nil, err
	}
	return document{
		"sha": hash.String(), "url": r.api("/git/trees/%s", hash),
		"tree": entries[:min(len(entries), maxTreeEntries)], "truncated": len(entries) > maxTreeEntries,
	}, nil
}

// treeEntries are the entries of a tree in git's order, each directory before
// what is in it.
func (r *Repo) treeEntries(dir string, hash plumbing.Hash, recursive bool) ([]document, error) {
	tree, err := object.GetTree(r.git, hash)
	if err != nil {
		return nil, fmt.Errorf("read tree %s: %w", hash, err)
	}
	list := []document{}
	for _, entry := range tree.Entries {
		name := path.Join(dir, entry.Name)
		d := document{"path": name, "mode": fmt.Sprintf("%06o", uint32(entry.Mode)), "sha": entry.Hash.String(), "type": "blob"}
		var below []document
		switch entry.Mode {
		case filemode.Submodule:
			d["type"] = "commit"
		case filemode.Dir:
			d["type"], d["url"] = "tree", r.api("/git/trees/%s", entry.Hash)
			if recursive {
				if below, err = r.treeEntries(name, entry.Hash, true); err != nil {
					return nil, err
				}
			}
		default:
			d["url"], d["size"] = r.api("/git/blobs/%s", entry.Hash), r.git.Blobs[entry.Hash].Size()
		}
		list = append(append(list, d), below...)
	}
	return list, nil
}
