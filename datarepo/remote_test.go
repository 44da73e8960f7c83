package datarepo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// origin is a repository with a merged pull request, and the Remote that reads it.
type origin struct {
	*clone
	first, second, merge string
	lost                 string // a commit that no ref reaches
	workbook             []byte
}

func newOrigin(t *testing.T) *origin {
	t.Helper()
	o := &origin{clone: newClone(t), workbook: make([]byte, 5<<20)}
	source := rand.NewChaCha8([32]byte{1}) // incompressible, as workbooks are
	if _, err := source.Read(o.workbook); err != nil {
		t.Fatal(err)
	}
	o.write("liveops.yaml", smallestConfig)
	o.first = o.commit("first")
	o.write("datasheets/items.xlsx", string(o.workbook))
	o.second = o.commit("아이템 추가\n\nlong text")
	o.git("checkout", "--quiet", "-b", "price", o.first)
	o.write("datasheets/상점/shop.xlsx", "shop")
	o.commit("price")
	o.git("merge", "--quiet", "--no-ff", "--message", "Merge 7", o.second)
	o.merge = o.git("rev-parse", "HEAD")
	o.git("update-ref", "refs/pull/7/merge", o.merge)
	o.git("checkout", "--quiet", "main")
	o.git("branch", "--quiet", "-D", "price")
	o.lost = o.git("commit-tree", "-m", "lost", o.first+"^{tree}")
	o.git("tag", "--annotate", "--message", "v1", "v1", o.first)
	return o
}

func (o *origin) remote(url string) *Remote {
	return &Remote{URL: url + "/.git", TempDir: o.t.TempDir()}
}

// nothingLeft checks that no fetched commit is left on disk.
func nothingLeft(t *testing.T, r *Remote) {
	t.Helper()
	left, err := os.ReadDir(r.TempDir)
	if err != nil || len(left) > 0 {
		t.Errorf("left on disk: %v %v", left, err)
	}
}

func TestFetch(t *testing.T) {
	o := newOrigin(t)
	o.git("config", "uploadpack.allowAnySHA1InWant", "true")
	url := serve(t, gitServer(t, o.dir))
	tests := []struct {
		name, ref, id, subject string
		parents                int
		files                  []string
	}{
		{"a branch", "refs/heads/main", o.second, "아이템 추가", 1, []string{"datasheets/items.xlsx", "liveops.yaml"}},
		{"a merge ref", "refs/pull/7/merge", o.merge, "Merge 7", 2, []string{"datasheets/items.xlsx", "datasheets/상점/shop.xlsx", "liveops.yaml"}},
		{"an annotated tag", "refs/tags/v1", o.first, "first", 0, []string{"liveops.yaml"}},
		{"the id of a tip", o.second, o.second, "아이템 추가", 1, []string{"datasheets/items.xlsx", "liveops.yaml"}},
		{"the id of an older commit", o.first, o.first, "first", 0, []string{"liveops.yaml"}},
		{"the id of a commit that no ref reaches", o.lost, o.lost, "lost", 0, []string{"liveops.yaml"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := o.remote(url)
			c, err := r.Fetch(t.Context(), tt.ref)
			if err != nil {
				t.Fatal(err)
			}
			if c.ID != tt.id || c.Subject != tt.subject || len(c.Parents) != tt.parents || c.Author != "김하나" {
				t.Errorf("got %+v", c)
			}
			if want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); !c.When.Equal(want) {
				t.Errorf("committed at %v, want %v", c.When, want)
			}
			if diff := cmp.Diff(tt.files, regularFiles(t, c.Files)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			for _, p := range c.Parents {
				if _, err := c.Files.(*treeFS).objects.commit(mustID(t, p)); !isMissing(err) {
					t.Errorf("the fetch brought history: parent %s: %v", p, err)
				}
			}
			if err := errors.Join(c.Close(), c.Close()); err != nil {
				t.Error(err)
			}
			if _, err := fs.ReadFile(c.Files, ConfigPath); !errors.Is(err, fs.ErrClosed) {
				t.Errorf("read after Close: %v", err)
			}
			nothingLeft(t, r)
		})
	}
}

