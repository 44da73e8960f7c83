package command

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// texts are the commands of a comment as number:text, those with an error as number!text.
func texts(lines []Line) []string {
	all := []string{}
	for _, l := range lines {
		sign := ":"
		if l.Err != nil {
			sign = "!"
		}
		all = append(all, fmt.Sprint(l.Number, sign, l.Text))
	}
	return all
}

func TestParseFindsCommands(t *testing.T) {
	for _, test := range []struct {
		name, comment string
		want          []string
	}{
		{"alone", "/liveops plan", []string{"1:/liveops plan"}},
		{"without a word", "/liveops", []string{"1:/liveops"}},
		{"several", "/liveops plan\n/liveops status\n\nand\n/liveops drift", []string{"1:/liveops plan", "2:/liveops status", "5:/liveops drift"}},
		{"CRLF, as GitHub's form sends it", "thanks!\r\n\r\n/liveops plan\r\n/liveops status\r\n", []string{"3:/liveops plan", "4:/liveops status"}},
		{"CR", "a\r/liveops plan\rb", []string{"2:/liveops plan"}},
		{"blanks behind", "/liveops plan  \t \nx", []string{"1:/liveops plan"}},
		{"three spaces before", "   /liveops plan", []string{"1:/liveops plan"}},
		{"four spaces are code", "    /liveops plan", nil},
		{"four spaces in a paragraph", "a\n    /liveops plan", nil},
		{"a tab is code", "\t/liveops plan", nil},
		{"no-break and ideographic spaces before", "\u00a0/liveops plan\n\u3000/liveops status", []string{"1:/liveops plan", "2:/liveops status"}},
		{"a byte order mark before", "\ufeff/liveops plan", []string{"1:/liveops plan"}},
		{"in capitals", "/LiveOps Plan\n/LIVEOPS STATUS", []string{"1:/LiveOps Plan", "2:/LIVEOPS STATUS"}},
		{"full-width", "／liveops plan\n／ｌｉｖｅｏｐｓ　ｐｌａｎ", []string{"1:／liveops plan", "2:／ｌｉｖｅｏｐｓ　ｐｌａｎ"}},
		{"not at the line's start", "please /liveops plan", nil},
		{"another word", "/liveopsx plan\n/liveops-plan\n/liveops/plan\n/liveop plan", nil},
		{"a backslash before", `\/liveops plan`, nil},
		{"in a list", "- /liveops plan\n1. /liveops plan\n- [ ] /liveops plan", nil},
		{"below an item of a list", "- thanks\n\n/liveops plan", []string{"3:/liveops plan"}},
		{"right below an item of a list", "- thanks\n/liveops plan", []string{"2:/liveops plan"}},
		{"in a heading", "# /liveops plan", nil},
		{"above a signature", "/liveops plan\n-- \nSent from my phone", []string{"1:/liveops plan"}},
		{"below a heading", "# why\n/liveops plan", []string{"2:/liveops plan"}},
		{"below a mention", "@mina look:\n/liveops plan", []string{"2:/liveops plan"}},
		{"emphasis over lines", "*please\n/liveops plan\nthanks*", []string{"2:/liveops plan"}},

		{"fenced", "```\n/liveops plan\n```", nil},
		{"fenced by tildes, with an info string", "~~~ sh `x`\n/liveops plan\n~~~", nil},
		{"fenced, never closed", "```sh\n/liveops plan\n\n/liveops status", nil},
		{"a longer fence holds a shorter one", "````\n```\n/liveops plan\n```\n/liveops plan\n`````\n/liveops status", []string{"7:/liveops status"}},
		{"a fence of tildes holds one of backquotes", "~~~\n```\n~~~\n/liveops status", []string{"4:/liveops status"}},
		{"a backquote in the info string makes no fence", "``` a`b\n/liveops plan", []string{"2:/liveops plan"}},
		{"a closing fence has no info string", "```\n``` x\n/liveops plan\n```\n/liveops status", []string{"5:/liveops status"}},
		{"a fence in an item of a list", "- x\n  ```\n  /liveops plan\n  ```\n\n/liveops status", []string{"6:/liveops status"}},
		{"a fence in an item of a list ends with the item", "- x\n\n  ```\n/liveops plan\n```\n/liveops status", []string{"4:/liveops plan"}},
		{"a fence in a quote ends with it", "> ```\n/liveops plan", []string{"2:/liveops plan"}},
		{"a code span over lines", "a `b\n/liveops plan\nc` d\n/liveops status", []string{"4:/liveops status"}},
		{"backquotes that do not close", "a ``b\n/liveops plan\nc`", []string{"2:/liveops plan"}},

		{"quoted", "> /liveops plan\n>/liveops plan\n> > /liveops plan", nil},
		{"quoted, with words below", "> /liveops apply production\n\n/liveops plan", []string{"3:/liveops plan"}},
		{"right below a quote", "> shall we?\n/liveops plan", []string{"2!/liveops plan"}},
		{"right below a table", "| a | b |\n| - | - |\n/liveops plan", []string{"3!/liveops plan"}},
		{"an alert", "> [!NOTE]\n> /liveops plan", nil},

		{"an HTML comment", "<!--\n/liveops plan\n-->\n/liveops status", []string{"4:/liveops status"}},
		{"an HTML comment with empty lines", "<!-- a\n\n/liveops plan\n\n-->\n\n/liveops status", []string{"7:/liveops status"}},
		{"an HTML comment that never ends", "<!-- a\n\n/liveops plan", nil},
		{"an HTML comment within a paragraph", "a <!--\n/liveops plan\n--> b\n/liveops status", []string{"4:/liveops status"}},
		{"an HTML comment that never ends, within a block", "<div>\n<!-- \n\n/liveops plan\n\n-->\n", nil},
		{"an HTML comment behind the command", "/liveops plan <!-- why -->", []string{"1:/liveops plan"}},
		{"two HTML comments and a word", "/liveops <!-- a -->apply<!-- b --> staging", []string{"1:/liveops  apply  staging"}},
		{"an HTML comment that begins on the line", "/liveops plan <!-- why\n/liveops drift -->\n/liveops status", []string{"1:/liveops plan", "3:/liveops status"}},
		{"what begins like an HTML comment", "/liveops lock staging <!-- why", []string{"1:/liveops lock staging <!-- why"}},

		{"details", "<details>\n<summary>log</summary>\n\n/liveops plan\n\n</details>\n\n/liveops status", []string{"8:/liveops status"}},
		{"details, never closed", "<details>\n\n/liveops plan", nil},
		{"details in details", "<details>\n\n<DETAILS open>\n\nx\n\n</details>\n\n/liveops plan\n\n</details>\n\n/liveops status", []string{"13:/liveops status"}},
		{"details in a quote end with it", "> <details>\n> x\n\n/liveops plan", []string{"4:/liveops plan"}},
		{"details in an HTML comment are none", "<!-- <details> -->\n\n/liveops plan", []string{"3:/liveops plan"}},
		{"details as code are none", "`<details>`\n\n/liveops plan", []string{"3:/liveops plan"}},
		{"an HTML block", "<div>\n/liveops plan\n</div>\n\n/liveops status", []string{"5:/liveops status"}},
		{"pre", "<pre>\n\n/liveops plan\n\n</pre>\n/liveops status", []string{"6:/liveops status"}},
		{"HTML's quote", "<blockquote>\n\n/liveops plan\n\n</blockquote>\n\n/liveops status", []string{"7:/liveops status"}},
		{"HTML's code within a paragraph", "a <code>\n/liveops plan\n</code>\n/liveops status", []string{"4:/liveops status"}},
		{"an attribute over lines", "a <b title='\n/liveops plan\n'>x</b>", nil},
		{"a tag that never ends", "<div title='\n\n/liveops plan", nil},
		{"an instruction ends at its first > for a browser", "a\n<?<details><pre>?>\n\n/liveops plan", nil},
		{"a comment ends at --!> for a browser", "<!-- x --!> <details> -->\n\n/liveops plan", nil},
		{"a quote that HTML keeps open", "> <blockquote>\n> x\n\n/liveops plan", nil},
		{"a table that keeps a quote open", "> a<table><td>\n\n/liveops plan", nil},
		{"a whole table in a quote", "> <table><tr><td>x</table>\n\n/liveops plan", []string{"3:/liveops plan"}},
		{"a text area that takes the rest", "- <textarea>\n\n/liveops plan", nil},
		{"details that are not closed from within a table", "a <pre>\n\n| a |\n| - |\n| </pre> |\n\n/liveops plan", nil},
		{"details in struck text", "~~<details>~~\n\n/liveops plan", nil},
		{"less than", "if a < b and 1 <2\n/liveops plan", []string{"2:/liveops plan"}},

		{"a link's title", "[x](/y '\n/liveops plan\n')", nil},
		{"a link's address", "[x](\n/liveops 'plan')", nil},
		{"a link's text", "[x\n/liveops plan](/y)", nil},
		{"an image's text", "![x\n/liveops plan](/y)", nil},
		{"a reference's title", "[x]: /y '\n/liveops plan\n'\n/liveops status", []string{"4:/liveops status"}},
		{"a reference's address", "[x]:\n/liveops 'plan'\n\n[x]", nil},
		{"struck", "~~a\n/liveops plan\nb~~", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := texts(Parse(test.comment)); !slices.Equal(got, test.want) {
				t.Errorf("%s\ngot  %q\nwant %q", test.comment, got, test.want)
			}
		})
	}
}

