package datarepo

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// maxFileBytes is the largest file that is read. GitHub refuses files over 100 MiB on push:
// https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github
const maxFileBytes = 100 << 20

// objects is a Git object store that may be used by several goroutines at once, which go-git's are not.
type objects struct {
	mu     sync.Mutex
	store  storer.EncodedObjectStorer
	closed bool
}

// commit reads a commit. Its parents need not be in the store.
func (o *objects) commit(id plumbing.Hash) (*object.Commit, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, fs.ErrClosed
	}
	c, err := object.GetCommit(o.store, id)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", id, err)
	}
	return c, nil
}

// tree reads one level of a tree.
func (o *objects) tree(id plumbing.Hash) (*object.Tree, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, fs.ErrClosed
	}
	return object.GetTree(o.store, id)
}

// size is the length of a blob's content, found without inflating a blob that is stored whole.
func (o *objects) size(id plumbing.Hash) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, fs.ErrClosed
	}
	return o.store.EncodedObjectSize(id)
}

// content is a blob's content. It fails with ErrTooLarge, before it reads, on a blob over maxFileBytes.
func (o *objects) content(id plumbing.Hash) (*bytes.Reader, error) {
	size, err := o.size(id)
	if err != nil {
		return nil, err
	}
	if size > maxFileBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, maxFileBytes)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, fs.ErrClosed
	}
	obj, err := o.store.EncodedObject(plumbing.BlobObject, id)
	if err != nil {
		return nil, err
	}
	r, err := obj.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead))
	if _, err := b.ReadFrom(io.LimitReader(r, size)); err != nil {
		return nil, err
	}
	return bytes.NewReader(b.Bytes()), nil
}

// close makes every later use fail with fs.ErrClosed, and closes the store once nothing uses it.
func (o *objects) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil
	}
	o.closed = true
	if c, ok := o.store.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
