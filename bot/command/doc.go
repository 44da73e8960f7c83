// Package command reads the commands that people write in comments (`/liveops apply production`): which lines of
// a comment are commands, what words they have, what they mean. One table declares every command; parsing, help
// and the documentation follow it. Pure: who may run a command is decided by package access, and running it is
// the bot's.
package command

// Error is a command that cannot be run, told to the person who wrote it. Words out of the comment stand between
// backquotes, cut short; they are somebody's text all the same, and whoever shows them makes them harmless.
type Error struct {
	Problem string // what is wrong
	Mend    string // what to write instead; may be empty
}

// Error is the problem with its mend.
func (e *Error) Error() string {
	if e.Mend == "" {
		return e.Problem
	}
	return e.Problem + "; " + e.Mend
}
