package access

import "fmt"

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
