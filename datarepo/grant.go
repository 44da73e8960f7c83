package datarepo

import (
	"regexp"
	"strings"

	"liveops/datasheets"
)

// grantPattern is a grant that names somebody: @login, where a managed user's has the company behind a _, or
// @org/team by the team's slug.
const grantPattern = `\A@[A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9]+)?(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?\z`

// grantWords are the grants that are a word: GitHub's repository roles, each including those before it, and the
// owners of the touched files.
func grantWords() []string {
	return []string{"read", "triage", "write", "maintain", "admin", "codeowners"}
}

// checkGrant looks at one element of a list under `permissions`: a role, `codeowners`, `@org/team` or `@login`.
// problem is "" for one that is right. Whether there is such a person or team only GitHub knows.
func checkGrant(text string) (problem, mend string) {
	for _, word := range grantWords() {
		if text == word {
			return "", ""
		}
	}
	if len(text) <= 200 && regexp.MustCompile(grantPattern).MatchString(text) {
		return "", ""
	}
	problem = quoted(text) + " says nobody"
	switch near := datasheets.Nearest(text, grantWords()); {
	case strings.HasPrefix(text, "@"):
		return problem, "write a person as `@login`, and a team as `@org/team`, by its slug"
	case near != "":
		return problem, "did you mean `" + near + "`?"
	case strings.Contains(text, "@"):
		return problem, "accounts cannot be found by e-mail addresses; write `@login`"
	case regexp.MustCompile(grantPattern).MatchString("@" + text):
		return problem, "did you mean `@" + text + "`?"
	}
	return problem, "use a role (`" + strings.Join(grantWords()[:5], "`, `") + "`), `codeowners`, `@org/team` or `@login`"
}
