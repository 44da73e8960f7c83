package github_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func p[T any](v T) *T { return &v }

// annotations are n of them, on the lines from first on.
func annotations(first, n int) []*gogithub.CheckRunAnnotation {
	var list []*gogithub.CheckRunAnnotation
	for i := range n {
		list = append(list, &gogithub.CheckRunAnnotation{
			Path: p("datasheets/items.xlsx"), StartLine: p(first + i), EndLine: p(first + i),
			AnnotationLevel: p("failure"), Message: p(fmt.Sprint("row ", first+i)),
		})
	}
	return list
}

func TestCheckRun(t *testing.T) {
	w := newWorld(t, github.Options{})
	n := w.pull("feature/price", map[string]string{"a": "1"})
	sha := w.repo.Tip("feature/price")
	checks := w.client(botToken).Checks
	created, _, err := checks.CreateCheckRun(t.Context(), "acme", "data", gogithub.CreateCheckRunOptions{
		Name: "liveops", HeadSHA: sha, Status: p("in_progress"), DetailsURL: p("https://bot.example/r/1"), ExternalID: p("plan-1"),
		Output: &gogithub.CheckRunOutput{Title: p("Planning"), Summary: p("…"), Annotations: annotations(1, 50)},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "created", fmt.Sprint(created.GetStatus(), created.GetConclusion(), " ", created.GetApp().GetSlug(), " ", created.PullRequests[0].GetNumber()), fmt.Sprint("in_progress liveops ", n))
	expect(t, "mergeable", w.get(botToken, n).GetMergeableState(), "unstable")
	updated, _, err := checks.UpdateCheckRun(t.Context(), "acme", "data", created.GetID(), gogithub.UpdateCheckRunOptions{
		Name: "liveops", Conclusion: p("neutral"),
		Output: &gogithub.CheckRunOutput{Title: p("Planned"), Summary: p("2 rows"), Text: p("all"), Annotations: annotations(51, 20)},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "updated", fmt.Sprint(updated.GetStatus(), updated.GetConclusion(), updated.GetOutput().GetAnnotationsCount(), updated.CompletedAt != nil), "completedneutral70 true")
	expect(t, "mergeable", w.get(botToken, n).GetMergeableState(), "clean")
	second, response, err := checks.ListCheckRunAnnotations(t.Context(), "acme", "data", created.GetID(), &gogithub.ListOptions{Page: 2, PerPage: 50})
	if err != nil || len(second) != 20 || second[19].GetStartLine() != 70 || response.PrevPage != 1 {
		t.Errorf("annotations %d, %v", len(second), err)
	}
	runs := w.repo.CheckRuns(sha)
	if len(runs) != 1 || runs[0].App != "liveops[bot]" || runs[0].Title != "Planned" || runs[0].Text != "all" || runs[0].ExternalID != "plan-1" || len(runs[0].Annotations) != 70 {
		t.Errorf("runs %+v", runs)
	}
}

func TestCheckRunLists(t *testing.T) {
	w := newWorld(t, github.Options{})
	w.commit("feature/price", "a", map[string]string{"a": "1"})
	sha := w.repo.Tip("feature/price")
	checks := w.client(botToken).Checks
	for _, name := range []string{"plan", "apply", "plan"} {
		if _, _, err := checks.CreateCheckRun(t.Context(), "acme", "data", gogithub.CreateCheckRunOptions{Name: name, HeadSHA: sha}); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name    string
		options gogithub.ListCheckRunsOptions
		want    string
	}{
		{"the latest", gogithub.ListCheckRunsOptions{}, "2 plan apply"},
		{"all", gogithub.ListCheckRunsOptions{Filter: p("all")}, "3 plan apply plan"},
		{"by name", gogithub.ListCheckRunsOptions{Filter: p("all"), CheckName: p("plan")}, "2 plan plan"},
		{"by status", gogithub.ListCheckRunsOptions{Status: p("completed")}, "0"},
		{"of another App", gogithub.ListCheckRunsOptions{AppID: p(int64(1))}, "0"},
	}
	for _, test := range tests {
		list, _, err := checks.ListCheckRunsForRef(t.Context(), "acme", "data", "feature/price", &test.options)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(list.GetTotal())
		for _, run := range list.CheckRuns {
			got += " " + run.GetName()
		}
		expect(t, test.name, got, test.want)
	}
	suites, _, err := checks.ListCheckSuitesForRef(t.Context(), "acme", "data", "feature/price", nil)
	if err != nil || suites.GetTotal() != 1 || suites.CheckSuites[0].GetStatus() != "queued" || suites.CheckSuites[0].GetHeadBranch() != "feature/price" {
		t.Errorf("suites %v, %v", suites, err)
	}
}

func TestCheckRunRefusals(t *testing.T) {
	w := newWorld(t, github.Options{})
	sha := w.repo.Tip("main")
	create := func(token string, change func(*gogithub.CreateCheckRunOptions)) error {
		o := gogithub.CreateCheckRunOptions{
			Name: "liveops", HeadSHA: sha, Output: &gogithub.CheckRunOutput{Title: p("t"), Summary: p("s"), Annotations: annotations(1, 1)},
		}
		change(&o)
		_, _, err := w.client(token).Checks.CreateCheckRun(t.Context(), "acme", "data", o)
		return err
	}
	type options = gogithub.CreateCheckRunOptions
	long := strings.Repeat("검", 65536)
	tests := []struct {
		name, token string
		change      func(*options)
		want        string
	}{
		{"a person's token", ownerToken, func(*options) {}, "403 You must authenticate via a GitHub App."},
		{"no such commit", botToken, func(o *options) { o.HeadSHA = hashOf('1') }, "422 No commit found for SHA: " + hashOf('1')},
		{"no name", botToken, func(o *options) { o.Name = "" }, "422 Invalid request.\n\n\"name\" wasn't supplied."},
		{"status", botToken, func(o *options) { o.Status = p("pending") }, "422 Invalid request.\n\nFor 'properties/status', pending is not a member of [queued, in_progress, completed]."},
		{"conclusion", botToken, func(o *options) { o.Conclusion = p("stale") }, "422 Invalid request.\n\nFor 'properties/conclusion', stale is not a member of [action_required, cancelled, failure, neutral, success, skipped, timed_out]."},
		{"completed without one", botToken, func(o *options) { o.Status = p("completed") }, "422 Invalid request.\n\n\"conclusion\" wasn't supplied."},
		{"no title", botToken, func(o *options) { o.Output.Title = nil }, "422 Invalid request.\n\n\"title\" wasn't supplied."},
		{"no summary", botToken, func(o *options) { o.Output.Summary = nil }, "422 Invalid request.\n\n\"summary\" wasn't supplied."},
		{"long summary", botToken, func(o *options) { o.Output.Summary = &long }, "422 Invalid request.\n\nOnly 65535 characters are allowed; 65536 were supplied."},
		{"long text", botToken, func(o *options) { o.Output.Text = &long }, "422 Invalid request.\n\nOnly 65535 characters are allowed; 65536 were supplied."},
		{"51 annotations", botToken, func(o *options) { o.Output.Annotations = annotations(1, 51) }, "422 Invalid request.\n\nNo more than 50 items are allowed; 51 were supplied."},
		{"level", botToken, func(o *options) { o.Output.Annotations[0].AnnotationLevel = p("error") }, "422 Invalid request.\n\nFor 'properties/annotation_level', error is not a member of [notice, warning, failure]."},
		{"no message", botToken, func(o *options) { o.Output.Annotations[0].Message = nil }, "422 Invalid request.\n\n\"message\" wasn't supplied."},
		{"line 0", botToken, func(o *options) { o.Output.Annotations[0].StartLine = p(0) }, "422 Invalid request.\n\nThe annotation of \"datasheets/items.xlsx\" names no lines of a file."},
		{"columns of several lines", botToken, func(o *options) {
			o.Output.Annotations[0].EndLine, o.Output.Annotations[0].StartColumn = p(3), p(1)
		}, "422 Invalid request.\n\nstart_column and end_column are only allowed if start_line and end_line are the same."},
	}
	for _, test := range tests {
		expect(t, test.name, refusal(create(test.token, test.change)), test.want)
	}
	w.repo.SetPermission("liveops[bot]", github.Read)
	expect(t, "an App that may only read", refusal(create(botToken, func(*options) {})), "403 Resource not accessible by integration")
	if runs := w.repo.CheckRuns(sha); len(runs) != 0 {
		t.Errorf("the refusals left %+v", runs)
	}
	w.repo.SetPermission("liveops[bot]", github.Write)
	if err := create(botToken, func(o *options) { o.Output.Summary = p(long[3:]) }); err != nil {
		t.Errorf("65,535 characters: %v", err)
	}
	id := w.repo.CheckRuns(sha)[0].ID
	_, _, err := w.client(otherToken).Checks.UpdateCheckRun(t.Context(), "acme", "data", id, gogithub.UpdateCheckRunOptions{Name: "mine"})
	if err == nil || !strings.Contains(refusal(err), "can only be modified by the GitHub App that created it") {
		t.Errorf("another App changed it: %v", err)
	}
}

func TestRerunOfChecks(t *testing.T) {
	w := newWorld(t, github.Options{})
	r := w.hooked()
	sha := w.repo.Tip("main")
	checks := w.client(botToken).Checks
	run, _, err := checks.CreateCheckRun(t.Context(), "acme", "data", gogithub.CreateCheckRunOptions{Name: "liveops", HeadSHA: sha, Conclusion: p("failure")})
	if err != nil {
		t.Fatal(err)
	}
	suite := func() string {
		got, _, err := checks.GetCheckSuite(t.Context(), "acme", "data", run.GetCheckSuite().GetID())
		if err != nil {
			t.Fatal(err)
		}
		return got.GetStatus() + got.GetConclusion()
	}
	expect(t, "suite before", suite(), "completedfailure")
	if err := w.repo.RerunCheck(run.GetID(), "reader"); err == nil {
		t.Error("a reader may press Re-run")
	}
	if err := w.repo.RerunCheck(run.GetID(), "writer"); err != nil {
		t.Fatal(err)
	}
	expect(t, "suite after", suite(), "queued")
	if err := w.repo.RerunChecks(sha, "writer"); err != nil {
		t.Fatal(err)
	}
	if err := w.repo.RerunChecks(hashOf('1'), "writer"); err == nil {
		t.Error("a commit without checks was run again")
	}
	if _, err := checks.ReRequestCheckSuite(t.Context(), "acme", "data", run.GetCheckSuite().GetID()); err != nil {
		t.Error(err)
	}
	w.delivered()
	events := r.take()
	want := []string{"check_run created", "check_run completed", "check_run rerequested", "check_suite rerequested", "check_suite rerequested"}
	if got := names(events); !slices.Equal(got, want) {
		t.Fatalf("events %v, want %v", got, want)
	}
	pressed := events[2].(*gogithub.CheckRunEvent)
	expect(t, "pressed", fmt.Sprint(pressed.GetCheckRun().GetID() == run.GetID(), pressed.GetCheckRun().GetConclusion(), pressed.GetSender().GetLogin()), "truefailurewriter")
	expect(t, "whose", fmt.Sprint(pressed.GetCheckRun().GetApp().GetID(), pressed.GetCheckRun().GetHeadSHA()), fmt.Sprint(run.GetApp().GetID(), sha))
}
