package github

import (
	"net/http"

	"github.com/go-git/go-git/v5/plumbing"
)

func reviewRoutes() []route {
	const docs = "https://docs.github.com/en/rest/pulls/reviews"
	return []route{
		{"GET /repos/{owner}/{repo}/pulls/{number}/reviews", Read, docs + "#list-reviews-for-a-pull-request", listReviews},
		{"POST /repos/{owner}/{repo}/pulls/{number}/reviews", Read, docs + "#create-a-review-for-a-pull-request", createReview},
		{"GET /repos/{owner}/{repo}/pulls/{number}/reviews/{id}", Read, docs + "#get-a-review-for-a-pull-request", getReview},
	}
}

// listReviews lists them in the order in which they were submitted.
func listReviews(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	documents := []document{}
	for _, one := range page(c, p.reviews) {
		documents = append(documents, one.document())
	}
	return found(documents)
}

func getReview(c *call) (answer, error) {
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	id, err := c.number("id")
	if err != nil {
		return answer{}, err
	}
	for _, one := range p.reviews {
		if one.ID == int64(id) {
			return found(one.document())
		}
	}
	return answer{}, notFound()
}

// createReview submits a review at once: drafts (no event) and comments on lines
// are left out. See
// https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
func createReview(c *call) (answer, error) {
	if err := c.signedIn(); err != nil {
		return answer{}, err
	}
	p, err := c.pull()
	if err != nil {
		return answer{}, err
	}
	var in struct {
		Event    *string `json:"event"`
		Body     string  `json:"body"`
		CommitID string  `json:"commit_id"`
		Comments []any   `json:"comments"`
	}
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if in.Event == nil || len(in.Comments) > 0 {
		return answer{}, &APIError{Status: http.StatusNotImplemented, Message: "The sandbox does not implement draft reviews and comments on lines"}
	}
	if err := checkMember("event", in.Event, "APPROVE", "REQUEST_CHANGES", "COMMENT"); err != nil {
		return answer{}, err
	}
	sha := p.head.sha
	if in.CommitID != "" {
		sha = plumbing.NewHash(in.CommitID)
	}
	if _, ok := c.repo.git.Commits[sha]; !ok {
		return answer{}, unprocessable("Unprocessable Entity: no commit %s", in.CommitID)
	}
	states := map[string]string{"APPROVE": Approved, "REQUEST_CHANGES": ChangesRequested, "COMMENT": Commented}
	one, err := p.review(states[*in.Event], in.Body, sha, c.user)
	if err != nil {
		return answer{}, err
	}
	return found(one.document())
}
