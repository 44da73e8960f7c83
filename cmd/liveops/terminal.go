package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"
)

// isTerminal says whether a person reads, or types, there.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// color says whether to colour what goes to w (https://no-color.org).
func (a *app) color(w io.Writer) bool {
	off, _ := a.settings.lookup("NO_COLOR")
	return off == "" && isTerminal(w)
}

// width is the terminal's width in cells; 0 where there is none, and lines may be as long as they are.
func width(w io.Writer) int {
	if file, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(file.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// printable is a line that quotes someone else (a hold's reason, a cell, what a server said) without what could
// steer a terminal: control and invisible formatting characters become U+FFFD.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, line)
}

// several is a number with its noun.
func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// confirm asks a person. Without one to ask it fails, so that nothing waits for an answer that cannot come.
func (a *app) confirm(question string) error {
	if !isTerminal(a.in) {
		return fmt.Errorf("there is no terminal to ask %q: add --yes", question)
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	line, err := bufio.NewReader(a.in).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		fmt.Fprintln(a.err, "Nothing was done.")
		return exitCode(exitError)
	}
	return nil
}

// barDelay is how long work must take before it gets a bar.
const barDelay = 500 * time.Millisecond

// bar shows the progress of long work on a terminal, and nothing elsewhere.
type bar struct {
	w       io.Writer
	started time.Time
	drawn   time.Time
}

func (a *app) bar() *bar {
	if !isTerminal(a.err) {
		return &bar{}
	}
	return &bar{w: a.err, started: time.Now()}
}

// show draws how much of the work is done, at most ten times a second.
func (b *bar) show(what, unit string, done, total int) {
	now := time.Now()
	if b.w == nil || total == 0 || now.Sub(b.started) < barDelay || now.Sub(b.drawn) < barDelay/5 {
		return
	}
	b.drawn = now
	const cells = 30
	full := cells * done / total
	fmt.Fprintf(b.w, "\r\x1b[K%s %s%s %d of %d %s", what, strings.Repeat("█", full), strings.Repeat("░", cells-full), done, total, unit)
}

// say draws a line in the place of the bar, cut to the terminal's width, at most ten times a second.
func (b *bar) say(line string) {
	now := time.Now()
	if b.w == nil || now.Sub(b.started) < barDelay || now.Sub(b.drawn) < barDelay/5 {
		return
	}
	b.drawn = now
	if cells := width(b.w); cells > 1 {
		if all := []rune(line); len(all) >= cells {
			line = string(all[:cells-2]) + "…"
		}
	}
	fmt.Fprint(b.w, "\r\x1b[K"+line)
}

// clear takes the bar away.
func (b *bar) clear() {
	if b.w != nil && !b.drawn.IsZero() {
		fmt.Fprint(b.w, "\r\x1b[K")
		b.drawn = time.Time{}
	}
}
