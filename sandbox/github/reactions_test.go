package github_test

import (
	"fmt"
	"testing"

	"liveops/sandbox/github"
)

func TestReactions(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	id, err := w.repo.AddComment(n, "writer", "/liveops plan")
	if err != nil {
		t.Fatal(err)
	}
	react := func(token, content string) (int64, int, error) {
		one, response, err := w.client(token).Reactions.CreateIssueCommentReaction(t.Context(), "acme", "data", id, content)
		return one.GetID(), response.StatusCode, err
	}
	eyes, status, err := react(botToken, "eyes")
	if err != nil || status != 201 {
		t.Fatalf("the first time: %d, %v", status, err)
	}
	if again, status, err := react(botToken, "eyes"); err != nil || status != 200 || again != eyes {
		t.Errorf("the second time: %d %d, %v", again, status, err)
	}
	if _, status, _ := react(readerToken, "eyes"); status != 201 {
		t.Errorf("someone else: %d", status)
	}
	for _, test := range []struct {
		token, content string
		want           int
	}{{botToken, "shrug", 422}, {botToken, "", 422}, {strangerTok, "eyes", 404}} {
		if _, status, _ := react(test.token, test.content); status != test.want {
			t.Errorf("%q: got %d, want %d", test.content, status, test.want)
		}
	}
	if err := w.repo.React(id, "reader", "confused"); err != nil {
		t.Fatal(err)
	}
	list, _, err := w.client(botToken).Reactions.ListIssueCommentReactions(t.Context(), "acme", "data", id, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, one := range list {
		got += one.GetUser().GetLogin() + " " + one.GetContent() + ", "
	}
	expect(t, "listed", got, "liveops[bot] eyes, reader eyes, reader confused, ")
	comment, _, err := w.client(botToken).Issues.GetComment(t.Context(), "acme", "data", id)
	if err != nil {
		t.Fatal(err)
	}
	summary := comment.GetReactions()
	expect(t, "summary", fmt.Sprint(summary.GetTotalCount(), summary.GetEyes(), summary.GetConfused(), summary.GetRocket()), "3 2 1 0")

	remove := func(token string) int {
		response, _ := w.client(token).Reactions.DeleteIssueCommentReaction(t.Context(), "acme", "data", id, eyes)
		return response.StatusCode
	}
	for i, step := range []struct {
		token string
		want  int
	}{{readerToken, 403}, {botToken, 204}, {botToken, 404}} {
		if got := remove(step.token); got != step.want {
			t.Errorf("removal %d: got %d, want %d", i, got, step.want)
		}
	}
	if left := w.repo.Reactions(id); len(left) != 2 || left[0].User != "reader" || left[0].Content != "eyes" {
		t.Errorf("left: %+v", left)
	}
	if err := w.repo.React(id, "reader", "shrug"); err == nil {
		t.Error("an unknown reaction was taken")
	}
}
