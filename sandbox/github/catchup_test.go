package github_test

import (
	"fmt"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// What a bot asks for when it was away.
func TestCommentsOfARepository(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	i, err := w.repo.OpenIssue(github.NewIssue{Title: "t", Author: "reader"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for k, number := range []int{n, i, n} {
		id, err := w.repo.AddComment(number, "writer", fmt.Sprint(k))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := w.repo.EditComment(ids[0], "writer", "0, edited"); err != nil {
		t.Fatal(err)
	}
	edited := w.repo.Comments(n)[0].Updated
	tests := []struct {
		name    string
		options gogithub.IssueListCommentsOptions
		want    string
	}{
		{"as they came", gogithub.IssueListCommentsOptions{}, "0, edited|1|2"},
		{"last changed first", gogithub.IssueListCommentsOptions{Sort: p("updated")}, "0, edited|2|1"},
		{"last changed last", gogithub.IssueListCommentsOptions{Sort: p("updated"), Direction: p("asc")}, "1|2|0, edited"},
		{"since the last change", gogithub.IssueListCommentsOptions{Since: &edited}, "0, edited"},
	}
	for _, test := range tests {
		list, _, err := w.client(botToken).Issues.ListComments(t.Context(), "acme", "data", 0, &test.options)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			got = append(got, c.GetBody())
		}
		expect(t, test.name, strings.Join(got, "|"), test.want)
	}
}

func TestPullsOfACommit(t *testing.T) {
	w := newWorld(t, github.Options{})
	root := w.repo.Tip("main")
	merged := w.pull("merged", map[string]string{"a": "1"})
	squashed := w.pull("squashed", map[string]string{"b": "1"})
	open := w.pull("feature/open", map[string]string{"c": "1"})
	dropped := w.pull("dropped", map[string]string{"d": "1"})
	mergeCommit, err := w.repo.Merge(merged, "merge", "acme")
	if err != nil {
		t.Fatal(err)
	}
	squashCommit, err := w.repo.Merge(squashed, "squash", "acme")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.repo.ClosePull(dropped, "writer"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, ref string
		want      []int
	}{
		{"merge commit", mergeCommit, []int{merged}},
		{"merged commit", w.repo.Tip("merged"), []int{merged}},
		{"squashed into", squashCommit, []int{squashed}},
		{"open, by its branch", "feature/open", []int{open}},
		{"dropped", w.repo.Tip("dropped"), nil},
		{"never in one", root, nil},
	}
	for _, test := range tests {
		list, _, err := w.client(botToken).PullRequests.ListPullRequestsWithCommit(t.Context(), "acme", "data", test.ref, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, one := range list {
			got = append(got, one.GetNumber())
		}
		expect(t, test.name, fmt.Sprint(got), fmt.Sprint(test.want))
	}
	user, _, err := w.client(botToken).Users.Get(t.Context(), "Writer")
	if err != nil || user.GetLogin() != "writer" || user.GetName() != "Wri Ter" {
		t.Errorf("user %v, %v", user, err)
	}
	_, _, err = w.client(botToken).Users.Get(t.Context(), "nobody")
	expect(t, "no such user", refusal(err), "404 Not Found")
}
