package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	gfm "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"liveops/sync/release"
)

// alive is what GitHub gives a meaning to in text that is not code: mentions, references to issues and
// commits, addresses, emoji, formulas.
var alive = regexp.MustCompile(`@|#[0-9]|GH-[0-9]|://|www\.[^ ]|:[a-z0-9+_-]+:|\$|\b[0-9a-fA-F]{7,40}\b`)

// ownHTML is the HTML that reports write themselves.
var ownHTML = regexp.MustCompile("^(<!-- liveops:[a-z]+( [0-9a-f]*)? -->|<details( open)?><summary><code>[^<>]*</code>[^<>]*</summary>|</details>)$")

// check reads a comment as GitHub does and returns what in it has become more than text or code.
func check(comment string) error {
	source := []byte(comment)
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	return walk(parser.Parse(text.NewReader(source)), func(n ast.Node) error {
		switch n := n.(type) {
		case *ast.Link:
			if string(n.Destination) != reportLink { // the one that reports have
				return fmt.Errorf("a %s", n.Kind())
			}
		case *ast.AutoLink, *ast.Image, *ast.RawHTML, *ast.Blockquote, *ast.ThematicBreak, *ast.CodeBlock, *gfm.Strikethrough, *gfm.TaskCheckBox:
			return fmt.Errorf("a %s", n.Kind())
		case *ast.Emphasis:
			if n.Level != 2 {
				return fmt.Errorf("emphasis")
			}
		case *ast.Heading:
			if n.Level != 3 {
				return fmt.Errorf("a heading of level %d", n.Level)
			}
		case *ast.List:
			if n.IsOrdered() || n.Parent().Kind() == ast.KindListItem {
				return fmt.Errorf("a list within")
			}
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				if s := strings.TrimSpace(string(line.Value(source))); !ownHTML.MatchString(s) {
					return fmt.Errorf("HTML %q", s)
				}
			}
		case *ast.FencedCodeBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				if s := string(line.Value(source)); !strings.HasPrefix(s, "@@ ") && !strings.ContainsAny(s[:1], "-+! ") {
					return fmt.Errorf("a line of code %q", s)
				}
			}
		case *ast.Text:
			if s := string(n.Value(source)); n.Parent().Kind() != ast.KindCodeSpan && alive.MatchString(s) {
				return fmt.Errorf("text %q", s)
			}
		case *ast.String:
			return fmt.Errorf("a string %q", n.Value)
		}
		return nil
	})
}

func walk(root ast.Node, visit func(ast.Node) error) error {
	return ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		return ast.WalkContinue, visit(n)
	})
}

// kinds counts the nodes of a comment by kind: its skeleton, which no content may change.
func kinds(comment string) string {
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	n := map[string]int{}
	walk(parser.Parse(text.NewReader([]byte(comment))), func(node ast.Node) error {
		switch node.Kind() {
		case ast.KindText, ast.KindCodeSpan: // prose has as many as it has words
		default:
			n[node.Kind().String()]++
		}
		return nil
	})
	return fmt.Sprint(n)
}

// unprintable reports a character in a report that cannot be seen or acts on a terminal.
func unprintable(s string) error {
	for _, r := range s {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u200b' || r == '\ufeff' || r == unicode.ReplacementChar) {
			return fmt.Errorf("the character %U", r)
		}
	}
	return nil
}

