package couchbase

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/dop251/goja"
)

// valueOf makes of a JSON value what JSON.parse would, except that the members of objects are read once they are asked
// for: an index maps every document that has changed, and most map functions look at little of one. Such an object can
// be changed, but not frozen.
func valueOf(vm *goja.Runtime, text []byte, at span) goja.Value {
	switch text[at.start] {
	case '{':
		return vm.NewDynamicObject(&lazyObject{vm: vm, text: text, at: at})
	case '[':
		all := members(text, at)
		items := make([]any, len(all))
		for i, m := range all {
			items[i] = valueOf(vm, text, m.value)
		}
		return vm.NewArray(items...)
	case '"':
		return vm.ToValue(nameOf(text[at.start:at.end]))
	case 't', 'f':
		return vm.ToValue(text[at.start] == 't')
	case 'n':
		return goja.Null()
	}
	n, _ := strconv.ParseFloat(string(text[at.start:at.end]), 64) // what is too big is infinite, as in JavaScript
	return vm.ToValue(n)
}

// lazyObject is an object of a document.
type lazyObject struct {
	vm   *goja.Runtime
	text []byte
	at   span

	read  bool
	names []string // in the order of the text
	own   map[string]*property
}

// property is a member whose value is made when it is first asked for.
type property struct {
	at    span
	value goja.Value
}

func (o *lazyObject) open() {
	if o.read {
		return
	}
	o.read = true
	all := members(o.text, o.at)
	o.own = make(map[string]*property, len(all))
	made := make([]property, len(all))
	for i, m := range all {
		if o.own[m.name] == nil {
			o.names = append(o.names, m.name)
		}
		made[i].at = m.value
		o.own[m.name] = &made[i] // the last of one name counts
	}
}

// Get implements goja.DynamicObject.
func (o *lazyObject) Get(name string) goja.Value {
	if v, found := o.glance(name); found {
		return v
	}
	o.open()
	p := o.own[name]
	if p == nil {
		return nil
	}
	if p.value == nil {
		p.value = valueOf(o.vm, o.text, p.at)
	}
	return p.value
}

// glance finds a text, a number or a word in an object that is short and was not changed, without opening it.
func (o *lazyObject) glance(name string) (v goja.Value, found bool) {
	const short = 512
	if o.read || o.at.end-o.at.start > short {
		return nil, false
	}
	var last span
	for i := skipSpace(o.text, o.at.start+1); o.text[i] != '}'; {
		end := skipString(o.text, i)
		written := o.text[i+1 : end-1]
		if bytes.IndexByte(written, '\\') >= 0 {
			return nil, false
		}
		i = skipSpace(o.text, skipSpace(o.text, end)+1)
		value := span{i, skipValue(o.text, i)}
		if string(written) == name {
			last = value // the last of one name counts
		}
		if i = skipSpace(o.text, value.end); o.text[i] == ',' {
			i = skipSpace(o.text, i+1)
		}
	}
	if last.end == 0 || o.text[last.start] == '{' || o.text[last.start] == '[' {
		return nil, false
	}
	return valueOf(o.vm, o.text, last), true
}

// Set implements goja.DynamicObject.
func (o *lazyObject) Set(name string, value goja.Value) bool {
	o.open()
	if o.own[name] == nil {
		o.names = append(o.names, name)
	}
	o.own[name] = &property{value: value}
	return true
}

// Has implements goja.DynamicObject.
func (o *lazyObject) Has(name string) bool {
	o.open()
	return o.own[name] != nil
}

// Delete implements goja.DynamicObject.
func (o *lazyObject) Delete(name string) bool {
	o.open()
	if o.own[name] != nil {
		delete(o.own, name)
		o.names = slices.DeleteFunc(o.names, func(n string) bool { return n == name })
	}
	return true
}

// Keys implements goja.DynamicObject: names that are array indexes come first, by number
// (https://262.ecma-international.org/#sec-ordinaryownpropertykeys).
func (o *lazyObject) Keys() []string {
	o.open()
	keys := slices.Clone(o.names)
	slices.SortStableFunc(keys, func(a, b string) int {
		x, isX := arrayIndex(a)
		y, isY := arrayIndex(b)
		switch {
		case isX && isY:
			return int(x) - int(y)
		case isX:
			return -1
		case isY:
			return 1
		}
		return 0
	})
	return keys
}

// arrayIndex is the number that a name is, if it is one as JavaScript writes it.
func arrayIndex(name string) (uint32, bool) {
	n, err := strconv.ParseUint(name, 10, 32)
	return uint32(n), err == nil && n < 1<<32-1 && strconv.FormatUint(n, 10) == name
}
