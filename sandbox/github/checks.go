package github

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

// Limits of a check run: the characters of its summary and of its text, the
// annotations in one request, and the characters of an annotation's parts (of
// its message and its details the page gives bytes). See
// https://docs.github.com/en/rest/checks/runs#create-a-check-run
const (
	maxOutput            = 65535
	maxAnnotations       = 50
	maxAnnotationMessage = 64 << 10
	maxAnnotationTitle   = 255
)

// The states of a check run that an App may set. See
// https://docs.github.com/en/rest/checks/runs#create-a-check-run
const (
	statusQueued     = "queued"
	statusInProgress = "in_progress"
	statusCompleted  = "completed"
)

// CheckRun is a check run as the Go methods show it. See
// https://docs.github.com/en/rest/checks/runs
type CheckRun struct {
	ID                     int64
	Name, HeadSHA          string
	App                    string // login of the App's account
	Status                 string // queued, in_progress or completed
	Conclusion             string // empty until it is completed
	DetailsURL, ExternalID string
	Title, Summary, Text   string
	Annotations            []Annotation // of all requests, in their order
	Started, Completed     time.Time
}

// Annotation is a remark of a check run on lines of a file. See
// https://docs.github.com/en/rest/checks/runs#list-check-run-annotations
type Annotation struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn *int   `json:"start_column"`
	EndColumn   *int   `json:"end_column"`
	Level       string `json:"annotation_level"` // notice, warning or failure
	Message     string `json:"message"`
	Title       string `json:"title"`
	RawDetails  string `json:"raw_details"`
}

// checkRun is a check run as the server keeps it.
type checkRun struct {
	CheckRun
	repo  *Repo
	suite *checkSuite
}

// checkSuite is all check runs of an App on a commit. See
// https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks#about-check-suites
type checkSuite struct {
	id               int64
	app              *account
	sha              plumbing.Hash
	rerequested      bool // since the newest change of one of its runs
	created, updated time.Time
}

// CheckRuns are the check runs of a commit, oldest first.
func (r *Repo) CheckRuns(sha string) []CheckRun {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	var list []CheckRun
	for _, run := range r.checkRuns {
		if run.HeadSHA == sha {
			shown := run.CheckRun
			shown.Annotations = slices.Clone(run.Annotations)
			list = append(list, shown)
		}
	}
	return list
}

// RerunCheck presses "Re-run" on a check run as a user who can write: the App is
// sent check_run with the action rerequested, and it is the App's to do anything
// about it. See https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
func (r *Repo) RerunCheck(id int64, by string) error {
	return r.rerun(fmt.Sprintf("check run %d", id), by, func(by *account) error {
		run := r.checkRun(id)
		if run == nil {
			return notFound()
		}
		run.rerequest(by)
		return nil
	})
}

// RerunChecks presses "Re-run all checks" on a commit as a user who can write:
// each App with check runs there is sent check_suite with the action
// rerequested. See https://docs.github.com/en/rest/checks/suites#rerequest-a-check-suite
func (r *Repo) RerunChecks(sha, by string) error {
	return r.rerun("the checks of "+sha, by, func(by *account) error {
		none := true
		for _, suite := range r.checkSuites {
			if suite.sha == plumbing.NewHash(sha) {
				r.rerequest(suite, by)
				none = false
			}
		}
		if none {
			return notFound()
		}
		return nil
	})
}

func (r *Repo) rerun(what, login string, do func(by *account) error) error {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	by, err := r.s.account(login)
	if err == nil && r.permission(by) < Write {
		err = fmt.Errorf("%s can't write", login)
	}
	if err == nil {
		err = do(by)
	}
	if err != nil {
		return fmt.Errorf("re-run %s: %w", what, err)
	}
	return nil
}

// rerequest tells the App. Its suite is queued again; the run stays as it is.
func (c *checkRun) rerequest(by *account) {
	r := c.repo
	c.suite.rerequested, c.suite.updated = true, r.s.now()
	r.fireCheckRun(c, "rerequested", by)
}

// rerequest tells the App to run a whole suite again.
func (r *Repo) rerequest(suite *checkSuite, by *account) {
	suite.rerequested, suite.updated = true, r.s.now()
	r.fire("check_suite", by, document{"action": "rerequested", "check_suite": r.suiteDocument(suite)})
}

// checkRun finds a check run; nil if there is none.
func (r *Repo) checkRun(id int64) *checkRun {
	for _, run := range r.checkRuns {
		if run.ID == id {
			return run
		}
	}
	return nil
}

// suite finds the check suite of an App on a commit, and makes it if need be.
func (r *Repo) suite(app *account, sha plumbing.Hash) *checkSuite {
	for _, suite := range r.checkSuites {
		if suite.app == app && suite.sha == sha {
			return suite
		}
	}
	now := r.s.now()
	suite := &checkSuite{id: r.s.nextID(), app: app, sha: sha, created: now, updated: now}
	r.checkSuites = append(r.checkSuites, suite)
	return suite
}

// latestRuns are the newest check runs of each App and name on a commit, newest
// first.
func (r *Repo) latestRuns(sha plumbing.Hash) []*checkRun {
	type key struct{ app, name string }
	seen := map[key]bool{}
	var list []*checkRun
	for _, run := range slices.Backward(r.checkRuns) {
		k := key{run.App, run.Name}
		if run.suite.sha == sha && !seen[k] {
			seen[k] = true
			list = append(list, run)
		}
	}
	return list
}

// passes tells whether the run lets a commit count as fine.
func (c *checkRun) passes() bool {
	return slices.Contains([]string{"success", "neutral", "skipped"}, c.Conclusion)
}
