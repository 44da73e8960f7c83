package runs

import (
	"fmt"
	"strings"
)

// ofTest begins the states of tests in the table, where a run's stand as they are: a pushd of before there were tests, which leads while others
// are updated, knows none of them. It would take a test for a run, and send it to everybody.
const ofTest = "test "

// recordedState is the run's state as the table has it.
func (r *Run) recordedState() string {
	if r.Test != "" {
		return ofTest + string(r.State)
	}
	return string(r.State)
}

// recorded are states as the table has them, of runs and of tests, for an IN.
func recorded(states ...State) (in string, args []any) {
	for _, s := range states {
		args = append(args, string(s), ofTest+string(s))
	}
	return placeholders(len(args)), args
}

// Scan reads a state as the table has it: of a run, or of a test.
func (s *State) Scan(from any) error {
	var text string
	switch from := from.(type) {
	case string:
		text = from
	case []byte:
		text = string(from)
	default:
		return fmt.Errorf("a state of a push run is a text, and not %T", from)
	}
	*s = State(strings.TrimPrefix(text, ofTest))
	return nil
}
