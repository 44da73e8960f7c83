package purge

import (
	"encoding/json"
	"strings"
)

// word passes over one of JSON's words.
func (p *treeParser) word(w string) error {
	if !strings.HasPrefix(p.body[p.at:], w) {
		return errNotJSON
	}
	p.at += len(w)
	return nil
}

// text passes over a text and gives what it means.
func (p *treeParser) text() (string, error) {
	start, plain := p.at, true
	for i := p.at + 1; i < len(p.body); i++ {
		switch c := p.body[i]; {
		case c == '"':
			p.at = i + 1
			if plain {
				return p.body[start+1 : i], nil
			}
			return unquote(p.body[start:p.at])
		case c == '\\': // what follows is looked at by unquote
			plain = false
			i++
		case c < ' ':
			return "", errNotJSON
		}
	}
	return "", errNotJSON
}

// unquote gives what a text with escapes means.
func unquote(raw string) (string, error) {
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return "", errNotJSON
	}
	return s, nil
}

// number passes over a number: digits without a leading zero, then a fraction and an exponent if there are.
func (p *treeParser) number() error {
	p.skip("-")
	if !p.skip("0") && !p.digits() {
		return errNotJSON
	}
	if p.skip(".") && !p.digits() {
		return errNotJSON
	}
	if p.skip("eE") {
		p.skip("+-")
		if !p.digits() {
			return errNotJSON
		}
	}
	return nil
}

// skip passes over one byte of some, if it is next.
func (p *treeParser) skip(some string) bool {
	if p.at == len(p.body) || strings.IndexByte(some, p.body[p.at]) < 0 {
		return false
	}
	p.at++
	return true
}

// digits passes over one digit at least.
func (p *treeParser) digits() bool {
	start := p.at
	for p.at < len(p.body) && '0' <= p.body[p.at] && p.body[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}
