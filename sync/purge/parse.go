package purge

import "fmt"

// treeParser reads JSON (https://www.rfc-editor.org/rfc/rfc8259). What it makes shares the body's text.
type treeParser struct {
	body string
	at   int

	// Of the objects and arrays that are open, the members so far. They are moved once their number is known.
	keys  []key
	items []node
	// Where they are moved to: many in one piece of memory.
	keyRoom  []key
	itemRoom []node
}

func newTreeParser(body []byte) *treeParser {
	const some = 32
	return &treeParser{body: string(body), keys: make([]key, 0, some), items: make([]node, 0, some)}
}

func (p *treeParser) blanks() {
	for p.at < len(p.body) {
		switch p.body[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// peek is the next byte that is no blank; 0 at the end.
func (p *treeParser) peek() byte {
	if p.blanks(); p.at == len(p.body) {
		return 0
	}
	return p.body[p.at]
}

func (p *treeParser) value(depth int) (n node, err error) {
	if depth > maxDepth {
		return n, fmt.Errorf("it is nested deeper than %d", maxDepth)
	}
	n.kind = p.peek()
	start := p.at
	switch n.kind {
	case '{', '[':
		n.keys, n.items, err = p.members(n.kind, depth)
	case '"':
		n.text, err = p.text()
	case 't':
		err = p.word("true")
	case 'f':
		err = p.word("false")
	case 'n':
		err = p.word("null")
	default:
		n.kind = '0'
		err = p.number()
	}
	n.raw = p.body[start:p.at]
	return n, err
}

// members reads an object or an array from its bracket on.
func (p *treeParser) members(bracket byte, depth int) (keys []key, items []node, err error) {
	closing := bracket + 2 // } comes two after {, and ] after [
	firstKey, first := len(p.keys), len(p.items)
	p.at++
	for p.peek() != closing {
		if len(p.items) > first && !p.skip(",") {
			return nil, nil, errNotJSON
		}
		if bracket == '{' {
			if err := p.key(); err != nil {
				return nil, nil, err
			}
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return nil, nil, err
		}
		p.items = append(p.items, item)
	}
	p.at++
	keys, p.keyRoom = settled(p.keys[firstKey:], p.keyRoom)
	items, p.itemRoom = settled(p.items[first:], p.itemRoom)
	p.keys, p.items = p.keys[:firstKey], p.items[:first]
	return keys, items, twice(keys)
}

// settled copies members to where they stay, and gives what room is left.
func settled[T any](all, room []T) (copied, rest []T) {
	const piece = 64
	if len(all) > len(room) {
		room = make([]T, max(len(all), piece))
	}
	n := copy(room, all)
	return room[:n:n], room[n:]
}

func (p *treeParser) key() error {
	if p.peek() != '"' {
		return errNotJSON
	}
	start := p.at
	text, err := p.text()
	if err != nil {
		return err
	}
	k := key{text, p.body[start:p.at]}
	if p.peek() != ':' {
		return errNotJSON
	}
	p.at++
	p.keys = append(p.keys, k)
	return nil
}

// twice fails for keys of which two mean the same.
func twice(keys []key) error {
	const few = 16
	var seen map[string]bool
	if len(keys) > few {
		seen = make(map[string]bool, len(keys))
	}
	for i, k := range keys {
		again := seen[k.text]
		if seen != nil {
			seen[k.text] = true
		} else {
			for _, before := range keys[:i] {
				again = again || before.text == k.text
			}
		}
		if again {
			return fmt.Errorf("it has the key %q twice in one object", k.text)
		}
	}
	return nil
}
