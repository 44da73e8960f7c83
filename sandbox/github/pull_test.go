package github_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

// refusal is what the API answered, as "status message [field code message]".
func refusal(err error) string {
	var response *gogithub.ErrorResponse
	if !errors.As(err, &response) {
		return "no refusal: " + errorText(err)
	}
	text := response.Response.Status[:3] + " " + response.Message
	for _, e := range response.Errors {
		text += " [" + strings.Join([]string{e.Resource, e.Field, e.Code, e.Message}, "|") + "]"
	}
	return text
}

func errorText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}

func TestMergeabilityIsWorkedOutInTheBackground(t *testing.T) {
	w := newWorld(t, github.Options{})
	release := w.srv.HoldMerges()
	w.commit("price", "one", map[string]string{"a": "1"})
	n, err := w.repo.OpenPull(github.NewPull{Title: "t", Head: "price", Author: "writer"})
	if err != nil {
		t.Fatal(err)
	}
	p := w.get(botToken, n)
	if p.Mergeable != nil || p.GetMergeableState() != "unknown" || w.repo.Ref("refs/pull/1/merge") != "" {
		t.Errorf("before it is known: mergeable %v, state %s, ref %s", p.Mergeable, p.GetMergeableState(), w.repo.Ref("refs/pull/1/merge"))
	}
	release()
	w.settle()
	p = w.get(botToken, n)
	first := w.repo.Ref("refs/pull/1/merge")
	if !p.GetMergeable() || p.GetMergeableState() != "clean" || p.GetMergeCommitSHA() != first || first == "" {
		t.Errorf("once known: mergeable %v, state %s, commit %s, ref %s", p.Mergeable, p.GetMergeableState(), p.GetMergeCommitSHA(), first)
	}

	// After a push to the base the old merge stays until the new one is made.
	release = w.srv.HoldMerges()
	w.commit("main", "base moves", map[string]string{"b": "1"})
	if p = w.get(botToken, n); p.Mergeable != nil || w.repo.Ref("refs/pull/1/merge") != first {
		t.Errorf("while stale: mergeable %v, ref %s, want %s", p.Mergeable, w.repo.Ref("refs/pull/1/merge"), first)
	}
	release()
	w.settle()
	if got := w.repo.Ref("refs/pull/1/merge"); got == first {
		t.Error("the merge was not made anew")
	}
	if got := w.get(botToken, n).GetBase().GetSHA(); got != w.repo.Tip("main") {
		t.Errorf("base %s, want %s", got, w.repo.Tip("main"))
	}
}

func TestConflict(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"datasheets/items.xlsx": "theirs"})
	merge := w.repo.Ref("refs/pull/1/merge")
	w.commit("main", "ours", map[string]string{"datasheets/items.xlsx": "ours"})
	w.settle()
	p := w.get(botToken, n)
	if p.Mergeable == nil || p.GetMergeable() || p.GetMergeableState() != "dirty" {
		t.Errorf("mergeable %v, state %s", p.Mergeable, p.GetMergeableState())
	}
	if got := w.repo.Ref("refs/pull/1/merge"); got != merge {
		t.Errorf("a conflict moved the merge ref from %s to %s", merge, got)
	}
	_, _, err := w.client(writerToken).PullRequests.Merge(t.Context(), "acme", "data", n, "", nil)
	expect(t, "merge", refusal(err), "405 Pull Request is not mergeable")
}

func TestMergeMethods(t *testing.T) {
	tests := []struct {
		method, title string
		parents       int
	}{
		{"merge", "Merge pull request #1 from acme/price", 2},
		{"squash", "Change price (#1)", 1},
	}
	for _, test := range tests {
		t.Run(test.method, func(t *testing.T) {
			w := newWorld(t, github.Options{})
			base := w.repo.Tip("main")
			n := w.pull("price", map[string]string{"a": "1"})
			head := w.repo.Tip("price")
			c := w.client(writerToken)
			result, _, err := c.PullRequests.Merge(t.Context(), "acme", "data", n, "", &gogithub.PullRequestOptions{MergeMethod: test.method, SHA: head})
			if err != nil {
				t.Fatal(err)
			}
			commit, _, err := c.Repositories.GetCommit(t.Context(), "acme", "data", result.GetSHA(), nil)
			if err != nil {
				t.Fatal(err)
			}
			title, _, _ := strings.Cut(commit.GetCommit().GetMessage(), "\n")
			expect(t, "message", title, test.title)
			expect(t, "first parent", commit.Parents[0].GetSHA(), base)
			if len(commit.Parents) != test.parents {
				t.Errorf("%d parents, want %d", len(commit.Parents), test.parents)
			}
			p := w.get(botToken, n)
			if !p.GetMerged() || p.GetState() != "closed" || p.GetMergedBy().GetLogin() != "writer" || p.GetMergeCommitSHA() != w.repo.Tip("main") {
				t.Errorf("after the merge: %v %s by %s as %s", p.GetMerged(), p.GetState(), p.GetMergedBy().GetLogin(), p.GetMergeCommitSHA())
			}
			expect(t, "merge ref", w.repo.Ref("refs/pull/1/merge"), "")
			expect(t, "head ref", w.repo.Ref("refs/pull/1/head"), head)
		})
	}
}

