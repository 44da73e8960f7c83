package couchbase

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// An index that is brought up to date change by change has the rows of one that is made anew.
func TestAnIndexFollowsItsDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	b := newBucket("game", time.Now, time.Second)
	const emitsAll = `function (doc, meta) { doc.keys.forEach(function (k) { emit(k, doc.n); }); }`
	put := func(name string) *index {
		if err := b.PutDesign(name, Design{Views: map[string]MapView{"keys": {Map: emitsAll}}}); err != nil {
			t.Fatal(err)
		}
		return b.design(name).views["keys"]
	}
	x := put("followed")
	all := b.DefaultCollection()
	for round := range 50 {
		for range random.IntN(20) {
			id := fmt.Sprint("user-", random.IntN(30))
			if random.IntN(4) == 0 {
				all.Delete(id)
				continue
			}
			keys := ""
			for k := range random.IntN(4) {
				if k > 0 {
					keys += ","
				}
				keys += fmt.Sprint(random.IntN(3)) // one key twice, too
			}
			all.Put(id, Document{Body: fmt.Appendf(nil, `{"n":%d,"keys":[%s]}`, random.IntN(9), keys)})
		}
		x.update()
		anew := put(fmt.Sprint("anew-", round))
		anew.update()
		if got, want := rowsText(x), rowsText(anew); got != want {
			t.Fatalf("round %d\ngot  %s\nwant %s", round, got, want)
		}
		b.DeleteDesign(fmt.Sprint("anew-", round))
	}
}

// A native map function gives the rows of the same in JavaScript.
func TestANativeMapFunction(t *testing.T) {
	b := newBucket("game", time.Now, time.Second)
	native := func(id string, body []byte, emit func(key, value []byte)) { emit(body, []byte(`"`+id+`"`)) }
	for name, v := range map[string]MapView{"native": {Native: native}, "script": {Map: `function (doc, meta) { emit(doc, meta.id); }`}} {
		if err := b.PutDesign(name, Design{Views: map[string]MapView{"all": v}}); err != nil {
			t.Fatal(err)
		}
	}
	for i, body := range []string{`3`, `"b"`, `1`} {
		b.DefaultCollection().Put(fmt.Sprint("user-", i), Document{Body: []byte(body)})
	}
	x, y := b.design("native").views["all"], b.design("script").views["all"]
	x.update()
	y.update()
	if got, want := rowsText(x), rowsText(y); got != want || got == "" {
		t.Errorf("got %q, want %q", got, want)
	}
}

func rowsText(x *index) (text string) {
	for _, r := range x.rows {
		text += fmt.Sprintf("%s %s=%s, ", r.key, r.id, r.value)
	}
	return text
}
