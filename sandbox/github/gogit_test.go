package github_test

import (
	"errors"
	"io"
	"testing"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/memory"

	"liveops/sandbox/github"
)

func basic(token string) *githttp.BasicAuth {
	return &githttp.BasicAuth{Username: "x-access-token", Password: token}
}

// fetch fetches one refspec into an empty in-memory repository.
func (w world) fetch(spec, token string, depth int) (*git.Repository, error) {
	w.Helper()
	local, err := git.Init(memory.NewStorage(), nil)
	if err != nil {
		w.Fatal(err)
	}
	_, err = local.CreateRemote(&config.RemoteConfig{Name: "origin", URLs: []string{w.repo.CloneURL()}})
	if err != nil {
		w.Fatal(err)
	}
	options := &git.FetchOptions{RefSpecs: []config.RefSpec{config.RefSpec(spec)}, Depth: depth, Tags: git.NoTags}
	if token != "" {
		options.Auth = basic(token)
	}
	return local, local.FetchContext(w.Context(), options)
}

func TestFetchTheMergeOfAPullRequest(t *testing.T) {
	w := newWorld(t, github.Options{})
	base := w.repo.Tip("main")
	n := w.pull("price", map[string]string{"datasheets/items.xlsx": "new"})
	head := w.repo.Tip("price")

	local, err := w.fetch("refs/pull/1/merge:refs/heads/m", botToken, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := local.Reference("refs/heads/m", true)
	if err != nil {
		t.Fatal(err)
	}
	merge, err := local.CommitObject(ref.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{merge.ParentHashes[0].String(), merge.ParentHashes[1].String()}; got[0] != base || got[1] != head {
		t.Errorf("parents %v, want base %s and head %s", got, base, head)
	}
	if got := contentOf(t, merge, "datasheets/items.xlsx"); got != "new" {
		t.Errorf("the merge holds %q", got)
	}
	if _, err := local.CommitObject(plumbing.NewHash(head)); !errors.Is(err, plumbing.ErrObjectNotFound) {
		t.Errorf("depth 1 brought a parent: %v", err)
	}
	if got := w.get(botToken, n).GetMergeCommitSHA(); got != ref.Hash().String() {
		t.Errorf("merge_commit_sha %s, the ref %s", got, ref.Hash())
	}
}

func TestFetchExactCommit(t *testing.T) {
	w := newWorld(t, github.Options{})
	old := w.commit("main", "one", map[string]string{"a": "1"})
	w.commit("main", "two", map[string]string{"a": "2"})
	lost := w.commit("side", "three", map[string]string{"a": "3"})
	w.pull("side2", map[string]string{"b": "b"})

	for name, sha := range map[string]string{"not a tip": old, "a tip": lost} {
		t.Run(name, func(t *testing.T) {
			local, err := w.fetch(sha+":refs/heads/x", botToken, 1)
			if err != nil {
				t.Fatal(err)
			}
			commit, err := local.CommitObject(plumbing.NewHash(sha))
			if err != nil {
				t.Fatal(err)
			}
			if got := contentOf(t, commit, "liveops.yaml"); got != "timezone: Asia/Seoul\n" {
				t.Errorf("liveops.yaml is %q", got)
			}
		})
	}
	t.Run("not there", func(t *testing.T) {
		if _, err := w.fetch("1111111111111111111111111111111111111111:refs/heads/x", botToken, 1); err == nil {
			t.Error("no error")
		}
	})
}

func TestFetchMoreLater(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("main", "one", map[string]string{"a": "1"})
	local, err := w.fetch("refs/heads/main:refs/heads/main", botToken, 1)
	if err != nil {
		t.Fatal(err)
	}
	sha := w.commit("main", "two", map[string]string{"a": "2"})
	err = local.Fetch(&git.FetchOptions{
		RefSpecs: []config.RefSpec{"refs/heads/main:refs/heads/main"}, Auth: basic(botToken), Tags: git.NoTags,
	})
	if err != nil {
		t.Fatal(err)
	}
	commit, err := local.CommitObject(plumbing.NewHash(sha))
	if err != nil {
		t.Fatal(err)
	}
	if got := contentOf(t, commit, "a"); got != "2" {
		t.Errorf("a is %q", got)
	}
}

func TestWhoMayFetchAndPush(t *testing.T) {
	w := newWorld(t, github.Options{})
	public, err := w.srv.CreateRepo("acme", "public", map[string][]byte{"a": []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	public.SetPrivate(false)
	tests := []struct {
		name, url, token string
		push             bool
		want             error
	}{
		{"private, nobody", w.repo.CloneURL(), "", false, transport.ErrAuthenticationRequired},
		{"private, wrong token", w.repo.CloneURL(), "wrong", false, transport.ErrAuthenticationRequired},
		{"private, no access", w.repo.CloneURL(), strangerTok, false, transport.ErrRepositoryNotFound},
		{"private, reader", w.repo.CloneURL(), readerToken, false, nil},
		{"private, reader pushes", w.repo.CloneURL(), readerToken, true, transport.ErrAuthorizationFailed},
		{"private, writer pushes", w.repo.CloneURL(), writerToken, true, nil},
		{"public, nobody", public.CloneURL(), "", false, nil},
		{"public, nobody pushes", public.CloneURL(), "", true, transport.ErrAuthenticationRequired},
		{"public, wrong token", public.CloneURL(), "wrong", false, transport.ErrAuthenticationRequired},
		{"no such repository", w.srv.URL() + "/acme/none.git", writerToken, false, transport.ErrRepositoryNotFound},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			endpoint, err := transport.NewEndpoint(test.url)
			if err != nil {
				t.Fatal(err)
			}
			var auth transport.AuthMethod
			if test.token != "" {
				auth = basic(test.token)
			}
			if got := advertisedRefs(t, endpoint, auth, test.push); !errors.Is(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// advertisedRefs asks for the references as a fetch or a push does.
func advertisedRefs(t *testing.T, endpoint *transport.Endpoint, auth transport.AuthMethod, push bool) error {
	t.Helper()
	if push {
		session, err := githttp.DefaultClient.NewReceivePackSession(endpoint, auth)
		if err != nil {
			t.Fatal(err)
		}
		_, err = session.AdvertisedReferencesContext(t.Context())
		return err
	}
	session, err := githttp.DefaultClient.NewUploadPackSession(endpoint, auth)
	if err != nil {
		t.Fatal(err)
	}
	_, err = session.AdvertisedReferencesContext(t.Context())
	return err
}

func TestPushWithGoGit(t *testing.T) {
	w := newWorld(t, github.Options{})
	local, err := w.fetch("refs/heads/main:refs/heads/main", writerToken, 0)
	if err != nil {
		t.Fatal(err)
	}
	tip, err := local.ResolveRevision("main")
	if err != nil {
		t.Fatal(err)
	}
	parent, err := local.CommitObject(*tip)
	if err != nil {
		t.Fatal(err)
	}
	o := local.Storer.NewEncodedObject()
	who := object.Signature{Name: "Wri Ter", Email: "writer@acme.example"}
	child := &object.Commit{Author: who, Committer: who, Message: "empty", TreeHash: parent.TreeHash, ParentHashes: []plumbing.Hash{*tip}}
	if err := child.Encode(o); err != nil {
		t.Fatal(err)
	}
	hash, err := local.Storer.SetEncodedObject(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Storer.SetReference(plumbing.NewHashReference("refs/heads/new", hash)); err != nil {
		t.Fatal(err)
	}
	push := func(spec config.RefSpec) error {
		return local.Push(&git.PushOptions{RefSpecs: []config.RefSpec{spec}, Auth: basic(writerToken)})
	}
	if err := push("refs/heads/new:refs/heads/new"); err != nil {
		t.Fatal(err)
	}
	if got := w.repo.Tip("new"); got != hash.String() {
		t.Errorf("the branch is at %q, want %s", got, hash)
	}
	if err := push("refs/heads/new:refs/pull/1/head"); err == nil {
		t.Error("a client pushed to refs/pull")
	}
	if err := push(":refs/heads/new"); err != nil {
		t.Fatal(err)
	}
	if got := w.repo.Tip("new"); got != "" {
		t.Errorf("the deleted branch is at %s", got)
	}
}

func contentOf(t *testing.T, c *object.Commit, path string) string {
	t.Helper()
	f, err := c.File(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Reader()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
