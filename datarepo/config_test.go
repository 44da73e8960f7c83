package datarepo

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
)

func configFS(content string) fs.FS {
	return fstest.MapFS{ConfigPath: {Data: []byte(content)}}
}

func TestLoadConfig(t *testing.T) {
	tests := []struct {
		name, yaml string
		zone       string
		want       [][2]string // names, and what each comes after
	}{
		{"the smallest that the advice shows", smallestConfig, "UTC", [][2]string{{"staging", ""}, {"production", "staging"}}},
		{"a time zone", "timezone: Asia/Seoul\nenvironments:\n  - name: live\n", "Asia/Seoul", [][2]string{{"live", ""}}},
		{"promotion order, whatever the file's", "environments:\n- {name: live, after: beta}\n- {name: beta, after: dev}\n- {name: dev}\n", "UTC",
			[][2]string{{"dev", ""}, {"beta", "dev"}, {"live", "beta"}}},
		{"two after one keep the file's order", "environments: [{name: s}, {name: z, after: s}, {name: a, after: s}, {name: solo}]", "UTC",
			[][2]string{{"s", ""}, {"z", "s"}, {"a", "s"}, {"solo", ""}}},
		{"byte order mark, CR LF, comments, document marks", "\uFEFF# ours\r\n---\r\nenvironments: # all\r\n  - name: 'a-1'\r\n...\r\n", "UTC", [][2]string{{"a-1", ""}}},
		{"a lone pair in a flow list is a mapping", "environments: [name: staging]", "UTC", [][2]string{{"staging", ""}}},
		{"the longest name", "environments: [{name: " + strings.Repeat("a", 32) + "}]", "UTC", [][2]string{{strings.Repeat("a", 32), ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, problems := LoadConfig(configFS(tt.yaml))
			if len(problems) > 0 {
				t.Fatalf("problems: %v", problems)
			}
			var got [][2]string
			for _, e := range config.Environments {
				got = append(got, [2]string{e.Name, e.After})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("environments (-want +got):\n%s", diff)
			}
			if got := config.Timezone.String(); got != tt.zone {
				t.Errorf("time zone %s, want %s", got, tt.zone)
			}
		})
	}
}

// In want, a problem is "line:column text" and, after " -- ", its mend where the test cares about it.
func TestLoadConfigProblems(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"empty", "", []string{"0:0 the file is empty -- the smallest is `" + smallestConfig + "`"}},
		{"only a comment", "# soon\n", []string{"0:0 the file is empty"}},
		{"null", "~\n", []string{"1:1 expected a mapping, found nothing"}},
		{"a list", "- name: staging\n", []string{"1:1 expected a mapping, found a list"}},
		{"text", "staging\n", []string{"1:1 expected a mapping, found text"}},
		{"no environments", "timezone: UTC\n", []string{"1:1 the key `environments` is missing -- add `environments:`"}},
		{"an empty mapping", "{}\n", []string{"1:1 the key `environments` is missing"}},
		{"an empty list", "environments: []\n", []string{"1:15 the list is empty; it needs at least one"}},
		{"no value", "environments:\n", []string{"1:1 `environments` has no value; expected a list"}},
		{"a mapping for a list", "environments:\n  staging: {}\n", []string{"2:3 expected a list, found a mapping"}},
		{"names for mappings", "environments: [staging, production]\n",
			[]string{"1:16 expected a mapping, found text", "1:25 expected a mapping, found text"}},
		{"no name", "environments:\n  - after: x\n  - name: x\n", []string{"2:5 the key `name` is missing -- add `name:`"}},
		{"numbers and truth for text", "timezone: 9\nenvironments: [{name: 1}, {name: true}, {name: ~}, {name: [a]}, {name: {b: c}}, {name: 1.5}]\n", []string{
			"1:11 expected text, found a number -- put it in quotes: \"9\"",
			"2:23 expected text, found a number", "2:34 expected text, found true or false",
			"2:42 `name` has no value; expected text", "2:59 expected text, found a list", "2:72 expected text, found a mapping",
			"2:88 expected text, found a number"}},
		{"names that are none", "environments:\n  - name: Staging\n  - name: 1a\n  - name: a_b\n  - name: ''\n  - name: " + strings.Repeat("a", 33) + "\n", []string{
			"2:11 `Staging` is not allowed here -- use 1 to 32 lower-case letters, digits and hyphens, the first a letter",
			"3:11 `1a` is not allowed here", "4:11 `a_b` is not allowed here", "5:11 expected text, found an empty one",
			"6:11 `" + strings.Repeat("a", 33) + "` is not allowed here"}},
		{"a name with a line break", "environments:\n  - name: |\n      a\n", []string{"2:11 `a ` is not allowed here"}},
		{"one name twice", "environments:\n  - name: a\n  - name: b\n  - name: a\n", []string{
			"4:11 the environment `a` stands here a second time; the first is in line 2 -- give each its own name"}},
		{"after nothing", "environments:\n  - name: staging\n  - name: live\n    after: stagin\n", []string{
			"4:12 `after` names no environment of this file: `stagin` -- did you mean `staging`?"}},
		{"after itself", "environments:\n  - name: a\n    after: a\n", []string{"2:11 the environments wait for each other: a after a"}},
		{"a circle, told from its first on, with one that waits for it", "environments:\n  - {name: d, after: b}\n  - {name: a, after: c}\n  - {name: b, after: a}\n  - {name: c, after: b}\n", []string{
			"3:12 the environments wait for each other: a after c after b after a -- leave `after` out of the first one"}},
		{"too many environments", "environments:\n" + manyEnvironments(17), []string{"18:3 the list has 17 elements; at most 16 are allowed"}},
		{"keys not enforced yet", "language: ko\nenvironments: [{name: a}]\n", []string{
			"1:1 `language` is not enforced by this version yet -- remove it"}},
		{"unknown keys", "enviroments: []\nenvironments:\n  - name: a\n    zzzzzzzzzz: 1\n1: x\n", []string{
			"1:1 unknown key `enviroments`; nearest: `environments` -- the keys here are `timezone`, `environments`, `tables`, `limits`, `permissions`, `guards`, `drift`",
			"4:5 unknown key `zzzzzzzzzz` -- the keys here are `name`, `after`, `requires`, `freeze`, `soak`, `guard`, `push`, `capacity`", "5:1 unknown key `1`"}},
		{"a key twice", "timezone: UTC\ntimezone: UTC\nenvironments: [{name: a, name: b}]\n", []string{
			"2:1 the key `timezone` stands here a second time; the first is in line 1 -- keep one of the two",
			"3:26 the key `name` stands here a second time; the first is in line 3"}},
		{"no such time zone", "timezone: KST\nenvironments: [{name: a}]\n", []string{"1:11 `KST` is not a time zone -- did you mean `Asia/Seoul`?"}},
		{"a misspelt time zone", "timezone: Asia/Soul\nenvironments: [{name: a}]\n", []string{"1:11 `Asia/Soul` is not a time zone -- did you mean `Asia/Seoul`?"}},
		{"the machine's own time zone", "timezone: Local\nenvironments: [{name: a}]\n", []string{"1:11 `Local` is not a time zone -- use a name of the IANA database, such as `Asia/Seoul`"}},
		{"a path for a time zone", "timezone: ../../etc/passwd\nenvironments: [{name: a}]\n", []string{"1:11 `../../etc/passwd` is not a time zone"}},
		{"anchors, aliases, merge keys, tags", "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\ne: !!str f\n", []string{
			"1:4 anchors (`&`) are not used here -- write the value out", "2:4 aliases (`*`) are not used here",
			"4:3 merge keys (`<<`) are not used here", "4:7 aliases (`*`) are not used here", "5:4 tags (`!`) are not used here"}},
		{"a billion laughs", "a: &a [x,x]\nb: &b [*a,*a]\n", []string{"1:4 anchors", "2:4 anchors", "2:8 aliases", "2:11 aliases"}},
		{"complex keys and directives", "%YAML 1.2\n---\n? a\n: b\n", []string{"1:1 directives (`%`)", "2:1 a second document begins here"}},
		{"two documents", "environments: [{name: a}]\n---\nenvironments: [{name: b}]\n", []string{"2:1 a second document begins here -- keep one document in the file"}},
		{"something after the end", "environments: [{name: a}]\n...\nb: c\n", []string{"3:1 a second document begins here"}},
		{"a tab", "environments:\n  - name: a\n\t  after: b\n", []string{"3:1 a tab indents this line -- indent with spaces"}},
		{"not closed", "environments: [{name: a}\n", []string{"1:15 this is not YAML: "}},
		{"indented wrongly", "environments:\n  - name: a\n - name: b\n", []string{"3:2 this is not YAML: "}},
		{"not UTF-8", "# ok\ntimezone: \xb0\xa1\n", []string{"2:11 the byte 0xB0 is not UTF-8 -- save the file as UTF-8"}},
		{"a control character", "timezone: a\x00\n", []string{"1:12 the control character U+0000 is not allowed -- remove it"}},
		{"brackets without end", "a: " + strings.Repeat("[", 10_000), []string{"1:20 this is nested too deeply"}},
		{"dashes without end", strings.Repeat("- ", 9000), []string{"1:33 this is nested too deeply"}},
		{"indented beyond reason", "a:\n" + strings.Repeat(" ", 300) + "b: c\n", []string{"2:301 this is nested too deeply"}},
		{"too long", strings.Repeat("a: b\n", 7000), []string{"6667:4 the file is too long"}},
		{"too large", "#" + strings.Repeat(" ", maxYAMLBytes), []string{"0:0 the file is over 1048576 bytes"}},
		{"all at once", "timezone: KST\nlanguage: {}\nenvironments:\n  - name: A\n  - name: b\n    after: c\n", []string{
			"1:11 `KST` is not a time zone", "2:1 `language` is not enforced", "4:11 `A` is not allowed here", "6:12 `after` names no environment"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, problems := LoadConfig(configFS(tt.yaml))
			if config != nil {
				t.Errorf("a configuration came with problems: %+v", config)
			}
			checkProblems(t, problems, tt.want)
		})
	}
}

