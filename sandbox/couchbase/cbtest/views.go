package cbtest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

func views() []check {
	return []check{
		{"a view is read by key, with what was written before", viewByKey},
		{"a view is read by keys and by ranges", viewRanges},
		{"keys sort null, false, true, numbers, strings, arrays, objects", viewOrder},
		{"rows of one key go on behind a document id", viewPages},
		{"a document for which the function fails is left out", viewErrors},
		{"a view that is not there is not found", viewMissing},
	}
}

// mapFunction emits what a document of this check says that it emits, and for each item of its inventory.
const mapFunction = `function (doc, meta) {
  if (doc.fail) { throw "no"; }
  if (doc.inventory) { for (var i = 0; i < doc.inventory.length; i++) { emit(doc.inventory[i].item, doc.inventory[i].n); } }
  if (doc.room) { emit([doc.room, doc.key], meta.id); }
}`

// design makes the design document, if it is not there.
func (p *place) design(t *testing.T) {
	t.Helper()
	err := p.bucket.ViewIndexes().UpsertDesignDocument(gocb.DesignDocument{
		Name: "cbtest", Views: map[string]gocb.View{"by": {Map: mapFunction}},
	}, gocb.DesignDocumentNamespaceProduction, nil)
	if err != nil {
		t.Fatalf("making the design document: %v", err)
	}
}

// rows reads the view, and returns the ids without the check's prefix.
func (p *place) rows(t *testing.T, o gocb.ViewOptions) []string {
	t.Helper()
	o.ScanConsistency, o.Namespace, o.Timeout = gocb.ViewScanConsistencyRequestPlus, gocb.DesignDocumentNamespaceProduction, time.Minute
	var ids []string
	for deadline := time.Now().Add(30 * time.Second); ; {
		r, err := p.bucket.ViewQuery("cbtest", "by", &o)
		if errors.Is(err, gocb.ErrViewNotFound) && time.Now().Before(deadline) {
			continue // a design document takes a moment to reach a server's view engine
		}
		if err != nil {
			t.Fatalf("reading the view: %v", err)
		}
		for r.Next() {
			ids = append(ids, strings.TrimPrefix(r.Row().ID, p.prefix))
		}
		if err := r.Err(); err != nil {
			t.Fatalf("rows of the view: %v", err)
		}
		return ids
	}
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

type item struct {
	Item string `json:"item"`
	N    int    `json:"n"`
}

func viewByKey(t *testing.T, p *place) {
	p.design(t)
	cookie := p.prefix + "cookie"
	holder := map[string]any{"inventory": []item{{"sword", 1}, {cookie, 2}}}
	p.put(t, "a", holder)
	p.put(t, "b", map[string]any{"inventory": []item{{"sword", 1}}})
	id, _ := p.put(t, "c", holder)
	equal(t, "holders", p.rows(t, gocb.ViewOptions{Key: cookie}), []string{"a", "c"})
	p.put(t, "b", holder)
	must[*gocb.MutationResult](t)(p.docs.Remove(id, nil))
	equal(t, "holders after changes", p.rows(t, gocb.ViewOptions{Key: cookie}), []string{"a", "b"})
	equal(t, "no holder", p.rows(t, gocb.ViewOptions{Key: cookie + "x"}), nil)
}

type keyed struct {
	Room string `json:"room"`
	Key  any    `json:"key"`
}

// keys stores a document for each key, named by its place.
func (p *place) keys(t *testing.T, keys ...any) {
	t.Helper()
	p.design(t)
	for i, k := range keys {
		p.put(t, string(rune('a'+i)), keyed{p.prefix, k})
	}
}

func viewRanges(t *testing.T, p *place) {
	p.keys(t, 1, 2, 3, 4, 5)
	k := func(key any) any { return []any{p.prefix, key} }
	for _, c := range []struct {
		what string
		o    gocb.ViewOptions
		want string
	}{
		{"keys, in their order", gocb.ViewOptions{Keys: []any{k(4), k(2), k(9)}}, "d b"},
		{"from", gocb.ViewOptions{StartKey: k(4), EndKey: []any{p.prefix, map[string]any{}}}, "d e"},
		{"to, inclusive", gocb.ViewOptions{StartKey: k(2), EndKey: k(4), InclusiveEnd: true}, "b c d"},
		{"to, exclusive", gocb.ViewOptions{StartKey: k(2), EndKey: k(4)}, "b c"},
		{"descending", gocb.ViewOptions{StartKey: k(4), EndKey: k(2), InclusiveEnd: true, Order: gocb.ViewOrderingDescending}, "d c b"},
		{"skip and limit", gocb.ViewOptions{StartKey: k(1), EndKey: k(5), InclusiveEnd: true, Skip: 1, Limit: 2}, "b c"},
	} {
		equal(t, c.what, p.rows(t, c.o), strings.Fields(c.want))
	}
}

func viewOrder(t *testing.T, p *place) {
	p.keys(t, map[string]any{"a": 1}, []any{1, 2}, []any{1}, "b", "A", "a", 10, 9, -1.5, true, false, nil, "aa")
	all := gocb.ViewOptions{StartKey: []any{p.prefix}, EndKey: []any{p.prefix, map[string]any{"z": 1}}}
	equal(t, "order", p.rows(t, all), strings.Fields("l k j i h g f e m d c b a"))
}

func viewPages(t *testing.T, p *place) {
	p.keys(t, 1, 1, 1, 1)
	key := []any{p.prefix, 1}
	o := gocb.ViewOptions{StartKey: key, EndKey: key, InclusiveEnd: true, Limit: 2, StartKeyDocID: p.prefix + "b"}
	equal(t, "page", p.rows(t, o), []string{"b", "c"})
}

func viewErrors(t *testing.T, p *place) {
	p.design(t)
	p.put(t, "good", keyed{p.prefix, 1})
	p.put(t, "bad", map[string]any{"fail": true, "room": p.prefix, "key": 1})
	p.putRaw(t, "text", `"just text"`)
	equal(t, "rows", p.rows(t, gocb.ViewOptions{Key: []any{p.prefix, 1}}), []string{"good"})
}

func viewMissing(t *testing.T, p *place) {
	p.design(t)
	for _, name := range [][2]string{{"cbtest", "none"}, {"cbtest-none", "by"}} {
		_, err := p.bucket.ViewQuery(name[0], name[1], &gocb.ViewOptions{Namespace: gocb.DesignDocumentNamespaceProduction})
		if !errors.Is(err, gocb.ErrViewNotFound) {
			t.Errorf("%v: %v, want ErrViewNotFound", name, err)
		}
	}
}
