package main

import (
	"fmt"
	"os"
	"regexp"

	"golang.org/x/term"
)

// inks are the escape sequences that the story is told with.
var inks = regexp.MustCompile("\x1b\\[[0-9]*m")

// say prints; where no terminal reads, without colour.
func (w *world) say(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if _, off := os.LookupEnv("NO_COLOR"); off || !term.IsTerminal(int(os.Stdout.Fd())) {
		s = inks.ReplaceAllString(s, "")
	}
	fmt.Fprint(w.out, s)
}
