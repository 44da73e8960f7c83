package github

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// lfsMedia is the type of the batch API's requests and answers:
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
const lfsMedia = "application/vnd.git-lfs+json"

// mostLFSObjects is how many objects one batch may ask for; GitHub's own number is not documented, git-lfs asks for 100.
const mostLFSObjects = 100

// AddLarge puts a content into the Git LFS of a repository and returns the pointer that is committed in its place
// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
func (r *Repo) AddLarge(content []byte) (pointer []byte) {
	sum := sha256.Sum256(content)
	id := hex.EncodeToString(sum[:])
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if r.large == nil {
		r.large = map[string][]byte{}
	}
	r.large[id] = content
	return fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", id, len(content))
}

// LargeDownloads is how many times contents of a repository's Git LFS were downloaded.
func (r *Repo) LargeDownloads() int {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.downloads
}

// isLFS says whether a path is one of Git LFS.
func isLFS(urlPath string) bool { return strings.Contains(urlPath, ".git/info/lfs/") }

// serveLFS answers POST /OWNER/REPO.git/info/lfs/objects/batch, and GET …/objects/OID, which stands for the storage that
// a batch points to.
func (s *Server) serveLFS(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		lfsError(w, http.StatusBadRequest, err.Error())
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	call := strings.Join(parts[2:], "/")
	switch {
	case r.Method == http.MethodPost && call == "info/lfs/objects/batch":
		s.mu.Lock()
		defer s.mu.Unlock()
		out := &gitAnswer{header: http.Header{}, status: http.StatusOK}
		repo, _ := s.admit(out, r, parts[0], parts[1], uploadPack)
		if repo == nil {
			lfsError(w, out.status, strings.TrimSpace(out.String()))
			return
		}
		s.lfsBatch(w, r, repo, body)
	case r.Method == http.MethodGet && path.Dir(call) == "info/lfs/objects":
		s.lfsDownload(w, r, parts[0], parts[1], path.Base(call))
	default:
		lfsError(w, http.StatusNotFound, "Not Found")
	}
}

func lfsError(w http.ResponseWriter, status int, message string) {
	if status == http.StatusUnauthorized {
		w.Header().Set("LFS-Authenticate", `Basic realm="GitHub"`)
	}
	writeLFS(w, status, map[string]string{"message": message, "documentation_url": "https://docs.github.com/repositories/working-with-files/managing-large-files"})
}

func writeLFS(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", lfsMedia)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document) // the client may be gone
}

type lfsAsked struct {
	Operation string   `json:"operation"`
	Transfers []string `json:"transfers"`
	Objects   []struct {
		ID   string `json:"oid"`
		Size int64  `json:"size"`
	} `json:"objects"`
	Hash string `json:"hash_algo"`
}

// lfsBatch answers where objects are. The caller holds mu.
func (s *Server) lfsBatch(w http.ResponseWriter, r *http.Request, repo *Repo, body []byte) {
	var asked lfsAsked
	switch err := json.Unmarshal(body, &asked); {
	case !strings.HasPrefix(r.Header.Get("Accept"), lfsMedia):
		lfsError(w, http.StatusNotAcceptable, "The Accept header needs to be "+lfsMedia+".")
		return
	case err != nil || asked.Operation != "download" || asked.Hash != "" && asked.Hash != "sha256":
		lfsError(w, http.StatusUnprocessableEntity, "Validation error with one or more of the objects in the request.")
		return
	case len(asked.Objects) > mostLFSObjects:
		lfsError(w, http.StatusRequestEntityTooLarge, "The batch API request contained too many objects.")
		return
	}
	objects := []map[string]any{}
	for _, o := range asked.Objects {
		answer := map[string]any{"oid": o.ID, "size": o.Size}
		if content, ok := repo.large[o.ID]; ok && int64(len(content)) == o.Size {
			answer["authenticated"] = true
			answer["actions"] = map[string]any{"download": map[string]any{
				"href":       s.url + "/" + repo.FullName() + ".git/info/lfs/objects/" + o.ID,
				"header":     map[string]string{"X-Ticket": repo.ticket()},
				"expires_in": 3600,
			}}
		} else {
			answer["error"] = map[string]any{"code": http.StatusNotFound, "message": "Object does not exist"}
		}
		objects = append(objects, answer)
	}
	writeLFS(w, http.StatusOK, map[string]any{"transfer": "basic", "objects": objects, "hash_algo": "sha256"})
}

// ticket is what a download must show; each repository has one for as long as the server runs.
func (r *Repo) ticket() string {
	if r.lfsTicket == "" {
		r.lfsTicket = rand.Text()
	}
	return r.lfsTicket
}

// lfsDownload gives an object to who shows the batch's header. Storage refuses a request with credentials besides, as
// Amazon S3 does (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html: only one auth mechanism is
// allowed).
func (s *Server) lfsDownload(w http.ResponseWriter, r *http.Request, owner, name, id string) {
	content, refused := s.lfsContent(r, owner, name, id)
	if refused != 0 {
		http.Error(w, http.StatusText(refused), refused)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content) // the client may be gone
}

func (s *Server) lfsContent(r *http.Request, owner, name, id string) (content []byte, refused int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	repo := s.repo(owner, name)
	switch {
	case repo == nil || repo.large[id] == nil:
		return nil, http.StatusNotFound
	case r.Header.Get("Authorization") != "":
		return nil, http.StatusBadRequest
	case r.Header.Get("X-Ticket") != repo.ticket():
		return nil, http.StatusForbidden
	}
	repo.downloads++
	return repo.large[id], 0
}
