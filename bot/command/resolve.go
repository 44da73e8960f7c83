package command

import (
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// Command is a command with its arguments, ready to be run.
type Command struct {
	Spec     Spec
	Env      string   // the environment that it is about; of promote, the one that is written
	From     string   // of promote: where the rows are taken from
	Release  int64    // of rollback: the release's number; 0 for the newest
	Through  bool     // of rollback: all later releases too
	Purge    string   // the purge that it is about, as it is written
	Campaign string   // the push campaign that it is about, as it is written
	List     string   // of push test: the test list; "" for the campaign's own
	IDs      []string // of purge undo: the documents alone that are brought back, each once; none for all
	Tables   []string // each once, in the order given
	Reason   string   // of lock
	Topic    string   // of help: the command that is asked about, by its name; "" for all

	Unsure      bool // of purge undo: removed documents that the game may have removed come back, too
	KeepChanged bool // of rollback: rows that others changed since stay as they are
}

// Resolve finds out what the words of a line mean, for a comment that stands in one place (not Anywhere).
// environments are the names of liveops.yaml, in promotion order. A line with an Err gives that back. No words
// at all are a call for help. The names of commands, environments and flags, and numbers, are taken in any case and
// width, since telephones write capitals and full-width letters by themselves.
func (t Table) Resolve(line Line, place Place, environments []string) (Command, *Error) {
	if line.Err != nil {
		return Command{}, line.Err
	}
	words := line.Words
	if len(words) == 0 {
		words = []string{"help"}
	}
	spec, used, err := t.find(words)
	if err != nil {
		return Command{}, err
	}
	if spec.Where&place == 0 {
		return Command{}, &Error{Problem: fmt.Sprintf("`%s %s` works in %s only", prefix, spec.Name, spec.Where)}
	}
	r := &resolver{Command: Command{Spec: spec}, table: t, environments: environments}
	if err := r.read(words[used:]); err != nil {
		return Command{}, err
	}
	return r.Command, nil
}

// find finds the command that words begin with, and how many of them are its name.
func (t Table) find(words []string) (spec Spec, used int, err *Error) {
	first := typed(words[0])
	var names, firsts, seconds []string
	for _, s := range t {
		one, two, twoWords := strings.Cut(s.Name, " ")
		if one == first {
			if !twoWords {
				return s, 1, nil
			}
			if len(words) > 1 && typed(words[1]) == two {
				return s, 2, nil
			}
			seconds = append(seconds, two)
		}
		names = append(names, "`"+s.Name+"`")
		firsts = append(firsts, one)
	}
	if len(seconds) == 0 {
		e := &Error{Problem: "there is no command " + shown(words[0]), Mend: "the commands are " + strings.Join(names, ", ")}
		if near := datasheets.Nearest(first, firsts); near != "" {
			e.Mend = fmt.Sprintf("did you mean `%s %s`?", prefix, near)
		}
		return Spec{}, 0, e
	}
	e := &Error{
		Problem: fmt.Sprintf("`%s %s` needs to know what to do", prefix, first),
		Mend:    "after it stands one of `" + strings.Join(seconds, "`, `") + "`",
	}
	if len(words) > 1 {
		e.Problem = fmt.Sprintf("there is no command `%s` %s", first, shown(words[1]))
		if near := datasheets.Nearest(typed(words[1]), seconds); near != "" {
			e.Mend = fmt.Sprintf("did you mean `%s %s %s`?", prefix, first, near)
		}
	}
	return Spec{}, 0, e
}

// typed is a name as it would be typed on a keyboard of lower-case ASCII.
func typed(word string) string { return strings.ToLower(narrow(word)) }

// String is the command as it is best written; reading it again gives the same command.
func (c Command) String() string {
	words := []string{prefix, c.Spec.Name}
	for _, a := range c.Spec.Args {
		switch a.Kind {
		case Environment:
			words = append(words, c.Env)
		case Source:
			words = append(words, c.From)
		case Release:
			if c.Release > 0 {
				words = append(words, fmt.Sprint(c.Release))
			}
		case PurgeName:
			words = append(words, quote(c.Purge))
		case CampaignName:
			words = append(words, quote(c.Campaign))
		case ListName:
			if c.List != "" {
				words = append(words, c.List)
			}
		case DocumentID:
			if c.Unsure { // nothing behind a -- is a flag
				words = append(words, unsure)
			}
			words = append(words, quoteAll(c.IDs)...)
		case TableName:
			words = append(words, quoteAll(c.Tables)...)
		case Text:
			words = append(words, quote(c.Reason))
		case Topic:
			words = append(words, strings.Fields(c.Topic)...)
		}
	}
	if c.Through {
		words = append(words, through)
	}
	if c.KeepChanged {
		words = append(words, keepChanged)
	}
	return strings.Join(words, " ")
}

// quoteAll quotes words at the end of a command, behind a -- where one could be taken for a flag.
func quoteAll(words []string) (quoted []string) {
	if slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(dashed(word), "-") }) {
		quoted = append(quoted, "--")
	}
	for _, word := range words {
		quoted = append(quoted, quote(word))
	}
	return quoted
}

// quote puts quotes around a word that is more than letters, digits, _ and -.
func quote(word string) string {
	simple := func(r rune) bool { return r == '_' || r == '-' || takesApostrophe(r) }
	if word != "" && strings.TrimFunc(word, simple) == "" {
		return word
	}
	var b strings.Builder
	for _, r := range word {
		if quoteOf(r) == '"' || strings.ContainsRune("\\$`", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return `"` + b.String() + `"`
}
