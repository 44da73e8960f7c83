package couchbase

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/dop251/goja"
)

// Limits of what a view's map function emits (https://docs.couchbase.com/server/current/learn/clusters-and-availability/size-limitations.html):
// a document that goes beyond one of them is not in the index.
const (
	maxEmittedKey = 4096
	maxEmitted    = 1 << 20 // keys and values of one document together
)

// A mapper runs a map function: `function (doc, meta) { emit(key, value); }`
// (https://docs.couchbase.com/server/current/views/views-writing-map.html). It is not for several goroutines at once.
type mapper struct {
	native          func(id string, body []byte, emit func(key, value []byte))
	vm              *goja.Runtime
	call, stringify goja.Callable
	limit           time.Duration
	emitted         []emitted
	emitError       error
}

type emitted struct{ key, value []byte }

// newMapper compiles a map function; limit is how long it may take for one document.
func newMapper(v MapView, limit time.Duration) (*mapper, error) {
	m := &mapper{native: v.Native, vm: goja.New(), limit: limit}
	if m.native != nil {
		return m, nil
	}
	source := v.Map
	m.vm.SetMaxCallStackSize(1000)
	inner := m.vm.Get("JSON").ToObject(m.vm)
	m.stringify, _ = goja.AssertFunction(inner.Get("stringify"))
	for name, f := range map[string]any{"emit": m.emit, "decodeBase64": decodeBase64, "dateToArray": dateToArray, "sum": sum, "log": func(goja.Value) {}} {
		if err := m.vm.Set(name, f); err != nil {
			return nil, fmt.Errorf("defining %s: %w", name, err)
		}
	}
	f, err := m.vm.RunString("(" + source + "\n)")
	if err != nil {
		return nil, fmt.Errorf("map function: %w", err)
	}
	call, ok := goja.AssertFunction(f)
	if !ok {
		return nil, fmt.Errorf("map function: %.40q is not a function", source)
	}
	m.call = call
	return m, nil
}

// run maps one document. An error means that the document has no place in the index.
func (m *mapper) run(id string, d *document) (rows []emitted, err error) {
	if m.native != nil {
		m.native(id, d.body, func(key, value []byte) { rows = append(rows, emitted{key, value}) })
		return rows, nil
	}
	about, body, kind := m.vm.NewObject(), d.body, "json"
	if !d.isJSON { // "base64": the document is its text in base64
		kind = "base64"
		body = strconv.AppendQuote(nil, base64.StdEncoding.EncodeToString(d.body))
	}
	for _, p := range []struct {
		name  string
		value any
	}{
		{"id", id}, {"rev", strconv.FormatUint(d.revision, 10) + "-" + fmt.Sprintf("%016x", d.cas)}, {"seq", d.sequence}, {"vb", vbucketOf(id)},
		{"expiration", d.expiry}, {"flags", d.flags}, {"type", kind},
	} {
		if err := about.Set(p.name, p.value); err != nil {
			return nil, fmt.Errorf("meta: %w", err)
		}
	}
	m.emitted, m.emitError = nil, nil
	stop := m.interruptAfter(m.limit)
	defer stop()
	doc := valueOf(m.vm, body, rootOf(body))
	if _, err := m.call(goja.Undefined(), doc, about); err != nil {
		return nil, err
	}
	if m.emitError != nil {
		return nil, m.emitError
	}
	size := 0
	for _, e := range m.emitted {
		size += len(e.key) + len(e.value)
		if len(e.key) > maxEmittedKey || size > maxEmitted {
			return nil, fmt.Errorf("emitted more than the index takes")
		}
	}
	return m.emitted, nil
}

// interruptAfter ends a run that takes too long. The function that it returns must be called after the run.
func (m *mapper) interruptAfter(limit time.Duration) (stop func()) {
	fired := make(chan struct{})
	timer := time.AfterFunc(limit, func() {
		defer close(fired)
		m.vm.Interrupt("took too long")
	})
	return func() {
		if !timer.Stop() {
			<-fired
		}
		m.vm.ClearInterrupt()
	}
}

// emit takes a key and a value from the map function; what has no JSON form is null.
func (m *mapper) emit(key, value goja.Value) {
	k, err := m.text(key)
	if err != nil {
		m.emitError = err
		return
	}
	v, err := m.text(value)
	if err != nil {
		m.emitError = err
		return
	}
	m.emitted = append(m.emitted, emitted{k, v})
}

func (m *mapper) text(v goja.Value) ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	s, err := m.stringify(goja.Undefined(), v)
	if err != nil {
		return nil, err
	}
	if goja.IsUndefined(s) {
		return []byte("null"), nil
	}
	return []byte(s.String()), nil
}

// The functions that Couchbase adds to JavaScript for views
// (https://docs.couchbase.com/server/current/views/views-writing-utility-functions.html).

func decodeBase64(text string) []int {
	raw, _ := base64.StdEncoding.DecodeString(text) // what is not base64 is no bytes
	out := make([]int, len(raw))
	for i, b := range raw {
		out[i] = int(b)
	}
	return out
}

// dateToArray splits a time in UTC, as JavaScript writes one, into year, month, day, hour, minute, second; nil for none.
func dateToArray(text string) []int {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil
	}
	t = t.UTC()
	return []int{t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second()}
}

func sum(numbers []float64) (total float64) {
	for _, n := range numbers {
		total += n
	}
	return total
}
