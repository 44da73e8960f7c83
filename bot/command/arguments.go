package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"liveops/datasheets"
)

// Bounds of arguments, in characters.
const (
	longestTable  = 64 // https://dev.mysql.com/doc/refman/8.4/en/identifier-length.html
	longestReason = 500
)

// resolver reads the words after a command's name.
type resolver struct {
	Command
	table        Table
	environments []string
}

func (r *resolver) read(words []string) *Error {
	words, err := r.takeFlags(words)
	if err != nil {
		return err
	}
	for i, a := range r.Spec.Args {
		if len(words) == 0 && a.Optional {
			break
		}
		if len(words) == 0 {
			return &Error{fmt.Sprintf("`%s %s` needs %s, %s", prefix, r.Spec.Name, a.Name, a.Kind), r.usage()}
		}
		n := 1
		if a.Many && i == len(r.Spec.Args)-1 {
			n = len(words)
		}
		if err := r.take(a, words[:n]); err != nil {
			return err
		}
		words = words[n:]
	}
	if len(words) > 0 {
		return &Error{"there is a word too many: " + shown(words[0]), r.usage()}
	}
	if r.From != "" && r.From == r.Env {
		return &Error{fmt.Sprintf("`%s` is both sides", r.Env), r.usage()}
	}
	return nil
}

func (r *resolver) usage() string { return "write `" + r.Spec.Syntax() + "`" }

// takeFlags takes flags out of the words, wherever they stand. Words of a text are never flags, and nothing is
// after a `--`. Telephones make one long dash of two.
func (r *resolver) takeFlags(words []string) (rest []string, err *Error) {
	fixed := len(words) // words before a text
	if n := len(r.Spec.Args); n > 0 && r.Spec.Args[n-1].Kind == Text {
		fixed = n - 1
	}
	for i, word := range words {
		if len(rest) >= fixed {
			return append(rest, words[i:]...), nil
		}
		flag := dashed(word)
		switch {
		case flag == "--":
			return append(rest, words[i+1:]...), nil
		case !strings.HasPrefix(flag, "-"):
			rest = append(rest, word)
		case !slices.Contains(r.Spec.Flags, flag):
			e := &Error{fmt.Sprintf("`%s %s` has no option %s", prefix, r.Spec.Name, shown(word)), r.usage()}
			if near := datasheets.Nearest(flag, r.Spec.Flags); near != "" {
				e.Mend = "did you mean `" + near + "`?"
			}
			return nil, e
		case flag == through:
			r.Through = true
		case flag == unsure:
			r.Unsure = true
		case flag == keepChanged:
			r.KeepChanged = true
		}
	}
	return rest, nil
}

// dashed is a word as a flag is typed, if it is one.
func dashed(word string) string {
	flag := typed(word)
	for _, dash := range []string{"—", "–", "―", "ーー"} {
		if after, ok := strings.CutPrefix(flag, dash); ok {
			return "--" + after
		}
	}
	return flag
}

// take reads an argument.
func (r *resolver) take(a Arg, words []string) (err *Error) {
	switch a.Kind {
	case Environment:
		r.Env, err = r.environment(words[0])
	case Source:
		r.From, err = r.environment(words[0])
	case Release:
		r.Release, err = release(words[0])
	case PurgeName:
		r.Purge, err = fileName(words[0], "a purge's name", "purges/")
	case CampaignName:
		r.Campaign, err = fileName(words[0], "a campaign's name", "pushes/")
	case ListName:
		r.List, err = listName(words[0])
	case DocumentID:
		r.IDs, err = documentIDs(words)
	case TableName:
		r.Tables, err = tables(words)
	case Text:
		r.Reason, err = reason(words)
	case Topic:
		return r.topic(words)
	}
	return err
}

func (r *resolver) topic(words []string) *Error {
	spec, used, err := r.table.find(words)
	switch {
	case err != nil:
		return err
	case used < len(words):
		return &Error{"there is a word too many: " + shown(words[used]), r.usage()}
	}
	r.Topic = spec.Name
	return nil
}

func (r *resolver) environment(word string) (string, *Error) {
	name := typed(word)
	if slices.Contains(r.environments, name) {
		return name, nil
	}
	e := &Error{Problem: "there is no environment " + shown(word)}
	near := datasheets.Nearest(name, r.environments)
	switch {
	case near != "":
		e.Mend = "did you mean `" + near + "`?"
	case len(r.environments) == 0:
		e.Mend = "liveops.yaml on the default branch names none"
	default:
		e.Mend = "liveops.yaml names `" + strings.Join(r.environments, "`, `") + "`"
	}
	return "", e
}

// release reads a release's number; people write #12 for it.
func release(word string) (int64, *Error) {
	digits := strings.TrimPrefix(typed(word), "#")
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || n == 0 {
		return 0, &Error{shown(word) + " is not a release's number", "`" + prefix + " status` lists the newest releases"}
	}
	return int64(n), nil
}

// longestFileName is how long the name of a purge or a campaign may be, in characters.
const longestFileName = 127

// fileName reads the name of a purge or a campaign, whose file is in a folder.
func fileName(word, what, folder string) (string, *Error) {
	name := narrow(word)
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r)
	}
	if name == "" || len(name) > longestFileName || strings.TrimFunc(name, plain) != "" || strings.ContainsAny(name[:1], "._-") {
		return "", &Error{shown(word) + " is not " + what, "it is the name of its file in `" + folder + "`, without folder and extension"}
	}
	return name, nil
}

// longestList is how long a list's name may be, in characters.
const longestList = 64

// listName reads the name of one of `push.lists`.
func listName(word string) (string, *Error) {
	name := typed(word)
	plain := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' }
	if name == "" || len(name) > longestList || strings.TrimFunc(name, plain) != "" || name[0] < 'a' {
		return "", &Error{shown(word) + " is not a test list", "it is the name of one of `push.lists` of the environment in liveops.yaml"}
	}
	return name, nil
}

// Bounds of documents' ids.
const (
	longestID = 246 // bytes: https://docs.couchbase.com/server/current/learn/data/data.html
	mostIDs   = 100 // in a comment
)

func documentIDs(words []string) ([]string, *Error) {
	var ids []string
	for _, word := range words {
		if word == "" || len(word) > longestID {
			return nil, &Error{shown(word) + " is not a document's id", fmt.Sprintf("it has 1 to %d bytes", longestID)}
		}
		if !slices.Contains(ids, word) {
			ids = append(ids, word)
		}
	}
	if len(ids) > mostIDs {
		return nil, &Error{fmt.Sprintf("these are %d documents; a comment names at most %d", len(ids), mostIDs), "say it in several comments, or leave the ids out to bring all back"}
	}
	return ids, nil
}

func tables(words []string) ([]string, *Error) {
	var names []string
	for _, word := range words {
		if word == "" || utf8.RuneCountInString(word) > longestTable {
			return nil, &Error{shown(word) + " is not a table's name", fmt.Sprintf("it has 1 to %d characters", longestTable)}
		}
		if !slices.Contains(names, word) {
			names = append(names, word)
		}
	}
	return names, nil
}

func reason(words []string) (string, *Error) {
	text := strings.Join(strings.FieldsFunc(strings.Join(words, " "), isBlank), " ")
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", &Error{"the reason is empty", "say why, so that others know whom and what to ask"}
	case n > longestReason:
		return "", &Error{fmt.Sprintf("the reason has %d characters; at most %d are kept", n, longestReason), "shorten it"}
	}
	return text, nil
}
