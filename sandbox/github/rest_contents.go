package github

import (
	"fmt"
	"net/http"
	"net/url"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Limits of the contents API: up to the first a file's content is in the
// document, up to the second it is to be had raw, and nothing above; a directory
// lists so many entries. See
// https://docs.github.com/en/rest/repos/contents#get-repository-content
const (
	maxInlineFile = 1 << 20
	maxRawFile    = 100 << 20
	maxDirectory  = 1000
)

// getContents shows a file, or lists a directory, of the commit that ref names
// or of the default branch. See
// https://docs.github.com/en/rest/repos/contents#get-repository-content
func getContents(c *call) (answer, error) {
	ref := c.query.Get("ref")
	tip := c.repo.tip(defaultBranch)
	if ref != "" {
		tip = c.repo.resolve(ref)
	}
	commit, err := object.GetCommit(c.repo.git, tip)
	switch {
	case err != nil && ref == "":
		return answer{}, &APIError{Status: http.StatusNotFound, Message: "This repository is empty."}
	case err != nil:
		return answer{}, &APIError{Status: http.StatusNotFound, Message: "No commit found for the ref " + ref}
	}
	at := contentsAt{c.repo, tip, ref}
	name := path.Clean(c.r.PathValue("path"))
	if name == "." || name == "/" {
		return at.list("", commit.TreeHash)
	}
	tree, err := object.GetTree(c.repo.git, commit.TreeHash)
	if err != nil {
		return answer{}, fmt.Errorf("read tree %s: %w", commit.TreeHash, err)
	}
	entry, err := tree.FindEntry(name)
	switch {
	case err != nil:
		return answer{}, notFound()
	case entry.Mode == filemode.Dir:
		return at.list(name, entry.Hash)
	case entry.Mode == filemode.Submodule:
		return found(at.document(name, *entry))
	}
	return at.file(c, name, *entry)
}

// contentsAt is a commit, with the ref that named it.
type contentsAt struct {
	r   *Repo
	sha plumbing.Hash
	ref string
}

func (at contentsAt) file(c *call, name string, entry object.TreeEntry) (answer, error) {
	content, err := at.r.readBlob(entry.Hash)
	if err != nil {
		return answer{}, err
	}
	if len(content) > maxRawFile {
		return answer{}, &APIError{Status: http.StatusForbidden, Message: "This API returns blobs up to 100 MB in size. The requested blob is too large to fetch via the API.", Errors: []FieldError{{Resource: "Blob", Field: "data", Code: "too_large"}}}
	}
	if c.wantsRaw() {
		return found(raw(content))
	}
	d := at.document(name, entry)
	d["encoding"], d["content"] = "none", ""
	if len(content) <= maxInlineFile {
		d["encoding"], d["content"] = "base64", base64Lines(content)
	}
	return found(d)
}

func (at contentsAt) list(dir string, hash plumbing.Hash) (answer, error) {
	tree, err := object.GetTree(at.r.git, hash)
	if err != nil {
		return answer{}, fmt.Errorf("read tree %s: %w", hash, err)
	}
	documents := []document{}
	for _, entry := range tree.Entries[:min(len(tree.Entries), maxDirectory)] {
		documents = append(documents, at.document(path.Join(dir, entry.Name), entry))
	}
	return found(documents)
}

// document describes an entry without its content.
func (at contentsAt) document(name string, entry object.TreeEntry) document {
	kind, object, size := "file", "blobs", int64(0)
	switch entry.Mode {
	case filemode.Dir:
		kind, object = "dir", "trees"
	case filemode.Submodule:
		kind, object = "submodule", "trees"
	case filemode.Symlink:
		kind = "symlink"
	}
	if blob, ok := at.r.git.Blobs[entry.Hash]; ok {
		size = blob.Size()
	}
	escaped := (&url.URL{Path: name}).EscapedPath()
	query := ""
	if at.ref != "" {
		query = "?ref=" + url.QueryEscape(at.ref)
	}
	d := document{
		"type": kind, "name": path.Base(name), "path": name, "sha": entry.Hash.String(), "size": size,
		"url":     at.r.api("/contents/%s%s", escaped, query),
		"git_url": at.r.api("/git/%s/%s", object, entry.Hash), "download_url": nil,
		"html_url": fmt.Sprintf("%s/%s/blob/%s/%s", at.r.s.url, at.r.FullName(), at.sha, escaped),
	}
	return d
}
