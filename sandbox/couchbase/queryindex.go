package couchbase

import (
	"slices"

	"liveops/sandbox/couchbase/sqlpp"
)

// PutIndex gives the collection a secondary index on keys in their order, such as `platform` and `token`, in place of one of
// that name. Statements are carried out without it all the same: it is what EXPLAIN tells of.
func (c *Collection) PutIndex(name string, keys ...string) {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	c.secondary = slices.DeleteFunc(c.secondary, func(x sqlpp.Index) bool { return x.Name == name })
	c.secondary = append(c.secondary, sqlpp.Index{Name: name, Keys: keys})
}

func (c *Collection) indexes() []sqlpp.Index {
	c.bucket.mu.Lock()
	defer c.bucket.mu.Unlock()
	return slices.Clone(c.secondary)
}
