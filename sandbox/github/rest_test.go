package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func TestWhoIsWho(t *testing.T) {
	w := newWorld(t, github.Options{})
	tests := []struct {
		name, method, path, token string
		want                      int
	}{
		{"the user, signed in", "GET", "/api/v3/user", writerToken, 200},
		{"the user, at the root", "GET", "/user", writerToken, 200},
		{"the user, nobody", "GET", "/api/v3/user", "", 401},
		{"wrong token", "GET", "/api/v3/repos/acme/data", "wrong", 401},
		{"repository, reader", "GET", "/api/v3/repos/acme/data", readerToken, 200},
		{"repository, stranger", "GET", "/api/v3/repos/acme/data", strangerTok, 404},
		{"repository, nobody", "GET", "/api/v3/repos/acme/data", "", 404},
		{"repository, other case", "GET", "/repos/ACME/Data", readerToken, 200},
		{"no such repository", "GET", "/repos/acme/none", readerToken, 404},
		{"no such endpoint", "GET", "/api/v3/repos/acme/data/nothing", readerToken, 404},
		{"no such method", "DELETE", "/api/v3/repos/acme/data/pulls", ownerToken, 404},
		{"no such number", "GET", "/repos/acme/data/pulls/x", readerToken, 404},
		{"status by a reader", "POST", "/repos/acme/data/statuses/x", readerToken, 403},
		{"a filter that is not there", "GET", "/repos/acme/data/commits?path=a", readerToken, 501},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path, query, _ := strings.Cut(test.path, "?")
			request, err := http.NewRequestWithContext(t.Context(), test.method, w.srv.URL()+path+"?"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if test.token != "" {
				request.Header.Set("Authorization", "token "+test.token)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.want {
				t.Errorf("got %s, want %d", response.Status, test.want)
			}
			if response.Header.Get("X-GitHub-Request-Id") == "" {
				t.Error("no X-GitHub-Request-Id")
			}
		})
	}
}

func TestPermissionLevel(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.repo.SetPermission("Reader", github.Maintain)
	w.repo.SetPermission("liveops[bot]", github.Triage)
	tests := map[string][2]string{
		"acme": {"admin", "admin"}, "writer": {"write", "write"}, "reader": {"write", "maintain"}, "stranger": {"none", "none"},
		"liveops[bot]": {"read", "triage"},
	}
	for login, want := range tests {
		level, _, err := w.client(ownerToken).Repositories.GetPermissionLevel(t.Context(), "acme", "data", login)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, login, level.GetPermission()+" "+level.GetUser().GetRoleName(), want[0]+" "+want[1])
	}
}

func TestComments(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	bot := w.client(botToken).Issues
	text := func(s string) *gogithub.IssueComment { return &gogithub.IssueComment{Body: &s} }

	created, _, err := bot.CreateComment(t.Context(), "acme", "data", n, text("계획: 검 1 → 2"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "author", created.GetUser().GetLogin()+" "+created.GetUser().GetType(), "liveops[bot] Bot")
	if _, _, err := bot.EditComment(t.Context(), "acme", "data", created.GetID(), text("edited")); err != nil {
		t.Fatal(err)
	}
	got, _, err := bot.GetComment(t.Context(), "acme", "data", created.GetID())
	if err != nil {
		t.Fatal(err)
	}
	if got.GetBody() != "edited" || !got.GetUpdatedAt().After(got.GetCreatedAt().Time) {
		t.Errorf("after the edit: %v", got)
	}
	if _, _, err := w.client(readerToken).Issues.CreateComment(t.Context(), "acme", "data", n, text("/liveops apply")); err != nil {
		t.Errorf("a reader may comment: %v", err)
	}
	if _, err := bot.DeleteComment(t.Context(), "acme", "data", created.GetID()); err != nil {
		t.Fatal(err)
	}
	if list := w.repo.Comments(n); len(list) != 1 || list[0].Author != "reader" || list[0].Body != "/liveops apply" {
		t.Errorf("left: %+v", list)
	}
}

func TestCommitComments(t *testing.T) {
	w := newWorld(t, github.Options{})
	sha := w.commit("main", "Push a price", map[string]string{"a": "1"})
	repos := w.client(botToken).Repositories
	text := func(s string) *gogithub.RepositoryComment { return &gogithub.RepositoryComment{Body: &s} }
	for i := range 3 {
		created, _, err := repos.CreateComment(t.Context(), "acme", "data", sha, text(fmt.Sprintf("검 %d", i)))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, "commit", created.GetCommitID()+" "+created.GetUser().GetLogin(), sha+" liveops[bot]")
	}
	second, response, err := repos.ListCommitComments(t.Context(), "acme", "data", sha, &gogithub.ListOptions{Page: 2, PerPage: 2})
	if err != nil || len(second) != 1 || second[0].GetBody() != "검 2" || response.FirstPage != 1 {
		t.Errorf("second page: %v, %v", second, err)
	}
	if list := w.repo.CommitComments(sha); len(list) != 3 || list[0].Author != "liveops[bot]" || list[0].Body != "검 0" {
		t.Errorf("left: %+v", list)
	}
	if list := w.repo.CommitComments(strings.Repeat("0", 40)); len(list) != 0 {
		t.Errorf("of no commit: %+v", list)
	}
	tests := []struct {
		name, token, sha, body string
		want                   int
	}{
		{"a reader", readerToken, sha, "why?", 201},
		{"a stranger", strangerTok, sha, "why?", 404},
		{"no such commit", botToken, strings.Repeat("0", 40), "why?", 422},
		{"blank", botToken, sha, " ", 422},
		{"too long", botToken, sha, strings.Repeat("검", 65537), 422},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, response, _ := w.client(test.token).Repositories.CreateComment(t.Context(), "acme", "data", test.sha, text(test.body))
			if response.StatusCode != test.want {
				t.Errorf("got %s, want %d", response.Status, test.want)
			}
		})
	}
}

