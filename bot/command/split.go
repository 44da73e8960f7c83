package command

import (
	"fmt"
	"strings"
	"unicode"
)

// mostWords is how many words a command may have.
const mostWords = 256

// split splits a line into words as a shell would: blanks part them; quotes, single or double, keep blanks; a
// backslash takes the next character as it is (between double quotes only a quote, `\`, `$` or a backquote,
// between single ones nothing). It never expands anything, and # is a character like others.
//
// People write from telephones, so the curly and full-width quotes count as the plain ones, words in backquotes
// are taken as quoted, and an apostrophe within a word (don't) is an apostrophe. before is how many characters
// of the line stand before rest, for the column in an error.
func split(rest string, before int) ([]string, *Error) {
	s := &splitter{text: []rune(rest)}
	for s.at < len(s.text) {
		if err := s.next(before); err != nil {
			return nil, err
		}
	}
	s.end()
	if len(s.words) > mostWords {
		return nil, &Error{fmt.Sprintf("the command has %d words; at most %d are read", len(s.words), mostWords), "split it into several commands"}
	}
	return s.words, nil
}

type splitter struct {
	text  []rune
	at    int
	word  strings.Builder
	began bool // a word: an empty one between quotes is one too
	words []string
}

// next reads a character, or all between two quotes.
func (s *splitter) next(before int) *Error {
	r := s.text[s.at]
	switch {
	case isBlank(r):
		s.end()
	case r == '\\' && s.at+1 < len(s.text):
		s.at++
		s.add(s.text[s.at])
	case quoteOf(r) != 0 && !s.isApostrophe(false):
		opens := s.at
		if !s.quoted(quoteOf(r)) {
			return &Error{
				fmt.Sprintf("the quote at character %d of the line, before %s, is never closed", before+opens+1, shown(string(s.text[opens+1:]))),
				"close it, or write a backslash before it where the sign itself is meant",
			}
		}
	default:
		s.add(r)
	}
	s.at++
	return nil
}

func (s *splitter) add(r rune) {
	s.word.WriteRune(r)
	s.began = true
}

func (s *splitter) end() {
	if s.began {
		s.words = append(s.words, s.word.String())
		s.word.Reset()
		s.began = false
	}
}

// quoted reads up to the quote that closes the one it stands at, and stays there.
func (s *splitter) quoted(quote rune) (closed bool) {
	s.began = true
	for s.at++; s.at < len(s.text); s.at++ {
		r := s.text[s.at]
		switch {
		case quoteOf(r) == quote && !s.isApostrophe(true):
			return true
		case r == '\\' && quote == '"' && s.at+1 < len(s.text) && (quoteOf(s.text[s.at+1]) == '"' || strings.ContainsRune("\\$`", s.text[s.at+1])):
			s.at++
			s.add(s.text[s.at])
		default:
			s.add(r)
		}
	}
	return false
}

// quoteOf is the plain quote that a character counts as, 0 for none.
func quoteOf(r rune) rune {
	switch r {
	case '"', '“', '”', '„', '‟', '＂':
		return '"'
	case '\'', '‘', '’', '‚', '‛', '＇':
		return '\''
	case '`':
		return '`'
	}
	return 0
}

// isApostrophe reports whether the single quote that it stands at is an apostrophe: between two letters or
// digits, or the curly one right after one where it can close nothing.
func (s *splitter) isApostrophe(inside bool) bool {
	r := s.text[s.at]
	if quoteOf(r) != '\'' || s.at == 0 || !takesApostrophe(s.text[s.at-1]) {
		return false
	}
	return s.at+1 < len(s.text) && takesApostrophe(s.text[s.at+1]) || r == '’' && !inside
}

// takesApostrophe reports whether a character may stand next to an apostrophe. Scripts that are written without
// one put particles right behind a closing quote.
func takesApostrophe(r rune) bool {
	return unicode.IsDigit(r) || unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// shown is somebody's text between backquotes, on one line and cut short.
func shown(s string) string {
	const most = 60
	runes := []rune(strings.Join(strings.FieldsFunc(s, isBlank), " "))
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return "`" + strings.ReplaceAll(string(runes), "`", "'") + "`"
}
