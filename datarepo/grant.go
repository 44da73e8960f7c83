package datarepo

import (
	"regexp"
	"slices"
)

// checkGrant says what is wrong with a grant of `permissions`, and how to mend it; "" where it is one: a role of the
// repository, a team `@org/team`, a person `@login`, or `codeowners`.
func checkGrant(text string) (problem, mend string) {
	if slices.Contains([]string{"read", "triage", "write", "maintain", "admin", "codeowners"}, text) || grantName.MatchString(text) {
		return "", ""
	}
	return quoted(text) + " says of nobody that they may", "use a role (read, triage, write, maintain, admin), `@org/team`, `@login` or `codeowners`"
}

// grantName is a person or a team of an organisation.
var grantName = regexp.MustCompile(`\A@[A-Za-z0-9-]+(/[A-Za-z0-9_.-]+)?\z`)
