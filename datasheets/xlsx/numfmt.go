package xlsx

import (
	"strings"

	"liveops/datasheets"
)

// builtinKind is what a number is under a number format that files name by its id alone: ECMA-376 part 1,
// 18.8.30, with the formats of Chinese, Japanese and Korean (27-36, 50-58) and Thai (71-81).
func builtinKind(id int) datasheets.Kind {
	switch {
	case id == 46, id == 79: // [h]:mm:ss
		return datasheets.Duration
	case id >= 14 && id <= 22, id >= 27 && id <= 36, id == 45, id == 47, id >= 50 && id <= 58, id >= 71 && id <= 81:
		return datasheets.Date
	}
	return datasheets.Number
}

// formatKind is what a number is under a custom format: a Duration if any of its sections shows elapsed time,
// else a Date if any shows a part of a date or time, else a Number.
func formatKind(code string) datasheets.Kind {
	kind := datasheets.Number
	digits := false // a digit placeholder stands just before: an E is an exponent there
	for len(code) > 0 {
		c := code[0] | 0x20
		n := 1
		switch {
		case general(code) > 0:
			n = general(code)
		case code[0] == '"':
			n = through(code, '"')
		case code[0] == '[':
			n = through(code, ']')
			if elapsed(strings.Trim(code[:n], "[]")) {
				return datasheets.Duration
			}
		case code[0] == '\\', code[0] == '_', code[0] == '*': // literal, space as wide as, fill with: the next character
			n = min(2, len(code))
		case c == 'e' && digits && len(code) > 1 && (code[1] == '+' || code[1] == '-'):
			n = 2
		case strings.IndexByte("ymdhsegr", c) >= 0, len(code) > 1 && (c == 'a' || c == 'b') && code[1]|0x20 == c,
			foldPrefix(code, "am/pm"), foldPrefix(code, "a/p"):
			kind = datasheets.Date // e, g, r: year and era of East Asian calendars; bb: Buddhist year; aaa: weekday
		}
		digits = strings.IndexByte("0#?.", code[0]) >= 0
		code = code[n:]
	}
	return kind
}

// general is the length of the name of the General format at the start of code: localised spreadsheets write
// "G/標準" or "G/通用格式". Zero where there is none.
func general(code string) int {
	if foldPrefix(code, "general") {
		return len("general")
	}
	if foldPrefix(code, "g/") && len(code) > 2 && code[2] >= 0x80 {
		n := 2
		for n < len(code) && code[n] >= 0x80 {
			n++
		}
		return n
	}
	return 0
}

// through is the length of code as far as the end of the quoted or bracketed part that it begins with.
func through(code string, end byte) int {
	if i := strings.IndexByte(code[1:], end); i >= 0 {
		return i + 2
	}
	return len(code)
}

// elapsed reports whether the content of brackets is [h], [mm], [s] and the like, not a colour, locale or
// condition.
func elapsed(s string) bool {
	s = strings.ToLower(s)
	return s != "" && (strings.Trim(s, "h") == "" || strings.Trim(s, "m") == "" || strings.Trim(s, "s") == "")
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