func TestMergeRefused(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.pull("open", map[string]string{"a": "1"})
	w.commit("draft", "d", map[string]string{"b": "1"})
	if _, err := w.repo.OpenPull(github.NewPull{Title: "d", Head: "draft", Author: "writer", Draft: true}); err != nil {
		t.Fatal(err)
	}
	w.pull("closed", map[string]string{"c": "1"})
	if err := w.repo.ClosePull(3, "writer"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	expect(t, "draft", w.get(botToken, 2).GetMergeableState(), "draft")
	tests := []struct {
		name    string
		token   string
		n       int
		options *gogithub.PullRequestOptions
		want    string
	}{
		{"draft", writerToken, 2, nil, "405 Pull Request is still a draft"},
		{"closed", writerToken, 3, nil, "405 Pull Request is not mergeable"},
		{"head moved", writerToken, 1, &gogithub.PullRequestOptions{SHA: hashOf('1')}, "409 Head branch was modified. Review and try the merge again."},
		{"rebase", writerToken, 1, &gogithub.PullRequestOptions{MergeMethod: "rebase"}, "405 Rebase merges are not allowed on this repository."},
		{"method", writerToken, 1, &gogithub.PullRequestOptions{MergeMethod: "octopus"}, "422 Validation Failed [PullRequest|merge_method|invalid|]"},
		{"reader", readerToken, 1, nil, "403 Resource not accessible by personal access token"},
		{"no such", writerToken, 9, nil, "404 Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := w.client(test.token).PullRequests.Merge(t.Context(), "acme", "data", test.n, "", test.options)
			expect(t, "refusal", refusal(err), test.want)
		})
	}
}

func hashOf(digit byte) string { return strings.Repeat(string(digit), 40) }

func TestCreatePull(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.pull("taken", map[string]string{"a": "1"})
	w.commit("free", "f", map[string]string{"b": "1"})
	if _, err := w.repo.Commit("same", "s", "writer", nil); err != nil {
		t.Fatal(err)
	}
	release := w.srv.HoldMerges()
	defer release()
	tests := []struct {
		name, token, title, head, base, want string
	}{
		{"fine", writerToken, "t", "free", "main", ""},
		{"taken", writerToken, "t", "taken", "main", "422 Validation Failed [PullRequest||custom|A pull request already exists for acme:taken.]"},
		{"no such head", writerToken, "t", "none", "main", "422 Validation Failed [PullRequest|head|invalid|]"},
		{"no such base", writerToken, "t", "same", "none", "422 Validation Failed [PullRequest|base|invalid|]"},
		{"no difference", writerToken, "t", "main", "same", "422 Validation Failed [PullRequest||custom|No commits between same and main]"},
		{"no title", writerToken, "", "same", "main", "422 Validation Failed [PullRequest|title|missing_field|]"},
		{"reader", readerToken, "t", "same", "main", "403 Resource not accessible by personal access token"},
		{"stranger", strangerTok, "t", "same", "main", "404 Not Found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, _, err := w.client(test.token).PullRequests.Create(t.Context(), "acme", "data", &gogithub.NewPullRequest{
				Title: &test.title, Head: &test.head, Base: &test.base,
			})
			if test.want != "" {
				expect(t, "refusal", refusal(err), test.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.GetHead().GetSHA() != w.repo.Tip("free") || p.GetUser().GetLogin() != "writer" || p.GetCommits() != 1 || p.GetChangedFiles() != 1 {
				t.Errorf("created %v", p)
			}
		})
	}
}