func checkProblems(t *testing.T, got []datasheets.Problem, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("unexpected: %v", &got[i])
		default:
			p := got[i]
			text, mend, hasMend := strings.Cut(want[i], " -- ")
			have := fmt.Sprintf("%d:%d %s", p.At.Line, p.At.Column, p.Text)
			if p.At.Path != ConfigPath || !strings.HasPrefix(have, text) || hasMend && p.Mend != mend {
				t.Errorf("problem %d:\n got %s -- %s\nwant %s", i, have, p.Mend, want[i])
			}
		}
	}
}

func manyEnvironments(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- {name: e%d}\n", i)
	}
	return b.String()
}

func TestLoadConfigWithoutAFile(t *testing.T) {
	tests := []struct {
		name string
		tree fstest.MapFS
		want []string
	}{
		{"missing", fstest.MapFS{}, []string{"0:0 there is no liveops.yaml -- add one; the smallest is `" + smallestConfig + "`"}},
		{"a directory", fstest.MapFS{ConfigPath: {Mode: fs.ModeDir}}, []string{"0:0 the file cannot be read: "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := LoadConfig(tt.tree)
			checkProblems(t, problems, tt.want)
		})
	}
}

// What the bounds let through is read in a moment.
func TestLoadConfigIsBounded(t *testing.T) {
	var distinct strings.Builder
	for i := range 6000 {
		fmt.Fprintf(&distinct, "k%d: v\n", i)
	}
	for name, content := range map[string]string{
		"one key often":    strings.Repeat("a: b\n", 6000),
		"many keys":        distinct.String(),
		"deep blocks":      deepBlocks(maxYAMLIndent),
		"a long list":      strings.Repeat("- a\n", 9000),
		"a long flow":      "[" + strings.Repeat("a,", 9000) + "]",
		"a megabyte line":  "a: " + strings.Repeat("x", maxYAMLBytes-3),
		"a megabyte of \"": strings.Repeat("\"", maxYAMLBytes),
		"a megabyte of :":  strings.Repeat(":", maxYAMLBytes),
		"a megabyte of [":  strings.Repeat("[", maxYAMLBytes),
		"a megabyte of #":  strings.Repeat("#\n", maxYAMLBytes/2),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if _, problems := LoadConfig(configFS(content)); len(problems) == 0 {
				t.Error("no problem")
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("took %v", took)
			}
		})
	}
}

