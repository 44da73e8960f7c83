package github

import (
	"cmp"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
)

// Limits of a commit status: the description's characters, and how many
// statuses one commit and context can have. See
// https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
const (
	maxDescription = 140
	maxStatuses    = 1000
)

// Status is a commit status as the Go methods show it.
type Status struct {
	Context, State, Description, TargetURL string
	Creator                                string
	Created                                time.Time
}

// status is a commit status as the server keeps it.
type status struct {
	Status
	id      int64
	sha     plumbing.Hash
	creator *account
}

// Statuses are the statuses of a commit, newest first, replaced ones included.
func (r *Repo) Statuses(sha string) []Status {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []Status
	for _, st := range slices.Backward(r.statuses[plumbing.NewHash(sha)]) {
		list = append(list, st.Status)
	}
	return list
}

func statusRoutes() []route {
	const docs = "https://docs.github.com/en/rest/commits/statuses"
	return []route{
		{"POST /repos/{owner}/{repo}/statuses/{sha}", Write, docs + "#create-a-commit-status", createStatus},
		{"GET /repos/{owner}/{repo}/commits/{ref}/statuses", Read, docs + "#list-commit-statuses-for-a-reference", listStatuses},
		{"GET /repos/{owner}/{repo}/commits/{ref}/status", Read, docs + "#get-the-combined-status-for-a-specific-reference", combinedStatus},
	}
}

func createStatus(c *call) (answer, error) {
	var in struct {
		State       string `json:"state"`
		Context     string `json:"context"`
		Description string `json:"description"`
		TargetURL   string `json:"target_url"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	name := c.r.PathValue("sha")
	sha := plumbing.NewHash(name)
	if _, ok := c.repo.git.Commits[sha]; !ok || !plumbing.IsHash(name) {
		return answer{}, &APIError{Status: http.StatusUnprocessableEntity, Message: "No commit found for SHA: " + name}
	}
	refuse := func(field, message string) (answer, error) {
		return answer{}, invalid(FieldError{Resource: "Status", Code: "custom", Field: field, Message: message})
	}
	context := cmp.Or(in.Context, "default")
	switch {
	case in.State == "":
		return answer{}, notSupplied("state")
	case !slices.Contains([]string{"error", "failure", "pending", "success"}, in.State):
		return refuse("state", "state is not included in the list")
	case utf8.RuneCountInString(in.Description) > maxDescription:
		return refuse("description", tooLong("description", maxDescription))
	case c.repo.countStatuses(sha, context) >= maxStatuses:
		return refuse("base", "This SHA and context has reached the maximum number of statuses.")
	}
	st := &status{
		Status: Status{
			Context: context, State: in.State, Description: in.Description, TargetURL: in.TargetURL,
			Creator: c.user.Login, Created: c.s.now(),
		},
		id: c.s.nextID(), sha: sha, creator: c.user,
	}
	c.repo.statuses[sha] = append(c.repo.statuses[sha], st)
	return answer{http.StatusCreated, c.repo.statusDocument(st)}, nil
}

func (r *Repo) countStatuses(sha plumbing.Hash, context string) int {
	n := 0
	for _, st := range r.statuses[sha] {
		if st.Context == context {
			n++
		}
	}
	return n
}

// commit is the commit that the path's {ref} names.
func (c *call) commit() (plumbing.Hash, error) {
	name := c.r.PathValue("ref")
	sha := c.repo.resolve(name)
	if sha.IsZero() {
		return sha, &APIError{Status: http.StatusUnprocessableEntity, Message: "No commit found for SHA: " + name}
	}
	return sha, nil
}

func listStatuses(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	list := slices.Clone(c.repo.statuses[sha])
	slices.Reverse(list)
	return found(c.repo.statusDocuments(page(c, list)))
}

func combinedStatus(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	state, latest := c.repo.combined(sha)
	return found(document{
		"state": state, "sha": sha.String(), "total_count": len(latest), "repository": c.repo.document(nil),
		"statuses": c.repo.statusDocuments(page(c, latest)),
		"url":      c.repo.api("/commits/%s/status", sha), "commit_url": c.repo.api("/commits/%s", sha),
	})
}

// combined sums a commit's statuses up by the latest one of each context:
// failure if one is an error or a failure, pending if one is pending or there
// is none, else success. The latest ones are sorted by context.
func (r *Repo) combined(sha plumbing.Hash) (state string, latest []*status) {
	byContext := map[string]*status{}
	for _, st := range r.statuses[sha] {
		byContext[st.Context] = st
	}
	state = "success"
	for _, st := range byContext {
		latest = append(latest, st)
		switch {
		case st.State == "error" || st.State == "failure":
			state = "failure"
		case st.State == "pending" && state == "success":
			state = "pending"
		}
	}
	if len(latest) == 0 {
		state = "pending"
	}
	slices.SortFunc(latest, func(a, b *status) int { return cmp.Compare(a.Context, b.Context) })
	return state, latest
}

func (r *Repo) statusDocuments(list []*status) []document {
	documents := []document{}
	for _, st := range list {
		documents = append(documents, r.statusDocument(st))
	}
	return documents
}

func (r *Repo) statusDocument(st *status) document {
	d := document{
		"id": st.id, "node_id": nodeID("StatusContext", st.id), "state": st.State, "context": st.Context,
		"description": st.Description, "target_url": st.TargetURL, "creator": r.s.userDocument(st.creator),
		"created_at": stamp(st.Created), "updated_at": stamp(st.Created), "url": r.api("/statuses/%s", st.sha),
	}
	for _, optional := range []string{"description", "target_url"} {
		if d[optional] == "" {
			d[optional] = nil
		}
	}
	return d
}
