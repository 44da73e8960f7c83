package command

import (
	"maps"
	"regexp"
	"strings"
)

// curtain follows the HTML of a comment, to tell what stands in an element whose text is hidden, or not the
// commenter's own: a browser sees the elements that Markdown passes through.
type curtain struct {
	open map[string]int // how many of each covering element are open
	lost bool           // a tag or comment was begun and not ended: a browser takes all that follows for a part of it
	tag  *regexp.Regexp
}

func newCurtain() *curtain {
	return &curtain{open: map[string]int{}, tag: regexp.MustCompile(tagPattern)}
}

// tagPattern is an opening or closing tag, or a processing instruction, declaration or CDATA section
// (https://github.github.com/gfm/#raw-html).
const tagPattern = `(?s)\A(?:<(/?)([a-z][a-z0-9-]*)(?:\s+[^\s"'=<>/]+(?:\s*=\s*(?:[^\s"'=<>` + "`" + `]+|'[^']*'|"[^"]*"))?)*\s*(/?)>|<\?.*?\?>|<![a-z][^>]*>|<!\[cdata\[.*?\]\]>)`

// covers says of an element whether its text is covered, and how.
func covers(element string) (covered, raw, formatting bool) {
	switch element {
	case "details", "summary", "blockquote", "pre", "del", "q", "samp", "template":
		return true, false, false
	case "code", "s", "strike", "tt":
		return true, false, true
	case "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes":
		return true, true, false
	}
	return false, false, false
}

func (c *curtain) drawn() bool {
	if c.lost {
		return true
	}
	for _, n := range c.open {
		if n > 0 {
			return true
		}
	}
	return false
}

// block is called at the beginning of a quote or an item of a list, and what it returns at its end, where a
// browser closes what was opened in it; but for elements of formatting, which it opens again.
func (c *curtain) block() (end func()) {
	before := maps.Clone(c.open)
	return func() {
		for element := range c.open {
			if _, _, formatting := covers(element); !formatting {
				c.open[element] = before[element]
			}
		}
	}
}

// feed takes in the next piece of HTML, whose tags are read in lower case.
func (c *curtain) feed(html string) {
	html = strings.ToLower(html)
	for !c.lost {
		i := strings.IndexByte(html, '<')
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
	m := c.tag.FindStringSubmatch(html)
	switch {
	case m != nil && m[2] != "":
		return c.element(html[len(m[0]):], m[2], m[1] != "")
	case m != nil:
		return html[len(m[0]):]
	}
	if len(html) > 1 && strings.ContainsAny(html[1:2], "/!?abcdefghijklmnopqrstuvwxyz") {
		c.lost = true
	}
	return html[1:]
}

func (c *curtain) comment(html string) string {
	for _, empty := range []string{"<!-->", "<!--->"} {
		if strings.HasPrefix(html, empty) {
			return html[len(empty):]
		}
	}
	end := strings.Index(html[4:], "-->")
	if end < 0 {
		c.lost = true
		return ""
	}
	return html[4+end+3:]
}

func (c *curtain) element(rest, name string, closing bool) string {
	covered, raw, _ := covers(name)
	switch {
	case !covered:
	case closing:
		c.open[name] = max(0, c.open[name]-1)
	case raw:
		end := strings.Index(rest, "</"+name)
		if end < 0 {
			c.open[name]++ // until its end, in a later piece
			return ""
		}
		return rest[end:]
	default:
		c.open[name]++
	}
	return rest
}
