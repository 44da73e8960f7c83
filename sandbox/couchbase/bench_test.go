package couchbase_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/couchbase/gocb/v2"

	"liveops/sandbox/couchbase"
)

// BenchmarkReplace reads and replaces documents under CAS by 64 workers: what the stand-in, the client and the
// loopback cost together for one document.
func BenchmarkReplace(b *testing.B) {
	s, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the benchmark is over
	own := s.Bucket("game").DefaultCollection()
	const documents = 10_000
	for i := range documents {
		own.Put(fmt.Sprint("user-", i), couchbase.Document{Body: []byte(`{"inventory":[{"item":"sword"},{"item":"santa_cookie"}],"coins":500}`)})
	}
	c, err := gocb.Connect(s.URL(), gocb.ClusterOptions{Username: "Administrator", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(nil) //nolint:errcheck // the benchmark is over
	docs := c.Bucket("game").DefaultCollection()
	work := make(chan int)
	var workers sync.WaitGroup
	b.ResetTimer()
	for range 64 {
		workers.Go(func() {
			for n := range work {
				id := fmt.Sprint("user-", n%documents)
				got, err := docs.Get(id, nil)
				if err != nil {
					b.Error(err)
					continue
				}
				specs := []gocb.MutateInSpec{gocb.UpsertSpec("liveops", n, &gocb.UpsertSpecOptions{IsXattr: true}), gocb.ReplaceSpec("", map[string]int{"n": n}, nil)}
				if _, err := docs.MutateIn(id, specs, &gocb.MutateInOptions{Cas: got.Cas(), PreserveExpiry: true}); err != nil && b.N <= documents {
					b.Error(err)
				}
			}
		})
	}
	for n := range b.N {
		work <- n
	}
	close(work)
	workers.Wait()
}

// BenchmarkView reads one key of a view over 20,000 documents, after one document changed.
func BenchmarkView(b *testing.B) {
	s, err := couchbase.Start(couchbase.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the benchmark is over
	bucket := s.Bucket("game")
	design := couchbase.Design{Views: map[string]couchbase.MapView{"by_item": {Map: `function (doc, meta) { doc.inventory.forEach(function (i) { emit(i.item, null); }); }`}}}
	if err := bucket.PutDesign("inventory", design); err != nil {
		b.Fatal(err)
	}
	own := bucket.DefaultCollection()
	for i := range 20_000 {
		own.Put(fmt.Sprint("user-", i), couchbase.Document{Body: []byte(`{"inventory":[{"item":"sword"},{"item":"shield"}]}`)})
	}
	c, err := gocb.Connect(s.URL(), gocb.ClusterOptions{Username: "Administrator", Password: "password"})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(nil) //nolint:errcheck // the benchmark is over
	read := func() (n int) {
		r, err := c.Bucket("game").ViewQuery("inventory", "by_item", &gocb.ViewOptions{
			Key: "santa_cookie", ScanConsistency: gocb.ViewScanConsistencyRequestPlus, Namespace: gocb.DesignDocumentNamespaceProduction,
		})
		if err != nil {
			b.Fatal(err)
		}
		for r.Next() {
			n++
		}
		if err := r.Err(); err != nil {
			b.Fatal(err)
		}
		return n
	}
	read()
	for b.Loop() {
		own.Put("user-7", couchbase.Document{Body: []byte(`{"inventory":[{"item":"santa_cookie"}]}`)})
		if read() != 1 {
			b.Fatal("the changed document is not in the view")
		}
	}
}