func TestFetchedFilesAreReadAtOnce(t *testing.T) {
	o := newOrigin(t)
	c, err := o.remote(serve(t, gitServer(t, o.dir))).Fetch(t.Context(), "refs/pull/7/merge")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			b, err := fs.ReadFile(c.Files, "datasheets/items.xlsx")
			if err != nil || !bytes.Equal(b, o.workbook) {
				t.Errorf("the workbook came otherwise: %d bytes, %v", len(b), err)
			}
		})
		readers.Go(func() {
			f, err := c.Files.Open("datasheets/items.xlsx")
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			tail := make([]byte, 100)
			if _, err := f.(io.ReaderAt).ReadAt(tail, int64(len(o.workbook)-100)); err != nil || !bytes.HasSuffix(o.workbook, tail) {
				t.Errorf("ReadAt: %v", err)
			}
		})
	}
	readers.Wait()
}

func TestFetchErrors(t *testing.T) {
	o := newOrigin(t)
	url := serve(t, gitServer(t, o.dir))
	empty := newClone(t)
	answers := func(status int) string {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>no</html>", status) }))
	}
	tests := []struct {
		name string
		url  string
		ref  string
		want error // nil for any
	}{
		{"no such ref", url + "/.git", "refs/pull/8/merge", ErrNotFound},
		{"no such commit", url + "/.git", strings.Repeat("1", 40), ErrNotFound},
		{"a commit that the server does not give by its id", url + "/.git", o.lost, ErrNotFound},
		{"an empty repository", serve(t, gitServer(t, empty.dir)) + "/.git", "refs/heads/main", ErrNotFound},
		{"no such repository", url + "/other.git", "refs/heads/main", ErrNoRepository},
		{"401", answers(http.StatusUnauthorized), "refs/heads/main", ErrUnauthorized},
		{"403", answers(http.StatusForbidden), "refs/heads/main", ErrUnauthorized},
		{"500", answers(http.StatusInternalServerError), "refs/heads/main", nil},
		{"a page that is no git server", answers(http.StatusOK), "refs/heads/main", nil},
		{"nobody listens", "http://127.0.0.1:1", "refs/heads/main", nil},
		{"a short ref name", url + "/.git", "main", nil},
		{"not HTTP", "file://" + o.dir, "refs/heads/main", nil},
		{"credentials in the URL", strings.Replace(url, "://", "://u:s3cret@", 1) + "/.git", "refs/heads/main", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Remote{URL: tt.url, Password: "s3cret", TempDir: t.TempDir()}
			c, err := r.Fetch(t.Context(), tt.ref)
			if err == nil {
				c.Close()
				t.Fatal("no error")
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			for _, other := range []error{ErrNotFound, ErrNoRepository, ErrUnauthorized} {
				if other != tt.want && errors.Is(err, other) {
					t.Errorf("%v is also %v", err, other)
				}
			}
			if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "html") {
				t.Errorf("the error tells too much: %v", err)
			}
			t.Log(err)
			nothingLeft(t, r)
		})
	}
}

func TestFetchWithAToken(t *testing.T) {
	o := newOrigin(t)
	next := gitServer(t, o.dir)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if name, token, ok := request.BasicAuth(); !ok || name != "x-access-token" || token != "right" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, request)
	}))
	for token, want := range map[string]error{"right": nil, "expired": ErrUnauthorized, "": ErrUnauthorized} {
		r := o.remote(url)
		r.Password = token
		c, err := r.Fetch(t.Context(), "refs/heads/main")
		if !errors.Is(err, want) {
			t.Errorf("token %q: %v, want %v", token, err, want)
		}
		if want != nil && !strings.Contains(err.Error(), "LIVEOPS_GITHUB_TOKEN") {
			t.Errorf("the error names no setting: %v", err)
		}
		if c != nil {
			c.Close()
		}
	}
}

func TestFetchAsksForTheToken(t *testing.T) {
	o := newOrigin(t)
	next := gitServer(t, o.dir)
	var sent []string
	r := o.remote(serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		_, token, _ := request.BasicAuth()
		if len(sent) == 0 || sent[len(sent)-1] != token {
			sent = append(sent, token)
		}
		next.ServeHTTP(w, request)
	})))
	tokens := []string{"first", "second"}
	r.Password = "not this one"
	failed := errors.New("no token")
	r.CurrentPassword = func(context.Context) (string, error) {
		if len(tokens) == 0 {
			return "", failed
		}
		token := tokens[0]
		tokens = tokens[1:]
		return token, nil
	}
	for range 2 {
		c, err := r.Fetch(t.Context(), "refs/heads/main")
		if err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	if !slices.Equal(sent, []string{"first", "second"}) {
		t.Errorf("the server was sent %q", sent)
	}
	if _, err := r.Fetch(t.Context(), "refs/heads/main"); !errors.Is(err, failed) {
		t.Errorf("without a token: %v", err)
	}
}

