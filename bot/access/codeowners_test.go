package access

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// The rules of GitHub's page on code owners, and gitignore's where it refers to them.
func TestPatterns(t *testing.T) {
	for _, test := range []struct{ pattern, matches, others string }{
		{"*", "a a/b a/b/c.go .github/x", ""},
		{"*.js", "a.js src/a.js src/b/c.js", "a.jsx js a.js.map"},
		{"a.js", "a.js src/a.js a.js/b", "ba.js"},
		{"/a.js", "a.js a.js/b", "src/a.js"},
		{"/build/logs/", "build/logs/a build/logs/b/c", "build/logs src/build/logs/a build/logsx/a"},
		{"docs/*", "docs/getting-started.md", "docs/build-app/troubleshooting.md src/docs/a.md docs"},
		{"/docs/*", "docs/a.md", "docs/b/a.md"},
		{"/*", "a.md", "docs/a.md"},
		{"docs/*.md", "docs/a.md", "docs/b/a.md docs/a.txt"},
		{"apps/", "apps/a src/apps/b/c", "apps src/apps myapps/a"},
		{"/docs/", "docs/a docs/b/c", "src/docs/a docs"},
		{"docs/guides/", "docs/guides/a docs/guides/b/c", "src/docs/guides/a docs/guides"},
		{"/apps/github", "apps/github apps/github/a apps/github/b/c", "apps/githubx src/apps/github"},
		{"apps/github", "apps/github apps/github/a", "src/apps/github"},
		{"**/logs", "logs build/logs/a deeply/nested/logs/b logs/c build/logs", "build/mylogs/a"},
		{"**/logs/today", "logs/today build/logs/today/x", "logs/x/today"},
		{"logs/**", "logs/a logs/b/c", "logs src/logs/a"},
		{"a/**/b", "a/b a/x/b a/x/y/b a/x/b/c", "a/x b x/a/b"},
		{"**", "a a/b", ""},
		{"/**", "a a/b", ""},
		{"a/**/", "a/x/y a/x/y/z", "a/x a"},
		{"**/*.xlsx", "a.xlsx data/b/c.xlsx", "a.xls"},
		{"data/**/*.xlsx", "data/a.xlsx data/b/c/d.xlsx", "a.xlsx x/data/a.xlsx"},
		{"*/x", "a/x b/x/y", "x a/b/x"},
		{"a*/b", "a/b ab/b", "c/b a/c/b"},
		{"a?c", "abc a-c x/azc", "ac abbc a/c"},
		{"a**b", "ab axxb", "a/b"},
		{`a\ b`, "", "ab a"},
		{`a\*`, "a*", "ab"},
		{`\!a`, "!a", "a"},
		{"#", "", ""},
		{"데이터/", "데이터/아이템.xlsx", "데이타/아이템.xlsx"},
		{"Docs/", "Docs/a", "docs/a"},
		{".github/", ".github/CODEOWNERS", "github/x"},
		{"*a*b*c", "abc xaxbxc abcbc", "acb"},
	} {
		o, skipped := ParseOwners([]byte(test.pattern + " @x"))
		if len(skipped) > 0 {
			t.Errorf("%s: %v", test.pattern, skipped)
		}
		for _, path := range strings.Fields(test.matches) {
			if len(o.Of(path)) != 1 {
				t.Errorf("%s does not match %s", test.pattern, path)
			}
		}
		for _, path := range strings.Fields(test.others) {
			if len(o.Of(path)) != 0 {
				t.Errorf("%s matches %s", test.pattern, path)
			}
		}
	}
	if o, _ := ParseOwners([]byte(`a\ b/ @x`)); len(o.Of("a b/c d")) != 1 || len(o.Of("a")) != 0 {
		t.Error("a blank behind a backslash is not of the pattern")
	}
}

const ownersFile = "\ufeff# Comment lines, and empty ones, do not count.\r\n\r\n" + `*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt	@octo-org/octocats   @mina
/build/logs/ @doctocat
/apps/ @octocat
/apps/github
  /indented @mina
!negated @mina
\#file @mina
[section] @mina
^[section][2] @mina
range[0-9] @mina
*.bad @mina jun
*.team @mina/
*.bot @liveops[bot]
/ @mina
end\ @mina
ends\
*.bytes ` + "\xff" + ` @mina
*.js.txt#x @last
`

