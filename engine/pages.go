package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// PagesKept is how long a page is kept, unless newer ones need its room.
const PagesKept = 30 * 24 * time.Hour

const (
	pagesBucket = "LIVEOPS_PAGES"
	keysBucket  = "LIVEOPS_KEYS"
	pagesKey    = "pages"
	pagesKeyLen = 32
)

// Pages keeps pages for people to look at, so that each bot of a cluster serves those of the others. They take no
// more than Options.PageBytes; the oldest go first.
type Pages struct {
	engine  *Engine
	store   jetstream.ObjectStore
	key     []byte
	most    int64 // bytes of all
	largest int64 // bytes of one
}

// Pages opens the pages, which are made where they are not there yet.
func (e *Engine) Pages(ctx context.Context) (*Pages, error) {
	end, err := e.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	p := &Pages{engine: e, most: e.options.PageBytes, largest: e.options.PageBytes / 8}
	replicas, err := e.replicas(ctx, "OBJ_"+pagesBucket)
	if err == nil {
		p.store, err = e.js.CreateOrUpdateObjectStore(ctx, jetstream.ObjectStoreConfig{
			Bucket: pagesBucket, Description: "HTML reports that comments link to.",
			TTL: PagesKept, MaxBytes: p.most, Storage: jetstream.FileStorage, Replicas: replicas,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("make the store of pages: %w", err)
	}
	if p.key, err = e.sharedKey(ctx); err != nil {
		return nil, fmt.Errorf("make the key of pages: %w", err)
	}
	return p, nil
}

// replicas is how many replicas a stream gets: as many as were asked for, or as it has if those are more.
func (e *Engine) replicas(ctx context.Context, stream string) (int, error) {
	switch there, err := e.js.Stream(ctx, stream); {
	case err == nil:
		return max(e.options.Replicas, there.CachedInfo().Config.Replicas), nil
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return 0, err
	}
	return e.options.Replicas, nil
}

// sharedKey is 32 random bytes that the first process makes and all others find.
func (e *Engine) sharedKey(ctx context.Context) ([]byte, error) {
	replicas, err := e.replicas(ctx, "KV_"+keysBucket)
	if err != nil {
		return nil, err
	}
	keys, err := e.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: keysBucket, Description: "Secrets that all processes share.", Storage: jetstream.FileStorage, Replicas: replicas,
	})
	if err != nil {
		return nil, err
	}
	fresh := make([]byte, pagesKeyLen)
	rand.Read(fresh) // never fails
	if _, err := keys.Create(ctx, pagesKey, fresh); err == nil {
		return fresh, nil
	} else if !errors.Is(err, jetstream.ErrKeyExists) {
		return nil, err
	}
	there, err := keys.Get(ctx, pagesKey)
	if err != nil {
		return nil, err
	}
	if len(there.Value()) != pagesKeyLen {
		return nil, fmt.Errorf("%s in the bucket %s has %d bytes, not %d", pagesKey, keysBucket, len(there.Value()), pagesKeyLen)
	}
	return there.Value(), nil
}

// Key is a secret of 32 random bytes, the same for all processes on the same server.
func (p *Pages) Key() []byte { return slices.Clone(p.key) }

// Put keeps what r has as a page, after removing the oldest where there is no room. A page of more than an eighth of
// Options.PageBytes gives ErrTooLarge, and is not kept.
func (p *Pages) Put(ctx context.Context, id string, r io.Reader) error {
	end, err := p.engine.begin()
	if err != nil {
		return err
	}
	defer end()
	if err := p.makeRoom(ctx); err != nil {
		return fmt.Errorf("make room for a page: %w", err)
	}
	if _, err := p.store.Put(ctx, jetstream.ObjectMeta{Name: id}, &limited{r, p.largest}); err != nil {
		return fmt.Errorf("keep a page: %w", err)
	}
	return nil
}

// makeRoom removes the oldest pages until the largest that there may be fits, and one more: two processes may put at
// the same time.
func (p *Pages) makeRoom(ctx context.Context) error {
	status, err := p.store.Status(ctx)
	if err != nil {
		return err
	}
	size, most := int64(status.Size()), p.most-2*p.largest
	if size <= most {
		return nil
	}
	pages, err := p.store.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return err
	}
	slices.SortFunc(pages, func(a, b *jetstream.ObjectInfo) int { return a.ModTime.Compare(b.ModTime) })
	for _, oldest := range pages {
		if size <= most {
			break
		}
		if err := p.store.Delete(ctx, oldest.Name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
			return err
		}
		size -= int64(oldest.Size)
	}
	return nil
}

// Get reads a page. An error that is fs.ErrNotExist says that it is not there, or not any more. The reader must be
// closed; it fails where the page was damaged or removed meanwhile.
func (p *Pages) Get(ctx context.Context, id string) (io.ReadCloser, error) {
	end, err := p.engine.begin()
	if err != nil {
		return nil, err
	}
	page, err := p.store.Get(ctx, id)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		err = fmt.Errorf("page %s: %w", id, fs.ErrNotExist)
	}
	if err != nil {
		end()
		return nil, err
	}
	return &pageReader{page, end}, nil
}

// pageReader holds the engine open until it is closed.
type pageReader struct {
	jetstream.ObjectResult
	end func()
}

// Close ends the reading.
func (r *pageReader) Close() error {
	if r.end != nil {
		r.end()
		r.end = nil
	}
	return r.ObjectResult.Close()
}

// limited fails with ErrTooLarge where there is more to be read than left bytes.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}
