package purge

import (
	"context"
	"errors"
	"fmt"
)

// Verdict is what a purge makes of one document.
type Verdict struct {
	Matches bool
	Delete  bool   // the document goes
	After   []byte // what it becomes; nil where it goes, does not match, or stays as it is
}

// Changes says whether the document is changed or removed.
func (v Verdict) Changes() bool { return v.Delete || v.After != nil }

// DocumentError is a document that the purge's expressions cannot be run on, or that they make nothing usable of.
type DocumentError struct {
	Field string // "match" or "update"; "" where the document itself cannot be read
	Err   error
}

// Error says which expression failed.
func (e *DocumentError) Error() string {
	if e.Field == "" {
		return "the document cannot be read: " + e.Err.Error()
	}
	return fmt.Sprintf("`%s` %s", e.Field, e.Err)
}

// Unwrap is what jq said.
func (e *DocumentError) Unwrap() error { return e.Err }

// Judge runs match and update on a document. It fails with a *DocumentError, or with ctx's error.
func (p *Purge) Judge(ctx context.Context, body []byte) (Verdict, error) {
	tree, err := parseDocument(body)
	if err != nil {
		return Verdict{}, &DocumentError{Err: err}
	}
	input := tree.value()
	if p.match != nil {
		result, err := p.match.one(ctx, input)
		matches, is := result.(bool)
		if err == nil && !is {
			err = errors.New("gives no true or false")
		}
		if err != nil {
			return Verdict{}, documentError(ctx, "match", err)
		}
		if !matches {
			return Verdict{}, nil
		}
	}
	if p.Delete {
		return Verdict{Matches: true, Delete: true}, nil
	}
	result, err := p.update.one(ctx, input)
	if err == nil && !sameKind(tree, result) {
		err = errors.New("gives another kind of value than the document is; did you mean `del(...)`, or `|=`?")
	}
	var after []byte
	if err == nil {
		after, err = patch(make([]byte, 0, len(body)), tree, result)
	}
	if err == nil && len(after) > maxDocument {
		err = fmt.Errorf("makes the document longer than %d bytes", maxDocument)
	}
	if err != nil {
		return Verdict{Matches: true}, documentError(ctx, "update", err)
	}
	if string(after) == tree.raw {
		after = nil
	}
	return Verdict{Matches: true, After: after}, nil
}

func documentError(ctx context.Context, field string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &DocumentError{Field: field, Err: err}
}

// sameKind says whether a result is an object where the document is one, and so on.
func sameKind(tree *node, result any) bool {
	switch result.(type) {
	case map[string]any:
		return tree.kind == '{'
	case []any:
		return tree.kind == '['
	}
	return tree.kind != '{' && tree.kind != '['
}
