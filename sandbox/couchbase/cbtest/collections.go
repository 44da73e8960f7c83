package cbtest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

func collections() []check {
	return []check{
		{"a document of a collection is not in another", inCollection},
		{"scopes and collections are listed and cannot be made twice", listed},
		{"a collection that is not there has no documents", noCollection},
	}
}

// scope makes the suite's scope and a collection, if they are not there.
func (p *place) scope(t *testing.T, collection string) *gocb.Scope {
	t.Helper()
	m := p.bucket.CollectionsV2()
	if err := m.CreateScope("cbtest", nil); err != nil && !errors.Is(err, gocb.ErrScopeExists) {
		t.Fatalf("making the scope: %v", err)
	}
	if err := m.CreateCollection("cbtest", collection, nil, nil); err != nil && !errors.Is(err, gocb.ErrCollectionExists) {
		t.Fatalf("making the collection: %v", err)
	}
	return p.bucket.Scope("cbtest")
}

func inCollection(t *testing.T, p *place) {
	c := p.scope(t, "users").Collection("users")
	id := p.id(t, "where")
	must[*gocb.MutationResult](t)(c.Upsert(id, 1, nil))
	t.Cleanup(func() { must[*gocb.MutationResult](t)(c.Remove(id, nil)) })
	if _, err := p.docs.Get(id, nil); !errors.Is(err, gocb.ErrDocumentNotFound) {
		t.Errorf("in the default collection: %v", err)
	}
	must[*gocb.GetResult](t)(c.Get(id, nil))
	must[*gocb.MutateInResult](t)(c.MutateIn(id, marked(2, "x"), nil))
}

func listed(t *testing.T, p *place) {
	p.scope(t, "users")
	scopes := must[[]gocb.ScopeSpec](t)(p.bucket.CollectionsV2().GetAllScopes(nil))
	ok := slices.ContainsFunc(scopes, func(s gocb.ScopeSpec) bool {
		return s.Name == "cbtest" && slices.ContainsFunc(s.Collections, func(c gocb.CollectionSpec) bool { return c.Name == "users" })
	})
	if !ok {
		t.Errorf("cbtest.users is not among %v", scopes)
	}
	if err := p.bucket.CollectionsV2().CreateCollection("cbtest", "users", nil, nil); !errors.Is(err, gocb.ErrCollectionExists) {
		t.Errorf("made twice: %v, want ErrCollectionExists", err)
	}
	if err := p.bucket.CollectionsV2().CreateCollection("cbtest-none", "users", nil, nil); !errors.Is(err, gocb.ErrScopeNotFound) {
		t.Errorf("in no scope: %v, want ErrScopeNotFound", err)
	}
}

func noCollection(t *testing.T, p *place) {
	c := p.bucket.Scope("cbtest").Collection("never")
	// The SDK keeps asking for a collection until its time is over, since one may just have been made.
	_, err := c.Get(p.prefix+"x", &gocb.GetOptions{Timeout: 300 * time.Millisecond})
	if !errors.Is(err, gocb.ErrTimeout) && !errors.Is(err, gocb.ErrCollectionNotFound) {
		t.Errorf("%v, want a timeout", err)
	}
}
