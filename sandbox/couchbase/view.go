package couchbase

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrDesign says that a design document cannot be used: a map function is missing or is not JavaScript.
var ErrDesign = errors.New("not a design document")

// A Design is a design document: views by name.
type Design struct {
	Views map[string]MapView
}

// A MapView is a view without a reduce function: the source of `function (doc, meta) { … emit(key, value) … }`.
type MapView struct {
	Map string
	// Native, if set, maps documents in the place of Map: keys and values are JSON. It is for a benchmark of clients,
	// most of whose time JavaScript would take: a server maps on other machines, and while nobody waits for it.
	Native func(id string, body []byte, emit func(key, value []byte))
}

// same says whether two views have the same rows; of native ones nobody knows.
func (v MapView) same(o MapView) bool { return v.Map == o.Map && v.Native == nil && o.Native == nil }

// design is a design document with the indexes of its views.
type design struct {
	def   Design
	views map[string]*index
}

// An index is what a view's map function emitted for each document of the default collection, sorted by key. It is
// brought up to date only on request, so that a test sees what a client sees that does not ask for `stale=false`.
type index struct {
	docs *Collection

	changed map[string]bool // documents to map anew; under the bucket's lock

	mu     sync.Mutex // for all below; taken before the bucket's lock
	mapper *mapper
	order  *collator
	rows   []viewRow
	sorts  map[string][][]byte // of the rows of each document
}

// A viewRow is one row of an index.
type viewRow struct {
	sort       []byte
	id         string
	key, value []byte
}

// compare orders rows by key, and rows of one key by document id.
func (r viewRow) compare(o viewRow) int {
	return cmp.Or(bytes.Compare(r.sort, o.sort), strings.Compare(r.id, o.id))
}