func deepBlocks(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func FuzzLoadConfig(f *testing.F) {
	for _, seed := range []string{
		"", smallestConfig, "timezone: Asia/Seoul\nenvironments:\n  - name: staging\n  - name: production\n    after: staging\n",
		"a: &a [*a]\n<<: *a\n", "? a\n: b\n", "---\n...\n", "a:\n\tb: c", "{a: [b, {c: d}]}", "- - - a", "a: |\n  b\nc: >-\n  d\n", "\uFEFFa: \"\\x41\"\n", "a: 'b", "[a: b]",
		"environments: [{name: a, after: b}, {name: b, after: a}]", "%YAML 1.2\n--- a", "a: !!binary x\n", "한국: 어\r\n", designTables, everyOption, everyPolicy,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		config, problems := LoadConfig(fstest.MapFS{ConfigPath: {Data: content}})
		if (config == nil) != (len(problems) > 0) {
			t.Fatalf("config %+v with problems %v", config, problems)
		}
		reading, ok := LoadReading(fstest.MapFS{ConfigPath: {Data: content}})
		if config != nil && (!ok || len(reading.Tables) != len(config.Tables) || len(reading.Environments) != len(config.Environments)) {
			t.Errorf("config %+v is read as %t, %+v", config, ok, reading)
		}
		lines := strings.Count(strings.ReplaceAll(string(content), "\r", "\n"), "\n") + 1
		for _, p := range problems {
			if p.At.Path != ConfigPath || p.Text == "" || p.At.Line > lines || strings.Contains(p.Mend, "\n") {
				t.Errorf("a problem that cannot be shown: %+v", p)
			}
		}
		if config == nil {
			return
		}
		placed := map[string]bool{"": true}
		for _, e := range config.Environments {
			if !placed[e.After] || placed[e.Name] {
				t.Errorf("%q stands before what it comes after, or twice: %v", e.Name, config.Environments)
			}
			placed[e.Name] = true
		}
		sheets := map[string]bool{}
		for _, m := range config.Tables {
			if len(m.Sheets) == 0 || m.At.Line < 1 || m.At.Line > lines {
				t.Errorf("a table without a sheet, or a place: %+v", m)
			}
			for _, s := range m.Sheets {
				if sheets[s.Name] {
					t.Errorf("the sheet %q is mapped twice", s.Name)
				}
				sheets[s.Name] = true
			}
		}
	})
}
