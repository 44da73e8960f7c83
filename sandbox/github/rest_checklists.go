package github

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

func checkRoutes() []route {
	const docs = "https://docs.github.com/en/rest/checks"
	return []route{
		{"POST /repos/{owner}/{repo}/check-runs", Read, docs + "/runs#create-a-check-run", createCheckRun},
		{"GET /repos/{owner}/{repo}/check-runs/{id}", Read, docs + "/runs#get-a-check-run", getCheckRun},
		{"PATCH /repos/{owner}/{repo}/check-runs/{id}", Read, docs + "/runs#update-a-check-run", updateCheckRun},
		{"GET /repos/{owner}/{repo}/check-runs/{id}/annotations", Read, docs + "/runs#list-check-run-annotations", listAnnotations},
		{"POST /repos/{owner}/{repo}/check-runs/{id}/rerequest", Read, docs + "/runs#rerequest-a-check-run", rerequestRun},
		{"GET /repos/{owner}/{repo}/commits/{ref}/check-runs", Read, docs + "/runs#list-check-runs-for-a-git-reference", listCheckRuns},
		{"GET /repos/{owner}/{repo}/commits/{ref}/check-suites", Read, docs + "/suites#list-check-suites-for-a-git-reference", listCheckSuites},
		{"GET /repos/{owner}/{repo}/check-suites/{id}", Read, docs + "/suites#get-a-check-suite", getCheckSuite},
		{"GET /repos/{owner}/{repo}/check-suites/{id}/check-runs", Read, docs + "/runs#list-check-runs-in-a-check-suite", listSuiteRuns},
		{"POST /repos/{owner}/{repo}/check-suites/{id}/rerequest", Read, docs + "/suites#rerequest-a-check-suite", rerequestSuite},
	}
}

// checkRun is the check run that the path names.
func (c *call) checkRun() (*checkRun, error) {
	id, err := c.number("id")
	if err != nil {
		return nil, err
	}
	run := c.repo.checkRun(int64(id))
	if run == nil {
		return nil, notFound()
	}
	return run, nil
}

// suite is the check suite that the path names.
func (c *call) suite() (*checkSuite, error) {
	id, err := c.number("id")
	if err != nil {
		return nil, err
	}
	for _, suite := range c.repo.checkSuites {
		if suite.id == int64(id) {
			return suite, nil
		}
	}
	return nil, notFound()
}

func getCheckRun(c *call) (answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return answer{}, err
	}
	return found(run.document())
}

func listAnnotations(c *call) (answer, error) {
	run, err := c.checkRun()
	if err != nil {
		return answer{}, err
	}
	return found(page(c, run.Annotations))
}

func listCheckRuns(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	return c.runs(func(run *checkRun) bool { return run.suite.sha == sha })
}

func listSuiteRuns(c *call) (answer, error) {
	suite, err := c.suite()
	if err != nil {
		return answer{}, err
	}
	return c.runs(func(run *checkRun) bool { return run.suite == suite })
}

// runs lists check runs, newest first: of each App and name only the newest,
// unless filter=all. See
// https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
func (c *call) runs(of func(*checkRun) bool) (answer, error) {
	name, status, app := c.query.Get("check_name"), c.query.Get("status"), c.query.Get("app_id")
	filter := cmp.Or(c.query.Get("filter"), "latest")
	if err := checkMember("filter", &filter, "latest", "all"); err != nil {
		return answer{}, err
	}
	var list []*checkRun
	for _, run := range slices.Backward(c.repo.checkRuns) {
		if of(run) && (name == "" || name == run.Name) && (status == "" || status == run.Status) &&
			(app == "" || app == strconv.FormatInt(run.suite.app.id, 10)) &&
			(filter == "all" || slices.Contains(c.repo.latestRuns(run.suite.sha), run)) {
			list = append(list, run)
		}
	}
	documents := []document{}
	for _, run := range page(c, list) {
		documents = append(documents, run.document())
	}
	return found(document{"total_count": len(list), "check_runs": documents})
}

// listCheckSuites filters by app_id and check_name. See
// https://docs.github.com/en/rest/checks/suites#list-check-suites-for-a-git-reference
func listCheckSuites(c *call) (answer, error) {
	sha, err := c.commit()
	if err != nil {
		return answer{}, err
	}
	app, name := c.query.Get("app_id"), c.query.Get("check_name")
	list := []*checkSuite{}
	for _, suite := range c.repo.checkSuites {
		named := name == "" || slices.ContainsFunc(c.repo.checkRuns, func(run *checkRun) bool { return run.suite == suite && run.Name == name })
		if suite.sha == sha && named && (app == "" || app == strconv.FormatInt(suite.app.id, 10)) {
			list = append(list, suite)
		}
	}
	documents := []document{}
	for _, suite := range page(c, list) {
		documents = append(documents, c.repo.suiteDocument(suite))
	}
	return found(document{"total_count": len(list), "check_suites": documents})
}

func getCheckSuite(c *call) (answer, error) {
	suite, err := c.suite()
	if err != nil {
		return answer{}, err
	}
	return found(c.repo.suiteDocument(suite))
}

// rerequestRun is for the App that made the check run. See
// https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
func rerequestRun(c *call) (answer, error) {
	run, err := c.checkRun()
	if err == nil {
		err = c.ownSuite(run.suite)
	}
	if err != nil {
		return answer{}, err
	}
	run.rerequest(c.user)
	return answer{http.StatusCreated, document{}}, nil
}

func rerequestSuite(c *call) (answer, error) {
	suite, err := c.suite()
	if err == nil {
		err = c.ownSuite(suite)
	}
	if err != nil {
		return answer{}, err
	}
	c.repo.rerequest(suite, c.user)
	return answer{http.StatusCreated, document{}}, nil
}

func (c *call) ownSuite(suite *checkSuite) error {
	if err := c.checkWriter(); err != nil {
		return err
	}
	if suite.app != c.user {
		return &APIError{Status: http.StatusForbidden, Message: "This check suite does not belong to the authenticated GitHub App."}
	}
	return nil
}
