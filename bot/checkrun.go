package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/go-github/v62/github"

	"liveops/sync/report"
)

// mostAnnotations is how many annotations GitHub takes in one request; more are added by updates
// (https://docs.github.com/en/rest/checks/runs#update-a-check-run).
const mostAnnotations = 50

// result is what is shown beside a commit: a check run or, where the account may not write check runs, a status.
type result struct {
	commit             string
	state, description string // of the status
	check              report.Check
	link               string // to the whole report; "" for none
}

// tellResult shows a result. Only GitHub Apps may write check runs
// (https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks): with a personal token, and on
// hosts without checks, a commit status takes their place.
func (j *job) tellResult(ctx context.Context, r result) error {
	if j.can("checks") {
		err := j.writeCheckRun(ctx, r)
		if !refused(err, http.StatusForbidden, http.StatusNotFound) {
			return err
		}
		j.log.Info("this account may not write check runs; commit statuses take their place", "error", err)
		j.cannotDo("checks")
	}
	return j.status(ctx, r.commit, r.state, r.description)
}

// mark is tellResult for what is said in a line.
func (j *job) mark(ctx context.Context, commit, state, description string) error {
	return j.tellResult(ctx, result{commit: commit, state: state, description: description, check: report.LineCheck(state, description)})
}

// can says whether something of GitHub's may be tried in this repository: it was not refused before.
func (j *job) can(what string) bool {
	_, known := j.cannot.Load(what + " " + strings.ToLower(j.repository))
	return !known
}

func (j *job) cannotDo(what string) { j.cannot.Store(what+" "+strings.ToLower(j.repository), true) }

// refused says whether GitHub answered with one of some codes. A limit that was run into is no refusal.
func refused(err error, codes ...int) bool {
	var limited *github.AbuseRateLimitError
	var answer *github.ErrorResponse
	if errors.As(err, &limited) || !errors.As(err, &answer) || answer.Response == nil {
		return false
	}
	return slices.Contains(codes, answer.Response.StatusCode)
}

// writeCheckRun makes the commit's check run, or updates the bot's own one that is under way. One that is complete has
// annotations that nobody can take back: a new one takes its place, as GitHub shows the newest of a name.
func (j *job) writeCheckRun(ctx context.Context, r result) error {
	run, err := j.openCheckRun(ctx, r.commit)
	if err != nil {
		return fmt.Errorf("look for the check run of %s: %w", r.commit, err)
	}
	status, conclusion := "in_progress", (*string)(nil)
	if r.check.Conclusion != "" {
		status, conclusion = "completed", &r.check.Conclusion
	}
	var link *string
	if r.link != "" {
		link = &r.link
	}
	annotations := slices.Collect(slices.Chunk(r.check.Annotations, mostAnnotations))
	if len(annotations) == 0 {
		annotations = append(annotations, nil)
	}
	if run == nil {
		run, _, err = j.GitHub.Checks.CreateCheckRun(ctx, j.owner, j.name, github.CreateCheckRunOptions{
			Name: statusContext, HeadSHA: r.commit, Status: &status, Conclusion: conclusion, DetailsURL: link, Output: checkOutput(r.check, annotations[0])})
	} else {
		_, _, err = j.GitHub.Checks.UpdateCheckRun(ctx, j.owner, j.name, run.GetID(), github.UpdateCheckRunOptions{
			Name: statusContext, Status: &status, Conclusion: conclusion, DetailsURL: link, Output: checkOutput(r.check, annotations[0])})
	}
	for _, more := range annotations[1:] {
		if err == nil {
			_, _, err = j.GitHub.Checks.UpdateCheckRun(ctx, j.owner, j.name, run.GetID(), github.UpdateCheckRunOptions{Name: statusContext, Output: checkOutput(r.check, more)})
		}
	}
	if err != nil {
		return fmt.Errorf("write the check run of %s: %w", r.commit, err)
	}
	return nil
}

// isShown says whether a commit has the bot's check run, complete. Where GitHub does not say, it has not.
func (j *job) isShown(ctx context.Context, commit string) bool {
	if !j.can("checks") {
		return false
	}
	run, err := j.newestCheckRun(ctx, commit)
	return err == nil && run.GetStatus() == "completed"
}

// openCheckRun is the bot's newest check run of a commit, where it is under way; nil otherwise.
func (j *job) openCheckRun(ctx context.Context, commit string) (*github.CheckRun, error) {
	run, err := j.newestCheckRun(ctx, commit)
	if err != nil || run.GetStatus() == "completed" {
		return nil, err
	}
	return run, nil
}

// newestCheckRun is the bot's newest check run of a commit; nil where there is none. Those of other Apps are told apart by
// the App's slug.
func (j *job) newestCheckRun(ctx context.Context, commit string) (*github.CheckRun, error) {
	name, filter := statusContext, "latest"
	runs, _, err := j.GitHub.Checks.ListCheckRunsForRef(ctx, j.owner, j.name, commit, &github.ListCheckRunsOptions{CheckName: &name, Filter: &filter,
		ListOptions: github.ListOptions{PerPage: 100}})
	if err != nil {
		return nil, err
	}
	if runs == nil {
		return nil, errors.New("GitHub lists no check runs")
	}
	for _, run := range runs.CheckRuns {
		if strings.TrimSuffix(j.self, "[bot]") == run.GetApp().GetSlug() {
			return run, nil
		}
	}
	return nil, nil
}

func checkOutput(c report.Check, annotations []report.Annotation) *github.CheckRunOutput {
	out := &github.CheckRunOutput{Title: &c.Title, Summary: &c.Summary}
	for _, a := range annotations {
		level := "failure"
		to := &github.CheckRunAnnotation{Path: &a.Path, StartLine: &a.Line, EndLine: &a.Line, AnnotationLevel: &level, Message: &a.Message, Title: &a.Title}
		if a.Column > 0 {
			to.StartColumn, to.EndColumn = &a.Column, &a.Column
		}
		out.Annotations = append(out.Annotations, to)
	}
	return out
}
