package github

import (
	"net/http"
	"slices"
	"strings"
)

// asApp refuses an App what only its installations may, an installation what its permissions do not give, and
// both what is for users. See
// https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
// and, for the words,
// https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
func (c *call) asApp(rt route) error {
	refused := &APIError{Status: http.StatusForbidden, Message: "Resource not accessible by integration"}
	_, path, _ := strings.Cut(rt.pattern, " ")
	forApp := strings.HasPrefix(path, "/app/") || path == "/app" || path == installationOfRepository
	switch {
	case forApp && c.user.app == nil:
		return &APIError{Status: http.StatusUnauthorized, Message: "A JSON web token could not be decoded"}
	case forApp, c.user.app == nil && c.user.installation == nil, strings.HasPrefix(path, "/app-manifests/"), rt.pattern == "":
		return nil
	case c.user.app != nil:
		return refused
	case path == "/installation/repositories":
		return nil
	}
	if strings.HasPrefix(path, "/orgs/{org}/teams/") && c.r.Method == http.MethodGet && c.user.installation.grants("members", false) {
		return nil
	}
	repository, ok := strings.CutPrefix(path, "/repos/{owner}/{repo}")
	if !ok {
		return refused
	}
	write := c.r.Method != http.MethodGet && !strings.HasPrefix(repository, "/commits/") // to comment on a commit is to read it
	if c.repo == nil || !slices.ContainsFunc(permissionsFor(repository), func(name string) bool {
		return c.user.installation.grants(name, write)
	}) {
		return refused
	}
	return nil
}

// grants says whether the installation has a permission.
func (i *installation) grants(name string, write bool) bool {
	level := withMetadata(i.permissions)[name]
	return level == "write" || level == "admin" || level == "read" && !write
}

// permissionsFor are the permissions that give access to an endpoint below a repository; any one is enough.
func permissionsFor(path string) []string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	last := parts[len(parts)-1]
	switch parts[0] {
	case "pulls":
		if last == "merge" {
			return []string{"contents"}
		}
		return []string{"pull_requests"}
	case "issues":
		return []string{"issues", "pull_requests"}
	case "commits":
		switch last {
		case "status", "statuses":
			return []string{"statuses"}
		case "check-runs", "check-suites":
			return []string{"checks"}
		}
		return []string{"contents"}
	case "statuses", "deployments", "actions":
		return parts[:1]
	case "check-runs", "check-suites":
		return []string{"checks"}
	case "compare", "branches", "git", "contents", "comments":
		return []string{"contents"}
	case "hooks":
		return []string{"repository_hooks"}
	}
	return []string{"metadata"}
}
