package health_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"liveops/datarepo"
	"liveops/health"
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
			err := health.New([]datarepo.Guard{{Name: "other", URL: other.URL}, {Name: "game", URL: tt.url, Timeout: timeout}}).Healthy(t.Context(), "game")
			switch {
			case tt.says == "" && err != nil:
				t.Error(err)
			case tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "http://") || strings.Contains(err.Error(), "secret")):
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
	if err := health.New(nil).Healthy(t.Context(), "game"); err == nil {
		t.Error("a guard that is not there is healthy")
	}
}

func TestPrometheus(t *testing.T) {
	low, high := 0.5, 2.0
	vector := func(values string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[` + values + `]}}`
	}
	for _, tt := range []struct{ name, answer, says string }{
		{"within", vector(`{"metric":{"a":"b"},"value":[1764000000.1,"1"]}`), ""},
		{"on the bounds", vector(`{"value":[1,"0.5"]},{"value":[1,"2"]}`), ""},
		{"a scalar", `{"status":"success","data":{"resultType":"scalar","result":[1764000000,"1.5"]}}`, ""},
		{"above", vector(`{"value":[1,"1"]},{"value":[1,"2.5"]}`), "it is 2.5, above 2"},
		{"below", vector(`{"value":[1,"0.1"]}`), "it is 0.1, below 0.5"},
		{"far above", vector(`{"value":[1,"+Inf"]}`), "it is +Inf, above 2"},
		{"no number", vector(`{"value":[1,"NaN"]}`), "it is not a number"},
		{"nothing", vector(""), "its query finds nothing"},
		{"a wrong query", `{"status":"error","errorType":"bad_data","error":"secret"}`, "otherwise than Prometheus"},
		{"a range", `{"status":"success","data":{"resultType":"matrix","result":[]}}`, "otherwise than Prometheus"},
		{"no text", vector(`{"value":[1,1]}`), "otherwise than Prometheus"},
		{"a page", "<html>secret</html>", "otherwise than Prometheus"},
		{"too much", vector(`{"value":[1,"1"]}` + strings.Repeat(`,{"value":[1,"1"]}`, 5000)), "sum it up"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/prometheus/api/v1/query" || r.URL.Query().Get("query") != `sum(rate(errors{job="game"}[5m])) & more` {
					t.Errorf("asked for %s", r.URL)
				}
				w.Write([]byte(tt.answer))
			}))
			defer server.Close()
			guard := datarepo.Guard{Name: "game", Timeout: 5 * time.Second, Prometheus: &datarepo.Prometheus{
				URL: server.URL + "/prometheus/", Query: `sum(rate(errors{job="game"}[5m])) & more`, Min: &low, Max: &high}}
			err := health.New([]datarepo.Guard{guard}).Healthy(t.Context(), "game")
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "secret")) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
		})
	}
}
