package command

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files, and the reference in docs, anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (write it anew with -update):\n%s", path, got)
	}
}

func TestHelp(t *testing.T) {
	golden(t, "help-writer.md", Commands().Help(func(p Permission) bool { return p == MayPlan || p == MayApply || p == MayExport }))
	golden(t, "help-nobody.md", Commands().Help(func(Permission) bool { return false }))
	for _, s := range Commands() {
		if s.Name == "rollback" {
			golden(t, "help-rollback.md", s.HelpOn(true, "the role maintain")+"\n"+s.HelpOn(false, "the role maintain."))
		}
	}
}

// The reference in docs/operations.md is that of the table.
func TestReferenceIsDocumented(t *testing.T) {
	const page, begin, end = "../../docs/operations.md", "<!-- commands -->\n", "<!-- end of commands -->"
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), begin)
	documented, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("%s has no %s … %s", page, begin, end)
	}
	want := "\n" + Commands().Reference() + "\n"
	if documented == want {
		return
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s differs (write it anew with -update); the commands are\n%s", page, want)
}

// Every command is declared whole, and by the rules that reading relies on.
func TestCommandsAreWellDeclared(t *testing.T) {
	names, firsts := map[string]bool{}, map[string]bool{}
	for _, s := range Commands() {
		first, _, two := strings.Cut(s.Name, " ")
		if names[s.Name] || two && names[first] || !two && firsts[first] {
			t.Errorf("%s is declared twice", s.Name)
		}
		names[s.Name] = true
		firsts[first] = firsts[first] || two
		if s.Name != strings.ToLower(s.Name) || s.Help == "" || !strings.HasSuffix(s.About, ".") || strings.HasSuffix(s.Help, ".") || s.Where&^Anywhere != 0 || s.Where == 0 {
			t.Errorf("%s is not declared whole", s.Name)
		}
		if strings.ContainsAny(s.Syntax()+s.Help+s.About, "|\n") {
			t.Errorf("%s breaks the rows of a table", s.Name)
		}
		if !slices.Contains(Permissions(), s.Needs) {
			t.Errorf("%s needs %q, which is no key of permissions", s.Name, s.Needs)
		}
		for i, a := range s.Args {
			last := i == len(s.Args)-1
			if a.Many && !last || a.Kind == Text && !last || a.Optional && !last && !s.Args[i+1].Optional || a.Name != strings.ToUpper(a.Name) {
				t.Errorf("%s: %s stands wrong", s.Name, a.Name)
			}
		}
		if len(s.Flags) > 0 && slices.ContainsFunc(s.Args, func(a Arg) bool { return a.Kind == TableName || a.Kind == Text }) {
			t.Errorf("%s: String cannot write flags behind names that may look like flags", s.Name)
		}
		for _, f := range s.Flags {
			if f != through && f != keepChanged && f != unsure {
				t.Errorf("%s: nothing reads %s", s.Name, f)
			}
		}
	}
}
