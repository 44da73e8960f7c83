package github_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// paths are the entries of a tree as "mode path".
func paths(tree *gogithub.Tree) string {
	var list []string
	for _, e := range tree.Entries {
		list = append(list, e.GetMode()+" "+e.GetPath())
	}
	return strings.Join(list, ", ")
}

func TestCommitWithoutAClone(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	c := w.client(botToken)
	base := w.repo.Tip("main")
	blob, _, err := c.Git.CreateBlob(t.Context(), "acme", "data", &gogithub.Blob{Content: p("UEsDBAD/"), Encoding: p("base64")})
	if err != nil {
		t.Fatal(err)
	}
	baseCommit, _, err := c.Git.GetCommit(t.Context(), "acme", "data", base)
	if err != nil {
		t.Fatal(err)
	}
	tree, _, err := c.Git.CreateTree(t.Context(), "acme", "data", baseCommit.GetTree().GetSHA(), []*gogithub.TreeEntry{
		{Path: p("datasheets/items.xlsx"), Mode: p("100755"), Type: p("blob"), SHA: blob.SHA},
		{Path: p("datasheets/levels.xlsx"), Mode: p("100644"), Type: p("blob")},
		{Path: p("liveops.yaml/is/deep"), Mode: p("100644"), Type: p("blob"), Content: p("검")},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "tree", paths(tree), "040000 datasheets, 040000 liveops.yaml")
	when := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	commit, _, err := c.Git.CreateCommit(t.Context(), "acme", "data", &gogithub.Commit{
		Message: p("Roll back"), Tree: tree, Parents: []*gogithub.Commit{{SHA: &base}},
		Author: &gogithub.CommitAuthor{Name: p("Wri Ter"), Email: p("writer@acme.example"), Date: &gogithub.Timestamp{Time: when}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "author and committer", fmt.Sprint(commit.GetAuthor().GetDate(), commit.GetCommitter().GetName()), "2026-03-02 00:00:00 +0000 UTCWri Ter")
	ref := &gogithub.Reference{Ref: p("refs/heads/liveops/rollback-1"), Object: &gogithub.GitObject{SHA: commit.SHA}}
	if _, _, err := c.Git.CreateRef(t.Context(), "acme", "data", ref); err != nil {
		t.Fatal(err)
	}
	pull, _, err := c.PullRequests.Create(t.Context(), "acme", "data", &gogithub.NewPullRequest{Title: p("Roll back"), Head: p("liveops/rollback-1"), Base: p("main")})
	if err != nil {
		t.Fatal(err)
	}
	files, _, err := c.PullRequests.ListFiles(t.Context(), "acme", "data", pull.GetNumber(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var changed []string
	for _, f := range files {
		changed = append(changed, f.GetStatus()+" "+f.GetFilename())
	}
	expect(t, "changed", strings.Join(changed, ", "), "modified datasheets/items.xlsx, removed datasheets/levels.xlsx, removed liveops.yaml, added liveops.yaml/is/deep")
	w.delivered()
	if got := names(r.take()); !slices.Equal(got, []string{"push refs/heads/liveops/rollback-1", "pull_request opened"}) {
		t.Errorf("events %v", got)
	}

	all, _, err := c.Git.GetTree(t.Context(), "acme", "data", "liveops/rollback-1", true)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "recursive", paths(all), "040000 datasheets, 100755 datasheets/items.xlsx, 040000 liveops.yaml, 040000 liveops.yaml/is, 100644 liveops.yaml/is/deep")
	content, _, err := c.Git.GetBlobRaw(t.Context(), "acme", "data", blob.GetSHA())
	if err != nil || !bytes.Equal(content, []byte{0x50, 0x4b, 0x03, 0x04, 0x00, 0xff}) {
		t.Errorf("raw blob %x, %v", content, err)
	}
	encoded, _, err := c.Git.GetBlob(t.Context(), "acme", "data", blob.GetSHA())
	if err != nil || encoded.GetContent() != "UEsDBAD/\n" || encoded.GetSize() != 6 {
		t.Errorf("blob %v, %v", encoded, err)
	}
	if _, err := c.Git.DeleteRef(t.Context(), "acme", "data", "heads/liveops/rollback-1"); err != nil {
		t.Fatal(err)
	}
	expect(t, "after its branch is gone", w.get(botToken, pull.GetNumber()).GetState(), "closed")
}

func TestGitDataRefusals(t *testing.T) {
	w := newWorld(t, github.Options{})
	c, git := w.client(botToken), w.client(botToken).Git
	base := w.repo.Tip("main")
	tree := func(token, base string, e gogithub.TreeEntry) error {
		_, _, err := w.client(token).Git.CreateTree(t.Context(), "acme", "data", base, []*gogithub.TreeEntry{&e})
		return err
	}
	commit := func(tree, parent string) error {
		_, _, err := git.CreateCommit(t.Context(), "acme", "data", &gogithub.Commit{
			Message: p("m"), Tree: &gogithub.Tree{SHA: &tree}, Parents: []*gogithub.Commit{{SHA: &parent}},
		}, nil)
		return err
	}
	_, _, encoding := git.CreateBlob(t.Context(), "acme", "data", &gogithub.Blob{Content: p("x"), Encoding: p("utf-16")})
	_, _, notBase64 := git.CreateBlob(t.Context(), "acme", "data", &gogithub.Blob{Content: p("#"), Encoding: p("base64")})
	_, _, noBlob := git.GetBlob(t.Context(), "acme", "data", hashOf('1'))
	if _, err := w.srv.CreateRepo("acme", "empty", nil); err != nil {
		t.Fatal(err)
	}
	_, _, empty := w.client(ownerToken).Git.CreateBlob(t.Context(), "acme", "empty", &gogithub.Blob{Content: p("x")})
	_, _, _, noContent := c.Repositories.GetContents(t.Context(), "acme", "data", "none", nil)
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"encoding", encoding, "422 encoding must be either utf-8 or base64"},
		{"base64", notBase64, "422 content is not valid Base64"},
		{"no blob", noBlob, "404 Not Found"},
		{"empty repository", empty, "409 Git Repository is empty."},
		{"by a reader", tree(readerToken, base, gogithub.TreeEntry{}), "403 Resource not accessible by personal access token"},
		{"base tree", tree(botToken, hashOf('1'), gogithub.TreeEntry{Path: p("a"), Mode: p("100644"), Content: p("")}), "422 base_tree is not a valid tree oid"},
		{"mode", tree(botToken, base, gogithub.TreeEntry{Path: p("a"), Mode: p("644"), Content: p("")}), "422 tree.mode 644 is not a valid mode"},
		{"path", tree(botToken, base, gogithub.TreeEntry{Path: p("a/../b"), Mode: p("100644"), Content: p("")}), "422 tree.path contains a malformed path component"},
		{"blob of a tree entry", tree(botToken, base, gogithub.TreeEntry{Path: p("a"), Mode: p("100644"), SHA: p(hashOf('1'))}), "422 tree.sha " + hashOf('1') + " is not a valid blob"},
		{"deletion of nothing", tree(botToken, base, gogithub.TreeEntry{Path: p("a"), Mode: p("100644")}), "422 GitRPC::BadObjectState"},
		{"tree of a commit", commit(hashOf('1'), base), "422 Tree SHA does not exist"},
		{"contents", noContent, "404 Not Found"},
	}
	for _, test := range tests {
		expect(t, test.name, refusal(test.err), test.want)
	}
	got, _, err := git.GetCommit(t.Context(), "acme", "data", base)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "parent of a commit", refusal(commit(got.GetTree().GetSHA(), hashOf('1'))), "422 Parent SHA does not exist or is not a commit object")
}

func TestRefs(t *testing.T) {
	w := newWorld(t, github.Options{})
	git := w.client(botToken).Git
	root := w.repo.Tip("main")
	next := w.commit("main", "next", map[string]string{"a": "1"})
	ref := func(name, sha string) *gogithub.Reference {
		return &gogithub.Reference{Ref: &name, Object: &gogithub.GitObject{SHA: &sha}}
	}
	create := func(name, sha string) error {
		_, _, err := git.CreateRef(t.Context(), "acme", "data", ref(name, sha))
		return err
	}
	update := func(name, sha string, force bool) error {
		_, _, err := git.UpdateRef(t.Context(), "acme", "data", ref(name, sha), force)
		return err
	}
	remove := func(name string) error {
		_, err := git.DeleteRef(t.Context(), "acme", "data", name)
		return err
	}
	w.repo.Protect("kept")
	for _, step := range []struct {
		name string
		err  error
		want string
	}{
		{"create", create("refs/heads/kept", next), "no refusal: nil"},
		{"again", create("refs/heads/kept", next), "422 Reference already exists"},
		{"bad name", create("refs/heads/a..b", next), "422 Reference name is invalid"},
		{"no object", create("refs/heads/b", hashOf('1')), "422 Object does not exist"},
		{"hidden", create("refs/pull/9/head", next), "422 Reference update failed"},
		{"a tag", create("refs/tags/v1", root), "no refusal: nil"},
		{"a branch", create("refs/heads/b", root), "no refusal: nil"},
		{"forward", update("refs/heads/b", next, false), "no refusal: nil"},
		{"back", update("refs/heads/b", root, false), "422 Update is not a fast forward"},
		{"back, forced", update("refs/heads/b", root, true), "no refusal: nil"},
		{"back, protected", update("refs/heads/kept", root, true), "422 Cannot force-push to this branch"},
		{"move none", update("refs/heads/none", root, true), "422 Reference does not exist"},
		{"delete", remove("heads/b"), "no refusal: nil"},
		{"delete none", remove("heads/b"), "422 Reference does not exist"},
		{"delete main", remove("heads/main"), "422 Cannot delete the default branch"},
		{"delete protected", remove("heads/kept"), "422 Cannot delete this protected branch"},
	} {
		expect(t, step.name, refusal(step.err), step.want)
	}
	list, _, err := git.ListMatchingRefs(t.Context(), "acme", "data", &gogithub.ReferenceListOptions{Ref: "heads/"})
	if err != nil || len(list) != 2 || list[0].GetRef() != "refs/heads/kept" {
		t.Errorf("matching %v, %v", list, err)
	}
}

func TestContents(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("side", "a", map[string]string{"a b/검.txt": "one", "big": strings.Repeat("x", 1<<20+1)})
	repos := w.client(readerToken).Repositories
	get := func(name, ref string) (*gogithub.RepositoryContent, []*gogithub.RepositoryContent) {
		t.Helper()
		f, dir, _, err := repos.GetContents(t.Context(), "acme", "data", name, &gogithub.RepositoryContentGetOptions{Ref: ref})
		if err != nil {
			t.Fatal(err)
		}
		return f, dir
	}
	f, _ := get("a b/검.txt", "side")
	text, err := f.GetContent()
	expect(t, "file", fmt.Sprint(text, f.GetType(), f.GetSize(), err), "onefile3 <nil>")
	_, root := get("", "")
	var list []string
	for _, e := range root {
		list = append(list, e.GetType()+" "+e.GetPath())
	}
	expect(t, "root", strings.Join(list, ", "), "dir datasheets, file liveops.yaml")
	_, dir := get("datasheets/", "main")
	if len(dir) != 2 || dir[0].GetPath() != "datasheets/items.xlsx" || dir[0].GetSize() != 6 {
		t.Errorf("directory %v", dir)
	}
	big, _ := get("big", "side")
	expect(t, "over 1 MB", big.GetEncoding()+fmt.Sprint(len(*big.Content), big.GetSize()), "none0 1048577")
	_, _, _, err = repos.GetContents(t.Context(), "acme", "data", "a", &gogithub.RepositoryContentGetOptions{Ref: "none"})
	expect(t, "no such ref", refusal(err), "404 No commit found for the ref none")
}
