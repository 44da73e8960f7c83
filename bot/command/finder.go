package command

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	gfm "github.com/yuin/goldmark/extension/ast"
)

// finder goes through a comment's Markdown in the order of its text.
type finder struct {
	source  []byte
	curtain *curtain
	quotes  int // how many quotes it is in
	cells   int // of tables
	aside   int // links, images, struck text: text that is not said as a command
	found   []*candidate
}

func (f *finder) walk(n ast.Node) {
	switch n := n.(type) {
	case *ast.CodeBlock, *ast.FencedCodeBlock, *ast.CodeSpan:
		return
	case *ast.HTMLBlock:
		f.curtain.feed(f.htmlBlock(n))
		return
	case *ast.RawHTML:
		f.rawHTML(n)
		return
	case *ast.Text:
		f.text(n)
		return
	case *ast.Blockquote:
		f.quotes++
		defer func() { f.quotes-- }()
		defer f.curtain.block(true)()
	case *ast.ListItem:
		defer f.curtain.block(false)()
	case *gfm.TableCell:
		f.cells++
		defer func() { f.cells-- }()
		defer f.curtain.block(false)()
	case *gfm.Strikethrough:
		f.aside++
		defer func() { f.aside-- }()
		defer f.curtain.struck()()
	case *ast.Link, *ast.Image:
		f.aside++
		defer func() { f.aside-- }()
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		f.walk(c)
	}
}

// text looks whether a piece of text begins a line, and the line is a command.
func (f *finder) text(n *ast.Text) {
	start := n.Segment.Start
	before := f.source[bytes.LastIndexByte(f.source[:start], '\n')+1 : start]
	if len(before) > 3 || len(bytes.Trim(before, " ")) > 0 || f.aside > 0 || f.curtain.drawn() {
		return
	}
	stop := len(f.source)
	if i := bytes.IndexByte(f.source[start:], '\n'); i >= 0 {
		stop = start + i
	}
	if _, ok := cutPrefix(string(f.source[start:stop])); !ok {
		return
	}
	c := &candidate{start: start, stop: stop}
	switch {
	case f.quotes > 0:
		c.within = "quote"
	case f.cells > 0:
		c.within = "table"
	}
	f.found = append(f.found, c)
}

// rawHTML takes in HTML within a line; a comment is cut out of the command that it stands in.
func (f *finder) rawHTML(n *ast.RawHTML) {
	raw := string(n.Segments.Value(f.source))
	f.curtain.feed(raw)
	if len(f.found) == 0 || !strings.HasPrefix(raw, "<!--") || n.Segments.Len() == 0 {
		return
	}
	last := f.found[len(f.found)-1]
	start := n.Segments.At(0).Start
	if start < last.start || start >= last.stop {
		return
	}
	stop := min(n.Segments.At(n.Segments.Len()-1).Stop, last.stop)
	last.comments = append(last.comments, [2]int{start, stop})
}

func (f *finder) htmlBlock(n *ast.HTMLBlock) string {
	raw := n.Lines().Value(f.source)
	if n.HasClosure() {
		raw = append(raw, n.ClosureLine.Value(f.source)...)
	}
	return string(raw)
}
