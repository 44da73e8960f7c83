package datarepo

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
	"github.com/google/go-cmp/cmp"
)

func mustID(t *testing.T, s string) plumbing.Hash {
	t.Helper()
	id, err := parseID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// handMade is a commit whose tree holds what git would not commit by itself.
func handMade(t *testing.T, entries ...object.TreeEntry) fs.FS {
	t.Helper()
	store := memory.NewStorage()
	put := func(encode func(plumbing.EncodedObject) error) plumbing.Hash {
		o := store.NewEncodedObject()
		if err := encode(o); err != nil {
			t.Fatal(err)
		}
		id, err := store.SetEncodedObject(o)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	blob := put(func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err == nil {
			_, err = w.Write([]byte("content"))
		}
		return err
	})
	// A tree by hand: the library's own encoder refuses the names that this is about.
	tree := put(func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.TreeObject)
		w, err := o.Writer()
		for _, e := range entries {
			if err == nil {
				_, err = w.Write(append([]byte(strings.TrimLeft(e.Mode.String(), "0")+" "+e.Name+"\x00"), blob[:]...))
			}
		}
		return err
	})
	commit := put((&object.Commit{TreeHash: tree, Message: "by hand"}).Encode)
	c, err := newCommit(&objects{store: store}, commit, largeStore{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c.Files
}

func TestCommitFiles(t *testing.T) {
	c := newClone(t)
	c.write("liveops.yaml", "a")
	c.write("datasheets/b.xlsx", "bb")
	c.write("datasheets/b/c/한국.xlsx", "ccc")
	c.write("datasheets/empty.xlsx", "")
	c.write("foo.bar", "x") // Git sorts the directory foo after it, as "foo/"
	c.write("foo/x", "x")
	c.commit("x")
	head, err := c.open().Head()
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(head.Files, "liveops.yaml", "datasheets/b/c/한국.xlsx", "datasheets/empty.xlsx", "foo/x"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]error{
		"liveop.yaml": fs.ErrNotExist, "liveops.yaml/x": fs.ErrNotExist, "../x": fs.ErrInvalid, "/etc/passwd": fs.ErrInvalid,
		"datasheets\\b.xlsx": fs.ErrNotExist, "": fs.ErrInvalid,
	} {
		if _, err := head.Files.Open(name); !errors.Is(err, want) {
			t.Errorf("Open(%q): %v, want %v", name, err, want)
		}
	}
	if err := head.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommitFilesThatAreNotFollowed(t *testing.T) {
	files := handMade(t,
		object.TreeEntry{Name: "..", Mode: filemode.Regular},
		object.TreeEntry{Name: "../../etc/passwd", Mode: filemode.Regular},
		object.TreeEntry{Name: "a\\b.xlsx", Mode: filemode.Regular},
		object.TreeEntry{Name: "link", Mode: filemode.Symlink},
		object.TreeEntry{Name: "module", Mode: filemode.Submodule},
		object.TreeEntry{Name: "ok", Mode: filemode.Executable},
		object.TreeEntry{Name: "\xb0\xa1.xlsx", Mode: filemode.Regular},
	)
	list, err := fs.ReadDir(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Type().String()+" "+e.Name())
		_, err := files.Open(e.Name())
		if regular := e.Name() == "ok"; (err == nil) != regular {
			t.Errorf("Open(%q): %v", e.Name(), err)
		}
		if !fs.ValidPath(e.Name()) {
			t.Errorf("%q cannot be a path", e.Name())
		}
	}
	want := []string{
		"?--------- ..\uFFFD", "?--------- ..\uFFFD..\uFFFDetc\uFFFDpasswd", "?--------- a\uFFFDb.xlsx", "L--------- link",
		"?--------- module", "---------- ok", "?--------- \uFFFD.xlsx",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzPathName(f *testing.F) {
	for _, seed := range []string{"a", ".", "..", "", "a/b", "a\\b", "\xb0\xa1", "\x00", ".git", ".GIT", "한국.xlsx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, same := pathName(name)
		if !fs.ValidPath(got) || got == "." || strings.ContainsAny(got, "/\\\x00") {
			t.Errorf("%q became %q", name, got)
		}
		if same != (got == name) {
			t.Errorf("%q became %q, told as unchanged: %t", name, got, same)
		}
	})
}
