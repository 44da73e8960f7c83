package github

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// The services of git's smart HTTP protocol. See
// https://git-scm.com/docs/gitprotocol-http
const (
	uploadPack  = "git-upload-pack"
	receivePack = "git-receive-pack"
)

// maxPush is the longest body of a git request, after decompression; GitHub's
// limit for a push is 2 GB, too much to hold in memory.
const maxPush = 512 << 20

// errBadRequest marks what a client sent that is not git's protocol.
var errBadRequest = errors.New("malformed git request")

// serveGit answers /OWNER/REPO.git/info/refs, …/git-upload-pack and
// …/git-receive-pack. The body is read before the lock is taken and the answer
// sent after it is released, so that a slow client holds up nobody.
func (s *Server) serveGit(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	out := &gitAnswer{header: w.Header(), status: http.StatusOK}
	out.header.Set("Cache-Control", "no-cache, max-age=0, must-revalidate")
	s.answerGit(out, r, body)
	w.WriteHeader(out.status)
	_, _ = out.WriteTo(w) // the client may be gone
}

// gitAnswer is an answer before it is sent.
type gitAnswer struct {
	bytes.Buffer
	header http.Header
	status int
}

// refuse makes it a plain text of an error, which git shows to its user.
func (a *gitAnswer) refuse(status int, text string) {
	a.header.Set("Content-Type", "text/plain; charset=utf-8")
	a.status = status
	a.WriteString(text + "\n")
}

func (s *Server) answerGit(out *gitAnswer, r *http.Request, body []byte) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if len(parts) < 3 {
		out.refuse(http.StatusNotFound, "Not Found")
		return
	}
	owner, name, call := parts[0], parts[1], strings.Join(parts[2:], "/")
	service := call
	if call == "info/refs" {
		service = r.URL.Query().Get("service")
	}
	if service != uploadPack && service != receivePack {
		out.refuse(http.StatusForbidden, "Please upgrade your git client. There is no dumb git protocol here.")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	repo, user := s.admit(out, r, owner, name, service)
	if repo == nil {
		return
	}
	err := error(nil)
	switch {
	case r.Method == http.MethodGet && call == "info/refs":
		out.header.Set("Content-Type", "application/x-"+service+"-advertisement")
		err = repo.advertise(out, service)
	case r.Method == http.MethodPost && call == uploadPack:
		out.header.Set("Content-Type", "application/x-"+service+"-result")
		err = repo.upload(out, bytes.NewReader(body))
	case r.Method == http.MethodPost && call == receivePack:
		out.header.Set("Content-Type", "application/x-"+service+"-result")
		err = repo.receive(out, bytes.NewReader(body), user)
	default:
		out.refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	if err != nil {
		out.Reset()
		status := http.StatusInternalServerError
		if errors.Is(err, errBadRequest) {
			status = http.StatusBadRequest
		}
		out.refuse(status, err.Error())
	}
}

// admit checks who asks: a wrong token, or none where one is needed, is a 401
// that has git ask for credentials; a repository that the user can't read is
// not found; a push without the right to is a 403. See
// https://docs.github.com/en/get-started/git-basics/about-remote-repositories#cloning-with-https-urls
func (s *Server) admit(out *gitAnswer, r *http.Request, owner, name, service string) (*Repo, *account) {
	user, ok := s.authenticate(r)
	repo := s.repo(owner, name)
	mayRead := ok && repo != nil && repo.permission(user) >= Read
	switch {
	case !ok, user == s.anonymous && (!mayRead || service == receivePack):
		out.header.Set("WWW-Authenticate", `Basic realm="GitHub"`)
		out.refuse(http.StatusUnauthorized, "Invalid username or token.")
	case !mayRead:
		out.refuse(http.StatusNotFound, "Repository not found.")
	case service == receivePack && repo.permission(user) < Write:
		out.refuse(http.StatusForbidden, fmt.Sprintf("Permission to %s.git denied to %s.", repo.FullName(), user.Login))
	default:
		return repo, user
	}
	return nil, nil
}

// readBody reads the whole body, which git compresses when it is long.
func readBody(r *http.Request) ([]byte, error) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBadRequest, err)
		}
		body = unzipped
	}
	content, err := io.ReadAll(io.LimitReader(body, maxPush+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if len(content) > maxPush {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", errBadRequest, maxPush)
	}
	return content, nil
}

// advertise lists the references and what the server can do. See
// https://git-scm.com/docs/gitprotocol-http#_smart_server_response
func (r *Repo) advertise(w io.Writer, service string) error {
	adv := packp.NewAdvRefs()
	adv.Prefix = [][]byte{[]byte("# service=" + service), pktline.Flush}
	offered := uploadCapabilities()
	if service == receivePack {
		offered = receiveCapabilities()
	}
	for _, c := range offered {
		if err := adv.Capabilities.Add(c); err != nil {
			return fmt.Errorf("advertise %s: %w", c, err)
		}
	}
	if err := adv.Capabilities.Add(capability.Agent, "git/sandbox"); err != nil {
		return fmt.Errorf("advertise the agent: %w", err)
	}
	for name, ref := range r.git.ReferenceStorage {
		if ref.Type() != plumbing.HashReference {
			continue
		}
		adv.References[name.String()] = ref.Hash()
		if tag, err := object.GetTag(r.git, ref.Hash()); err == nil {
			if commit := r.peel(tag.Target); !commit.IsZero() {
				adv.Peeled[name.String()] = commit
			}
		}
	}
	if head := r.ref(plumbing.HEAD); !head.IsZero() && service == uploadPack {
		adv.Head = &head
		if err := adv.AddReference(r.git.ReferenceStorage[plumbing.HEAD]); err != nil {
			return fmt.Errorf("advertise HEAD: %w", err)
		}
	}
	if err := adv.Encode(w); err != nil {
		return fmt.Errorf("advertise the references: %w", err)
	}
	return nil
}
