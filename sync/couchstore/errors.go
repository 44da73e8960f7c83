package couchstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/couchbase/gocbcore/v10"

	"liveops/sync/purge"
)

// kinds says what each error of the server or its library means to a purge
// (https://docs.couchbase.com/go-sdk/current/ref/error-codes.html). The first that fits counts.
func kinds() []struct{ library, ours error } {
	return []struct{ library, ours error }{
		{gocb.ErrDocumentNotFound, purge.ErrNotFound},
		{gocb.ErrCasMismatch, purge.ErrConflict},
		{gocb.ErrDocumentExists, purge.ErrConflict},
		{gocb.ErrAmbiguousTimeout, purge.ErrAmbiguous},
		{gocb.ErrDurabilityAmbiguous, purge.ErrAmbiguous},
		{gocb.ErrUnambiguousTimeout, purge.ErrTemporary},
		{gocb.ErrTemporaryFailure, purge.ErrTemporary},
		{gocb.ErrOverload, purge.ErrTemporary},
		{gocb.ErrCircuitBreakerOpen, purge.ErrTemporary},
		{gocb.ErrDocumentLocked, purge.ErrTemporary}, // the game holds it for a moment
		{gocb.ErrDurableWriteInProgress, purge.ErrTemporary},
		{gocb.ErrDurableWriteReCommitInProgress, purge.ErrTemporary},
		{gocb.ErrRateLimitedFailure, purge.ErrTemporary},
		{gocb.ErrValueTooLarge, purge.ErrRefused},
		{gocb.ErrValueTooDeep, purge.ErrRefused},
		{gocb.ErrValueInvalid, purge.ErrRefused},
		{gocb.ErrDocumentNotJSON, purge.ErrRefused},
		{gocb.ErrTimeout, purge.ErrAmbiguous},
		{gocb.ErrRequestCanceled, purge.ErrAmbiguous},
		{gocbcore.ErrSocketClosed, purge.ErrAmbiguous},
		{gocbcore.ErrMemdTooBig, purge.ErrRefused},
	}
}

// meant gives an error of the library the meaning that package purge has for it; others stay what they are. One of a
// read is never ambiguous.
func meant(err error, write bool) error {
	if err == nil {
		return nil
	}
	ours := kind(err)
	if ours == purge.ErrAmbiguous && !write {
		ours = purge.ErrTemporary
	}
	if ours == nil {
		return err
	}
	return fmt.Errorf("%w: %w", ours, err)
}

// kind is what an error means to a purge; nil where it has no meaning of its own. A connection that broke is ambiguous,
// and a server's 5xx to a view or a query, which only read, is temporary.
func kind(err error) error {
	for _, k := range kinds() {
		if errors.Is(err, k.library) {
			return k.ours
		}
	}
	var view *gocb.ViewError
	var query *gocb.QueryError
	var connection *net.OpError
	switch {
	case errors.As(err, &view) && view.HTTPStatusCode >= http.StatusInternalServerError,
		errors.As(err, &query) && query.HTTPStatusCode >= http.StatusInternalServerError:
		return purge.ErrTemporary
	case errors.As(err, &connection), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return purge.ErrAmbiguous
	}
	return nil
}

// again does what only reads until it is answered: up to 8 tries, whose waits grow up to 5 s. What ran out of time is
// not tried again.
func again(ctx context.Context, read func() error) error {
	const tries, first, longest = 8, 50 * time.Millisecond, 5 * time.Second
	for attempt := 0; ; attempt++ {
		err := meant(read(), false)
		if !errors.Is(err, purge.ErrTemporary) || errors.Is(err, gocb.ErrTimeout) || attempt == tries-1 {
			return err
		}
		select {
		case <-time.After(min(first<<attempt, longest)):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// answered is what an operation of the library came to, once it is over. Where ctx ends first it is called off, and
// what it did is not known.
func answered[T any](ctx context.Context, begin func(done func(T, error)) (gocbcore.PendingOp, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	outcomes := make(chan outcome, 1)
	pending, err := begin(func(value T, err error) { outcomes <- outcome{value, err} })
	if err != nil {
		var none T
		return none, err
	}
	select {
	case o := <-outcomes:
		return o.value, o.err
	case <-ctx.Done():
		pending.Cancel() // answers with ErrRequestCanceled, unless the answer is there by now
		o := <-outcomes
		return o.value, o.err
	}
}
