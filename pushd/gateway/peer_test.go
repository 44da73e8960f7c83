package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	standapns "liveops/sandbox/apns"
	standfcm "liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

var apnsDefaults = standapns.Options{}

// TestAnotherServer sends to the HTTP/2 server of Go's own library, which knows nothing of ours.
func TestAnotherServer(t *testing.T) {
	g, err := standfcm.Start(t.Context(), standfcm.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	var mu sync.Mutex
	got := map[string]int{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var m struct{ Message struct{ Token string } }
		if err != nil || json.Unmarshal(body, &m) != nil || r.Method != "POST" || r.URL.Path != "/v1/projects/game/messages:send" ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ya29.") || r.Header.Get("Content-Type") != "application/json" || r.ProtoMajor != 2 {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		got[m.Message.Token]++
		n := len(got)
		mu.Unlock()
		w.Header().Set("X-Number", fmt.Sprint(n)) // other header blocks, and changes of the table
		fmt.Fprintf(w, `{"name":"projects/game/messages/%d"}`, n)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := g.CA()
	roots.AddCert(server.Certificate())
	s, err := NewFCM(FCM{ServiceAccount: g.ServiceAccount()}, Options{URL: server.URL, RootCAs: roots, MaxConnections: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n = 5000
	results, err := (&world{t: t, sender: s, token: push.FCMToken, text: fcmText}).send(t.Context(), n)
	if by, _ := tally(results); err != nil || by[Accepted] != n || len(got) != n {
		t.Errorf("%v, %v, %d tokens; the first: %s", err, by, len(got), firstBut(results, Accepted))
	}
	for token, times := range got {
		if times != 1 {
			t.Errorf("%s got %d", token, times)
		}
	}
}
