package access

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// largestOwners is the size that a CODEOWNERS file must stay under: 3 MB.
const largestOwners = 3 << 20

// OwnersPaths are where CODEOWNERS may stand; the first that is there counts
// (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners#codeowners-file-location).
func OwnersPaths() []string { return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"} }

// Owner is an owner of files. One of its fields is set.
type Owner struct {
	Login string
	Team  string // org/slug
	Email string // belongs to an account that only GitHub knows: it never matches anybody here
}

// String is the owner as CODEOWNERS has it; of an e-mail address it says that it cannot be matched.
func (o Owner) String() string {
	switch {
	case o.Login != "":
		return "@" + o.Login
	case o.Team != "":
		return "@" + o.Team
	}
	return o.Email + ", an e-mail address, which cannot be matched to an account"
}

// Owners is a CODEOWNERS file.
type Owners struct{ rules []rule }

type rule struct {
	pattern pattern
	owners  []Owner
}

// SkippedLine is a line of CODEOWNERS that does not count, as on GitHub.
type SkippedLine struct {
	Line    int // from 1
	Problem string
}

// ParseOwners reads a CODEOWNERS file by GitHub's rules: a pattern and its owners on each line, comments behind #.
// A line that is not valid is skipped, and listed with what is wrong. A file of 3 MB or more has no owners at all,
// as on GitHub, and is listed as one line, 0.
func ParseOwners(content []byte) (*Owners, []SkippedLine) {
	if len(content) >= largestOwners {
		return &Owners{}, []SkippedLine{{0, "the file has 3 MB or more, and does not count"}}
	}
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	o := &Owners{}
	reader := ownerReader{
		person: regexp.MustCompile(`\A@` + loginPattern + `\z`),
		team:   regexp.MustCompile(`\A@` + loginPattern + `/` + slugPattern + `\z`),
		email:  regexp.MustCompile(`\A[^\s@<>]+@[^\s@<>]+\z`),
	}
	var skipped []SkippedLine
	number := 0
	for line := range bytes.Lines(content) {
		number++
		r, any, err := reader.rule(strings.TrimSpace(string(line)))
		switch {
		case err != nil:
			skipped = append(skipped, SkippedLine{number, err.Error()})
		case any:
			o.rules = append(o.rules, r)
		}
	}
	return o, skipped
}

// Of are the owners of a file, by its path from the repository's root: those of the last line whose pattern
// matches it. None where that line has none, and where no line matches.
func (o *Owners) Of(path string) []Owner {
	segments := strings.Split(path, "/")
	for i := len(o.rules) - 1; i >= 0; i-- {
		if o.rules[i].pattern.matches(segments) {
			return o.rules[i].owners
		}
	}
	return nil
}

// ownerReader has the forms of owners.
type ownerReader struct{ person, team, email *regexp.Regexp }

// rule reads a line. any is false for an empty one and a comment.
func (r ownerReader) rule(line string) (_ rule, any bool, err error) {
	if line == "" || line[0] == '#' {
		return rule{}, false, nil
	}
	if !utf8.ValidString(line) {
		return rule{}, false, fmt.Errorf("the line is not UTF-8")
	}
	text, rest := cutPattern(line)
	p, err := parsePattern(text)
	if err != nil {
		return rule{}, false, err
	}
	var owners []Owner
	for _, word := range strings.Fields(rest) {
		if word[0] == '#' {
			break
		}
		name := strings.TrimPrefix(word, "@")
		switch {
		case r.person.MatchString(word):
			owners = append(owners, Owner{Login: name})
		case r.team.MatchString(word):
			owners = append(owners, Owner{Team: name})
		case r.email.MatchString(word):
			owners = append(owners, Owner{Email: word})
		default:
			return rule{}, false, fmt.Errorf("%q is no owner: it is one of @login, @org/team or an e-mail address", word)
		}
	}
	return rule{p, owners}, true, nil
}

// cutPattern cuts a line at the first blank that no backslash stands before.
func cutPattern(line string) (pattern, rest string) {
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case ' ', '\t':
			return line[:i], line[i:]
		}
	}
	return line, ""
}