func TestCommentLimits(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	id, err := w.repo.AddComment(n, "writer", "by writer")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("검", 65536) // characters, not bytes
	create := func(token string, number int, body *string) error {
		_, _, err := w.client(token).Issues.CreateComment(t.Context(), "acme", "data", number, &gogithub.IssueComment{Body: body})
		return err
	}
	edit := func(token, body string) error {
		_, _, err := w.client(token).Issues.EditComment(t.Context(), "acme", "data", id, &gogithub.IssueComment{Body: &body})
		return err
	}
	if err := create(botToken, n, &long); err != nil {
		t.Errorf("65,536 characters: %v", err)
	}
	longer, blank, fine := long+"x", " \n", "fine"
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"too long", create(botToken, n, &longer), "422 Validation Failed [IssueComment|data|unprocessable|Body is too long (maximum is 65536 characters)]"},
		{"blank", create(botToken, n, &blank), "422 Validation Failed [IssueComment|data|unprocessable|Body cannot be blank]"},
		{"no body", create(botToken, n, nil), "422 Invalid request.\n\n\"body\" wasn't supplied."},
		{"no such pull request", create(botToken, 99, &fine), "404 Not Found"},
		{"edited too long", edit(botToken, longer), "422 Validation Failed [IssueComment|body|custom|body is too long (maximum is 65536 characters)]"},
		{"edited by a reader", edit(readerToken, fine), "403 Resource not accessible by personal access token"},
	}
	for _, test := range tests {
		expect(t, test.name, refusal(test.err), test.want)
	}
}

