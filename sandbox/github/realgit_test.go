package github_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"liveops/sandbox/github"
)

// shell runs the real git in a directory, signed in as a user.
type shell struct {
	world
	dir string
}

func (w world) realGit() shell {
	w.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		w.Skip("there is no git on this machine: the protocol is only tested with go-git")
	}
	return shell{w, w.TempDir()}
}

// try runs git and returns what it printed.
func (s shell) try(args ...string) (string, error) {
	cmd := exec.CommandContext(s.Context(), "git", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(),
		"HOME="+s.dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Wri Ter", "GIT_AUTHOR_EMAIL=writer@acme.example",
		"GIT_COMMITTER_NAME=Wri Ter", "GIT_COMMITTER_EMAIL=writer@acme.example",
	)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return strings.TrimSpace(out.String()), err
}

func (s shell) git(args ...string) string {
	s.Helper()
	out, err := s.try(args...)
	if err != nil {
		s.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// in is the shell in a directory below.
func (s shell) in(dir string) shell { return shell{s.world, filepath.Join(s.dir, dir)} }

func (s shell) write(name, content string) {
	s.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
}

func (w world) remote(token string) string {
	return strings.Replace(w.repo.CloneURL(), "http://", "http://x-access-token:"+token+"@", 1)
}

func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestGitClone(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	for i := range 5 {
		w.commit("main", fmt.Sprint("change ", i), map[string]string{"a/b/c": fmt.Sprint(i)})
	}
	tip := w.repo.Tip("main")
	for _, version := range []string{"0", "1", "2"} {
		t.Run("protocol "+version, func(t *testing.T) {
			dir := "v" + version
			sh.git("-c", "protocol.version="+version, "clone", w.remote(readerToken), dir)
			clone := sh.in(dir)
			expect(t, "HEAD", clone.git("rev-parse", "HEAD"), tip)
			expect(t, "branch", clone.git("symbolic-ref", "HEAD"), "refs/heads/main")
			expect(t, "commits", clone.git("rev-list", "--count", "HEAD"), "6")
			clone.git("fsck", "--strict")
		})
	}
}

func TestGitShallow(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	for i := range 5 {
		w.commit("main", fmt.Sprint("change ", i), map[string]string{"a": fmt.Sprint(i)})
	}
	sh.git("clone", "--depth", "1", w.remote(readerToken), "c")
	clone := sh.in("c")
	count := func(want string) {
		t.Helper()
		expect(t, "commits", clone.git("rev-list", "--count", "HEAD"), want)
		clone.git("fsck", "--connectivity-only")
	}
	count("1")
	clone.git("fetch", "--depth", "3")
	count("3")
	w.commit("main", "change 5", map[string]string{"a": "5"})
	clone.git("pull", "--ff-only")
	count("4")
	clone.git("fetch", "--depth", "1")
	clone.git("fetch", "--unshallow")
	count("7")
	expect(t, "shallow", clone.git("rev-parse", "--is-shallow-repository"), "false")
}

func TestGitFetchPullRequestAndExactCommit(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	first := w.repo.Tip("main")
	w.pull("price", map[string]string{"a": "1"})
	sh.git("init", "c")
	c := sh.in("c")
	c.git("fetch", "--depth", "1", w.remote(botToken), "refs/pull/1/merge")
	expect(t, "merge", c.git("rev-parse", "FETCH_HEAD"), w.repo.Ref("refs/pull/1/merge"))
	c.git("fetch", "--depth", "1", w.remote(botToken), first)
	expect(t, "commit", c.git("rev-parse", "FETCH_HEAD"), first)
	c.git("fetch", w.remote(botToken), "refs/pull/1/head:refs/heads/head")
	expect(t, "head", c.git("rev-parse", "head"), w.repo.Tip("price"))
	out, err := c.try("fetch", w.remote(botToken), strings.Repeat("1", 40))
	if err == nil || !strings.Contains(out, "not our ref") {
		t.Errorf("a commit that is not there: %v %s", err, out)
	}
}

func TestGitFetchNegotiates(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	sh.git("clone", w.remote(writerToken), "c")
	c := sh.in("c")
	// Local commits that the server does not know, so that there is something to negotiate.
	for i := range 40 {
		c.git("commit", "--allow-empty", "-m", fmt.Sprint("local ", i))
	}
	for i := range 3 {
		w.commit("main", fmt.Sprint("remote ", i), map[string]string{"a": fmt.Sprint(i)})
	}
	before := c.looseObjects()
	c.git("-c", "fetch.unpackLimit=1000", "fetch", "origin")
	expect(t, "origin/main", c.git("rev-parse", "origin/main"), w.repo.Tip("main"))
	// One commit, one tree and one file for each of three changes.
	if got := c.looseObjects() - before; got != 9 {
		t.Errorf("fetched %d objects, want the 9 new ones", got)
	}
	c.git("fsck", "--strict")
}

func (s shell) looseObjects() int {
	s.Helper()
	n, err := strconv.Atoi(strings.Fields(s.git("count-objects"))[0])
	if err != nil {
		s.Fatal(err)
	}
	return n
}

func TestGitPush(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	sh.git("clone", w.remote(writerToken), "c")
	c := sh.in("c")
	c.git("checkout", "-b", "price")
	c.write("a", strings.Repeat("more than git's buffer of a request\n", 60_000))
	c.git("add", "a")
	c.git("commit", "-m", "one")
	c.git("-c", "http.postBuffer=65536", "push", "-u", "origin", "price")
	expect(t, "pushed", w.repo.Tip("price"), c.git("rev-parse", "HEAD"))

	c.git("commit", "--amend", "-m", "one, better")
	out, err := c.try("push", "origin", "price")
	if err == nil || !strings.Contains(out, "non-fast-forward") {
		t.Errorf("a push that loses a commit: %v %s", err, out)
	}
	c.git("push", "--force", "origin", "price")
	expect(t, "forced", w.repo.Tip("price"), c.git("rev-parse", "HEAD"))

	c.git("tag", "-a", "v1", "-m", "first")
	c.git("push", "origin", "v1")
	expect(t, "tag", w.repo.Ref("refs/tags/v1"), c.git("rev-parse", "v1"))
	expect(t, "peeled tag", c.git("ls-remote", "origin", "v1^{}"), c.git("rev-parse", "HEAD")+"\trefs/tags/v1^{}")
	sh.git("clone", "--branch", "v1", w.remote(readerToken), "tagged")

	c.git("push", "origin", "--delete", "price")
	expect(t, "deleted", w.repo.Tip("price"), "")
}

func TestGitPushRefused(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	w.repo.Protect("main")
	sh.git("clone", w.remote(writerToken), "c")
	c := sh.in("c")
	c.git("commit", "--allow-empty", "-m", "a")
	c.git("push", "origin", "main")
	before := w.repo.Tip("main")
	c.git("commit", "--amend", "--allow-empty", "-m", "b")
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"force on a protected branch", []string{"--force", "origin", "main"}, "protected branch hook declined"},
		{"delete the default branch", []string{"origin", "--delete", "main"}, "refusing to delete the current branch"},
		{"a pull request's reference", []string{"origin", "HEAD:refs/pull/1/head"}, "deny updating a hidden ref"},
		{"without the right", []string{w.remote(readerToken), "HEAD:refs/heads/x"}, "403"},
		{"with a wrong token", []string{w.remote("wrong"), "HEAD:refs/heads/x"}, "Authentication failed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out, err := c.try(append([]string{"push"}, test.args...)...)
			if err == nil || !strings.Contains(out, test.want) {
				t.Errorf("want a refusal with %q, got %v\n%s", test.want, err, out)
			}
		})
	}
	expect(t, "main", w.repo.Tip("main"), before)
}

func TestGitPushFromShallowClone(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	w.commit("main", "one", map[string]string{"a": "1"})
	w.commit("side", "two", map[string]string{"b": "1"})
	sh.git("clone", "--depth", "1", "--no-single-branch", w.remote(writerToken), "c")
	c := sh.in("c")
	c.write("a", "2")
	c.git("commit", "-am", "three")
	c.git("push", "origin", "main")
	expect(t, "main", w.repo.Tip("main"), c.git("rev-parse", "HEAD"))
}
