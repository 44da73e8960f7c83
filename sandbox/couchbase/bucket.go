package couchbase

import (
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// vbuckets is how many partitions a bucket has. A server has 1024, but a client takes the number from the configuration.
const vbuckets = 64

// defaultName is the name of the scope and the collection that every bucket has.
const defaultName = "_default"

// Errors of scopes and collections.
var (
	ErrExists  = errors.New("exists already")
	ErrUnknown = errors.New("does not exist")
	ErrName    = errors.New("not a name for a scope or collection")
)

// A Bucket holds scopes of collections of documents, and design documents with views.
type Bucket struct {
	name     string
	now      func() time.Time
	mapLimit time.Duration

	mu       sync.Mutex // for all below, and for all collections
	scopes   map[string]*scope
	byID     map[uint32]*Collection
	manifest uint64 // counts changes of scopes and collections
	nextID   uint32
	cas      uint64
	sequence [vbuckets]uint64
	designs  map[string]*design
}

type scope struct {
	id          uint32
	collections map[string]*Collection
}

func newBucket(name string, now func() time.Time, mapLimit time.Duration) *Bucket {
	b := &Bucket{name: name, now: now, mapLimit: mapLimit, nextID: 8, scopes: map[string]*scope{}, byID: map[uint32]*Collection{}, designs: map[string]*design{}}
	first := newCollection(b, defaultName, defaultName, 0)
	b.scopes[defaultName] = &scope{collections: map[string]*Collection{defaultName: first}}
	b.byID[0] = first
	return b
}

// Name is the bucket's name.
func (b *Bucket) Name() string { return b.name }

// validName is what scopes and collections may be called: up to 251 of these, and not beginning with _ or %
// (https://docs.couchbase.com/server/current/learn/data/scopes-and-collections.html).
var validName = regexp.MustCompile(`^[A-Za-z0-9-][A-Za-z0-9_%-]{0,250}$`)

// CreateScope adds a scope without collections: ErrExists, ErrName.
func (b *Bucket) CreateScope(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !validName.MatchString(name) {
		return fmt.Errorf("scope %q: %w", name, ErrName)
	}
	if b.scopes[name] != nil {
		return fmt.Errorf("scope %s: %w", name, ErrExists)
	}
	b.scopes[name] = &scope{id: b.newID(), collections: map[string]*Collection{}}
	return nil
}

// CreateCollection adds a collection to a scope: ErrUnknown for the scope, ErrExists, ErrName.
func (b *Bucket) CreateCollection(scope, name string) (*Collection, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.scopes[scope]
	switch {
	case s == nil:
		return nil, fmt.Errorf("scope %s: %w", scope, ErrUnknown)
	case s.collections[name] != nil:
		return nil, fmt.Errorf("collection %s.%s: %w", scope, name, ErrExists)
	case !validName.MatchString(name):
		return nil, fmt.Errorf("collection %q: %w", name, ErrName)
	}
	c := newCollection(b, scope, name, b.newID())
	s.collections[name], b.byID[c.id] = c, c
	return c, nil
}

// DropCollection removes a collection with its documents: ErrUnknown.
func (b *Bucket) DropCollection(scope, name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.scopes[scope]
	if s == nil {
		return fmt.Errorf("scope %s: %w", scope, ErrUnknown)
	}
	c := s.collections[name]
	if c == nil {
		return fmt.Errorf("collection %s.%s: %w", scope, name, ErrUnknown)
	}
	delete(s.collections, name)
	delete(b.byID, c.id)
	b.manifest++
	return nil
}

// DropScope removes a scope with its collections: ErrUnknown, and ErrName for the default scope, which stays.
func (b *Bucket) DropScope(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.scopes[name]
	if s == nil {
		return fmt.Errorf("scope %s: %w", name, ErrUnknown)
	}
	if name == defaultName {
		return fmt.Errorf("scope %s: %w", name, ErrName)
	}
	for _, c := range s.collections {
		delete(b.byID, c.id)
	}
	delete(b.scopes, name)
	b.manifest++
	return nil
}

// Collection is the collection of that scope and name, or nil. Empty names are those of the default.
func (b *Bucket) Collection(scope, name string) *Collection {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.collection(scope, name)
}

// DefaultCollection is the collection that every bucket has: _default._default.
func (b *Bucket) DefaultCollection() *Collection { return b.Collection("", "") }

// collection is Collection, for who holds the lock.
func (b *Bucket) collection(scope, name string) *Collection {
	if scope == "" {
		scope = defaultName
	}
	if name == "" {
		name = defaultName
	}
	s := b.scopes[scope]
	if s == nil {
		return nil
	}
	return s.collections[name]
}

// newID is the next number of a scope or collection; those below 8 are reserved
// (https://github.com/couchbase/kv_engine/blob/master/docs/Collections.md).
func (b *Bucket) newID() uint32 {
	id := b.nextID
	b.nextID++
	b.manifest++
	return id
}

// newCAS is greater than every CAS before it. A CAS is the server's time in nanoseconds with the low 16 bits used to
// tell apart what happens at once, so that it can tell when a document was last changed
// (https://docs.couchbase.com/server/current/learn/clusters-and-availability/xdcr-conflict-resolution.html, hybrid logical clock).
func (b *Bucket) newCAS() uint64 {
	cas := uint64(b.now().UnixNano()) &^ 0xffff
	if cas <= b.cas {
		cas = b.cas + 1
	}
	b.cas = cas
	return cas
}

// vbucketOf is the partition of a key, as a client computes it.
func vbucketOf(key string) uint16 {
	return uint16(crc32.ChecksumIEEE([]byte(key))>>16&0x7fff) % vbuckets
}

// vbucketUUID names the history of a partition; it never changes here.
func vbucketUUID(vb uint16) uint64 { return 0xc0de0000 + uint64(vb) }

// manifestJSON describes the scopes and collections as the server's manifest does, sorted by name.
func (b *Bucket) manifestJSON() manifestJSON {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := manifestJSON{UID: fmt.Sprintf("%x", b.manifest), Scopes: []scopeJSON{}}
	for name, s := range b.scopes {
		out := scopeJSON{Name: name, UID: fmt.Sprintf("%x", s.id), Collections: []collectionJSON{}}
		for name, c := range s.collections {
			out.Collections = append(out.Collections, collectionJSON{Name: name, UID: fmt.Sprintf("%x", c.id)})
		}
		slices.SortFunc(out.Collections, func(a, b collectionJSON) int { return strings.Compare(a.Name, b.Name) })
		m.Scopes = append(m.Scopes, out)
	}
	slices.SortFunc(m.Scopes, func(a, b scopeJSON) int { return strings.Compare(a.Name, b.Name) })
	return m
}

type manifestJSON struct {
	UID    string      `json:"uid"`
	Scopes []scopeJSON `json:"scopes"`
}

type scopeJSON struct {
	Name        string           `json:"name"`
	UID         string           `json:"uid"`
	Collections []collectionJSON `json:"collections"`
}

type collectionJSON struct {
	Name string `json:"name"`
	UID  string `json:"uid"`
}