func TestPaging(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("price", map[string]string{"a": "1"})
	for i := range 205 {
		if _, err := w.repo.AddComment(n, "reader", fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	options := &gogithub.IssueListCommentsOptions{ListOptions: gogithub.ListOptions{PerPage: 500}} // more than is allowed
	var got []string
	var sizes []int
	for {
		list, response, err := w.client(botToken).Issues.ListComments(t.Context(), "acme", "data", n, options)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(list))
		for _, c := range list {
			got = append(got, c.GetBody())
		}
		if response.NextPage == 0 {
			break
		}
		if response.LastPage != 3 {
			t.Errorf("last page %d", response.LastPage)
		}
		options.Page = response.NextPage
	}
	if !slices.Equal(sizes, []int{100, 100, 5}) {
		t.Errorf("pages of %v", sizes)
	}
	if got[0] != "0" || got[204] != "204" {
		t.Errorf("from %s to %s", got[0], got[204])
	}
	since := w.repo.Comments(n)[200].Updated
	list, _, err := w.client(botToken).Issues.ListComments(t.Context(), "acme", "data", n, &gogithub.IssueListCommentsOptions{Since: &since})
	if err != nil || len(list) != 5 {
		t.Errorf("since the 201st: %d, %v", len(list), err)
	}
}

func TestStatuses(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("feature/price", map[string]string{"a": "1"})
	sha := w.repo.Tip("feature/price")
	repos := w.client(botToken).Repositories
	set := func(sha, context, state, description string) error {
		_, _, err := repos.CreateStatus(t.Context(), "acme", "data", sha, &gogithub.RepoStatus{Context: &context, State: &state, Description: &description})
		return err
	}
	combined := func() string {
		status, _, err := repos.GetCombinedStatus(t.Context(), "acme", "data", "feature/price", nil)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(status.GetState(), " ", status.GetTotalCount())
	}
	expect(t, "none", combined(), "pending 0")
	for _, step := range []struct{ context, state, combined, mergeable string }{
		{"liveops/plan", "pending", "pending 1", "unstable"},
		{"liveops/plan", "success", "success 1", "clean"},
		{"ci", "failure", "failure 2", "unstable"},
		{"ci", "success", "success 2", "clean"},
	} {
		if err := set(sha, step.context, step.state, "d"); err != nil {
			t.Fatal(err)
		}
		expect(t, step.context+" "+step.state, combined(), step.combined)
		expect(t, step.context+" "+step.state, w.get(botToken, n).GetMergeableState(), step.mergeable)
	}
	if all := w.repo.Statuses(sha); len(all) != 4 || all[0].Context != "ci" || all[0].State != "success" || all[0].Creator != "liveops[bot]" {
		t.Errorf("statuses %+v", all)
	}
	list, _, err := repos.ListStatuses(t.Context(), "acme", "data", sha, &gogithub.ListOptions{PerPage: 3})
	if err != nil || len(list) != 3 || list[2].GetState() != "success" || list[2].GetContext() != "liveops/plan" {
		t.Errorf("listed %v, %v", list, err)
	}

	for _, test := range []struct{ name, sha, state, description, want string }{
		{"state", sha, "done", "", "422 Validation Failed [Status|state|custom|state is not included in the list]"},
		{"description", sha, "success", strings.Repeat("검", 141), "422 Validation Failed [Status|description|custom|description is too long (maximum is 140 characters)]"},
		{"commit", hashOf('1'), "success", "", "422 No commit found for SHA: " + hashOf('1')},
	} {
		expect(t, test.name, refusal(set(test.sha, "c", test.state, test.description)), test.want)
	}
	if err := set(sha, "c", "success", strings.Repeat("검", 140)); err != nil {
		t.Errorf("140 characters: %v", err)
	}
}

func TestCompare(t *testing.T) {
	w := newWorld(t, github.Options{})
	root := w.repo.Tip("main")
	a := w.commit("side", "a", map[string]string{"a": "1"})
	b := w.commit("side", "b", map[string]string{"a": "2"})
	w.commit("behind", "c", map[string]string{"c": "1"})
	w.commit("main", "d", map[string]string{"d": "1"})
	tests := []struct {
		base, head, want string
	}{
		{root, "side", "ahead 2 0"},
		{"side", root, "behind 0 2"},
		{"main", "side", "diverged 2 1"},
		{"side", b, "identical 0 0"},
		{a, b[:10], "ahead 1 0"},
	}
	for _, test := range tests {
		got, _, err := w.client(readerToken).Repositories.CompareCommits(t.Context(), "acme", "data", test.base, test.head, nil)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, test.base+"..."+test.head, fmt.Sprint(got.GetStatus(), " ", got.GetAheadBy(), " ", got.GetBehindBy()), test.want)
	}
	got, _, err := w.client(readerToken).Repositories.CompareCommits(t.Context(), "acme", "data", "main", "side", nil)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "merge base", got.GetMergeBaseCommit().GetSHA(), root)
	expect(t, "first commit", got.Commits[0].GetSHA(), a)
	expect(t, "its parent", got.Commits[0].Parents[0].GetSHA(), root)
	expect(t, "second commit", got.Commits[1].GetSHA(), b)
	expect(t, "file", got.Files[0].GetFilename(), "a")
	_, _, err = w.client(readerToken).Repositories.CompareCommits(t.Context(), "acme", "data", "main", "none", nil)
	expect(t, "no such head", refusal(err), "404 Not Found")
}

func TestCommitsBranchesAndRefs(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("feature/price", "one", map[string]string{"a": "1"})
	tip := w.commit("feature/price", "two", map[string]string{"a": "2"})
	c := w.client(readerToken)
	list, _, err := c.Repositories.ListCommits(t.Context(), "acme", "data", &gogithub.CommitsListOptions{SHA: "feature/price"})
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for _, commit := range list {
		messages = append(messages, commit.GetCommit().GetMessage())
	}
	expect(t, "commits", strings.Join(messages, ", "), "two, one, Initial commit")
	expect(t, "author", list[0].GetAuthor().GetLogin(), "writer")

	branch, _, err := c.Repositories.GetBranch(t.Context(), "acme", "data", "feature/price", 0)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "branch", branch.GetCommit().GetSHA(), tip)
	ref, _, err := c.Git.GetRef(t.Context(), "acme", "data", "heads/feature/price")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "ref", ref.GetRef()+" "+ref.GetObject().GetSHA()+" "+ref.GetObject().GetType(), "refs/heads/feature/price "+tip+" commit")
	_, _, err = c.Repositories.GetBranch(t.Context(), "acme", "data", "none", 0)
	if err == nil {
		t.Error("a branch that is not there was found")
	}
	_, _, err = c.Repositories.GetCommit(t.Context(), "acme", "data", hashOf('1'), nil)
	expect(t, "no such commit", refusal(err), "422 No commit found for SHA: "+hashOf('1'))
}

func TestNewRefuses(t *testing.T) {
	tests := map[string][]github.User{
		"no login":   {{Token: "t"}},
		"same login": {{Login: "a"}, {Login: "A"}},
		"same token": {{Login: "a", Token: "t"}, {Login: "b", Token: "t"}},
	}
	for name, users := range tests {
		t.Run(name, func(t *testing.T) {
			if srv, err := github.New(github.Options{Users: users}); err == nil {
				_ = srv.Close()
				t.Error("no error")
			}
		})
	}
}
