package command

import (
	"fmt"
	"strings"
)

// Help is the list of commands as Markdown. may says whether the person who asks has a permission; what they
// may not use is marked, not hidden.
func (t Table) Help(may func(Permission) bool) string {
	var b strings.Builder
	b.WriteString("| you may | command | what it does |\n| :---: | --- | --- |\n")
	for _, s := range t {
		mark := "—"
		if may(s.Needs) {
			mark = "✓"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", mark, s.Syntax(), s.Help)
	}
	b.WriteString("\nA command stands at the beginning of a line; several may stand in one comment, each on its own line. " +
		"`" + prefix + " help COMMAND` tells more about one.\n")
	return b.String()
}

// HelpOn tells about one command, as Markdown. who is a sentence's end that says who may use it ("the role
// maintain, or a member of …"), made harmless by the caller.
func (s Spec) HelpOn(may bool, who string) string {
	you := "You may not use it."
	if may {
		you = "You may use it."
	}
	return fmt.Sprintf("`%s` %s. %s\n\nIt works in comments on %s. It needs the permission `%s`: %s. %s\n",
		s.Syntax(), s.Help, s.About, s.Where, s.Needs, strings.TrimSuffix(who, "."), you)
}

// Reference is the list of commands for the documentation, as Markdown.
func (t Table) Reference() string {
	var b strings.Builder
	b.WriteString("| command | what it does | permission | in |\n| --- | --- | --- | --- |\n")
	for _, s := range t {
		fmt.Fprintf(&b, "| `%s` | %s. %s | `%s` | %s |\n", s.Syntax(), s.Help, s.About, s.Needs, s.Where)
	}
	return b.String()
}