func TestListPulls(t *testing.T) {
	w := newWorld(t, github.Options{})
	for _, branch := range []string{"one", "two", "three"} {
		w.pull(branch, map[string]string{branch: "1"})
	}
	if err := w.repo.ClosePull(2, "writer"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.AddComment(1, "reader", "hello"); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		options gogithub.PullRequestListOptions
		want    []int
	}{
		{"open, newest first", gogithub.PullRequestListOptions{}, []int{3, 1}},
		{"closed", gogithub.PullRequestListOptions{State: "closed"}, []int{2}},
		{"all, oldest first", gogithub.PullRequestListOptions{State: "all", Direction: "asc"}, []int{1, 2, 3}},
		{"updated last", gogithub.PullRequestListOptions{State: "all", Sort: "updated", Direction: "desc"}, []int{1, 2, 3}},
		{"of a branch", gogithub.PullRequestListOptions{Head: "acme:three"}, []int{3}},
		{"into another branch", gogithub.PullRequestListOptions{Base: "other"}, nil},
		{"second page", gogithub.PullRequestListOptions{State: "all", ListOptions: gogithub.ListOptions{Page: 2, PerPage: 2}}, []int{1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list, _, err := w.client(readerToken).PullRequests.List(t.Context(), "acme", "data", &test.options)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, p := range list {
				got = append(got, p.GetNumber())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestPullFiles(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("main", "text", map[string]string{"text": "a\nb\n"})
	if _, err := w.repo.Commit("price", "c", "writer", map[string][]byte{
		"datasheets/items.xlsx": {0, 1, 2}, "datasheets/levels.xlsx": nil, "text": []byte("a\nc\nd\n"), "new": []byte("n\n"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.repo.OpenPull(github.NewPull{Title: "t", Head: "price", Author: "writer"}); err != nil {
		t.Fatal(err)
	}
	w.commit("main", "not of the pull request", map[string]string{"elsewhere": "x"})
	w.settle()
	files, _, err := w.client(readerToken).PullRequests.ListFiles(t.Context(), "acme", "data", 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, f.GetStatus()+" "+f.GetFilename()+" "+f.GetPatch())
	}
	want := []string{
		"modified datasheets/items.xlsx ", "removed datasheets/levels.xlsx ",
		"added new @@ -0,0 +1 @@\n+n", "modified text @@ -1,2 +1,3 @@\n a\n-b\n+c\n+d",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCloseAndReopen(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	edit := func(state string) error {
		_, _, err := w.client(writerToken).PullRequests.Edit(t.Context(), "acme", "data", n, &gogithub.PullRequest{State: &state})
		return err
	}
	if err := edit("closed"); err != nil {
		t.Fatal(err)
	}
	expect(t, "closed", w.get(botToken, n).GetState(), "closed")
	head := w.commit("price", "while closed", map[string]string{"a": "2"})
	if got := w.repo.Ref("refs/pull/1/head"); got == head {
		t.Error("a push moved the head of a closed pull request")
	}
	if err := edit("open"); err != nil {
		t.Fatal(err)
	}
	w.settle()
	p := w.get(botToken, n)
	if p.GetState() != "open" || p.GetHead().GetSHA() != head || !p.GetMergeable() {
		t.Errorf("reopened: %s at %s, mergeable %v", p.GetState(), p.GetHead().GetSHA(), p.Mergeable)
	}
	expect(t, "wrong state", refusal(edit("ajar")), "422 Validation Failed [PullRequest|state|invalid|]")
	if _, err := w.repo.Merge(n, "merge", "writer"); err != nil {
		t.Fatal(err)
	}
	if err := edit("open"); !strings.Contains(refusal(err), "422") {
		t.Errorf("reopened a merged pull request: %v", err)
	}
}

func TestAPushThatContainsTheHeadMerges(t *testing.T) {
	w := newWorld(t, github.Options{})
	sh := w.realGit()
	n := w.pull("price", map[string]string{"a": "1"})
	sh.git("clone", w.remote(writerToken), "c")
	c := sh.in("c")
	c.git("merge", "--no-ff", "-m", "by hand", "origin/price")
	c.git("push", "origin", "main")
	p := w.get(botToken, n)
	if !p.GetMerged() || p.GetMergeCommitSHA() != w.repo.Tip("main") {
		t.Errorf("merged %v by %s, want %s", p.GetMerged(), p.GetMergeCommitSHA(), w.repo.Tip("main"))
	}
}

func TestPullFromAFork(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.repo.SetPermission("stranger", github.Read)
	fork, err := w.repo.Fork("stranger")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fork.Commit("idea", "i", "stranger", map[string][]byte{"a": []byte("1")}); err != nil {
		t.Fatal(err)
	}
	title, head, base := "An idea", "stranger:idea", "main"
	p, _, err := w.client(strangerTok).PullRequests.Create(t.Context(), "acme", "data", &gogithub.NewPullRequest{Title: &title, Head: &head, Base: &base})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "head", p.GetHead().GetRepo().GetFullName(), "stranger/data")
	expect(t, "base", p.GetBase().GetRepo().GetFullName(), "acme/data")
	sha, err := fork.Commit("idea", "j", "stranger", map[string][]byte{"a": []byte("2")})
	if err != nil {
		t.Fatal(err)
	}
	w.settle()
	expect(t, "head ref", w.repo.Ref("refs/pull/1/head"), sha)
	if _, err := w.fetch("refs/pull/1/merge:refs/heads/m", botToken, 1); err != nil {
		t.Error(err)
	}
	if response := w.raw(http.MethodGet, "/repos/stranger/data", ""); response.StatusCode != http.StatusNotFound {
		t.Errorf("the fork of a private repository is open to all: %s", response.Status)
	}
}
