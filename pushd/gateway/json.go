package gateway

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// jsonString finds the string of the first key of that name, at whatever depth, in a short JSON text; nil for none.
// Answers are read by it because there are millions of them: it takes no memory unless the string has escapes.
func jsonString(text []byte, key string) []byte {
	value := jsonValue(text, key)
	if len(value) == 0 || value[0] != '"' {
		return nil
	}
	end := bytes.IndexByte(value[1:], '"')
	if end < 0 {
		return nil
	}
	if plain := value[1 : 1+end]; bytes.IndexByte(plain, '\\') < 0 {
		return plain
	}
	var s string
	if err := json.NewDecoder(bytes.NewReader(value)).Decode(&s); err != nil {
		return nil
	}
	return []byte(s)
}

// jsonInt finds the whole number of the first key of that name; 0 for none.
func jsonInt(text []byte, key string) int64 {
	value := jsonValue(text, key)
	end := 0
	for end < len(value) && (value[end] >= '0' && value[end] <= '9' || value[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(string(value[:end]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// jsonValue is the text from the value of the first key of that name on.
func jsonValue(text []byte, key string) []byte {
	for i := 0; i < len(text); {
		if text[i] != '"' {
			i++
			continue
		}
		end := i + 1
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			return nil
		}
		if string(text[i+1:end]) == key {
			if rest := skipSpace(text[end+1:]); len(rest) > 0 && rest[0] == ':' {
				return skipSpace(rest[1:])
			}
		}
		i = end + 1
	}
	return nil
}

// skipSpace is the text from its first character on that is no space.
func skipSpace(text []byte) []byte {
	for len(text) > 0 && (text[0] == ' ' || text[0] == '\t' || text[0] == '\r' || text[0] == '\n') {
		text = text[1:]
	}
	return text
}
