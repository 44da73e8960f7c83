package access

import (
	"fmt"
	"strings"
)

// NotSecond refuses a confirmation: it must come from someone who has not made the change.
type NotSecond struct {
	Login string
	Wrote string // "opened this pull request", "wrote a commit of it"
}

func (e *NotSecond) Error() string {
	return fmt.Sprintf("%s %s; someone else must confirm it", e.Login, e.Wrote)
}

// SecondPerson returns nil where actor is neither the author of the pull request nor one of those who wrote or
// committed its commits, and else a *NotSecond. All are logins, in any case; a commit that GitHub knows no
// account for has an empty one and says nothing of anybody: what keeps such a commit's author from confirming is
// that whoever confirms needs the permission to. An actor without a login is never a second person.
func SecondPerson(actor, author string, committers []string) error {
	switch {
	case actor == "":
		return &NotSecond{"an unknown account", "may have made this change"}
	case sameLogin(actor, author):
		return &NotSecond{actor, "opened this pull request"}
	}
	for _, c := range committers {
		if sameLogin(actor, c) {
			return &NotSecond{actor, "wrote a commit of this pull request"}
		}
	}
	return nil
}

// noreply is the domain of the addresses by which GitHub knows an account without its own: login@, or id+login@
// (https://docs.github.com/en/account-and-profile/setting-up-and-managing-your-personal-account-on-github/managing-email-preferences/setting-your-commit-email-address).
const noreply = "@users.noreply.github.com"

const coAuthor = "Co-authored-by:"

// CoAuthors are the logins that the trailers of a commit's message name as its authors too
// (https://docs.github.com/en/pull-requests/committing-changes-to-your-project/creating-and-editing-commits/creating-a-commit-with-multiple-authors):
// of addresses of GitHub's own, since no others say which account they belong to.
func CoAuthors(message string) []string {
	var logins []string
	for line := range strings.Lines(message) {
		line = strings.TrimSpace(line)
		if len(line) < len(coAuthor) || !strings.EqualFold(line[:len(coAuthor)], coAuthor) {
			continue
		}
		address, ok := strings.CutSuffix(line[strings.LastIndexByte(line, '<')+1:], ">")
		if at := len(address) - len(noreply); ok && at > 0 && strings.EqualFold(address[at:], noreply) {
			login := address[:at]
			logins = append(logins, login[strings.IndexByte(login, '+')+1:])
		}
	}
	return logins
}

// CoAuthor is the trailer that names an account as an author of a commit.
func CoAuthor(login string) string { return coAuthor + " " + login + " <" + login + noreply + ">" }
