package runs

import "strings"

// What begins the reason of a pause that ends by itself: the leader lets the run go on, and nobody need wish it.
const (
	UntilWell    = "the guard "                       // when the run's guard says that the game is well
	UntilServers = "the servers are not in service: " // when they are
	UntilTested  = "its test comes first"             // when its test is over and has reached somebody
)

// stillUntested ends the reason of a person's pause of a run that awaits its test: whoever resumes it does not send it before that.
const stillUntested = "; " + UntilTested

// endsByItself says whether a pause of a reason does.
func endsByItself(reason string) bool {
	return strings.HasPrefix(reason, UntilWell) || strings.HasPrefix(reason, UntilServers) || strings.HasPrefix(reason, UntilTested)
}

// untested says whether a pause of a reason is of a run that awaits its test.
func untested(reason string) bool {
	return strings.HasPrefix(reason, UntilTested) || strings.HasSuffix(reason, stillUntested)
}
