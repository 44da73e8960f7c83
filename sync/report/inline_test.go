package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gfm "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

func TestProse(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"words", "the key 30104 stands already, twice: don't", "the key 30104 stands already, twice: don't"},
		{"words of other scripts", "가격이 틀렸어요. 「値段」 ราคา…", "가격이 틀렸어요. 「値段」 ราคา…"},
		{"backticks are code", "`grade` is `SS`; not `S`", "`grade` is `SS`; not `S`"},
		{"a lone backtick", "a ` b", "a `` ` `` b"},
		{"a mention", "ask @octocat, please", "ask `@octocat`, please"},
		{"neighbours share a span", "@a @b c @d", "`@a @b` c `@d`"},
		{"spans never touch", "`a``b`", "`a` `b`"},
		{"an address", "see https://evil.example/x.", "see `https://evil.example/x`."},
		{"a reference", "fixes #12 and GH-3", "fixes `#12` and `GH-3`"},
		{"commit ids", "deadbeef 1234567 123456 abcdef", "`deadbeef 1234567` 123456 abcdef"},
		{"numbers", "1 to 1,000 (or 3.14)", "1 to 1,000 (or 3.14)"},
		{"emoji codes", ":smile: nearest:", "`:smile`: nearest:"},
		{"lines become one", "a\r\n\tb", "a b"},
		{"unseen characters", "a\u202eb", "`a\\u202eb`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := prose(test.text); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if n := cells(prose(strings.Repeat("word ", 1000))); n > longestProse {
		t.Errorf("prose of %d cells", n)
	}
}

// spansOf returns the text of the code spans in the tables and in the paragraphs of a comment.
func spansOf(markdown string) (tables, paragraphs []string) {
	source := []byte(markdown)
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	walk(parser.Parse(text.NewReader(source)), func(n ast.Node) error {
		if n.Kind() != ast.KindCodeSpan {
			return nil
		}
		var b strings.Builder
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			b.Write(c.(*ast.Text).Value(source))
		}
		if n.Parent().Kind() == gfm.KindTableCell {
			tables = append(tables, b.String())
		} else {
			paragraphs = append(paragraphs, b.String())
		}
		return nil
	})
	return tables, paragraphs
}

// FuzzInline puts a text everywhere in a line: it stays code, and whole.
func FuzzInline(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(s) == "" {
			return
		}
		code := codeSpan(s, 60)
		markdown := "Reason: " + prose(s) + "\n\n- **" + code + "**: " + prose(s) + "\n\n| a | b |\n| --- | --- |\n| " + tableCell(code) + " | c |\n| d | " + tableCell(prose(s)) + " |\n\n" +
			"<details open><summary>" + htmlCode(s, 60) + " +1</summary>\n\n```diff\n@@ x @@\n```\n\n</details>\n"
		if err := check(markdown); err != nil {
			t.Errorf("%q became %v in\n%s", s, err, markdown)
		}
		if got, want := kinds(markdown), "map[Document:1 Emphasis:1 FencedCodeBlock:1 HTMLBlock:2 List:1 ListItem:1 Paragraph:1 Table:1 TableCell:6 TableHeader:1 TableRow:2 TextBlock:1]"; got != want {
			t.Errorf("%q: got %s\n%s", s, got, markdown)
		}
		want := literal(s, 60)
		if strings.TrimSpace(want) == "" {
			want = fmt.Sprintf(`"%s"`, want)
		}
		tables, _ := spansOf(markdown)
		if _, alone := spansOf(code); len(alone) != 1 || alone[0] != want {
			t.Errorf("%q: %s reads %q", s, code, alone)
		}
		if len(tables) == 0 || tables[0] != want {
			t.Errorf("%q: %s reads %q in a table", s, tableCell(code), tables)
		}
	})
}
