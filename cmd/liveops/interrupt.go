package main

import (
	"context"
	"errors"
	"strings"
)

// besidesInterrupt are the lines of an error without those that say only that a context was canceled: what an interrupted command
// has to say. A wrapped cancellation says no more than that; who has more to say joins it.
func besidesInterrupt(err error) (lines []string) {
	if onlyCanceled(err) {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var parts []string
		for _, e := range joined.Unwrap() {
			parts, lines = append(parts, e.Error()), append(lines, besidesInterrupt(e)...)
		}
		if strings.Join(parts, "\n") == err.Error() { // and not a sentence about them
			return lines
		}
	}
	return strings.Split(err.Error(), "\n")
}

// onlyCanceled says whether an error is a cancellation, wrapped or joined with nothing else.
func onlyCanceled(err error) bool {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			if !onlyCanceled(part) {
				return false
			}
		}
		return true
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return onlyCanceled(inner)
		}
	}
	return errors.Is(err, context.Canceled)
}