func TestParseIsBounded(t *testing.T) {
	many := Parse(strings.Repeat("/liveops plan\n", 50))
	if len(many) != mostCommands+1 || many[mostCommands].Err == nil || many[mostCommands-1].Err != nil {
		t.Errorf("%d lines, the last with %v", len(many), many[len(many)-1].Err)
	}
	long := Parse("/liveops lock staging " + strings.Repeat("あ", longestLine))
	if len(long) != 1 || long[0].Err == nil || len(long[0].Text) > longestLine+len("…") {
		t.Errorf("a long line: %d bytes, %v", len(long[0].Text), long[0].Err)
	}
	words := Parse("/liveops export staging " + strings.Repeat("a ", 300))
	if len(words) != 1 || words[0].Err == nil || words[0].Words != nil {
		t.Errorf("many words: %v", words[0].Err)
	}
	if got := Parse("/liveops plan\n" + strings.Repeat("x", longestComment)); got != nil {
		t.Errorf("a comment that GitHub does not take has %q", texts(got))
	}
}

func TestParseAnswersTooMuchMarkup(t *testing.T) {
	got := Parse(strings.Repeat("*a_", mostMarks) + "\n\n  /liveops plan\n/liveops drift")
	if len(got) != 1 || got[0].Number != 3 || got[0].Text != "/liveops plan" || got[0].Err == nil {
		t.Errorf("%+v", got)
	}
	if got := Parse(strings.Repeat("*a_", mostMarks) + "\n\n> /liveops plan"); got != nil {
		t.Errorf("%+v", got)
	}
	if got := Parse(strings.Repeat("snake_case ", mostMarks-10) + "\n\n/liveops plan"); len(got) != 1 || got[0].Err != nil {
		t.Errorf("%+v", got)
	}
}

// No comment takes long, whatever it is made of.
func TestParseIsQuick(t *testing.T) {
	for _, piece := range []string{"[", "![", "](", "*a_", "> ", "- ", "`a``", "<!--", "<a b='", "<?", "</", "<![CDATA[", "<title></title>", "~~", "<details>\n\n", "\\", "/liveops \"", "a\n", "|", "[a]: b\n"} {
		n := 65_000 / len(piece)
		if m := marks([]byte(piece)); m > 0 {
			n = min(n, mostMarks/m)
		}
		comment := strings.Repeat(piece, n) + "\n\n/liveops plan"
		began := time.Now()
		Parse(comment)
		Parse("a " + strings.ReplaceAll(comment, "\n\n", "\n"))
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%q took %v", piece, took)
		} else if took > 100*time.Millisecond {
			t.Logf("%q took %v", piece, took)
		}
	}
}