func TestOwners(t *testing.T) {
	o, skipped := ParseOwners([]byte(ownersFile))
	for path, want := range map[string]string{
		"README.md":            "@global-owner1 @global-owner2",
		"src/a.js":             "@js-owner",
		"a.go":                 "docs@example.com, an e-mail address, which cannot be matched to an account",
		"a/b.txt":              "@octo-org/octocats @mina",
		"build/logs/a.js":      "@doctocat",
		"apps/a.js":            "@octocat",
		"apps/github/a.js":     "",
		"indented":             "@mina",
		"a.bad":                "@global-owner1 @global-owner2",
		"#file":                "@global-owner1 @global-owner2",
		"range1":               "@global-owner1 @global-owner2",
		"x.js.txt#x":           "@last",
		"end @mina":            "",
		".github/CODEOWNERS":   "@global-owner1 @global-owner2",
		"datasheets/아이템.xlsx":  "@global-owner1 @global-owner2",
		"datasheets/a b c.txt": "@octo-org/octocats @mina",
	} {
		var names []string
		for _, owner := range o.Of(path) {
			names = append(names, owner.String())
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s is owned by %q, want %q", path, got, want)
		}
	}
	want := []SkippedLine{
		{11, "a ! before a pattern does not work"},
		{12, `a pattern cannot begin with \#`},
		{13, "a pattern cannot have [ or ]"},
		{14, "a pattern cannot have [ or ]"},
		{15, "a pattern cannot have [ or ]"},
		{16, `"jun" is no owner: it is one of @login, @org/team or an e-mail address`},
		{17, `"@mina/" is no owner: it is one of @login, @org/team or an e-mail address`},
		{18, `"@liveops[bot]" is no owner: it is one of @login, @org/team or an e-mail address`},
		{19, "the pattern names nothing"},
		{21, `a pattern cannot end with \`},
		{22, "the line is not UTF-8"},
	}
	for i := range max(len(want), len(skipped)) {
		if i >= len(want) || i >= len(skipped) || want[i] != skipped[i] {
			t.Fatalf("skipped\n%v\nwant\n%v", skipped, want)
		}
	}
}

func TestOwnersAreBounded(t *testing.T) {
	large := append([]byte("* @mina\n"), bytes.Repeat([]byte("# x\n"), largestOwners/4)...)
	if o, skipped := ParseOwners(large); len(o.Of("a")) != 0 || len(skipped) != 1 || skipped[0].Line != 0 {
		t.Errorf("%v, %v", o.Of("a"), skipped)
	}
	if o, skipped := ParseOwners(large[:largestOwners-1]); len(o.Of("a")) != 1 || skipped != nil {
		t.Errorf("%v, %v", o.Of("a"), skipped)
	}
	if o, _ := ParseOwners(nil); o.Of("a") != nil {
		t.Error("an empty file has owners")
	}
}

// asRegexp says in another way what a pattern matches.
func asRegexp(p string) *regexp.Regexp {
	directory, rooted := strings.HasSuffix(p, "/"), strings.Contains(strings.TrimSuffix(p, "/"), "/")
	p = strings.Trim(p, "/")
	var b strings.Builder
	b.WriteString(`\A`)
	if !rooted {
		b.WriteString(`(?:.*/)?`)
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == "**" && last:
			b.WriteString(`[^/]+`)
		case s == "**":
			b.WriteString(`(?:[^/]+/)*`)
			continue
		default:
			for _, r := range s {
				switch r {
				case '*':
					b.WriteString(`[^/]*`)
				case '?':
					b.WriteString(`[^/]`)
				default:
					b.WriteString(regexp.QuoteMeta(string(r)))
				}
			}
		}
		if !last {
			b.WriteString("/")
		}
	}
	switch last := segments[len(segments)-1]; {
	case directory:
		b.WriteString(`/.+`)
	case last == "*" && rooted:
	default:
		b.WriteString(`(?:/.*)?`)
	}
	return regexp.MustCompile(`(?s)` + b.String() + `\z`)
}

// Parsing never panics, and whatever a line of one pattern and one owner is, it matches what a regular
// expression does that is made of the pattern.
func FuzzOwners(f *testing.F) {
	for _, p := range []string{"*", "*.js", "/a/", "a/**/b", "**/a", "a/*", "a?b", "a/**", "**", "a*b*c", "x/**/**/y", "/**/a/"} {
		f.Add(p, "a/b/c.js")
		f.Add(p, "a/x/y/b")
	}
	f.Fuzz(func(t *testing.T, p, path string) {
		ParseOwners([]byte(p))
		o, skipped := ParseOwners([]byte(p + " @x"))
		if len(skipped) > 0 || len(o.rules) != 1 || len(o.rules[0].owners) != 1 || strings.ContainsAny(p, "\\ \t\n\r\v\f\u0085\u00a0") ||
			strings.Contains(p, "//") || strings.Contains(path, "//") || strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || path == "" || strings.ToValidUTF8(path, "") != path {
			t.Skip()
		}
		if p = strings.TrimSpace(p); p == "" {
			t.Skip()
		}
		if got, want := len(o.Of(path)) == 1, asRegexp(p).MatchString(path); got != want {
			t.Errorf("%q and %q: %v; %s says %v", p, path, got, asRegexp(p), want)
		}
	})
}
