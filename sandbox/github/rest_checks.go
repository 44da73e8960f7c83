package github

import (
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
)

// checkInput is the body of
// https://docs.github.com/en/rest/checks/runs#create-a-check-run and of
// #update-a-check-run there. Buttons ("actions") and images are left out.
type checkInput struct {
	Name        *string      `json:"name"`
	HeadSHA     *string      `json:"head_sha"`
	DetailsURL  *string      `json:"details_url"`
	ExternalID  *string      `json:"external_id"`
	Status      *string      `json:"status"`
	Conclusion  *string      `json:"conclusion"`
	StartedAt   *time.Time   `json:"started_at"`
	CompletedAt *time.Time   `json:"completed_at"`
	Output      *checkOutput `json:"output"`
}

type checkOutput struct {
	Title       *string           `json:"title"`
	Summary     *string           `json:"summary"`
	Text        *string           `json:"text"`
	Annotations []annotationInput `json:"annotations"`
}

// annotationInput tells which of the required fields are not given.
type annotationInput struct {
	Path        *string `json:"path"`
	StartLine   *int    `json:"start_line"`
	EndLine     *int    `json:"end_line"`
	StartColumn *int    `json:"start_column"`
	EndColumn   *int    `json:"end_column"`
	Level       *string `json:"annotation_level"`
	Message     *string `json:"message"`
	Title       string  `json:"title"`
	RawDetails  string  `json:"raw_details"`
}

// check refuses what neither a new nor a changed check run may be.
func (in checkInput) check() error {
	err := firstError(
		checkMember("status", in.Status, statusQueued, statusInProgress, statusCompleted),
		checkMember("conclusion", in.Conclusion,
			"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"),
	)
	switch {
	case err != nil:
		return err
	case in.Status != nil && *in.Status == statusCompleted && in.Conclusion == nil:
		return notSupplied("conclusion")
	case in.Output == nil:
		return nil
	}
	return in.Output.check()
}

func (o checkOutput) check() error {
	if o.Summary == nil {
		return notSupplied("summary")
	}
	text := ""
	if o.Text != nil {
		text = *o.Text
	}
	if len(o.Annotations) > maxAnnotations {
		return malformed("No more than %d items are allowed; %d were supplied.", maxAnnotations, len(o.Annotations))
	}
	if err := firstError(checkLength(*o.Summary, maxOutput), checkLength(text, maxOutput)); err != nil {
		return err
	}
	for _, a := range o.Annotations {
		if err := a.check(); err != nil {
			return err
		}
	}
	return nil
}

// check holds an annotation to
// https://docs.github.com/en/rest/checks/runs#create-a-check-run: columns only
// where it is on one line.
func (a annotationInput) check() error {
	switch {
	case a.Path == nil:
		return notSupplied("path")
	case a.StartLine == nil:
		return notSupplied("start_line")
	case a.EndLine == nil:
		return notSupplied("end_line")
	case a.Level == nil:
		return notSupplied("annotation_level")
	case a.Message == nil:
		return notSupplied("message")
	case *a.Path == "", *a.StartLine < 1, *a.EndLine < *a.StartLine:
		return malformed("The annotation of %q names no lines of a file.", *a.Path)
	case (a.StartColumn != nil || a.EndColumn != nil) && *a.StartLine != *a.EndLine:
		return malformed("start_column and end_column are only allowed if start_line and end_line are the same.")
	case len(*a.Message) > maxAnnotationMessage, len(a.RawDetails) > maxAnnotationMessage:
		return malformed("An annotation's message and raw_details may have 64 KB each.")
	case utf8.RuneCountInString(a.Title) > maxAnnotationTitle:
		return checkLength(a.Title, maxAnnotationTitle)
	}
	return checkMember("annotation_level", a.Level, "notice", "warning", "failure")
}

// checkWriter lets only an App on that may write checks.
func (c *call) checkWriter() error {
	if err := c.app(); err != nil {
		return err
	}
	return c.need(Write)
}

