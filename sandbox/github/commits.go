package github

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/utils/merkletrie"
)

// commitDocument describes a commit without its files; see
// https://docs.github.com/en/rest/commits/commits#get-a-commit
func (r *Repo) commitDocument(c *object.Commit) document {
	parents := []document{}
	for _, parent := range c.ParentHashes {
		parents = append(parents, document{
			"sha": parent.String(), "url": r.api("/commits/%s", parent), "html_url": r.commitURL(parent),
		})
	}
	return document{
		"sha": c.Hash.String(), "node_id": nodeID("Commit:"+c.Hash.String(), r.id), "parents": parents,
		"url": r.api("/commits/%s", c.Hash), "html_url": r.commitURL(c.Hash),
		"author": r.s.userDocument(r.s.byEmail(c.Author.Email)), "committer": r.s.userDocument(r.s.byEmail(c.Committer.Email)),
		"commit": document{
			"message": c.Message, "comment_count": 0, "url": r.api("/git/commits/%s", c.Hash),
			"author": signatureDocument(c.Author), "committer": signatureDocument(c.Committer),
			"tree": document{"sha": c.TreeHash.String(), "url": r.api("/git/trees/%s", c.TreeHash)},
		},
	}
}

func (r *Repo) commitDocuments(commits []*object.Commit) []document {
	documents := []document{}
	for _, c := range commits {
		documents = append(documents, r.commitDocument(c))
	}
	return documents
}

func signatureDocument(s object.Signature) document {
	return document{"name": s.Name, "email": s.Email, "date": stamp(s.When)}
}

func (r *Repo) commitURL(sha plumbing.Hash) string {
	return fmt.Sprintf("%s/%s/commit/%s", r.s.url, r.FullName(), sha)
}

// changedFile is a "diff entry" of GitHub's documents.
type changedFile struct {
	SHA       string `json:"sha"` // of the content; of a removed file the last one
	Filename  string `json:"filename"`
	Status    string `json:"status"` // added, removed or modified
	Additions int    `json:"additions"`
	Deletions int    `json:"deletions"`
	Changes   int    `json:"changes"`
	Patch     string `json:"patch,omitempty"` // of text only
}

// changedSince is what head changed since it left base (the three dots of
// git diff), sorted by path. With unrelated histories it is everything in head.
func (r *Repo) changedSince(base, head plumbing.Hash) ([]changedFile, error) {
	origin, err := r.mergeBase(base, head)
	if err != nil {
		return nil, err
	}
	return r.changed(origin, head)
}

// changed compares the files of two commits; the zero hash has none.
func (r *Repo) changed(from, to plumbing.Hash) ([]changedFile, error) {
	trees := make([]*object.Tree, 2)
	for i, hash := range []plumbing.Hash{from, to} {
		if hash.IsZero() {
			trees[i] = &object.Tree{}
			continue
		}
		c, err := object.GetCommit(r.git, hash)
		if err != nil {
			return nil, fmt.Errorf("read commit %s: %w", hash, err)
		}
		if trees[i], err = c.Tree(); err != nil {
			return nil, fmt.Errorf("read the tree of commit %s: %w", hash, err)
		}
	}
	changes, err := trees[0].Diff(trees[1])
	if err != nil {
		return nil, fmt.Errorf("compare %s with %s: %w", from, to, err)
	}
	list := []changedFile{}
	for _, change := range changes {
		f, err := describeChange(change)
		if err != nil {
			return nil, fmt.Errorf("compare %s with %s: %w", from, to, err)
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b changedFile) int { return strings.Compare(a.Filename, b.Filename) })
	return list, nil
}

func describeChange(change *object.Change) (changedFile, error) {
	action, err := change.Action()
	if err != nil {
		return changedFile{}, err
	}
	f := changedFile{Filename: path.Clean(change.To.Name), SHA: change.To.TreeEntry.Hash.String(), Status: "modified"}
	switch action {
	case merkletrie.Insert:
		f.Status = "added"
	case merkletrie.Delete:
		f.Filename, f.SHA, f.Status = change.From.Name, change.From.TreeEntry.Hash.String(), "removed"
	}
	patch, err := change.Patch()
	if err != nil {
		return changedFile{}, err
	}
	for _, stat := range patch.Stats() {
		f.Additions += stat.Addition
		f.Deletions += stat.Deletion
	}
	f.Changes = f.Additions + f.Deletions
	if _, hunks, ok := strings.Cut(patch.String(), "\n@@ "); ok {
		f.Patch = strings.TrimSuffix("@@ "+hunks, "\n")
	}
	return f, nil
}

func lineTotals(files []changedFile) (additions, deletions int) {
	for _, f := range files {
		additions += f.Additions
		deletions += f.Deletions
	}
	return additions, deletions
}
