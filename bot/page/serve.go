package page

import (
	"bufio"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestAnswer is how long a reader may take for a page.
const longestAnswer = 2 * time.Minute

// ServeHTTP answers GET /report/{id}: 200 with the page, 403 for a wrong or an expired signature (only who has a right
// one learns that it has expired), 404 for a page that is gone, 503 where the pages cannot be read.
func (s *Shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "no-referrer") // the address is the secret
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	id := r.PathValue("id")
	switch s.check(id, r.URL.Query()) {
	case forged:
		http.Error(w, "Forbidden", http.StatusForbidden)
		return
	case expired:
		http.Error(w, "This link has expired. With the next push to the pull request, its comment has a new one.", http.StatusForbidden)
		return
	}
	kept, err := s.Pages.Get(r.Context(), id)
	if errors.Is(err, fs.ErrNotExist) {
		http.Error(w, "This report is not kept any more. With the next push to the pull request, its comment has a new one.", http.StatusNotFound)
		return
	}
	if err != nil {
		s.Log.Error("page not read", "error", err)
		http.Error(w, "The report cannot be read now; try again.", http.StatusServiceUnavailable)
		return
	}
	defer kept.Close()
	// An error means that the writer knows of no deadlines: a test's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(longestAnswer))
	if err := s.send(w, r, kept); err != nil && r.Context().Err() == nil {
		s.Log.Warn("page not sent whole", "error", err)
		panic(http.ErrAbortHandler) // so that nobody takes a part for the whole
	}
}

// send sends a page compressed, as it is kept, to who takes that.
func (s *Shelf) send(w http.ResponseWriter, r *http.Request, kept io.Reader) error {
	in := bufio.NewReader(kept)
	policy, err := policyOf(in)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy+"; frame-ancestors 'none'")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Vary", "Accept-Encoding")
	var document io.Reader = in
	if acceptsGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
	} else if document, err = gzip.NewReader(in); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		return nil
	}
	_, err = io.Copy(w, document)
	return err
}

// acceptsGzip reads Accept-Encoding (https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding).
func acceptsGzip(values []string) bool {
	for _, coding := range strings.Split(strings.Join(values, ","), ",") {
		name, parameters, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, has := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameters)), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !has || err == nil && q > 0
	}
	return false
}
