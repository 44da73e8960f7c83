package purge

import (
	"regexp"
	"strings"
)

// MaskPattern is what a masked path looks like: keys after dots, in quotes where they are no plain names, and [] for
// every element of a list.
const MaskPattern = `(\.([A-Za-z_][A-Za-z0-9_]*|"[^"]*")|\[\])+`

// mask is the path of a value that people are not shown: keys, and "[]" for every element of a list.
type mask []string

func parseMask(path string) (mask, bool) {
	if !regexp.MustCompile(`\A` + MaskPattern + `\z`).MatchString(path) {
		return nil, false
	}
	var m mask
	for _, part := range regexp.MustCompile(`\.[A-Za-z_][A-Za-z0-9_]*|\."[^"]*"|\[\]`).FindAllString(path, -1) {
		if name, is := strings.CutPrefix(part, "."); is {
			part = "." + strings.Trim(name, `"`)
		}
		m = append(m, part)
	}
	return m, true
}

// below are the masks that hold below a step of a path, and whether one ends there.
func below(masks []mask, step string) (rest []mask, hidden bool) {
	for _, m := range masks {
		if len(m) > 0 && m[0] == step {
			if len(m) == 1 {
				return nil, true
			}
			rest = append(rest, m[1:])
		}
	}
	return rest, false
}
