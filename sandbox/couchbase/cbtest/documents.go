package cbtest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/couchbase/gocb/v2"
)

// raw stores and reads bodies as they are.
var raw = gocb.NewRawJSONTranscoder()

func documents() []check {
	return []check{
		{"a document that is not there cannot be read, replaced, removed or touched", missing},
		{"an insert of an id that is taken is refused", insertTwice},
		{"a CAS changes with every write", casChanges},
		{"a replace under a stale CAS is refused and changes nothing", staleReplace},
		{"a remove under a stale CAS is refused", staleRemove},
		{"a body comes back byte for byte", bodyKept},
		{"an expiry is told, and kept when the client asks for it", expiryKept},
		{"a replace or sub-document change without an expiry takes it away", expiryLost},
		{"a touch sets an expiry and changes the CAS", touch},
		{"a body of more than 20 MiB is refused", tooBig},
		{"a locked document is changed only by who holds the lock", locked},
	}
}

func missing(t *testing.T, p *place) {
	id := p.id(t, "none")
	_, get := p.docs.Get(id, nil)
	_, replace := p.docs.Replace(id, 1, nil)
	_, remove := p.docs.Remove(id, nil)
	_, touch := p.docs.Touch(id, time.Hour, nil)
	_, mutate := p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.UpsertSpec("a", 1, nil)}, nil)
	_, lookup := p.docs.LookupIn(id, []gocb.LookupInSpec{gocb.GetSpec("a", nil)}, nil)
	for what, err := range map[string]error{"get": get, "replace": replace, "remove": remove, "touch": touch, "mutate": mutate, "lookup": lookup} {
		if !errors.Is(err, gocb.ErrDocumentNotFound) {
			t.Errorf("%s: %v, want ErrDocumentNotFound", what, err)
		}
	}
}

func insertTwice(t *testing.T, p *place) {
	id := p.id(t, "insert")
	must[*gocb.MutationResult](t)(p.docs.Insert(id, 1, nil))
	if _, err := p.docs.Insert(id, 2, nil); !errors.Is(err, gocb.ErrDocumentExists) {
		t.Errorf("second insert: %v, want ErrDocumentExists", err)
	}
	if got := p.body(t, id); got != "1" {
		t.Errorf("body is %s, want the first", got)
	}
}

func casChanges(t *testing.T, p *place) {
	id, first := p.put(t, "cas", 1)
	second := must[*gocb.MutationResult](t)(p.docs.Replace(id, 1, &gocb.ReplaceOptions{Cas: first})).Cas()
	got := must[*gocb.GetResult](t)(p.docs.Get(id, nil)).Cas()
	if first == 0 || first == second || got != second {
		t.Errorf("CAS %x, after a replace %x, read %x", first, second, got)
	}
}

func staleReplace(t *testing.T, p *place) {
	id, stale := p.put(t, "stale", 1)
	must[*gocb.MutationResult](t)(p.docs.Upsert(id, 2, nil))
	if _, err := p.docs.Replace(id, 3, &gocb.ReplaceOptions{Cas: stale}); !errors.Is(err, gocb.ErrCasMismatch) {
		t.Errorf("replace: %v, want ErrCasMismatch", err)
	}
	if got := p.body(t, id); got != "2" {
		t.Errorf("body is %s, want 2", got)
	}
}

func staleRemove(t *testing.T, p *place) {
	id, stale := p.put(t, "stale", 1)
	cas := must[*gocb.MutationResult](t)(p.docs.Upsert(id, 2, nil)).Cas()
	if _, err := p.docs.Remove(id, &gocb.RemoveOptions{Cas: stale}); !errors.Is(err, gocb.ErrCasMismatch) {
		t.Errorf("remove: %v, want ErrCasMismatch", err)
	}
	must[*gocb.MutationResult](t)(p.docs.Remove(id, &gocb.RemoveOptions{Cas: cas}))
	if _, err := p.docs.Get(id, nil); !errors.Is(err, gocb.ErrDocumentNotFound) {
		t.Errorf("get after the remove: %v", err)
	}
}

func bodyKept(t *testing.T, p *place) {
	id := p.id(t, "bytes")
	const body = "{ \"b\" : 12345678901234567890, \"a\": 1.10,\n\"c\":\"\\u00e9\" }"
	must[*gocb.MutationResult](t)(p.docs.Upsert(id, []byte(body), &gocb.UpsertOptions{Transcoder: raw}))
	if got := p.body(t, id); got != body {
		t.Errorf("got %q, want %q", got, body)
	}
}

