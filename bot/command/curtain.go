package command

import (
	"regexp"
	"slices"
	"strings"
)

// curtain follows the HTML of a comment, to tell what stands in an element whose text is hidden, or not the
// commenter's own: a browser sees the elements that Markdown passes through. Where HTML is so broken that browsers
// have rules of their own, it stays drawn.
type curtain struct {
	open []string // elements that are open, from the outermost on, without those of kind plain
	base int      // how many of them were when the innermost block began, in which they cannot be closed
	lost bool     // a tag or comment was begun and not ended: a browser takes all that follows for a part of it
	tag  *regexp.Regexp
}

func newCurtain() *curtain { return &curtain{tag: regexp.MustCompile(tagPattern)} }

// tagPattern is an opening or closing tag as Markdown knows it (https://github.github.com/gfm/#raw-html), in
// lower case. What else a browser takes for one is lost.
const tagPattern = `(?s)\A<(/?)([a-z][a-z0-9-]*)(?:\s+[^\s"'=<>/]+(?:\s*=\s*(?:[^\s"'=<>` + "`" + `]+|'[^']*'|"[^"]*"))?)*\s*/?>`

// element is what an HTML element means to the curtain.
type element int

const (
	odd        element = iota // may take the end of what it stands in for its own, or hide it: lists, tables, what is not known
	loose                     // an odd one that needs no end of its own
	plain                     // means nothing
	covering                  // its text is covered
	formatting                // covers too, and is opened again where a browser has closed it with what it stands in
	raw                       // covers, and has no elements in it
)

func kindOf(name string) element {
	switch name {
	case "details", "summary", "blockquote", "pre", "del", "q", "samp", "template":
		return covering
	case "code", "s", "strike", "tt":
		return formatting
	case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes":
		return raw
	case "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot":
		return loose
	case "a", "b", "br", "div", "em", "hr", "i", "img", "input", "ins", "kbd", "p", "picture", "source", "span", "strong", "sub", "sup", "wbr":
		return plain
	}
	return odd
}

func (c *curtain) drawn() bool { return c.lost || slices.ContainsFunc(c.open, isCovering) }

func isCovering(name string) bool { return kindOf(name) >= covering }

// block is called at the beginning of something that Markdown writes as an element (a quote, an item of a list),
// and what it returns at its end, where a browser closes what was opened in it. Where something odd was left
// open, it may not even notice that end; then all that follows is covered if that covers.
func (c *curtain) block(covers bool) (end func()) {
	outer := c.base
	c.base = len(c.open)
	return func() {
		before, inner := c.base, c.open[c.base:]
		c.base = outer
		isRaw := func(name string) bool { return kindOf(name) == raw }
		isOdd := func(name string) bool { return name == "blockquote" || kindOf(name) <= loose }
		switch {
		case slices.ContainsFunc(inner, isRaw):
			c.lost = true
			return
		case slices.ContainsFunc(inner, isOdd):
			c.lost = c.lost || covers
			return
		}
		c.open = append(c.open[:before], slices.DeleteFunc(inner, func(name string) bool { return kindOf(name) != formatting })...)
	}
}

// struck is called at the beginning of struck text, and what it returns at its end. An element that was left open
// in it may have ended the paragraph before, and stands outside then: it is not followed any further.
func (c *curtain) struck() (end func()) {
	outer := c.base
	c.base = len(c.open)
	return func() {
		c.lost = c.lost || len(c.open) > c.base
		c.base = outer
	}
}

// feed takes in the next piece of HTML, whose tags are read in lower case.
func (c *curtain) feed(html string) {
	html = strings.ToLower(html)
	for !c.lost {
		from := "<"
		if n := len(c.open); n > 0 && kindOf(c.open[n-1]) == raw {
			from = "</" + c.open[n-1]
		}
		i := strings.Index(html, from)
		if i < 0 {
			return
		}
		html = c.next(html[i:])
	}
}

// next takes in what begins with a < and returns what is behind it.
func (c *curtain) next(html string) string {
	if strings.HasPrefix(html, "<!--") {
		return c.comment(html)
	}
	if m := c.tag.FindStringSubmatch(html); m != nil {
		c.element(m[2], m[1] != "")
		return html[len(m[0]):]
	}
	if len(html) == 1 || !strings.ContainsAny(html[1:2], "/!?abcdefghijklmnopqrstuvwxyz") {
		return html[1:] // just a character
	}
	if end := strings.IndexByte(html, '>'); end > 0 && (html[1] == '!' || html[1] == '?') {
		return html[end+1:] // to a browser these are comments, up to the first >
	}
	c.lost = true
	return ""
}

// comment takes in a comment. A browser ends it at --!> too, and where Markdown does.
func (c *curtain) comment(html string) string {
	for _, empty := range []string{"<!-->", "<!--->"} {
		if strings.HasPrefix(html, empty) {
			return html[len(empty):]
		}
	}
	rest := html[len("<!--"):]
	end, length := strings.Index(rest, "-->"), len("-->")
	if odd := strings.Index(rest, "--!>"); odd >= 0 && (end < 0 || odd < end) {
		end, length = odd, len("--!>")
	}
	if end < 0 {
		c.lost = true
		return ""
	}
	return rest[end+length:]
}

// element takes in a tag.
func (c *curtain) element(name string, closing bool) {
	switch {
	case kindOf(name) == plain:
	case closing:
		c.end(name)
	default:
		c.open = append(c.open, name)
	}
}

// end closes an element and the loose ones in it. One that something else is still open in stays open.
func (c *curtain) end(name string) {
	for i := len(c.open) - 1; i >= c.base; i-- {
		if c.open[i] == name {
			c.open = c.open[:i]
			return
		}
		if kindOf(c.open[i]) != loose {
			return
		}
	}
}
