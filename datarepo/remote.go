package datarepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

const (
	defaultStall    = time.Minute
	defaultMaxBytes = 1 << 30

	// objectCacheBytes holds the trees of a commit. Workbooks are larger, are read once and stay out of it.
	objectCacheBytes = 4 << 20
)

// Remote is a repository on a Git server, read over HTTP.
type Remote struct {
	URL      string // http or https; credentials in it are refused, since errors name it
	Username string // where a token needs none, "x-access-token" (GitHub takes any name)
	Password string // a token; empty for none. It appears in no error

	// CurrentPassword, where there is one, is asked for the token in place of Password: before each fetch, and before
	// each batch of Git LFS files, which may be read much later. It is for tokens that expire.
	CurrentPassword func(ctx context.Context) (string, error)

	Client   *http.Client  // for its Transport, proxy and TLS; nil for net/http's default transport
	Stall    time.Duration // longest silence of the server; default one minute
	MaxBytes int64         // most bytes of one answer, compressed as they come; default 1 GiB
	TempDir  string        // where fetched commits are kept until they are closed; default the system's
	LargeDir string        // where files of Git LFS are kept while they are asked for once a month; "" for nowhere
}

// Fetch reads one commit and its files, and nothing of its history: ref is a full ref name, such as
// "refs/pull/7/merge" or "refs/heads/main" (an annotated tag stands for its commit), or a commit id in full.
// The files are on disk, in a directory named liveops-commit-* that the Commit's Close removes.
//
// It fails with ErrNotFound, ErrNoRepository, ErrUnauthorized, ErrTooLarge or ErrStalled, with the context's
// error, and otherwise with whatever befell the connection. A commit id that no ref points to is found only on
// a server that allows it (uploadpack.allowReachableSHA1InWant; GitHub does).
func (r *Remote) Fetch(ctx context.Context, ref string) (*Commit, error) {
	if !plumbing.IsHash(ref) && !strings.HasPrefix(ref, "refs/") {
		return nil, fmt.Errorf("fetch %q: neither a full ref name nor a commit id", ref)
	}
	base, err := url.Parse(r.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return nil, errors.New("fetch: the repository's URL must be http or https, without credentials in it")
	}
	dir, err := os.MkdirTemp(r.TempDir, "liveops-commit-")
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", ref, err)
	}
	store := filesystem.NewStorageWithOptions(osfs.New(dir, osfs.WithBoundOS()),
		cache.NewObjectLRU(objectCacheBytes), filesystem.Options{ExclusiveAccess: true, KeepDescriptors: true})
	kept := &objects{store: store}
	release := func() error { return errors.Join(kept.close(), os.RemoveAll(dir)) }

	commit, err := r.fetch(ctx, ref, store, kept, release)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fetch %s of %s: %w", ref, r.URL, err), release())
	}
	return commit, nil
}

func (r *Remote) fetch(ctx context.Context, ref string, store *filesystem.Storage, kept *objects, release func() error) (*Commit, error) {
	if err := store.Init(); err != nil {
		return nil, err
	}
	w := r.wire()
	session, err := r.session(ctx, w)
	if err != nil {
		return nil, err
	}
	id, err := receive(ctx, session, ref, store)
	if err = errors.Join(err, session.Close()); err != nil {
		return nil, explain(ctx, w, err)
	}
	return newCommit(kept, id, r.large(), release)
}

// receive stores the pack of the commit that ref names and returns its id.
func receive(ctx context.Context, session transport.UploadPackSession, ref string, store *filesystem.Storage) (plumbing.Hash, error) {
	offered, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	id, err := resolve(offered, ref)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	request := packp.NewUploadPackRequestFromCapabilities(offered.Capabilities)
	request.Wants = []plumbing.Hash{id}
	request.Depth = packp.DepthCommits(1)
	for _, c := range []capability.Capability{capability.Shallow, capability.NoProgress} {
		if offered.Capabilities.Supports(c) {
			if err := request.Capabilities.Set(c); err != nil {
				return plumbing.ZeroHash, err
			}
		}
	}
	pack, err := session.UploadPack(ctx, request)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer pack.Close()
	return id, packfile.UpdateObjectStorage(store, unwrapSideband(request.Capabilities, pack))
}

// unusedLarge is how long a Remote's file of Git LFS is kept that no commit asks for any more.
const unusedLarge = 30 * 24 * time.Hour

// large finds files of Git LFS on the server that the repository is on: its URL with /info/lfs
// (https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md).
func (r *Remote) large() largeStore {
	client := http.Client{}
	if r.Client != nil {
		client = *r.Client
	}
	client.Transport = r.wire()
	return largeStore{dir: r.LargeDir, unused: unusedLarge, server: &lfsServer{url: strings.TrimSuffix(r.URL, "/") + "/info/lfs",
		username: r.Username, password: r.password, client: &client, wait: waitFor}}
}

// password is the token as it is now; "" for none.
func (r *Remote) password(ctx context.Context) (string, error) {
	if r.CurrentPassword == nil {
		return r.Password, nil
	}
	return r.CurrentPassword(ctx)
}

// session is one conversation with the server, with the credentials where there are any.
func (r *Remote) session(ctx context.Context, w *wire) (transport.UploadPackSession, error) {
	endpoint, err := transport.NewEndpoint(r.URL)
	if err != nil {
		return nil, err
	}
	password, err := r.password(ctx)
	if err != nil {
		return nil, err
	}
	var auth transport.AuthMethod
	if password != "" {
		name := r.Username
		if name == "" {
			name = "x-access-token"
		}
		auth = &githttp.BasicAuth{Username: name, Password: password}
	}
	client := http.Client{}
	if r.Client != nil {
		client = *r.Client
	}
	client.Transport = w
	return githttp.NewClient(&client).NewUploadPackSession(endpoint, auth)
}

// resolve is the commit id that ref stands for among the refs that the server offers.
func resolve(offered *packp.AdvRefs, ref string) (plumbing.Hash, error) {
	if plumbing.IsHash(ref) {
		return plumbing.NewHash(ref), nil
	}
	if id, ok := offered.Peeled[ref]; ok {
		return id, nil
	}
	if id, ok := offered.References[ref]; ok {
		return id, nil
	}
	return plumbing.ZeroHash, fmt.Errorf("%w: the server has no such ref", ErrNotFound)
}

func unwrapSideband(agreed *capability.List, r io.Reader) io.Reader {
	switch {
	case agreed.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, r)
	case agreed.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, r)
	default:
		return r
	}
}

// explain gives what went wrong the error that a caller decides by. go-git drops causes on the way up, so
// the context and the wire are asked first.
func explain(ctx context.Context, w *wire, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if cause := w.failure(); cause != nil {
		return cause
	}
	switch {
	case errors.Is(err, transport.ErrAuthenticationRequired), errors.Is(err, transport.ErrAuthorizationFailed):
		return fmt.Errorf("%w: check LIVEOPS_GITHUB_TOKEN, or LIVEOPS_GITHUB_APP_ID and LIVEOPS_GITHUB_APP_KEY, and that they may read the repository's contents", ErrUnauthorized)
	case errors.Is(err, transport.ErrRepositoryNotFound):
		return fmt.Errorf("%w: check LIVEOPS_REPOSITORIES, and that the credentials may read it", ErrNoRepository)
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return fmt.Errorf("%w: the repository is empty", ErrNotFound)
	case errors.Is(err, pktline.ErrInvalidPktLen):
		return fmt.Errorf("the server does not answer as a Git server does: %w", err)
	}
	return err
}
