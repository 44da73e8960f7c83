package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"liveops/datarepo"
	"liveops/sync/release"
)

const root = "../.."

// pages are the written documents, by their path from the root.
func pages(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob(root + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range append(names, root+"/README.md") {
		all[strings.TrimPrefix(name, root+"/")] = read(t, name)
	}
	if len(all) < 4 {
		t.Fatalf("there are only %d pages", len(all))
	}
	return all
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every setting that the code reads is in docs/design.md, and the pages name no setting that the code does not read.
func TestSettingsAreDocumented(t *testing.T) {
	inCode := settingsOfCode(t)
	all, engine := pages(t), namesOfCode(t, "engine") // its streams and buckets
	for setting := range inCode {
		if !slices.Contains(settingsOf(all["docs/design.md"]), setting) {
			t.Errorf("docs/design.md does not name %s", setting)
		}
		if !strings.Contains(setting, "_DEMO_") && !strings.Contains(setting, "_TEST_") && !slices.Contains(settingsOf(all["docs/operations.md"]), setting) {
			t.Errorf("docs/operations.md does not name %s", setting)
		}
	}
	for name, text := range all {
		for _, setting := range settingsOf(text) {
			if !inCode[setting] && !engine[setting] {
				t.Errorf("%s names %s, which no code reads", name, setting)
			}
		}
	}
}

// A table names each setting once.
func TestSettingsStandInOneRow(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| ([^|]*LIVEOPS_[^|]*) \|`)
	for name, text := range pages(t) {
		seen := map[string]bool{}
		for _, m := range row.FindAllStringSubmatch(text, -1) {
			for _, setting := range settingPattern.FindAllString(m[1], -1) {
				if seen[setting] {
					t.Errorf("%s has %s in two rows", name, setting)
				}
				seen[setting] = true
			}
		}
		if strings.HasPrefix(name, "docs/operations") && len(seen) == 0 {
			t.Errorf("%s has no table of settings", name)
		}
	}
}

// The campaigns that the pages show are in order.
func TestCampaignsOfThePages(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n# (pushes/[a-z]+\\.yaml)\n.*?```")
	for _, name := range []string{"README.md", "docs/design.md", "docs/designers.md"} {
		shown := block.FindAllStringSubmatch(pages(t)[name], -1)
		if len(shown) == 0 {
			t.Errorf("%s shows no campaign", name)
		}
		for _, m := range shown {
			text := strings.TrimSuffix(strings.TrimPrefix(m[0], "```yaml\n"), "```")
			fsys, err := datarepo.Memory(map[string][]byte{m[1]: []byte(text)})
			if err != nil {
				t.Fatal(err)
			}
			if all, problems, err := datarepo.Campaigns(fsys, nil); err != nil || len(problems) > 0 || len(all) != 1 {
				t.Errorf("%s: %d campaigns, %v, %v", name, len(all), problems, err)
			}
		}
	}
}

const anyDSN = "LIVEOPS_<ENV>_MYSQL_DSN"

var (
	settingPattern   = regexp.MustCompile(`LIVEOPS_(?:<ENV>|[A-Z])[A-Z_]*[A-Z]`)
	literalPattern   = regexp.MustCompile(`"(LIVEOPS_[A-Z_]+)"`)
	perEnvironment   = regexp.MustCompile(`environmentSetting\(\w+(?:\.\w+)?, "([A-Z_]+)"`)
	exampleOfAnyDSN  = regexp.MustCompile(`^LIVEOPS_[A-Z_]+_MYSQL_DSN$`)
	demoOrTestPrefix = regexp.MustCompile(`^LIVEOPS_(DEMO|TEST)_`)
)

// settingsOf are the settings that a page names, without _FILE, and an environment's under one name.
func settingsOf(text string) []string {
	var all []string
	for _, s := range settingPattern.FindAllString(text, -1) {
		s = strings.TrimSuffix(s, "_FILE")
		if exampleOfAnyDSN.MatchString(s) && !demoOrTestPrefix.MatchString(s) {
			s = anyDSN
		}
		all = append(all, s)
	}
	return all
}

// settingsOfCode are the settings that Go files name as a whole string. The engine's streams have such names, too.
func settingsOfCode(t *testing.T) map[string]bool {
	t.Helper()
	all := namesOfCode(t, "cmd/liveops", "cmd/demo", "bot", "sandbox/mariadb", "sandbox/couchbase")
	for _, known := range []string{anyDSN, "LIVEOPS_GITHUB_TOKEN", "LIVEOPS_WEBHOOK_SECRETS"} {
		if !all[known] {
			t.Fatalf("%s was not found in the code: this test looks for the wrong thing", known)
		}
	}
	return all
}

// namesOfCode are the names such as LIVEOPS_LISTEN that Go files of some rooms have as a whole string.
func namesOfCode(t *testing.T, rooms ...string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, room := range rooms {
		err := filepath.WalkDir(filepath.Join(root, room), func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			code := read(t, name)
			for _, m := range literalPattern.FindAllStringSubmatch(code, -1) {
				all[m[1]] = true
			}
			for _, m := range perEnvironment.FindAllStringSubmatch(code, -1) {
				all["LIVEOPS_<ENV>_"+m[1]] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// The diagram of docs/design.md has the states of the code, and says of the final ones that they are.
func TestDiagramHasEveryState(t *testing.T) {
	page := pages(t)["docs/design.md"]
	_, diagram, found := strings.Cut(page, "```mermaid\n")
	diagram, _, closed := strings.Cut(diagram, "```")
	if !found || !closed {
		t.Fatal("docs/design.md has no diagram")
	}
	drawn := map[string]bool{}
	final := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ *(\S+) --> (\S+?)(?::.*)?$`).FindAllStringSubmatch(diagram, -1) {
		for _, s := range m[1:] {
			if s != "[*]" {
				drawn[s] = true
			}
		}
		if m[2] == "[*]" {
			final[m[1]] = true
		}
	}
	states := stepStates(t)
	if got := slices.Sorted(maps.Keys(drawn)); !slices.Equal(got, states) {
		t.Errorf("the diagram has the states %v, the code has %v", got, states)
	}
	for _, s := range states {
		if want := release.StepState(s).Final(); final[s] != want {
			t.Errorf("in the diagram, %s is final: %t; in the code: %t", s, final[s], want)
		}
	}
}

// stepStates are the values of the constants of type StepState, sorted.
func stepStates(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+"/sync/release/progress.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "StepState" {
			return true
		}
		for _, value := range spec.Values {
			literal, ok := value.(*ast.BasicLit)
			if !ok {
				t.Fatalf("a StepState is not a literal: %T", value)
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			states = append(states, text)
		}
		return true
	})
	slices.Sort(states)
	if len(states) < 2 {
		t.Fatalf("found the states %v only: this test looks for the wrong thing", states)
	}
	return states
}

// The plan in README.md is what the program prints (testdata/script/readme.txtar).
func TestReadmeShowsARealPlan(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/script/readme.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name != "want" {
			continue
		}
		if !strings.Contains(pages(t)["README.md"], "$ liveops plan\n"+string(f.Data)+"```\n") {
			t.Errorf("README.md does not show this plan:\n%s", f.Data)
		}
		return
	}
	t.Fatal("readme.txtar has no file want")
}

// Links between the pages lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^):]+)\)`)
	checked := 0
	all := pages(t)
	for name, text := range all {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if to != "" {
				target = filepath.Join(filepath.Dir(name), to)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s links to %s: %s has no such heading", name, m[1], target)
			}
			checked++
		}
	}
	if checked == 0 {
		t.Error("no link was found")
	}
}

// anchors are the names that GitHub gives a page's headings.
func anchors(text string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(text, -1) {
		plain := regexp.MustCompile(`[^\pL\pN -]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(plain, " ", "-"))
	}
	return all
}
