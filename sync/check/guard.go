package check

import (
	"fmt"
	"slices"
	"strings"

	"liveops/datasheets"
)

// ledgerPrefix begins the names of the tables that liveops keeps for itself.
const ledgerPrefix = "liveops_"

const (
	mendStatement = "write one SELECT that finds the rows that are wrong"
	mendTables    = "name tables of the game's own database, without a database's name before them"
)

// guard judges the words of the file, one after another. It needs no grammar, so no trick of grammar passes it.
func (s *source) guard() {
	if len(s.problems) > 0 {
		return
	}
	switch {
	case len(s.tokens) == 0 || s.tokens[0].is(";"):
		s.refuse(0, "the file holds no SELECT", mendStatement)
		return
	case !s.tokens[0].is("SELECT") && !s.tokens[0].is("WITH") && !s.tokens[0].is("("):
		s.refuse(s.tokens[0].at, fmt.Sprintf("a data test is a SELECT; this begins with `%s`", s.tokens[0].text), mendStatement)
		return
	}
	depth := 0
	for i, t := range s.tokens {
		switch {
		case t.is("("):
			if depth++; depth == deepest+1 {
				s.refuse(t.at, fmt.Sprintf("there are more than %d parentheses within each other", deepest), "write a simpler SELECT")
			}
		case t.is(")"):
			depth--
		}
		if t.is(";") {
			if i < len(s.tokens)-1 {
				s.refuse(s.tokens[i+1].at, "a second statement begins here; a data test is one SELECT", "put it into a file of its own")
			}
			return
		}
		s.guardToken(t, s.next(i), s.next(i+1))
		s.guardName(i)
	}
}

// next is the token behind another; a sign of no text at the end.
func (s *source) next(i int) token {
	if i+1 < len(s.tokens) {
		return s.tokens[i+1]
	}
	return token{kind: sign}
}

// guardToken refuses what begins something other than reading.
func (s *source) guardToken(t, next, second token) {
	switch {
	case t.is("@"):
		s.refuse(t.at, "a data test uses no variables", "write the value itself")
	case t.kind == sign && strings.Contains(`?:{}\`, t.text):
		s.refuse(t.at, fmt.Sprintf("`%s` cannot stand in a data test", t.text), mendStatement)
	case t.is("INTO"):
		s.refuse(t.at, "a data test writes nothing, neither to a file nor to a variable", "take INTO out")
	case t.is("FOR") && (next.is("UPDATE") || next.is("SHARE")), t.is("LOCK") && next.is("IN"):
		s.refuse(t.at, "a data test locks nothing", "take the locking clause out")
	case (t.is("NEXT") || t.is("PREVIOUS")) && (next.is("VALUE") || next.is("VALUES") || second.is("VALUES")):
		s.refuse(t.at, "a data test takes no value from a sequence", mendStatement)
	}
}

// guardName judges a name by what stands around it: a function that is not known to be harmless, a name with a
// database before it, a table of liveops.
func (s *source) guardName(i int) {
	t := s.tokens[i]
	if !t.isName() {
		return
	}
	qualified := i > 0 && s.tokens[i-1].is(".") && (i < 2 || s.tokens[i-2].kind != word || !isDigits(s.tokens[i-2].text))
	switch {
	case strings.HasPrefix(strings.ToLower(t.text), ledgerPrefix):
		s.refuse(t.at, fmt.Sprintf("`%s` belongs to liveops itself", t.text), mendTables)
	case s.next(i).is("(") && qualified:
		s.refuse(t.at, fmt.Sprintf("a data test calls no stored function, such as `%s`", t.text), "write what it computes into the SELECT")
	case s.next(i).is("(") && !isHarmless(t):
		s.refuse(t.at, fmt.Sprintf("`%s` is not a function that a data test may call", t.text), mendFunction(t.text))
	case qualified && i > 2 && s.tokens[i-2].isName() && s.tokens[i-3].is("."):
		s.refuse(s.tokens[max(i-4, 0)].at, "a data test reads no other database", mendTables)
	}
}

// isHarmless reports whether a name before a parenthesis is a function of the list or, unless it stands in
// backquotes, a keyword.
func isHarmless(t token) bool {
	name := strings.ToLower(t.text)
	if _, is := slices.BinarySearch(functions, name); is {
		return true
	}
	_, is := slices.BinarySearch(keywords, name)
	return is && t.kind == word
}

func mendFunction(name string) string {
	if near := datasheets.Nearest(strings.ToLower(name), functions); near != "" {
		return "nearest: " + near
	}
	return "use the server's own functions that compute a value, and name the columns of a WITH query in its SELECT"
}
