package command

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markup "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
)

// pieces are what comments of the fuzz test are made of.
func pieces() []string {
	return []string{
		"/liveops plan", "\n/liveops plan\n", "\n\n/liveops plan\n\n", "/liveops lock staging why", "\n", "\n\n", "\n   ", "    ", "\t", " ", "a", "a b",
		"`", "``", "```", "\n```\n", "\n````sh\n", "\n~~~\n", "~~", "~", "\n> ", "> > ", "\n- ", "\n1. ", "  - ", "\n-- \n", "\n===\n", "# ", "\n---\n",
		"<!--", "-->", "<!-- x -->", "<!-->", "--!>", "<table><td>", "<ul>", "</ul>", "<li>", "<textarea>", "</textarea>", "<script>", "</script>", "<q>", "<details>", "</details>", "<details open>", "\n<summary>", "</summary>\n", "<DETAILS>", "\n<div>\n", "</div>\n",
		"<pre>", "</pre>", "<code>", "</code>", "<b title='", "'>", "\">", "<a href=\"", "<blockquote>", "</blockquote>", "<?", "?>", "<!X", "<![CDATA[", "]]>", "<s>", "</s>", "<del>",
		"[", "]", "(", ")", "](", "![", "[x]: ", "[x]:\n", "\n[x]: /y '\n", "'", "\"", "\\", "*", "_", "|", "\n| a | b |\n| - | - |\n", "\r\n", "\r", "&lt;", "<", ">", "- [ ] ", "</p>", "<p>",
	}
}

// Parse never panics, and every command that it finds is text that a browser shows as such.
func FuzzParse(f *testing.F) {
	f.Add([]byte{1})
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		recipe := make([]byte, 1+random.IntN(14))
		for i := range recipe {
			recipe[i] = byte(random.IntN(len(pieces())))
		}
		f.Add(append(recipe, 2))
	}
	f.Fuzz(func(t *testing.T, recipe []byte) {
		if len(recipe) > 40 {
			t.Skip() // the browser's stand-in gives up on deep nesting
		}
		var b strings.Builder
		for _, i := range recipe {
			b.WriteString(pieces()[int(i)%len(pieces())])
		}
		Parse(string(recipe))
		checkVisible(t, b.String())
	})
}

// checkVisible marks each command in turn and looks for the mark in what a browser makes of the comment.
func checkVisible(t *testing.T, comment string) {
	t.Helper()
	rows := strings.Split(strings.ReplaceAll(strings.ReplaceAll(comment, "\r\n", "\n"), "\r", "\n"), "\n")
	for _, line := range Parse(comment) {
		if line.Err != nil {
			continue
		}
		row := rows[line.Number-1]
		if indent := len(row) - len(strings.TrimLeft(row, " ")); indent > 3 || !strings.HasPrefix(row[indent:], prefix) {
			t.Fatalf("line %d of\n%s\nis no command", line.Number, comment)
		}
		marked := slices.Clone(rows)
		marked[line.Number-1] = strings.Replace(row, prefix, "/livemark", 1)
		if !browserShows(t, strings.Join(marked, "\n"), "/livemark") {
			t.Fatalf("%q\nline %d of\n%s\nis not shown as text", comment, line.Number, comment)
		}
	}
}

// browserShows renders a comment and reports whether a text is shown in it, outside code, quotes and the like.
func browserShows(t *testing.T, comment, wanted string) bool {
	t.Helper()
	var page bytes.Buffer
	converter := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(markup.WithUnsafe()))
	if err := converter.Convert([]byte(comment), &page); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	var shown func(n *html.Node) bool
	shown = func(n *html.Node) bool {
		if n.Type == html.TextNode {
			return strings.Contains(n.Data, wanted)
		}
		if n.Type == html.ElementNode {
			switch n.Data {
			case "details", "summary", "pre", "code", "blockquote", "del", "s", "script", "style", "textarea", "title":
				return false
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if shown(c) {
				return true
			}
		}
		return false
	}
	return shown(root)
}

// block is a part of a comment, and whether a line of it that is a command counts.
type block struct {
	text  string // with % where the command stands
	shown bool
}

func blocks() []block {
	return []block{
		{"%", true}, {"words\n%", true}, {"%\nwords", true}, {"# heading\n%", true}, {"  %", true}, {"- item\n- item\n\nwords\n%", true}, {"**so**\n%\n--", true}, {"`x` and <b>y</b>\n%", true},
		{"<!-- x -->\n%", true}, {"<details><summary>x</summary>y</details>\n\n%", true},
		{"```\n%\n```", false}, {"````go\n```\n%\n```\n\n%\n````", false}, {"~~~\n%\n\n%\n~~~", false}, {"words\n~~~\n%\n~~~~~", false}, {"    %", false}, {"> %", false}, {"> x\n>\n> %", false},
		{"> ```\n> %\n> ```", false}, {"<!--\n%\n\n%\n-->", false}, {"words <!--\n%\n-->", false}, {"<details>\n\n%\n\n</details>", false}, {"<div>\n%\n</div>", false}, {"a `b\n%\nc`", false},
		{"- %", false}, {"words %", false}, {"1. x\n   ```\n   %\n   ```", false}, {"<pre>\n%\n\n%\n</pre>", false}, {"[x]: /y \"\n%\n\"", false},
	}
}

// Of a comment put together of blocks whose meaning is known, the commands of the shown ones are found, each
// once and in order, and no other.
func TestParseKnowsBlocks(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		var parts, want []string
		for i := range 1 + random.IntN(8) {
			b := blocks()[random.IntN(len(blocks()))]
			command := "/liveops help " + strings.Repeat("x", i+1)
			if b.shown {
				want = append(want, command)
			}
			parts = append(parts, strings.ReplaceAll(b.text, "%", command))
		}
		comment := strings.Join(parts, "\n\n")
		if random.IntN(2) == 0 {
			comment = strings.ReplaceAll(comment, "\n", "\r\n")
		}
		var got []string
		for _, l := range Parse(comment) {
			got = append(got, l.Text)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s\nhas the commands %q, want %q", comment, got, want)
		}
	}
}
