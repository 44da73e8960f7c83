package github_test

import (
	"slices"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func TestReviews(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	first := w.repo.Tip("price")
	r := w.hooked()
	if _, err := w.repo.Review(n, "reader", github.ChangesRequested, "too cheap"); err != nil {
		t.Fatal(err)
	}
	w.commit("price", "b", map[string]string{"a": "2"})
	approval, err := w.repo.Review(n, "acme", github.Approved, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.client(readerToken).PullRequests.CreateReview(t.Context(), "acme", "data", n, &gogithub.PullRequestReviewRequest{
		Event: p("COMMENT"), Body: p("fine"), CommitID: &first,
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.DismissReview(n, approval, "writer"); err != nil {
		t.Fatal(err)
	}
	list, response, err := w.client(botToken).PullRequests.ListReviews(t.Context(), "acme", "data", n, &gogithub.ListOptions{PerPage: 2})
	if err != nil || response.NextPage != 2 || len(list) != 2 {
		t.Fatalf("listed %v, %v", list, err)
	}
	expect(t, "first", list[0].GetUser().GetLogin()+" "+list[0].GetState()+" "+list[0].GetCommitID(), "reader CHANGES_REQUESTED "+first)
	expect(t, "second", list[1].GetUser().GetLogin()+" "+list[1].GetState()+" "+list[1].GetCommitID(), "acme DISMISSED "+w.repo.Tip("price"))
	one, _, err := w.client(botToken).PullRequests.GetReview(t.Context(), "acme", "data", n, list[0].GetID())
	if err != nil || one.GetBody() != "too cheap" {
		t.Errorf("review %v, %v", one, err)
	}
	if all := w.repo.Reviews(n); len(all) != 3 || all[2].State != github.Commented || all[2].CommitID != first {
		t.Errorf("reviews %+v", all)
	}
	w.delivered()
	var states []string
	for _, event := range r.take() {
		if e, ok := event.(*gogithub.PullRequestReviewEvent); ok {
			states = append(states, e.GetAction()+" "+e.GetReview().GetState())
		}
	}
	if want := []string{"submitted changes_requested", "submitted approved", "submitted commented", "dismissed dismissed"}; !slices.Equal(states, want) {
		t.Errorf("events %v, want %v", states, want)
	}
}

func TestReviewRefusals(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	review := func(token, event, body string) error {
		_, _, err := w.client(token).PullRequests.CreateReview(t.Context(), "acme", "data", n, &gogithub.PullRequestReviewRequest{Event: &event, Body: &body})
		return err
	}
	for _, test := range []struct{ name, token, event, body, want string }{
		{"one's own", writerToken, "APPROVE", "", "422 Unprocessable Entity: Can not approve your own pull request"},
		{"changes of one's own", writerToken, "REQUEST_CHANGES", "x", "422 Unprocessable Entity: Can not request changes on your own pull request"},
		{"changes without a word", readerToken, "REQUEST_CHANGES", "", "422 Invalid request.\n\n\"body\" wasn't supplied."},
		{"event", readerToken, "OK", "", "422 Invalid request.\n\nFor 'properties/event', OK is not a member of [APPROVE, REQUEST_CHANGES, COMMENT]."},
		{"long", readerToken, "APPROVE", strings.Repeat("검", 65537), "422 Validation Failed [PullRequestReview|body|custom|body is too long (maximum is 65536 characters)]"},
		{"a stranger's", strangerTok, "APPROVE", "", "404 Not Found"},
	} {
		expect(t, test.name, refusal(review(test.token, test.event, test.body)), test.want)
	}
	if len(w.repo.Reviews(n)) != 0 {
		t.Error("a refused review was kept")
	}
	if err := w.repo.DismissReview(n, 1, "writer"); err == nil {
		t.Error("dismissed what is not there")
	}
}
