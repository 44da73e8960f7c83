package github

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

func gitRoutes() []route {
	const docs = "https://docs.github.com/en/rest/git"
	return []route{
		{"POST /repos/{owner}/{repo}/git/blobs", Write, docs + "/blobs#create-a-blob", createBlob},
		{"GET /repos/{owner}/{repo}/git/blobs/{sha}", Read, docs + "/blobs#get-a-blob", getBlob},
		{"POST /repos/{owner}/{repo}/git/trees", Write, docs + "/trees#create-a-tree", createTree},
		{"GET /repos/{owner}/{repo}/git/trees/{sha...}", Read, docs + "/trees#get-a-tree", getTree},
		{"POST /repos/{owner}/{repo}/git/commits", Write, docs + "/commits#create-a-commit", createCommit},
		{"GET /repos/{owner}/{repo}/git/commits/{sha}", Read, docs + "/commits#get-a-commit-object", getGitCommit},
		{"GET /repos/{owner}/{repo}/git/ref/{ref...}", Read, docs + "/refs#get-a-reference", getRef},
		{"GET /repos/{owner}/{repo}/git/matching-refs/{ref...}", Read, docs + "/refs#list-matching-references", matchingRefs},
		{"POST /repos/{owner}/{repo}/git/refs", Write, docs + "/refs#create-a-reference", createRef},
		{"PATCH /repos/{owner}/{repo}/git/refs/{ref...}", Write, docs + "/refs#update-a-reference", updateRef},
		{"DELETE /repos/{owner}/{repo}/git/refs/{ref...}", Write, docs + "/refs#delete-a-reference", deleteRef},
		{"GET /repos/{owner}/{repo}/contents/{path...}", Read, "https://docs.github.com/en/rest/repos/contents#get-repository-content", getContents},
	}
}

// unprocessable is a 422 in these words.
func unprocessable(format string, args ...any) *APIError {
	return &APIError{Status: http.StatusUnprocessableEntity, Message: fmt.Sprintf(format, args...)}
}

// started refuses to write objects into a repository without a commit. See
// https://docs.github.com/en/rest/git/blobs#create-a-blob
func (c *call) started() error {
	if c.repo.tip(defaultBranch).IsZero() {
		return &APIError{Status: http.StatusConflict, Message: "Git Repository is empty."}
	}
	return nil
}

// createBlob takes text, or bytes in base64. See
// https://docs.github.com/en/rest/git/blobs#create-a-blob
func createBlob(c *call) (answer, error) {
	var in struct {
		Content  *string `json:"content"`
		Encoding string  `json:"encoding"`
	}
	if err := firstError(c.started(), c.decode(&in)); err != nil {
		return answer{}, err
	}
	if in.Content == nil {
		return answer{}, notSupplied("content")
	}
	content := []byte(*in.Content)
	switch in.Encoding {
	case "", "utf-8":
	case "base64":
		var err error
		if content, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(*in.Content, "\n", "")); err != nil {
			return answer{}, unprocessable("content is not valid Base64")
		}
	default:
		return answer{}, unprocessable("encoding must be either utf-8 or base64")
	}
	hash, err := c.repo.writeBlob(content)
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusCreated, document{"sha": hash.String(), "url": c.repo.api("/git/blobs/%s", hash)}}, nil
}

// readBlob is the content of a file; 404 if there is none of the hash.
func (r *Repo) readBlob(hash plumbing.Hash) ([]byte, error) {
	blob, err := object.GetBlob(r.git, hash)
	if err != nil {
		return nil, notFound()
	}
	reader, err := blob.Reader()
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", hash, err)
	}
	defer reader.Close()
	return io.ReadAll(reader)
}

// getBlob answers in base64, and to who asks for raw bytes as they are. See
// https://docs.github.com/en/rest/git/blobs#get-a-blob
func getBlob(c *call) (answer, error) {
	hash := plumbing.NewHash(c.r.PathValue("sha"))
	content, err := c.repo.readBlob(hash)
	if err != nil {
		return answer{}, err
	}
	if c.wantsRaw() {
		return found(raw(content))
	}
	return found(document{
		"sha": hash.String(), "node_id": nodeID("Blob:"+hash.String(), c.repo.id), "size": len(content),
		"url": c.repo.api("/git/blobs/%s", hash), "encoding": "base64", "content": base64Lines(content),
	})
}

