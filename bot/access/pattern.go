package access

import (
	"errors"
	"strings"
)

// pattern is a pattern of CODEOWNERS: gitignore's (https://git-scm.com/docs/gitignore#_pattern_format) without
// negation, ranges of characters and an escaped # at the beginning. It matches the segments of a file's path one
// by one; a segment that is anyDepth matches any number of them, none included.
type pattern []string

const anyDepth = "**"

// parsePattern reads a pattern. What it matches, it matches with all below it, but for a last segment `*`
// behind others: docs/* means the files right in docs.
func parsePattern(text string) (pattern, error) {
	switch {
	case strings.HasPrefix(text, "!"):
		return nil, errors.New("a ! before a pattern does not work")
	case strings.HasPrefix(text, `\#`):
		return nil, errors.New(`a pattern cannot begin with \#`)
	case strings.ContainsAny(text, "[]"):
		return nil, errors.New("a pattern cannot have [ or ]")
	case strings.Trim(text, "/") == "":
		return nil, errors.New("the pattern names nothing")
	case (len(text)-len(strings.TrimRight(text, `\`)))%2 == 1:
		return nil, errors.New(`a pattern cannot end with \`)
	}
	inner, directory := strings.CutSuffix(text, "/")
	inner, rooted := strings.CutPrefix(inner, "/")
	segments := strings.Split(inner, "/")
	var p pattern
	if !rooted && len(segments) == 1 {
		p = append(p, anyDepth)
	}
	p = append(p, segments...)
	last := segments[len(segments)-1]
	if last == anyDepth { // everything within, at least one segment
		p = append(p[:len(p)-1], "*")
	}
	switch {
	case directory:
		p = append(p, "*", anyDepth)
	case last == "*" && (rooted || len(segments) > 1):
	default:
		p = append(p, anyDepth)
	}
	return p, nil
}

// matches goes back only to the last anyDepth: what one before it could take more, that one can.
func (p pattern) matches(path []string) bool {
	i, j := 0, 0
	backI, backJ := -1, 0
	for j < len(path) {
		switch {
		case i < len(p) && p[i] == anyDepth:
			backI, backJ = i, j
			i++
		case i < len(p) && matchSegment(p[i], path[j]):
			i++
			j++
		case backI >= 0:
			backJ++
			i, j = backI+1, backJ
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyDepth {
		i++
	}
	return i == len(p)
}

// matchSegment matches a name: * is any number of characters, ? is one, a backslash takes the next as it is.
func matchSegment(pattern, name string) bool {
	want, have := []rune(pattern), []rune(name)
	i, j := 0, 0
	backI, backJ := -1, 0
	for j < len(have) {
		if i < len(want) && want[i] == '*' {
			backI, backJ = i, j
			i++
			continue
		}
		n := matchRune(want[i:], have[j])
		switch {
		case n > 0:
			i += n
			j++
		case backI >= 0:
			backJ++
			i, j = backI+1, backJ
		default:
			return false
		}
	}
	for i < len(want) && want[i] == '*' {
		i++
	}
	return i == len(want)
}

// matchRune is how much of a pattern without a * in front one character takes, 0 if it does not match.
func matchRune(pattern []rune, r rune) int {
	switch {
	case len(pattern) == 0:
		return 0
	case pattern[0] == '\\' && len(pattern) > 1:
		if pattern[1] == r {
			return 2
		}
		return 0
	case pattern[0] == '?' || pattern[0] == r:
		return 1
	}
	return 0
}