// reports are all comments that a text can get into.
func reports(s string) map[string]string {
	p := progress(release.Applied, release.Stopped)
	p.Commit.Subject, p.Commit.ID, p.Actor = s, mergeCommit, s
	p.Steps[1].Reason, p.Steps[1].Mend, p.Steps[1].Hold.Reason, p.Steps[1].Hold.By = s, s, s, s
	p.Steps[1].Plan = planOf("production", digestB, hostileTable(s))
	p.Steps[1].Commits = []release.Commit{{ID: headCommit, Subject: s, Author: s}, p.Commit}
	p.Steps[1].Problems = hostilePull(s).Plans[0].Problems
	retrying := progress(release.Planning, release.Waiting)
	return map[string]string{
		"pull":     PullComment(hostilePull(s)),
		"markdown": Markdown(hostilePull(s).Plans, nil),
		"merge":    MergeComment(Merge{Progress: p, Note: s, Now: now}),
		"waits":    MergeComment(Merge{Progress: hostileWaits(s), Now: now}),
		"retrying": MergeComment(Merge{Progress: retrying, Retrying: s, Now: now}),
		"answer":   AnswerComment(hostileAnswer(s)),
		"campaign": CampaignMarkdown(hostileCampaign(s)),
		"push":     PushComment(DirectPush{Commit: release.Commit{ID: headCommit, Subject: s}, Pusher: s, Paths: []string{s, s}}),
	}
}

// skeletons are the parts of each comment when all texts in it are tame.
func skeletons() map[string]string {
	parts := reports("tame text")
	for name, comment := range parts {
		parts[name] = kinds(comment)
	}
	return parts
}

func checkReports(t *testing.T, s string, skeletons map[string]string) {
	t.Helper()
	for name, comment := range reports(s) {
		if err := check(comment); err != nil {
			t.Errorf("%s: %q became %v:\n%s", name, s, err, comment)
		}
		if err := unprintable(comment); err != nil {
			t.Errorf("%s: %q left %v", name, s, err)
		}
		if got, want := kinds(comment), skeletons[name]; got != want {
			t.Errorf("%s: %q changed the comment's parts:\n got %s\nwant %s\n%s", name, s, got, want, comment)
		}
		if n := length(comment); n > longestComment {
			t.Errorf("%s: %q made it %d long", name, s, n)
		}
	}
}

func TestNothingBecomesMarkup(t *testing.T) {
	tame := skeletons()
	for i, s := range hostile() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			checkReports(t, s, tame)
			checkReports(t, s+s, tame)
			checkReports(t, "a "+s+" b\n"+s, tame)
		})
	}
	for name, p := range pulls() {
		if err := check(PullComment(p)); err != nil {
			t.Errorf("pull %s has %v", name, err)
		}
	}
	for name, m := range merges() {
		if err := check(MergeComment(m)); err != nil {
			t.Errorf("merge %s has %v", name, err)
		}
	}
}

// A test of the test: what it looks for, it finds.
func TestCheck(t *testing.T) {
	for _, bad := range []string{
		"see #12", "@octocat", "[a](b)", "![a](b)", "https://x.example", "<b>x</b>", "_x_", "~~x~~", "# x", "1. x", "> x", "a\n\n---\n", "\n    x",
		"- [ ] x", "<div>", ":smile:", "GH-1", "deadbeef", "```diff\n- a\nb\n```", "</details><b>", "- - x",
	} {
		if check(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
	if unprintable("a\u202e") == nil || unprintable("\x1b[0m") == nil {
		t.Error("a control passes")
	}
}

func FuzzNothingBecomesMarkup(f *testing.F) {
	for _, s := range hostile() {
		f.Add(s)
	}
	tame := skeletons()
	f.Fuzz(func(t *testing.T, s string) {
		if strings.TrimSpace(s) != "" { // what is empty has no place in a comment
			checkReports(t, s, tame)
		}
	})
}

// hostileWaits is a release that waits for what a liveops.yaml, a guard and people call s.
func hostileWaits(s string) *release.Progress {
	p := progress(release.Applied, release.Paused)
	p.Steps[1].Waits = []release.Wait{
		{Kind: release.Frozen, Reason: "production is frozen (" + s + ")", Until: now},
		{Kind: release.Unhealthy, Reason: "the guard `" + s + "` is not healthy: " + s},
		{Kind: release.Unapproved, Reason: "what " + s + " approved was another plan"},
	}
	p.Steps[1].Reason = p.Steps[1].Waits[0].Reason
	return p
}