// PutDesign makes or replaces a design document: ErrDesign. Its indexes are empty until they are asked for.
func (b *Bucket) PutDesign(name string, d Design) error {
	made := &design{def: d, views: map[string]*index{}}
	docs := b.DefaultCollection()
	for view, v := range d.Views {
		m, err := newMapper(v, b.mapLimit)
		if err != nil {
			return fmt.Errorf("view %s/%s: %w: %w", name, view, ErrDesign, err)
		}
		made.views[view] = &index{docs: docs, changed: map[string]bool{}, mapper: m, order: newCollator(), sorts: map[string][][]byte{}}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.designs[name]
	for view, x := range made.views {
		if old != nil && old.def.Views[view].same(d.Views[view]) {
			made.views[view] = old.views[view] // the same function keeps its index
			continue
		}
		for id := range docs.docs {
			x.changed[id] = true
		}
	}
	b.designs[name] = made
	return nil
}

// DeleteDesign removes a design document, and says whether there was one.
func (b *Bucket) DeleteDesign(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.designs[name] != nil
	delete(b.designs, name)
	return was
}

// touchViews notes a change of a document for the indexes: views see the default collection only
// (https://docs.couchbase.com/server/current/learn/views/views-intro.html). The caller holds the bucket's lock.
func (c *Collection) touchViews(id string) {
	if c.id != 0 {
		return
	}
	for _, d := range c.bucket.designs {
		for _, x := range d.views {
			x.changed[id] = true
		}
	}
}

// update maps what has changed since the last time. A document for which the function fails, takes too long or emits
// too much is left out.
func (x *index) update() {
	x.mu.Lock()
	defer x.mu.Unlock()
	changed := x.takeChanged()
	if len(changed) == 0 {
		return
	}
	var changes []rowChange
	for id, d := range changed {
		for _, sort := range x.sorts[id] {
			changes = append(changes, rowChange{viewRow{sort: sort, id: id}, true})
		}
		delete(x.sorts, id)
		if d == nil {
			continue
		}
		emitted, err := x.mapper.run(id, d)
		if err != nil {
			continue
		}
		for _, e := range emitted {
			if sort, ok := x.order.sortKey(e.key); ok {
				changes = append(changes, rowChange{viewRow{sort, id, e.key, e.value}, false})
				x.sorts[id] = append(x.sorts[id], sort)
			}
		}
	}
	x.change(changes)
}

// A rowChange is a row that comes or goes.
type rowChange struct {
	viewRow
	goes bool
}

// change makes new rows of the old and what has changed: whole runs of those between stay as they are, since an index may
// have a million and a few thousand change. The old ones are not touched: they may be on their way to a client.
func (x *index) change(changes []rowChange) {
	slices.SortStableFunc(changes, func(a, b rowChange) int {
		if c := a.compare(b.viewRow); c != 0 || a.goes == b.goes {
			return c
		}
		if a.goes {
			return -1
		}
		return 1
	})
	rows, rest := make([]viewRow, 0, len(x.rows)+len(changes)), x.rows
	for _, c := range changes {
		n, _ := slices.BinarySearchFunc(rest, c.viewRow, viewRow.compare)
		rows, rest = append(rows, rest[:n]...), rest[n:]
		if c.goes {
			rest = rest[1:]
		} else {
			rows = append(rows, c.viewRow)
		}
	}
	x.rows = append(rows, rest...)
}

// takeChanged is every changed document as it is now, nil for one that is gone.
func (x *index) takeChanged() map[string]*document {
	b := x.docs.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	x.docs.reap()
	docs := make(map[string]*document, len(x.changed))
	for id := range x.changed {
		docs[id] = x.docs.docs[id]
	}
	x.changed = map[string]bool{}
	return docs
}

// A viewQuery selects rows (https://docs.couchbase.com/server/current/rest-api/rest-views-get.html).
type viewQuery struct {
	keys             [][]byte // JSON; nil means the range below
	hasStart, hasEnd bool
	start, end       []byte
	startDoc, endDoc string
	exclusiveEnd     bool
	descending       bool
	skip, limit      int // limit -1 for all
}

// errKey says that a key of a query is not JSON.
var errKey = errors.New("not a JSON key")

// read returns the rows that a query selects, and how many rows the index has. The rows must not be changed.
func (x *index) read(q viewQuery) (rows []viewRow, total int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if q.keys != nil { // in the order in which they were asked for
		for _, k := range q.keys {
			sort, ok := x.order.sortKey(k)
			if !ok {
				return nil, 0, errKey
			}
			rows = append(rows, x.rows[x.firstFrom(sort, ""):x.firstAfter(sort, "")]...)
		}
	} else if rows, err = x.between(q); err != nil {
		return nil, 0, err
	}
	if q.descending {
		rows = slices.Clone(rows)
		slices.Reverse(rows)
	}
	rows = rows[min(q.skip, len(rows)):]
	if q.limit >= 0 {
		rows = rows[:min(q.limit, len(rows))]
	}
	return rows, len(x.rows), nil
}

// between is the range from start to end. For a descending query they change places.
func (x *index) between(q viewQuery) ([]viewRow, error) {
	from, to := 0, len(x.rows)
	if q.hasStart {
		sort, ok := x.order.sortKey(q.start)
		switch {
		case !ok:
			return nil, errKey
		case q.descending:
			to = x.firstAfter(sort, q.startDoc)
		default:
			from = x.firstFrom(sort, q.startDoc)
		}
	}
	if q.hasEnd {
		sort, ok := x.order.sortKey(q.end)
		switch {
		case !ok:
			return nil, errKey
		case q.descending && q.exclusiveEnd:
			from = x.firstAfter(sort, q.endDoc)
		case q.descending:
			from = x.firstFrom(sort, q.endDoc)
		case q.exclusiveEnd:
			to = x.firstFrom(sort, q.endDoc)
		default:
			to = x.firstAfter(sort, q.endDoc)
		}
	}
	return x.rows[min(from, to):to], nil
}

// firstFrom is the place of the first row at or behind a key and a document id, "" being before any.
func (x *index) firstFrom(sort []byte, id string) int {
	n, _ := slices.BinarySearchFunc(x.rows, viewRow{sort: sort, id: id}, viewRow.compare)
	return n
}

// firstAfter is the place of the first row behind a key and a document id, "" being behind any.
func (x *index) firstAfter(sort []byte, id string) int {
	n, _ := slices.BinarySearchFunc(x.rows, viewRow{}, func(r, _ viewRow) int {
		if c := bytes.Compare(r.sort, sort); c != 0 {
			return c
		}
		if id == "" || r.id <= id {
			return -1
		}
		return 1
	})
	return n
}

// defaultMapLimit is how long a map function may take for a document.
const defaultMapLimit = 10 * time.Second
