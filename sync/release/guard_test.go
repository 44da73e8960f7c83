package release_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"liveops/datarepo"
	"liveops/sync/release"
)

func TestGuards(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	done := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/well", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("asked by %s", r.Method)
		}
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("/sick", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "secret", http.StatusServiceUnavailable) })
	mux.HandleFunc("/silent", func(w http.ResponseWriter, r *http.Request) { <-done })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	})
	mux.Handle("/moved", http.RedirectHandler("/well", http.StatusFound))
	mux.Handle("/round", http.RedirectHandler("/round", http.StatusFound))
	mux.Handle("/away", http.RedirectHandler(other.URL, http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(done)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tt := range []struct{ name, url, says string }{
		{"well", server.URL + "/well", ""},
		{"no content", server.URL + "/empty", ""},
		{"more of an answer than anyone reads", server.URL + "/endless", ""},
		{"a redirect at home", server.URL + "/moved", ""},
		{"sick", server.URL + "/sick", "it answers 503"},
		{"not there", server.URL + "/nothing", "it answers 404"},
		{"silent", server.URL + "/silent", "no answer within 200ms"},
		{"a redirect elsewhere", server.URL + "/away", "it redirects to another host"},
		{"redirects without end", server.URL + "/round", "it redirects without end"},
		{"nobody there", gone.URL, "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			timeout := 5 * time.Second
			if tt.name == "silent" {
				timeout = 200 * time.Millisecond
			}
			err := release.NewGuards([]datarepo.Guard{{Name: "other", URL: other.URL}, {Name: "game", URL: tt.url, Timeout: timeout}}).Healthy(t.Context(), "game")
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "http://") || strings.Contains(err.Error(), "secret")):
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
	if err := release.NewGuards(nil).Healthy(t.Context(), "game"); err == nil {
		t.Error("a guard that is not there is healthy")
	}
}
