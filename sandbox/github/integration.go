package github

import (
	"net/http"
	"strings"
)

// The account of a GitHub App acts for it: what it writes names the App. The
// App's id is its account's, and its slug the login without "[bot]". See
// https://docs.github.com/en/apps/creating-github-apps/about-creating-github-apps/about-creating-github-apps

// appDocument describes the App that an account acts for; null for a person. See
// https://docs.github.com/en/rest/apps/apps#get-an-app
func (s *Server) appDocument(a *account) any {
	if a == nil || !a.Bot {
		return nil
	}
	slug := strings.TrimSuffix(a.Login, "[bot]")
	return document{
		"id": a.id, "node_id": nodeID("App", a.id), "slug": slug, "name": slug, "owner": s.userDocument(a),
		"html_url": s.url + "/apps/" + slug,
	}
}

// app refuses everyone but a GitHub App. See
// https://docs.github.com/en/rest/guides/using-the-rest-api-to-interact-with-checks
func (c *call) app() error {
	switch {
	case c.user == c.s.anonymous:
		return &APIError{Status: http.StatusUnauthorized, Message: "Requires authentication"}
	case !c.user.Bot:
		return &APIError{Status: http.StatusForbidden, Message: "You must authenticate via a GitHub App."}
	}
	return nil
}
