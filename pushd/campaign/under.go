package campaign

import (
	"strings"

	"golang.org/x/text/language"
)

// Spelling is one way in which texts of languages say that they fall under a tag, in small letters and with - between the parts. Patterns are
// those of LIKE, with % and _; nothing else in them has a meaning of its own.
type Spelling struct {
	Code string // the text is Code, or begins with Code and -
	// Like are what it is like besides, one of them; with Implied, it may be like one of those in its place, if it is like none of Not.
	// It is like anything where both are nil.
	Like, Implied, Not []string
}

// Under are the spellings of all languages that fall under a tag, as Language has it: a user with one of them gets the message of the tag, or of
// one that falls under it. Of what is no tag it is the text itself, and what continues it. It takes some milliseconds: ask once for each reading.
func Under(written string) []Spelling {
	tag, ok := canonical(written)
	if !ok {
		return []Spelling{{Code: strings.ToLower(strings.ReplaceAll(written, "_", "-"))}}
	}
	base, script, region := tag.Raw()
	s, r := strings.ToLower(script.String()), strings.ToLower(region.String())
	hasScript, hasRegion := script != (language.Script{}), region != (language.Region{})
	var all []Spelling
	for _, code := range codesOf(base) {
		one := Spelling{Code: code.text}
		switch {
		case code.more: // the code itself says a script or a region
			if !fallsUnder(code.tag, tag) {
				continue
			}
		case hasScript && hasRegion:
			one.Like = continued(code.text+"-"+s+"-"+r, code.text+"-"+r+"-#"+s)
		case hasRegion:
			one.Like = continued(code.text+"-"+r, code.text+"-____-"+r)
		case hasScript:
			one.Like = continued(code.text+"-"+s, code.text+"-%-#"+s)
			one.implied(base, script)
		}
		all = append(all, one)
	}
	return all
}

// implied adds what says a script by its region only, or by having none.
func (s *Spelling) implied(base language.Base, script language.Script) {
	s.Not = []string{"%#%"} // which says one
	alone, _ := language.Raw.Compose(base)
	usual, known := alone.Script()
	var same, others []string
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			region, err := language.ParseRegion(string([]rune{a, b}))
			if err != nil {
				continue
			}
			tag, err := language.Raw.Compose(base, region)
			if err != nil {
				continue
			}
			in := s.Code + "-" + strings.ToLower(region.String())
			if has, known := tag.Script(); known > language.No && has == script {
				same = append(same, in)
			} else {
				others = append(others, in)
			}
		}
	}
	if known > language.No && usual == script {
		s.Implied = continued(s.Code)
		s.Not = append(s.Not, continued(append(others, s.Code+"-____")...)...)
		return
	}
	s.Implied = continued(same...)
}

// continued are texts, and each with more behind it.
func continued(texts ...string) (all []string) {
	for _, text := range texts {
		all = append(all, text, text+"-%")
	}
	return all
}

// code is a code of a language, of two letters or three.
type code struct {
	text string
	tag  language.Tag // that it stands for
	more bool         // that has a script or a region
}

// codesOf are all codes of a language, in order: those that it had before, and such as stand for a part of it, too.
func codesOf(base language.Base) (all []code) {
	try := func(text string) {
		if _, err := language.ParseBase(text); err != nil {
			return
		}
		if tag, ok := canonical(text); ok {
			if b, script, region := tag.Raw(); b == base {
				all = append(all, code{text, tag, script != (language.Script{}) || region != (language.Region{})})
			}
		}
	}
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			try(string([]rune{a, b}))
		}
	}
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			for c := 'a'; c <= 'z'; c++ {
				try(string([]rune{a, b, c}))
			}
		}
	}
	return all
}

// fallsUnder says whether a user of one language may get the message of another.
func fallsUnder(tag, of language.Tag) bool {
	for _, t := range broader(tag) {
		if t == of.String() {
			return true
		}
	}
	return false
}
