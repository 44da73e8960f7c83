package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

func getRef(c *call) (answer, error) {
	d, err := c.repo.refDocument(plumbing.ReferenceName("refs/" + c.r.PathValue("ref")))
	return answer{http.StatusOK, d}, err
}

// refDocument describes a reference; see
// https://docs.github.com/en/rest/git/refs#get-a-reference
func (r *Repo) refDocument(name plumbing.ReferenceName) (document, error) {
	hash := r.ref(name)
	if hash.IsZero() {
		return nil, notFound()
	}
	o, err := r.git.EncodedObject(plumbing.AnyObject, hash)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return document{
		"ref": name.String(), "node_id": nodeID("Ref:"+name.String(), r.id), "url": r.api("/git/%s", name),
		"object": document{"sha": hash.String(), "type": o.Type().String(), "url": r.api("/git/%ss/%s", o.Type(), hash)},
	}, nil
}

// matchingRefs lists the references whose name starts with what is asked for,
// sorted. See https://docs.github.com/en/rest/git/refs#list-matching-references
func matchingRefs(c *call) (answer, error) {
	prefix := "refs/" + c.r.PathValue("ref")
	var names []plumbing.ReferenceName
	for name := range c.repo.git.ReferenceStorage {
		if strings.HasPrefix(name.String(), prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	documents := []document{}
	for _, name := range page(c, names) {
		d, err := c.repo.refDocument(name)
		if err != nil {
			return answer{}, err
		}
		documents = append(documents, d)
	}
	return found(documents)
}

// createRef makes a branch or a tag. See
// https://docs.github.com/en/rest/git/refs#create-a-reference
func createRef(c *call) (answer, error) {
	var in struct {
		Ref *string `json:"ref"`
		SHA *string `json:"sha"`
	}
	if err := firstError(c.started(), c.decode(&in)); err != nil {
		return answer{}, err
	}
	switch {
	case in.Ref == nil:
		return answer{}, notSupplied("ref")
	case in.SHA == nil:
		return answer{}, notSupplied("sha")
	}
	name := plumbing.ReferenceName(*in.Ref)
	switch {
	case !strings.HasPrefix(*in.Ref, "refs/") || strings.Count(*in.Ref, "/") < 2 || name.Validate() != nil:
		return answer{}, unprocessable("Reference name is invalid")
	case !c.repo.ref(name).IsZero():
		return answer{}, unprocessable("Reference already exists")
	}
	if err := c.moveRef(name, *in.SHA, false); err != nil {
		return answer{}, err
	}
	d, err := c.repo.refDocument(name)
	return answer{http.StatusCreated, d}, err
}

// updateRef moves a branch or a tag: forward only, unless forced. See
// https://docs.github.com/en/rest/git/refs#update-a-reference
func updateRef(c *call) (answer, error) {
	var in struct {
		SHA   *string `json:"sha"`
		Force bool    `json:"force"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.SHA == nil {
		return answer{}, notSupplied("sha")
	}
	name := plumbing.ReferenceName("refs/" + c.r.PathValue("ref"))
	if c.repo.ref(name).IsZero() {
		return answer{}, unprocessable("Reference does not exist")
	}
	if err := c.moveRef(name, *in.SHA, in.Force); err != nil {
		return answer{}, err
	}
	d, err := c.repo.refDocument(name)
	return answer{http.StatusOK, d}, err
}

// moveRef checks a move as a push would be checked, and makes it.
func (c *call) moveRef(name plumbing.ReferenceName, sha string, force bool) error {
	to := plumbing.NewHash(sha)
	if err := c.repo.git.HasEncodedObject(to); err != nil || !plumbing.IsHash(sha) {
		return unprocessable("Object does not exist")
	}
	_, isCommit := c.repo.git.Commits[to]
	if !name.IsBranch() && !name.IsTag() || name.IsBranch() && !isCommit {
		return unprocessable("Reference update failed")
	}
	forced, err := c.repo.isForced(move{ref: name, before: c.repo.ref(name), after: to})
	switch {
	case err != nil:
		return err
	case forced && !force:
		return unprocessable("Update is not a fast forward")
	case forced && c.repo.protected[name.Short()]:
		return unprocessable("Cannot force-push to this branch")
	}
	return c.repo.moveRef(name, to, c.user)
}

// deleteRef closes the pull requests of a branch, as deleting it does. See
// https://docs.github.com/en/rest/git/refs#delete-a-reference
func deleteRef(c *call) (answer, error) {
	name := plumbing.ReferenceName("refs/" + c.r.PathValue("ref"))
	switch {
	case c.repo.ref(name).IsZero():
		return answer{}, unprocessable("Reference does not exist")
	case !name.IsBranch() && !name.IsTag():
		return answer{}, unprocessable("Reference update failed")
	case name == plumbing.NewBranchReferenceName(defaultBranch):
		return answer{}, unprocessable("Cannot delete the default branch")
	case name.IsBranch() && c.repo.protected[name.Short()]:
		return answer{}, unprocessable("Cannot delete this protected branch")
	}
	return answer{http.StatusNoContent, nil}, c.repo.moveRef(name, plumbing.ZeroHash, c.user)
}
