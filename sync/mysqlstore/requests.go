package mysqlstore

import (
	"context"
	"errors"
	"fmt"
)

// A request that may be made again, since who made it died before the answer came, has a name (Request.ID,
// RollbackRequest.ID) that its entry in the ledger keeps. Made again it finds its entry, under the environment's lock,
// and changes nothing.

// errAsked ends a release whose request has an entry in the ledger.
var errAsked = errors.New("asked for before")

// RequestError is a request whose name has an entry in the ledger that is not its success. Nothing was changed.
type RequestError struct {
	Environment string
	Found       Release // that entry
}

// Error says what the entry is.
func (e *RequestError) Error() string {
	if e.Found.State == Failed {
		return fmt.Sprintf("this request was stopped before, as release %d of %s: %s", e.Found.ID, e.Environment, e.Found.Error)
	}
	return fmt.Sprintf("the name of this request is that of release %d of %s, which is another thing (%s)", e.Found.ID, e.Environment, e.Found.Kind)
}

// ReleaseOf finds the release that a named request led to, whatever became of it; nil where there is none.
func (s *Store) ReleaseOf(ctx context.Context, request string) (*Release, error) {
	return s.findRequest(ctx, s.db, request)
}

func (s *Store) findRequest(ctx context.Context, q querier, request string) (*Release, error) {
	if request == "" {
		return nil, nil
	}
	found, err := s.readReleases(ctx, q, "WHERE request = ?", request)
	if isServerError(err, noSuchColumn) { // an older ledger: nobody named a request in it
		return nil, nil
	}
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// askedBefore looks a release's request up. Where it was done it makes r its entry and returns errAsked.
func (s *Store) askedBefore(ctx context.Context, q querier, r *Release) error {
	found, err := s.findRequest(ctx, q, r.RequestID)
	switch {
	case err != nil || found == nil:
		return err
	case found.State == Failed, found.Kind != r.Kind, found.Undoes != r.Undoes, r.Kind == ApplyKind && found.Commit != r.Commit:
		return &RequestError{s.environment, *found}
	}
	*r = *found
	return errAsked
}
