package hub

import (
	"errors"
	"fmt"
)

// What New refuses.
var (
	ErrIdentity = errors.New("who the bot is on GitHub")
	ErrAddress  = errors.New("the address of GitHub")
)

// RefusedError is a 401: GitHub does not take the credentials, and will not until a person gives others. An App's
// installation token has been renewed once before.
type RefusedError struct {
	Credentials string // what was refused, with the setting that it comes from
	Hint        string // what may be the matter
}

// Error says which credentials, and what may be the matter with them.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("GitHub refuses %s (%s)", e.Credentials, e.Hint)
}

// NotInstalledError is a repository that the GitHub App is not installed on, or no more.
type NotInstalledError struct{ Repository string }

// Error says what to do.
func (e *NotInstalledError) Error() string {
	return fmt.Sprintf("the GitHub App is not installed on %s: install it there (the App's page, Install App)", e.Repository)
}

// NoDeliveriesError says that the deliveries of a repository's events cannot be listed, so that what was missed must
// be found in another way.
type NoDeliveriesError struct {
	Repository string
	Reason     string
}

// Error says why not.
func (e *NoDeliveriesError) Error() string {
	return fmt.Sprintf("the webhook's deliveries of %s cannot be listed: %s", e.Repository, e.Reason)
}
