package datarepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"liveops/sandbox/github"
)

func TestParsePointer(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	tests := []struct {
		name, file string
		want       Pointer
		ok         bool
	}{
		{"a pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:" + id + "\nsize 12\n", Pointer{id, 12}, true},
		{"with an extension", "version https://git-lfs.github.com/spec/v1\next-0-foo sha256:" + id + "\noid sha256:" + id + "\nsize 12\n", Pointer{id, 12}, true},
		{"another hash", "version https://git-lfs.github.com/spec/v1\noid sha512:" + id + "\nsize 12\n", Pointer{"", 12}, true},
		{"no size", "version https://git-lfs.github.com/spec/v1\noid sha256:" + id + "\nsize x\n", Pointer{}, true},
		{"a path as an id", "version https://git-lfs.github.com/spec/v1\noid sha256:../../etc/passwd\nsize 1\n", Pointer{"", 1}, true},
		{"a workbook", "PK\x03\x04", Pointer{}, false},
		{"a long text", "version https://git-lfs.github.com/spec/v1\n" + strings.Repeat("x", 2000), Pointer{}, false},
	}
	for _, tt := range tests {
		if got, ok := ParsePointer([]byte(tt.file)); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %+v, %v", tt.name, got, ok)
		}
	}
}

func FuzzParsePointer(f *testing.F) {
	f.Add([]byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if p, ok := ParsePointer(file); ok && p.ID != "" && (len(p.ID) != 64 || strings.ContainsAny(p.ID, "/.\\")) || p.Size < 0 {
			t.Errorf("%q is %+v", file, p)
		}
	})
}

// largeWorld is a repository of which two workbooks are in Git LFS.
type largeWorld struct {
	server *github.Server
	repo   *github.Repo
	remote *Remote
	waited []time.Duration
}

func newLargeWorld(t *testing.T) *largeWorld {
	t.Helper()
	w := &largeWorld{}
	var err error
	if w.server, err = github.New(github.Options{Users: []github.User{{Login: "bot", Token: "secret"}}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.server.Close() })
	if w.repo, err = w.server.CreateRepo("bot", "data", nil); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"datasheets/small.xlsx": []byte("small"), "datasheets/item.xlsx": w.repo.AddLarge([]byte("the items")),
		"datasheets/a/shop.xlsx": w.repo.AddLarge(bytes.Repeat([]byte("shop"), 1<<18))}
	other := sha256.Sum256([]byte("never pushed"))
	files["datasheets/lost.xlsx"] = fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%x\nsize 12\n", other)
	if _, err := w.repo.Commit("main", "large files", "bot", files); err != nil {
		t.Fatal(err)
	}
	w.remote = &Remote{URL: w.server.URL() + "/bot/data.git", Password: "secret", TempDir: t.TempDir(), LargeDir: t.TempDir()}
	return w
}

// follow fetches the branch and follows its pointers.
func (w *largeWorld) follow(t *testing.T) (map[string][]byte, []string, error) {
	t.Helper()
	c, err := w.remote.Fetch(t.Context(), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Files.(*treeFS).large.server.wait = func(_ context.Context, d time.Duration) error {
		w.waited = append(w.waited, d)
		return nil
	}
	paths, _, err := Workbooks(c.Files)
	if err != nil {
		t.Fatal(err)
	}
	found, problems, err := FollowPointers(t.Context(), c.Files, paths)
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	return found, texts, err
}

func TestFollowPointers(t *testing.T) {
	w := newLargeWorld(t)
	for range 2 {
		found, problems, err := w.follow(t)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) != 2 || string(found["datasheets/item.xlsx"]) != "the items" || len(found["datasheets/a/shop.xlsx"]) != 1<<20 {
			t.Errorf("found %d", len(found))
		}
		if len(problems) != 1 || !strings.Contains(problems[0], "datasheets/lost.xlsx") || !strings.Contains(problems[0], "the Git LFS server does not have it") {
			t.Errorf("problems %q", problems)
		}
		if n := w.repo.LargeDownloads(); n != 2 {
			t.Errorf("%d downloads, want each object once", n)
		}
	}
	// What nobody has asked for in a long time goes, when something else is fetched.
	old := filepath.Join(w.remote.LargeDir, "old")
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-unusedLarge-time.Hour)); err != nil {
		t.Fatal(err)
	}
	// What is kept is damaged: it is fetched again.
	err := filepath.WalkDir(w.remote.LargeDir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && path != old {
			err = os.WriteFile(path, []byte("damaged"), 0o600)
		}
		return err
	})
	if found, _, again := w.follow(t); err != nil || again != nil || string(found["datasheets/item.xlsx"]) != "the items" || w.repo.LargeDownloads() != 4 {
		t.Errorf("after damage: %v, %v, %d downloads", err, again, w.repo.LargeDownloads())
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an old file is still there: %v", err)
	}
}

func TestFollowPointersWaits(t *testing.T) {
	w := newLargeWorld(t)
	w.server.FailNext("POST", "/bot/data.git/info/lfs/objects/batch", http.StatusTooManyRequests, http.Header{"Retry-After": {"7"}}, 1)
	w.server.FailNext("GET", "/bot/data.git/info/lfs/objects/*", http.StatusBadGateway, nil, 2)
	if found, _, err := w.follow(t); err != nil || len(found) != 2 {
		t.Errorf("found %d, %v", len(found), err)
	}
	if len(w.waited) != 3 || w.waited[0] != 7*time.Second {
		t.Errorf("waited %v", w.waited)
	}
	// A server that stays away is an error to try again, and no problem of the file.
	w.remote.LargeDir = ""
	w.server.FailNext("POST", "/bot/data.git/info/lfs/objects/batch", http.StatusServiceUnavailable, nil, lfsTries)
	if _, problems, err := w.follow(t); err == nil || len(problems) > 0 || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestFollowPointersWithoutRights(t *testing.T) {
	w := newLargeWorld(t)
	w.server.FailNext("POST", "/bot/data.git/info/lfs/objects/batch", http.StatusForbidden, nil, 1)
	_, problems, err := w.follow(t)
	if err != nil || len(problems) != 3 || !strings.Contains(problems[0], "refuses the token") {
		t.Errorf("%q, %v", problems, err)
	}
}

// In a checkout, what git-lfs has fetched is read, and nothing is asked of a server.
func TestFollowPointersInACheckout(t *testing.T) {
	c := newClone(t)
	content := []byte("the items")
	id := fmt.Sprintf("%x", sha256.Sum256(content))
	c.write("datasheets/item.xlsx", fmt.Sprintf("version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", id, len(content)))
	c.commit("a pointer")
	checkout, err := OpenCheckout(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer checkout.Close()
	head, err := checkout.Head()
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{"datasheets/item.xlsx"}
	_, problems, err := FollowPointers(t.Context(), head.Files, paths)
	if err != nil || len(problems) != 1 || !strings.Contains(problems[0].Mend, "git lfs pull") {
		t.Errorf("not fetched: %v, %v", problems, err)
	}
	kept := filepath.Join(c.dir, ".git", "lfs", "objects", id[:2], id[2:4], id)
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, content, 0o644); err != nil {
		t.Fatal(err)
	}
	found, problems, err := FollowPointers(t.Context(), head.Files, paths)
	if err != nil || len(problems) > 0 || string(found[paths[0]]) != "the items" {
		t.Errorf("fetched: %q, %v, %v", found, problems, err)
	}
}