// wantsRaw tells whether the client asks for a file as it is. See
// https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#media-types
func (c *call) wantsRaw() bool {
	accept := c.r.Header.Get("Accept")
	return strings.Contains(accept, ".raw")
}

// base64Lines encodes as GitHub does, with a line break after 60 characters.
func base64Lines(content []byte) string {
	var b strings.Builder
	for text := base64.StdEncoding.EncodeToString(content); text != ""; {
		n := min(60, len(text))
		b.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}

// createCommit makes a commit that no reference points at. The author is by
// default who asks, the committer the author. See
// https://docs.github.com/en/rest/git/commits#create-a-commit
func createCommit(c *call) (answer, error) {
	var in struct {
		Message   *string   `json:"message"`
		Tree      *string   `json:"tree"`
		Parents   []string  `json:"parents"`
		Author    *identity `json:"author"`
		Committer *identity `json:"committer"`
	}
	if err := firstError(c.started(), c.decode(&in)); err != nil {
		return answer{}, err
	}
	switch {
	case in.Message == nil:
		return answer{}, notSupplied("message")
	case in.Tree == nil:
		return answer{}, notSupplied("tree")
	}
	tree := plumbing.NewHash(*in.Tree)
	if _, ok := c.repo.git.Trees[tree]; !ok {
		return answer{}, unprocessable("Tree SHA does not exist")
	}
	commit := &object.Commit{Message: *in.Message, TreeHash: tree}
	for _, name := range in.Parents {
		parent := plumbing.NewHash(name)
		if _, ok := c.repo.git.Commits[parent]; !ok {
			return answer{}, unprocessable("Parent SHA does not exist or is not a commit object")
		}
		commit.ParentHashes = append(commit.ParentHashes, parent)
	}
	var err error
	if commit.Author, err = in.Author.signature(c.user.signature(c.s.now())); err != nil {
		return answer{}, err
	}
	if commit.Committer, err = in.Committer.signature(commit.Author); err != nil {
		return answer{}, err
	}
	hash, err := c.repo.store(commit)
	if err != nil {
		return answer{}, err
	}
	d, err := c.repo.gitCommitDocument(hash)
	return answer{http.StatusCreated, d}, err
}

// identity is the author or the committer of a new commit.
type identity struct {
	Name  *string    `json:"name"`
	Email *string    `json:"email"`
	Date  *time.Time `json:"date"`
}

// signature is the identity as git stores it; what is not given is as in
// otherwise. Name and email go together.
func (i *identity) signature(otherwise object.Signature) (object.Signature, error) {
	switch {
	case i == nil:
		return otherwise, nil
	case i.Name == nil:
		return otherwise, notSupplied("name")
	case i.Email == nil:
		return otherwise, notSupplied("email")
	}
	s := object.Signature{Name: *i.Name, Email: *i.Email, When: otherwise.When}
	set(&s.When, i.Date)
	return s, nil
}

func getGitCommit(c *call) (answer, error) {
	d, err := c.repo.gitCommitDocument(plumbing.NewHash(c.r.PathValue("sha")))
	return answer{http.StatusOK, d}, err
}

// gitCommitDocument describes a commit as git knows it; see
// https://docs.github.com/en/rest/git/commits#get-a-commit-object
func (r *Repo) gitCommitDocument(hash plumbing.Hash) (document, error) {
	c, err := object.GetCommit(r.git, hash)
	if err != nil {
		return nil, notFound()
	}
	d := r.commitDocument(c)["commit"].(document)
	d["sha"], d["node_id"], d["html_url"] = hash.String(), nodeID("Commit:"+hash.String(), r.id), r.commitURL(hash)
	d["parents"] = r.commitDocument(c)["parents"]
	delete(d, "comment_count")
	return d, nil
}
