package datarepo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
)

func TestOpenCheckout(t *testing.T) {
	c := newClone(t)
	c.write("datasheets/sub/a.xlsx", "a")
	id := c.commit("one")
	c.git("worktree", "add", "--quiet", "--detach", filepath.Join(c.dir, "linked"))
	bare := t.TempDir()
	c.git("clone", "--quiet", "--bare", ".", bare)
	tests := []struct {
		name, dir string
		want      error
	}{
		{"the root", c.dir, nil},
		{"a directory in it", filepath.Join(c.dir, "datasheets", "sub"), nil},
		{"a linked work tree", filepath.Join(c.dir, "linked"), nil},
		{"no repository", t.TempDir(), ErrNotRepository},
		{"a bare repository", bare, ErrNotRepository},
		{"no directory", filepath.Join(c.dir, "missing"), fs.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			checkout, err := OpenCheckout(tt.dir)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if tt.want != nil {
				return
			}
			defer checkout.Close()
			head, err := checkout.Head()
			if err != nil {
				t.Fatal(err)
			}
			if head.ID != id {
				t.Errorf("HEAD is %s, want %s", head.ID, id)
			}
			if b, err := fs.ReadFile(checkout.WorkTree(), "datasheets/sub/a.xlsx"); string(b) != "a" {
				t.Errorf("the work tree's root is elsewhere: %v", err)
			}
		})
	}
}

// The repository here is one that go-git made, with loose objects only.
func TestHeadOfARepositoryByGoGit(t *testing.T) {
	dir := t.TempDir()
	repository, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	c := &clone{t, dir}
	checkout := c.open()
	if _, err := checkout.Head(); !errors.Is(err, ErrNotFound) {
		t.Errorf("HEAD before the first commit: %v", err)
	}
	c.write("liveops.yaml", "a")
	work, err := repository.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := work.Add("liveops.yaml"); err != nil {
		t.Fatal(err)
	}
	when := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	id, err := work.Commit("\n첫 커밋\n\nbody", &git.CommitOptions{Author: &object.Signature{Name: "나", Email: "n@game.example", When: when}})
	if err != nil {
		t.Fatal(err)
	}
	head, err := checkout.Head()
	if err != nil {
		t.Fatal(err)
	}
	if head.ID != id.String() || head.Subject != "첫 커밋" || head.Author != "나" || !head.When.Equal(when) || head.Parents != nil {
		t.Errorf("got %+v", head)
	}
}

func TestCheckoutCommit(t *testing.T) {
	c := newClone(t)
	c.write("a", "1")
	first := c.commit("one")
	c.write("a", "2")
	c.commit("two")
	checkout := c.open()
	old, err := checkout.Commit(first)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(old.Files, "a"); string(b) != "1" {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := checkout.Commit(strings.Repeat("1", 40)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a commit that is not there: %v", err)
	}
	if _, err := checkout.Commit("HEAD~1"); err == nil {
		t.Error("a revision was taken for an id")
	}
}

func TestWorkTree(t *testing.T) {
	c := newClone(t)
	c.write("liveops.yaml", "a")
	c.write("datasheets/b.xlsx", "b")
	checkout := c.open()
	if err := fstest.TestFS(checkout.WorkTree(), "liveops.yaml", "datasheets/b.xlsx"); err != nil {
		t.Error(err)
	}
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("s"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"out.xlsx": outside, "in.xlsx": "liveops.yaml", "dir": "datasheets", "up": "../.."} {
		if err := os.Symlink(target, filepath.Join(c.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	files := checkout.WorkTree()
	for _, name := range []string{"out.xlsx", "in.xlsx", "dir", "dir/b.xlsx", "up", "up/x", ".git", ".git/config", ".GIT/config", "../x", "/etc/passwd"} {
		if f, err := files.Open(name); err == nil {
			f.Close()
			t.Errorf("%s was opened", name)
		}
	}
	if diff := cmp.Diff([]string{"datasheets/b.xlsx", "liveops.yaml"}, regularFiles(t, files)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestChanged(t *testing.T) {
	c := newClone(t)
	for _, name := range []string{"liveops.yaml", "datasheets/same.xlsx", "datasheets/edited.xlsx", "datasheets/gone.xlsx", "checks/a.sql", "purges/a.yaml", "pushes/a.yaml", "README.md", "code/main.go"} {
		c.write(name, "line\nline\n")
	}
	c.write(".gitignore", "ignored.xlsx\n")
	if err := os.Symlink("same.xlsx", filepath.Join(c.dir, "datasheets", "link.xlsx")); err != nil {
		t.Fatal(err)
	}
	c.commit("one")
	checkout := c.open()
	check := func(name string, want ...string) {
		t.Helper()
		got, err := checkout.Changed(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check("nothing")
	c.write("liveops.yaml", "line\r\nline\r\n")
	c.write("README.md", "new")
	c.write("code/main.go", "new")
	c.write("datasheets/~$same.xlsx", "lock")
	c.write("datasheets/.~lock.same.xlsx#", "lock")
	c.write("datasheets/.cache/x.xlsx", "x")
	check("what does not count")
	c.write("datasheets/edited.xlsx", "line\nLINE\n")
	c.write("datasheets/한국/new.xlsx", "new")
	c.write("datasheets/ignored.xlsx", "new")
	c.write("pushes/a.yaml", "other\n")
	c.write("checks/b.sql", "SELECT 1")
	for name, target := range map[string]string{"gone.xlsx": "", "link.xlsx": "edited.xlsx"} {
		name = filepath.Join(c.dir, "datasheets", name)
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if target != "" {
			if err := os.Symlink(target, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.git("add", "checks/b.sql")
	check("edited, new, ignored, deleted, staged, linked elsewhere", "checks/b.sql", "datasheets/edited.xlsx", "datasheets/gone.xlsx",
		"datasheets/ignored.xlsx", "datasheets/link.xlsx", "datasheets/한국/new.xlsx", "pushes/a.yaml")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := checkout.Changed(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
