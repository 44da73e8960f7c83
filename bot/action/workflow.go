package action

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// workflow writes the log of a workflow run's step, in which lines that begin with :: are commands to the runner.
type workflow struct {
	w io.Writer
}

// property is a property of a command.
type property struct{ name, value string }

// command writes a command. Properties without a value are left out.
func (f workflow) command(name string, properties []property, message string) {
	var set []string
	for _, p := range properties {
		if p.value != "" {
			set = append(set, p.name+"="+escapeProperty(p.value))
		}
	}
	line := "::" + name
	if len(set) > 0 {
		line += " " + strings.Join(set, ",")
	}
	fmt.Fprintln(f.w, line+"::"+escapeData(message))
}

// escapeData and escapeProperty keep a message, or a value, from ending early, as the runner's own toolkit does
// (https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts).
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}

// silent has the runner take no commands from what is written until the function that it returns is called: text from
// cells and comments stands in it. The word that ends it cannot be guessed
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands).
func (f workflow) silent() (end func()) {
	word := make([]byte, 16)
	_, _ = rand.Read(word) // it never fails
	token := hex.EncodeToString(word)
	f.command("stop-commands", nil, token)
	return func() { f.command(token, nil, "") }
}

// group folds what is written until the function that it returns is called, and takes no commands from it.
func (f workflow) group(title string) (end func()) {
	f.command("group", nil, plain(title))
	loud := f.silent()
	return func() {
		loud()
		f.command("endgroup", nil, "")
	}
}

// text writes lines of text without what would move a terminal's cursor or colours.
func (f workflow) text(s string) {
	for line := range strings.SplitSeq(strings.TrimRight(s, "\n"), "\n") {
		fmt.Fprintln(f.w, plain(line))
	}
}

// plain is a text in one line, without control and format characters.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf) && r != '\u200d': // joins emoji
			return -1
		}
		return r
	}, s)
}

// onlyLetters keeps what the name of an action of an event consists of.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r == '_' {
			return r
		}
		return -1
	}, s)
}
