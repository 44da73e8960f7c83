package couchstore

import (
	"context"
	"errors"
	"fmt"

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
	for _, k := range kinds() {
		if !errors.Is(err, k.library) {
			continue
		}
		if k.ours == purge.ErrAmbiguous && !write {
			return fmt.Errorf("%w: %w", purge.ErrTemporary, err)
		}
		return fmt.Errorf("%w: %w", k.ours, err)
	}
	return err
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