// expires is when a document does, read from the server.
func expires(t *testing.T, p *place, id string) time.Time {
	t.Helper()
	return must[*gocb.GetResult](t)(p.docs.Get(id, &gocb.GetOptions{WithExpiry: true})).ExpiryTime()
}

func expiryKept(t *testing.T, p *place) {
	id := p.id(t, "expiry")
	must[*gocb.MutationResult](t)(p.docs.Insert(id, 1, &gocb.InsertOptions{Expiry: time.Hour}))
	first := expires(t, p, id)
	if d := time.Until(first); d < 50*time.Minute || d > 70*time.Minute {
		t.Errorf("expires in %v, want an hour", d)
	}
	must[*gocb.MutationResult](t)(p.docs.Replace(id, 2, &gocb.ReplaceOptions{PreserveExpiry: true}))
	if got := expires(t, p, id); !got.Equal(first) {
		t.Errorf("after a replace it expires %v, want %v", got, first)
	}
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.ReplaceSpec("", 3, nil)}, &gocb.MutateInOptions{PreserveExpiry: true}))
	if got := expires(t, p, id); !got.Equal(first) {
		t.Errorf("after a sub-document change it expires %v, want %v", got, first)
	}
}

func expiryLost(t *testing.T, p *place) {
	id := p.id(t, "expiry")
	must[*gocb.MutationResult](t)(p.docs.Insert(id, 1, &gocb.InsertOptions{Expiry: time.Hour}))
	must[*gocb.MutationResult](t)(p.docs.Replace(id, 2, nil))
	if got := expires(t, p, id); !got.IsZero() {
		t.Errorf("it expires %v, want never", got)
	}
	must[*gocb.MutationResult](t)(p.docs.Touch(id, time.Hour, nil))
	must[*gocb.MutateInResult](t)(p.docs.MutateIn(id, []gocb.MutateInSpec{gocb.ReplaceSpec("", 3, nil)}, nil))
	if got := expires(t, p, id); !got.IsZero() {
		t.Errorf("after a sub-document change it expires %v, want never", got)
	}
}

func touch(t *testing.T, p *place) {
	id, cas := p.put(t, "touch", 1)
	after := must[*gocb.MutationResult](t)(p.docs.Touch(id, time.Hour, nil)).Cas()
	if expires(t, p, id).IsZero() || after == cas {
		t.Errorf("no expiry, or the same CAS")
	}
	must[*gocb.GetResult](t)(p.docs.GetAndTouch(id, 0, nil))
	if !expires(t, p, id).IsZero() {
		t.Errorf("the expiry is still there")
	}
}

func tooBig(t *testing.T, p *place) {
	id := p.id(t, "big")
	_, err := p.docs.Upsert(id, strings.Repeat("a", 20<<20), &gocb.UpsertOptions{Timeout: 30 * time.Second})
	if !errors.Is(err, gocb.ErrValueTooLarge) {
		t.Errorf("%v, want ErrValueTooLarge", err)
	}
}

func locked(t *testing.T, p *place) {
	id, before := p.put(t, "locked", 1)
	cas := must[*gocb.GetResult](t)(p.docs.GetAndLock(id, 30*time.Second, nil)).Cas()
	short := gocb.NewBestEffortRetryStrategy(nil)
	_, err := p.docs.Replace(id, 2, &gocb.ReplaceOptions{Cas: before, Timeout: 300 * time.Millisecond, RetryStrategy: short})
	if err == nil {
		t.Error("a replace with an older CAS went through the lock")
	}
	must[*gocb.MutationResult](t)(p.docs.Replace(id, 3, &gocb.ReplaceOptions{Cas: cas}))
	must[*gocb.MutationResult](t)(p.docs.Replace(id, 4, nil)) // the write ended the lock
	cas = must[*gocb.GetResult](t)(p.docs.GetAndLock(id, 30*time.Second, nil)).Cas()
	if err := p.docs.Unlock(id, cas, nil); err != nil {
		t.Errorf("unlock: %v", err)
	}
	if err := p.docs.Unlock(id, cas, &gocb.UnlockOptions{Timeout: 300 * time.Millisecond}); err == nil {
		t.Error("a second unlock succeeded")
	}
}
