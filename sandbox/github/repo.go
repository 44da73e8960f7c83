package github

import (
	"fmt"
	"maps"
	"sort"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/memory"
)

// defaultBranch is the default branch of every repository.
const defaultBranch = "main"

// Repo is a repository with its issues, pull requests, comments and statuses. What a
// method changes has its webhooks queued when the method returns.
type Repo struct {
	s           *Server
	id          int64
	owner, name string
	private     bool
	parent      *Repo // of a fork
	created     time.Time
	git         *memory.Storage
	permissions map[string]Permission // by login in lower case
	protected   map[string]bool       // branches
	issues      []*issue              // number n is issues[n-1], pull requests included
	pulls       []*pull               // in the order of their numbers
	labels      map[string]int64      // the ids of labels, by name
	comments    []*comment
	reactions   []*reaction
	checkRuns   []*checkRun
	checkSuites []*checkSuite
	deployments []*deployment
	statuses    map[plumbing.Hash][]*status
	runReviews  map[int64][]runReview // of workflow runs that deploy to environments

	commitComments map[plumbing.Hash][]*commitComment

	large     map[string][]byte // the contents of Git LFS, by their SHA-256
	lfsTicket string
	downloads int
}

// CreateRepo makes a private repository whose default branch, main, has one
// commit with these files (path to content); with no files it is empty. The
// owner needs not be a user: it may be an organization. It fails if the
// repository exists.
func (s *Server) CreateRepo(owner, name string, files map[string][]byte) (*Repo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.newRepo(owner, name)
	if err != nil || len(files) == 0 {
		return r, err
	}
	author := s.accounts[strings.ToLower(owner)]
	if author == nil {
		author = &account{User: User{Login: owner, Name: owner, Email: owner + "@users.noreply.github.com"}}
	}
	if _, err := r.commit(defaultBranch, "Initial commit", author, files); err != nil {
		return nil, fmt.Errorf("create repository %s/%s: %w", owner, name, err)
	}
	return r, nil
}

func (s *Server) newRepo(owner, name string) (*Repo, error) {
	key := strings.ToLower(owner + "/" + name)
	if s.repos[key] != nil {
		return nil, fmt.Errorf("create repository %s/%s: it exists", owner, name)
	}
	r := &Repo{
		s: s, id: s.nextID(), owner: owner, name: name, private: true, created: s.now(),
		git:         memory.NewStorage(),
		permissions: map[string]Permission{},
		protected:   map[string]bool{},
		labels:      map[string]int64{},
		statuses:    map[plumbing.Hash][]*status{},
		runReviews:  map[int64][]runReview{},

		commitComments: map[plumbing.Hash][]*commitComment{},
	}
	head := plumbing.NewSymbolicReference(plumbing.HEAD, plumbing.NewBranchReferenceName(defaultBranch))
	if err := r.git.SetReference(head); err != nil {
		return nil, fmt.Errorf("create repository %s/%s: %w", owner, name, err)
	}
	s.repos[key] = r
	return r, nil
}

// Fork makes owner's fork of the repository, with its branches and tags. As at
// GitHub the two share their objects, so a pull request from the fork needs no
// copying.
func (r *Repo) Fork(owner string) (*Repo, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	fork, err := r.s.newRepo(owner, r.name)
	if err != nil {
		return nil, err
	}
	fork.parent, fork.private = r, r.private
	fork.git.ObjectStorage = r.git.ObjectStorage
	for name, ref := range r.git.ReferenceStorage {
		if name.IsBranch() || name.IsTag() {
			fork.git.ReferenceStorage[name] = ref
		}
	}
	maps.Copy(fork.permissions, r.permissions)
	return fork, nil
}

// repo finds a repository by its name, with or without .git; nil if there is none.
func (s *Server) repo(owner, name string) *Repo {
	return s.repos[strings.ToLower(owner+"/"+strings.TrimSuffix(name, ".git"))]
}

// SetPrivate opens the repository to everyone's reading, or closes it.
func (r *Repo) SetPrivate(private bool) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.private = private
}

// SetPermission gives a user a permission of its own in this repository.
func (r *Repo) SetPermission(login string, p Permission) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.permissions[strings.ToLower(login)] = p
}

// Protect makes the branch refuse force pushes and deletion.
func (r *Repo) Protect(branch string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.protected[branch] = true
}

// permission is what the user may do here.
func (r *Repo) permission(a *account) Permission {
	if a.installation != nil {
		return a.installation.permission(r)
	}
	granted := None
	if a != r.s.anonymous {
		granted = a.Permission
		if own, ok := r.permissions[strings.ToLower(a.Login)]; ok {
			granted = own
		}
		if strings.EqualFold(a.Login, r.owner) {
			granted = Admin
		}
	}
	if !r.private {
		granted = max(granted, Read)
	}
	return granted
}

// FullName is owner/name.
func (r *Repo) FullName() string { return r.owner + "/" + r.name }

// CloneURL is where git finds the repository.
func (r *Repo) CloneURL() string { return r.s.url + "/" + r.FullName() + ".git" }

// Tip is the commit that a branch points at, in hexadecimal; "" if there is no
// such branch.
func (r *Repo) Tip(branch string) string {
	return r.Ref(plumbing.NewBranchReferenceName(branch).String())
}

// Ref is the object that a reference such as refs/pull/1/merge points at, in
// hexadecimal; "" if there is none.
func (r *Repo) Ref(name string) string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if hash := r.ref(plumbing.ReferenceName(name)); !hash.IsZero() {
		return hash.String()
	}
	return ""
}

// ref is what a reference points at, the zero hash if there is none.
func (r *Repo) ref(name plumbing.ReferenceName) plumbing.Hash {
	ref, ok := r.git.ReferenceStorage[name]
	if !ok {
		return plumbing.ZeroHash
	}
	if ref.Type() == plumbing.SymbolicReference {
		return r.ref(ref.Target())
	}
	return ref.Hash()
}

func (r *Repo) tip(branch string) plumbing.Hash {
	return r.ref(plumbing.NewBranchReferenceName(branch))
}

// setRef points a reference at an object without any consequence; the zero hash
// removes it.
func (r *Repo) setRef(name plumbing.ReferenceName, to plumbing.Hash) {
	if to.IsZero() {
		delete(r.git.ReferenceStorage, name)
		return
	}
	r.git.ReferenceStorage[name] = plumbing.NewHashReference(name, to)
}

// branches are the names of the branches, sorted.
func (r *Repo) branches() []string {
	var names []string
	for name := range r.git.ReferenceStorage {
		if name.IsBranch() {
			names = append(names, name.Short())
		}
	}
	sort.Strings(names)
	return names
}
