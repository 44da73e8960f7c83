package datarepo

import (
	"os"
	"strings"
	"testing"
)

// The bot reads the same file: it must take for a grant what is one here.
func TestGrants(t *testing.T) {
	b, err := os.ReadFile("testdata/grants.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		verdict, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		problem, mend := checkGrant(text)
		if (problem == "") != (verdict == "good") || (problem == "") != (mend == "") {
			t.Errorf("%q is %s: %q, %q", text, verdict, problem, mend)
		}
		n++
	}
	if n < 30 {
		t.Errorf("only %d grants", n)
	}
}

func TestGrantProblems(t *testing.T) {
	for text, want := range map[string]string{
		"Write":               "`Write` says nobody; did you mean `write`?",
		"maintian":            "`maintian` says nobody; did you mean `maintain`?",
		"CODEOWNERS":          "`CODEOWNERS` says nobody; did you mean `codeowners`?",
		"studio/liveops":      "`studio/liveops` says nobody; did you mean `@studio/liveops`?",
		"@studio/live ops":    "`@studio/live ops` says nobody; write a person as `@login`, and a team as `@org/team`, by its slug",
		"mina@studio.example": "`mina@studio.example` says nobody; accounts cannot be found by e-mail addresses; write `@login`",
		"all of us":           "`all of us` says nobody; use a role (`read`, `triage`, `write`, `maintain`, `admin`), `codeowners`, `@org/team` or `@login`",
	} {
		if problem, mend := checkGrant(text); problem+"; "+mend != want {
			t.Errorf("%s; %s", problem, mend)
		}
	}
}
