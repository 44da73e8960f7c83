package access

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Where CODEOWNERS follows gitignore's rules, git says the same: everything but a `*` behind a /, which GitHub
// takes for the files of that folder only.
func TestPatternsAsGitHasThem(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("needs git")
	}
	dir := t.TempDir()
	git := func(stdin string, args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); err != nil && (!ok || exit.ExitCode() != 1) {
			t.Fatalf("git %v: %v", args, err)
		}
		return string(out)
	}
	git("", "init", "-q")
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	var paths []string
	for range 300 {
		segments := []string{pick("a", "b", "ab", "abc")}
		for range random.IntN(4) {
			segments = append(segments, pick("a", "b", "ab", "abc", "a.b"))
		}
		paths = append(paths, strings.Join(segments, "/"))
	}
	slices.Sort(paths)
	paths = slices.Compact(paths)
	matched := 0
	for range 150 {
		segments := []string{pick("a", "b", "a*", "*b", "?", "**", "ab", "*")}
		for range random.IntN(3) {
			segments = append(segments, pick("a", "b", "a*", "a?", "**", "*.b", "*", `\a`))
		}
		p := pick("", "/") + strings.Join(segments, "/") + pick("", "/")
		if strings.HasSuffix(p, "/*") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(p+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		ignored := strings.Fields(git(strings.Join(paths, "\n"), "check-ignore", "--no-index", "--stdin"))
		o, skipped := ParseOwners([]byte(p + " @x"))
		if len(skipped) > 0 {
			t.Fatalf("%s: %v", p, skipped)
		}
		for _, path := range paths {
			matched += len(o.Of(path))
			if got, want := len(o.Of(path)) > 0, slices.Contains(ignored, path); got != want {
				t.Errorf("%s matches %s: %v; git says %v", p, path, got, want)
			}
		}
	}
	if matched < 1000 {
		t.Errorf("only %d matches: the patterns fit the paths too seldom", matched)
	}
}
