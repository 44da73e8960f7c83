package github_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"liveops/sandbox/github"
)

// The token of a workflow run may read who approved the run, and may not ask who it is.
func TestWorkflowRuns(t *testing.T) {
	s, err := github.New(github.Options{Users: []github.User{
		{Login: "github-actions[bot]", Token: "ghs_run", Bot: true, Permission: github.Write}, {Login: "jun", Permission: github.Write}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := s.CreateRepo("studio", "data", map[string][]byte{"a": []byte("a")})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (int, string) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/api/v3"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer ghs_run")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		b, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(b)
	}
	if status, _ := ask("/user"); status != http.StatusForbidden {
		t.Errorf("GET /user: %d, want 403", status)
	}
	const path = "/repos/studio/data/actions/runs/7/approvals"
	if status, body := ask(path); status != http.StatusOK || body != "[]\n" {
		t.Errorf("a run that nobody reviewed: %d %q", status, body)
	}
	if err := r.ReviewRun(7, "staging", "jun", false); err != nil {
		t.Fatal(err)
	}
	if err := r.ReviewRun(7, "production", "jun", true); err != nil {
		t.Fatal(err)
	}
	if err := r.ReviewRun(7, "production", "nobody", true); err == nil {
		t.Error("nobody approved")
	}
	_, body := ask(path)
	var list []struct {
		State        string
		User         struct{ Login string }
		Environments []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 2 || list[0].State != "approved" || list[0].Environments[0].Name != "production" || list[0].User.Login != "jun" || list[1].State != "rejected" {
		t.Errorf("the reviews: %s", body)
	}
	if status, _ := ask("/repos/studio/data/actions/runs/x/approvals"); status != http.StatusNotFound {
		t.Errorf("a run that is no number: %d", status)
	}
}
