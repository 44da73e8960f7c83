package github

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// restDocs is the documentation_url of answers that no page is named for.
const restDocs = "https://docs.github.com/rest"

// APIError is a refusal of the REST API. The Go methods return it too, so that
// a caller can tell a 405 from a 409. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
type APIError struct {
	Status  int    // of HTTP
	Message string // in GitHub's words
	Docs    string // the documentation_url
	Errors  []FieldError
}

// FieldError is one entry of the "errors" of a 422. See
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
type FieldError struct {
	Resource string `json:"resource"`
	Code     string `json:"code"`
	Field    string `json:"field,omitempty"`
	Message  string `json:"message,omitempty"`

	// Contexts are what a deployment still lacks.
	Contexts []RequiredContext `json:"contexts,omitempty"`
}

// Error is the message with the status and what was wrong with which field.
func (e *APIError) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, e.Message)
	for _, f := range e.Errors {
		text += fmt.Sprintf(" [%s %s %s: %s]", f.Resource, f.Field, f.Code, f.Message)
	}
	return text
}

func notFound() *APIError {
	return &APIError{Status: http.StatusNotFound, Message: "Not Found"}
}

// invalid is a 422 about fields of the request.
func invalid(errs ...FieldError) *APIError {
	return &APIError{Status: http.StatusUnprocessableEntity, Message: "Validation Failed", Errors: errs}
}

// notSupplied is the 422 for a required field that the request lacks.
func notSupplied(field string) *APIError {
	return &APIError{
		Status:  http.StatusUnprocessableEntity,
		Message: fmt.Sprintf("Invalid request.\n\n%q wasn't supplied.", field),
	}
}

// writeError sends the refusal as GitHub words it.
func writeError(w http.ResponseWriter, e *APIError) {
	body := document{"message": e.Message, "documentation_url": e.Docs, "status": strconv.Itoa(e.Status)}
	if e.Docs == "" {
		body["documentation_url"] = restDocs
	}
	if len(e.Errors) > 0 {
		body["errors"] = e.Errors
	}
	writeJSON(w, e.Status, body)
}

// raw is a body that is not JSON but a file as it is.
type raw []byte

// writeJSON sends a value; nil sends no body.
func writeJSON(w http.ResponseWriter, status int, value any) {
	if value == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if _, ok := value.(raw); ok {
		w.Header().Set("Content-Type", "application/vnd.github.raw; charset=utf-8")
	}
	w.WriteHeader(status)
	_, _ = w.Write(encode(value)) // the client may be gone
}

// encoded is a body that is JSON already.
type encoded []byte

// encode is the value as JSON, a line of it, or a raw body as it is.
func encode(value any) []byte {
	switch content := value.(type) {
	case raw:
		return content
	case encoded:
		return content
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", value, err)) // documents always encode
	}
	return append(text, '\n')
}
