// Package cbtest says what liveops relies on in Couchbase, as checks by the Couchbase SDK. The stand-in must pass them
// always; where a server is at hand it must pass them too, so that the stand-in cannot drift from it.
package cbtest

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

// A Target is a server to check.
type Target struct {
	// Connect returns a cluster that the suite closes.
	Connect func(t *testing.T) *gocb.Cluster
	// Bucket is where the suite works: with documents of its own, which it removes, a scope "cbtest", and a design
	// document "cbtest". It needs the rights to make these.
	Bucket string
}

// A check is one thing that must hold.
type check struct {
	name string
	run  func(*testing.T, *place)
}

// A place is where a check works.
type place struct {
	cluster *gocb.Cluster
	bucket  *gocb.Bucket
	docs    *gocb.Collection // the default collection
	prefix  string           // for ids: no two checks share a document
}

func all() []check {
	return slices.Concat(documents(), attributes(), paths(), collections(), views(), queries())
}

// Checks are the names of all checks, in their order.
func Checks() []string {
	var names []string
	for _, c := range all() {
		names = append(names, c.name)
	}
	return names
}

// Run runs every check against a target.
func Run(t *testing.T, target Target) {
	cluster := target.Connect(t)
	t.Cleanup(func() {
		if err := cluster.Close(nil); err != nil {
			t.Errorf("closing the cluster: %v", err)
		}
	})
	bucket := cluster.Bucket(target.Bucket)
	if err := bucket.WaitUntilReady(30*time.Second, nil); err != nil {
		t.Fatalf("waiting for bucket %s: %v", target.Bucket, err)
	}
	for _, c := range all() {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, &place{cluster, bucket, bucket.DefaultCollection(), "cbtest-" + rand.Text()[:10] + "-"})
		})
	}
}

// id is a document's id, and has the document removed when the check is over.
func (p *place) id(t *testing.T, name string) string {
	id := p.prefix + name
	t.Cleanup(func() { _, _ = p.docs.Remove(id, nil) }) // many checks remove it themselves
	return id
}

// put stores a document and returns its id and CAS.
func (p *place) put(t *testing.T, name string, body any) (string, gocb.Cas) {
	t.Helper()
	id := p.id(t, name)
	r, err := p.docs.Upsert(id, body, nil)
	if err != nil {
		t.Fatalf("storing %s: %v", id, err)
	}
	return id, r.Cas()
}

// body is a document's content as it is stored.
func (p *place) body(t *testing.T, id string) string {
	t.Helper()
	r, err := p.docs.Get(id, &gocb.GetOptions{Transcoder: gocb.NewRawJSONTranscoder()})
	if err != nil {
		t.Fatalf("reading %s: %v", id, err)
	}
	var raw []byte
	if err := r.Content(&raw); err != nil {
		t.Fatalf("content of %s: %v", id, err)
	}
	return string(raw)
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
