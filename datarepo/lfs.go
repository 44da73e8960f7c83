package datarepo

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// lfsServer is a server of Git LFS, asked by its batch API:
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
type lfsServer struct {
	url      string // …/info/lfs, https unless the repository is read over http
	username string
	password func(ctx context.Context) (string, error) // "" for none
	client   *http.Client
	wait     func(ctx context.Context, d time.Duration) error
}

const (
	lfsMedia       = "application/vnd.git-lfs+json"
	lfsBatch       = 100 // objects of one request, as git-lfs itself asks
	lfsParallel    = 4   // downloads at once
	lfsTries       = 4   // of a request that is told to come later
	lfsMostWait    = time.Minute
	lfsBatchAnswer = 16 << 20 // bytes
)

type lfsObject struct {
	ID      string `json:"oid"`
	Size    int64  `json:"size"`
	Actions struct {
		Download *lfsAction `json:"download"`
	} `json:"actions"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

type lfsAction struct {
	URL    string            `json:"href"`
	Header map[string]string `json:"header"`
}

// fetch downloads the pointers of some indexes. found is told of each once, one at a time.
func (s *lfsServer) fetch(ctx context.Context, pointers []Pointer, indexes []int, found func(i int, content []byte, err error)) {
	for len(indexes) > 0 {
		n := min(len(indexes), lfsBatch)
		s.fetchBatch(ctx, pointers, indexes[:n], found)
		indexes = indexes[n:]
	}
}

func (s *lfsServer) fetchBatch(ctx context.Context, pointers []Pointer, indexes []int, found func(i int, content []byte, err error)) {
	objects, err := s.batch(ctx, pointers, indexes)
	if err != nil {
		for _, i := range indexes {
			found(i, nil, err)
		}
		return
	}
	type result struct {
		i       int
		content []byte
		err     error
	}
	results := make(chan result)
	g := errgroup.Group{}
	g.SetLimit(lfsParallel)
	go func() {
		for _, i := range indexes {
			g.Go(func() error {
				content, err := s.download(ctx, pointers[i], objects[pointers[i].ID])
				results <- result{i, content, err}
				return nil
			})
		}
		g.Wait()
		close(results)
	}()
	for r := range results {
		found(r.i, r.content, r.err)
	}
}

// batch asks where objects are.
func (s *lfsServer) batch(ctx context.Context, pointers []Pointer, indexes []int) (map[string]*lfsObject, error) {
	type object struct {
		ID   string `json:"oid"`
		Size int64  `json:"size"`
	}
	asked := struct {
		Operation string   `json:"operation"`
		Transfers []string `json:"transfers"`
		Objects   []object `json:"objects"`
		Hash      string   `json:"hash_algo"`
	}{Operation: "download", Transfers: []string{"basic"}, Hash: "sha256"}
	for _, i := range indexes {
		asked.Objects = append(asked.Objects, object(pointers[i]))
	}
	body, err := json.Marshal(asked)
	if err != nil {
		return nil, err
	}
	password, err := s.password(ctx)
	if err != nil {
		return nil, err
	}
	answer, err := s.do(ctx, lfsBatchAnswer, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/objects/batch", bytes.NewReader(body))
		if err == nil {
			r.Header.Set("Accept", lfsMedia)
			r.Header.Set("Content-Type", lfsMedia)
			if password != "" {
				r.SetBasicAuth(cmp.Or(s.username, "x-access-token"), password)
			}
		}
		return r, err
	})
	if err != nil {
		return nil, err
	}
	var got struct {
		Objects []*lfsObject `json:"objects"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return nil, fmt.Errorf("the Git LFS server does not answer as one does: %w", err)
	}
	objects := map[string]*lfsObject{}
	for _, o := range got.Objects {
		if o != nil {
			objects[o.ID] = o
		}
	}
	return objects, nil
}

// download gets one object. Only the headers that the server gave for it are sent, and never the token.
func (s *lfsServer) download(ctx context.Context, p Pointer, o *lfsObject) ([]byte, error) {
	switch {
	case o == nil:
		return nil, &LargeFileError{"the Git LFS server says nothing of it", mendPush}
	case o.Error != nil && o.Error.Code == http.StatusNotFound, o.Error == nil && o.Actions.Download == nil:
		return nil, &LargeFileError{"the Git LFS server does not have it", mendPush}
	case o.Error != nil:
		return nil, &LargeFileError{fmt.Sprintf("the Git LFS server answers %d: %.200q", o.Error.Code, o.Error.Message), mendPush}
	}
	at, err := url.Parse(o.Actions.Download.URL)
	if err != nil || at.Host == "" || at.Scheme != "https" && !strings.HasPrefix(s.url, "http:") {
		return nil, &LargeFileError{"the Git LFS server names an address that is not https", mendPush}
	}
	content, err := s.do(ctx, p.Size, func() (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
		if err == nil {
			for name, value := range o.Actions.Download.Header {
				r.Header.Set(name, value)
			}
		}
		return r, err
	})
	if err == nil && !p.matches(content) {
		err = &LargeFileError{"what the Git LFS server sends is another content", mendPush}
	}
	return content, err
}

const mendPush = "run `git lfs push --all origin` where the workbook was committed"

// do sends a request, again where the server asks to come later, and reads an answer of at most so many bytes.
func (s *lfsServer) do(ctx context.Context, most int64, request func() (*http.Request, error)) ([]byte, error) {
	for try := 1; ; try++ {
		r, err := request()
		if err != nil {
			return nil, err
		}
		answer, later, err := s.once(r, most)
		if later == 0 || try == lfsTries {
			return answer, err
		}
		if wait := s.wait(ctx, min(later, lfsMostWait)); wait != nil {
			return nil, errors.Join(err, wait)
		}
	}
}

// once sends a request; later is when to try again, 0 for never.
func (s *lfsServer) once(r *http.Request, most int64) (answer []byte, later time.Duration, err error) {
	response, err := s.client.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("ask the Git LFS server: %w", withoutQuery(err))
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(response.Body, most+1))
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests, status >= 500 && status != http.StatusNotImplemented && status != http.StatusInsufficientStorage:
		later = time.Second
		if n, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && n > 0 {
			later = time.Duration(n) * time.Second
		}
		return nil, later, fmt.Errorf("the Git LFS server answers %s", response.Status)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return nil, 0, &LargeFileError{"the Git LFS server refuses the token (" + response.Status + ")", "let the token of LIVEOPS_GITHUB_TOKEN, or the GitHub App, read the repository's contents"}
	case status != http.StatusOK:
		return nil, 0, &LargeFileError{"the Git LFS server answers " + response.Status, mendPush}
	case err != nil:
		return nil, 0, fmt.Errorf("read the answer of the Git LFS server: %w", err)
	case int64(len(answer)) > most:
		return nil, 0, &LargeFileError{"the Git LFS server sends more than it should", mendPush}
	}
	return answer, 0, nil
}

// withoutQuery is the error of a request without the address, whose query may be a signature that lets others in.
func withoutQuery(err error) error {
	if wrong := (*url.Error)(nil); errors.As(err, &wrong) {
		return wrong.Err
	}
	return err
}

func waitFor(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
