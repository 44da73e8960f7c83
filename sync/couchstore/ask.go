package couchstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/couchbase/gocb/v2"

	"liveops/sync/purge"
)

// QueryError is why the query service does not carry a statement out: its words, what it names, who asks. Its message may quote what documents have.
type QueryError struct {
	// Code is the service's (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/n1ql-error-codes.html).
	Code    int
	Message string
}

// Error says both.
func (e *QueryError) Error() string {
	return fmt.Sprintf("query service: error %d: %s", e.Code, e.Message)
}

// ErrLate says that a statement took longer than it may.
var ErrLate = errors.New("the statement takes too long")

// Ask runs a SQL++ statement by a read-only request, and gives its rows as they come. In a scope other than "" FROM names its
// collections, else buckets. named are the statement's named parameters, without their $. What was written a moment ago may not
// be there yet (scan consistency not_bounded). One that takes longer than limit fails with ErrLate; 0 is ten minutes. What the
// service refuses fails with a *QueryError. An error of each ends it. Until the first row a failure that passes is
// tried again.
func (s *Store) Ask(ctx context.Context, scope, statement string, named map[string]any, limit time.Duration, each func(row json.RawMessage) error) error {
	if limit <= 0 {
		limit = selectTime
	}
	query := s.cluster.Query
	if scope != "" {
		query = s.bucket.Scope(scope).Query
	}
	options := &gocb.QueryOptions{ScanConsistency: gocb.QueryScanConsistencyNotBounded, Readonly: true, Adhoc: true, NamedParameters: named, Timeout: limit, Context: ctx}
	begun := false
	var failed error // what is not to be tried again
	err := again(ctx, func() error {
		err := said(rowsOf(query, statement, options, func(row json.RawMessage) error {
			begun = true
			return each(row)
		}))
		if begun {
			failed = err
			return nil
		}
		return err
	})
	return errors.Join(err, failed)
}

// rowsOf gives the rows of a statement.
func rowsOf(query func(string, *gocb.QueryOptions) (*gocb.QueryResult, error), statement string, options *gocb.QueryOptions, each func(json.RawMessage) error) error {
	result, err := query(statement, options)
	if err != nil {
		return err
	}
	for result.Next() {
		var row json.RawMessage
		err := result.Row(&row)
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return errors.Join(err, result.Close())
		}
	}
	return result.Err()
}

// said tells a statement's failures apart: what takes too long, what the service refuses, and the rest.
func said(err error) error {
	var refused *gocb.QueryError
	switch {
	case errors.Is(err, gocb.ErrTimeout):
		return fmt.Errorf("%w: %w", ErrLate, err)
	case !errors.As(err, &refused) || len(refused.Errors) == 0:
		return err
	}
	first := refused.Errors[0]
	switch code := first.Code; {
	case code == 1080: // its own timeout
		return fmt.Errorf("%w: %w", ErrLate, err)
	case code < 1180, code >= 2000 && code < 5000, code == 5010, code == 12003, code >= 13000 && code < 14000:
		return &QueryError{Code: int(code), Message: first.Message}
	}
	return err
}

// Body reads a document of a collection; "" names the default ones. The body is nil, and the CAS 0, where there is none.
func (s *Store) Body(ctx context.Context, scope, collection, id string) (body []byte, cas uint64, err error) {
	documents := s.Documents(orDefault(scope), orDefault(collection))
	err = again(ctx, func() error {
		doc, err := documents.Get(ctx, id, "")
		body, cas = doc.Body, doc.CAS
		return err
	})
	if errors.Is(err, purge.ErrNotFound) {
		return nil, 0, nil
	}
	return body, cas, err
}

// Discard removes a document of a collection if its CAS is still the given one, and says whether it has. A failure that
// passes is tried again: what the first try did is then found to be gone, and false.
func (s *Store) Discard(ctx context.Context, scope, collection, id string, cas uint64) (bool, error) {
	documents := s.Documents(orDefault(scope), orDefault(collection))
	err := again(ctx, func() error { return documents.Remove(ctx, id, cas) })
	if errors.Is(err, purge.ErrNotFound) || errors.Is(err, purge.ErrConflict) {
		return false, nil
	}
	return err == nil, err
}

func orDefault(name string) string {
	if name == "" {
		return purge.DefaultName
	}
	return name
}
