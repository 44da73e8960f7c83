package couchbase_test

import (
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"

	"liveops/sandbox/couchbase"
	"liveops/sandbox/couchbase/cbtest"
)

// TestConformance holds the stand-in to what a server does.
func TestConformance(t *testing.T) {
	t.Run("plain", func(t *testing.T) {
		s := start(t, couchbase.Options{})
		cbtest.Run(t, cbtest.Target{Connect: func(t *testing.T) *gocb.Cluster { return connect(t, s) }, Bucket: "game"})
	})
	t.Run("TLS", func(t *testing.T) {
		s := start(t, couchbase.Options{TLS: true})
		cbtest.Run(t, cbtest.Target{Connect: func(t *testing.T) *gocb.Cluster { return connect(t, s) }, Bucket: "game"})
	})
}

// TestRealServer runs the same checks against a server at hand, where there is one.
func TestRealServer(t *testing.T) { cbtest.Run(t, cbtest.Real(t)) }

// start starts a stand-in for a test.
func start(t *testing.T, o couchbase.Options) *couchbase.Server {
	t.Helper()
	s, err := couchbase.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the stand-in: %v", err)
		}
	})
	return s
}

// connect connects to a stand-in as its first user.
func connect(t *testing.T, s *couchbase.Server) *gocb.Cluster {
	t.Helper()
	return connectAs(t, s, "Administrator", "password")
}

func connectAs(t *testing.T, s *couchbase.Server, user, password string) *gocb.Cluster {
	t.Helper()
	c, err := gocb.Connect(s.URL(), gocb.ClusterOptions{
		Username: user, Password: password,
		SecurityConfig: gocb.SecurityConfig{TLSRootCAs: s.CA()},
		TimeoutsConfig: gocb.TimeoutsConfig{KVTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
