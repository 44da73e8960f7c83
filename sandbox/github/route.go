package github

import (
	"net/http"
	"net/url"
	"strings"
)

// route is an endpoint with what it takes to use it. docs is GitHub's page on
// it: the rules of the endpoint come from there, and errors point there.
type route struct {
	pattern string     // as for http.ServeMux, whose rules GitHub's own paths break
	needs   Permission // in the repository of the path
	docs    string
	run     func(*call) (answer, error)
}

// routes are all endpoints; the first one that matches serves a request.
func routes() []route {
	var all []route
	for _, group := range [][]route{
		accountRoutes(), teamRoutes(), pullRoutes(), reviewRoutes(), issueRoutes(), commentRoutes(), reactionRoutes(),
		statusRoutes(), checkRoutes(), deploymentRoutes(), gitRoutes(), commitCommentRoutes(), commitRoutes(), appRoutes(), workflowRoutes(),
	} {
		all = append(all, group...)
	}
	return all
}

// findRoute finds the endpoint of a request and sets the path's values. A
// path or a method that nothing serves is a 404, as at GitHub.
func findRoute(all []route, r *http.Request) route {
	asked := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), apiPrefix(r.URL.Path)), "/")
	if asked[0] == "" { // the path is not below the prefix
		asked = asked[1:]
	}
	for _, rt := range all {
		method, path, _ := strings.Cut(rt.pattern, " /")
		if method == r.Method && matchPath(strings.Split(path, "/"), asked, r) {
			return rt
		}
	}
	return route{"", None, restDocs, func(*call) (answer, error) { return answer{}, notFound() }}
}

// matchPath compares a path with a pattern, segment by segment; {name} stands
// for one of them, {name...} for all that remain, of which there may be none
// after a slash.
func matchPath(pattern, asked []string, r *http.Request) bool {
	values := map[string]string{}
	for i, want := range pattern {
		if i >= len(asked) {
			return false
		}
		name, isName := strings.CutPrefix(strings.TrimSuffix(want, "}"), "{")
		rest, isTail := strings.CutSuffix(name, "...")
		got := asked[i]
		switch {
		case isTail:
			name, got, asked = rest, strings.Join(asked[i:], "/"), asked[:i+1]
		case !isName && got != want:
			return false
		}
		unescaped, err := url.PathUnescape(got)
		if err != nil || unescaped == "" && !isTail {
			return false
		}
		if isName {
			values[name] = unescaped
		}
	}
	if len(asked) != len(pattern) {
		return false
	}
	for name, value := range values {
		r.SetPathValue(name, value)
	}
	return true
}