func TestFetchTakesNoTokenToAnotherHost(t *testing.T) {
	o := newOrigin(t)
	next := gitServer(t, o.dir)
	other := serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") != "" {
			t.Error("the token followed a redirect to another host")
		}
		next.ServeHTTP(w, request)
	}))
	r := o.remote(serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Header.Get("Authorization") == "" {
			t.Error("the host itself got no token")
		}
		http.Redirect(w, request, other+request.URL.String(), http.StatusMovedPermanently)
	})))
	r.Password = "s3cret"
	c, err := r.Fetch(t.Context(), "refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestFetchIsBounded(t *testing.T) {
	o := newOrigin(t)
	r := o.remote(serve(t, gitServer(t, o.dir)))
	r.MaxBytes = 1 << 20
	if _, err := r.Fetch(t.Context(), "refs/heads/main"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	nothingLeft(t, r)
}

// halfAnswer lets a limit of bytes of each pack through, says so, and then neither sends nor ends.
func halfAnswer(t *testing.T, next http.Handler, bytes int) (_ http.Handler, reached <-chan struct{}) {
	said := make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			next.ServeHTTP(w, request)
			return
		}
		next.ServeHTTP(&halfWriter{ResponseWriter: w, left: bytes, full: func() {
			said <- struct{}{}
			<-request.Context().Done()
		}}, request)
	}), said
}

type halfWriter struct {
	http.ResponseWriter
	left int
	full func()
}

func (w *halfWriter) Write(p []byte) (int, error) {
	if len(p) < w.left {
		w.left -= len(p)
		return w.ResponseWriter.Write(p)
	}
	if _, err := w.ResponseWriter.Write(p[:w.left]); err != nil {
		return 0, err
	}
	if err := http.NewResponseController(w.ResponseWriter).Flush(); err != nil {
		return 0, err
	}
	w.full()
	return 0, io.ErrClosedPipe
}

func TestFetchCancelledInTheMiddle(t *testing.T) {
	o := newOrigin(t)
	half, reached := halfAnswer(t, gitServer(t, o.dir), 1<<20)
	r := o.remote(serve(t, half))
	ctx, cancel := context.WithCancelCause(t.Context())
	superseded := errors.New("a newer push")
	go func() {
		<-reached
		cancel(superseded)
	}()
	if _, err := r.Fetch(ctx, "refs/heads/main"); !errors.Is(err, superseded) {
		t.Errorf("got %v", err)
	}
	nothingLeft(t, r)
}

func TestFetchFromASilentServer(t *testing.T) {
	o := newOrigin(t)
	half, _ := halfAnswer(t, gitServer(t, o.dir), 1<<20)
	never := http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) { <-request.Context().Done() })
	for name, h := range map[string]http.Handler{"in the middle": half, "from the start": never} {
		t.Run(name, func(t *testing.T) {
			r := o.remote(serve(t, h))
			r.Stall = 300 * time.Millisecond
			if _, err := r.Fetch(t.Context(), "refs/heads/main"); !errors.Is(err, ErrStalled) {
				t.Errorf("got %v", err)
			}
			nothingLeft(t, r)
		})
	}
}

func TestFetchCutOff(t *testing.T) {
	o := newOrigin(t)
	next := gitServer(t, o.dir)
	r := o.remote(serve(t, http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost {
			next.ServeHTTP(w, request)
			return
		}
		next.ServeHTTP(&halfWriter{ResponseWriter: w, left: 1 << 20, full: func() { panic(http.ErrAbortHandler) }}, request)
	})))
	if c, err := r.Fetch(t.Context(), "refs/heads/main"); err == nil {
		c.Close()
		t.Error("half a pack was taken for a commit")
	}
	nothingLeft(t, r)
}

func regularFiles(t *testing.T, fsys fs.FS) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(fsys, ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