func createCheckRun(c *call) (answer, error) {
	if err := c.checkWriter(); err != nil {
		return answer{}, err
	}
	var in checkInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	switch {
	case in.Name == nil || *in.Name == "":
		return answer{}, notSupplied("name")
	case in.HeadSHA == nil:
		return answer{}, notSupplied("head_sha")
	case in.Output != nil && in.Output.Title == nil:
		return answer{}, notSupplied("title")
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	sha := plumbing.NewHash(*in.HeadSHA)
	if _, ok := c.repo.git.Commits[sha]; !ok || !plumbing.IsHash(*in.HeadSHA) {
		return answer{}, &APIError{Status: http.StatusUnprocessableEntity, Message: "No commit found for SHA: " + *in.HeadSHA}
	}
	run := &checkRun{
		CheckRun: CheckRun{ID: c.s.nextID(), Name: *in.Name, HeadSHA: sha.String(), App: c.user.Login, Status: statusQueued, Started: c.s.now()},
		repo:     c.repo, suite: c.repo.suite(c.user, sha),
	}
	c.repo.checkRuns = append(c.repo.checkRuns, run)
	run.apply(in)
	c.repo.fireCheckRun(run, "created", c.user)
	if run.Status == statusCompleted {
		c.repo.fireCheckRun(run, statusCompleted, c.user)
	}
	c.header.Set("Location", c.repo.api("/check-runs/%d", run.ID))
	return answer{http.StatusCreated, run.document()}, nil
}

// updateCheckRun is for the App that made the check run. See
// https://docs.github.com/en/rest/checks/runs#update-a-check-run
func updateCheckRun(c *call) (answer, error) {
	if err := c.checkWriter(); err != nil {
		return answer{}, err
	}
	run, err := c.checkRun()
	if err != nil {
		return answer{}, err
	}
	if run.suite.app != c.user {
		return answer{}, &APIError{Status: http.StatusForbidden, Message: fmt.Sprintf(
			"Invalid app_id `%d` - check run can only be modified by the GitHub App that created it.", c.user.id)}
	}
	var in checkInput
	if err := c.decode(&in); err != nil {
		return answer{}, err
	}
	if err := in.check(); err != nil {
		return answer{}, err
	}
	was := run.Status
	run.apply(in)
	if run.Status == statusCompleted && was != statusCompleted {
		c.repo.fireCheckRun(run, statusCompleted, c.user)
	}
	return found(run.document())
}

// apply takes what a request says. A conclusion completes the run; another
// status opens a completed one again. Annotations are added to those that are
// there. See https://docs.github.com/en/rest/checks/runs#update-a-check-run
func (c *checkRun) apply(in checkInput) {
	set(&c.Name, in.Name)
	set(&c.DetailsURL, in.DetailsURL)
	set(&c.ExternalID, in.ExternalID)
	set(&c.Started, in.StartedAt)
	now := c.repo.s.now()
	switch {
	case in.Conclusion != nil:
		c.Status, c.Conclusion, c.Completed = statusCompleted, *in.Conclusion, now
		set(&c.Completed, in.CompletedAt)
	case in.Status != nil:
		c.Status, c.Conclusion, c.Completed = *in.Status, "", time.Time{}
	}
	c.suite.rerequested, c.suite.updated = false, now
	if in.Output == nil {
		return
	}
	set(&c.Title, in.Output.Title)
	set(&c.Summary, in.Output.Summary)
	set(&c.Text, in.Output.Text)
	for _, a := range in.Output.Annotations {
		c.Annotations = append(c.Annotations, Annotation{
			Path: *a.Path, StartLine: *a.StartLine, EndLine: *a.EndLine, StartColumn: a.StartColumn, EndColumn: a.EndColumn,
			Level: *a.Level, Message: *a.Message, Title: a.Title, RawDetails: a.RawDetails,
		})
	}
}

// set gives a field the value of a request, if there is one.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// headBranch is the first branch, by name, whose tip is the commit; null if none is.
func (r *Repo) headBranch(sha plumbing.Hash) any {
	for _, branch := range r.branches() {
		if r.tip(branch) == sha {
			return branch
		}
	}
	return nil
}

// nullable writes an empty text as null.
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return text
}
