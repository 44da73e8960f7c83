package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// malformed is the 422 for a request that does not fit the endpoint's schema. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
func malformed(format string, args ...any) *APIError {
	return &APIError{
		Status:  http.StatusUnprocessableEntity,
		Message: "Invalid request.\n\n" + fmt.Sprintf(format, args...),
	}
}

// checkMember refuses a value outside its enum; nil is one that is not given.
func checkMember(field string, value *string, allowed ...string) error {
	if value == nil || slices.Contains(allowed, *value) {
		return nil
	}
	return malformed("For 'properties/%s', %s is not a member of [%s].", field, *value, strings.Join(allowed, ", "))
}

// checkLength refuses a value of more than so many characters.
func checkLength(value string, most int) error {
	if n := utf8.RuneCountInString(value); n > most {
		return malformed("Only %d characters are allowed; %d were supplied.", most, n)
	}
	return nil
}

// firstError is the first of some checks that failed.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
