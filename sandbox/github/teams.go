package github

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Team is a team of an organization. Members of a child team are members of its
// parents too. See
// https://docs.github.com/en/organizations/organizing-members-into-teams/about-teams
type Team struct {
	// Name is what the team is called; Slug names it in addresses and mentions,
	// by default the name in lower case with dashes.
	Name, Slug string
	// Members and Maintainers are logins; Pending ones are invited and have not
	// accepted yet.
	Members, Maintainers, Pending []string
	// Parent is the slug of the team that this one is part of; empty for none.
	Parent string
}

// team is a team as the server keeps it.
type team struct {
	Team
	id  int64
	org string
}

// SetTeam makes a team of an organization, or replaces the one of its slug. The
// organization needs no other preparation. It fails if a login is no user, or
// if the parent is no team yet.
func (s *Server) SetTeam(org string, t Team) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.Slug == "" {
		t.Slug = strings.ReplaceAll(strings.ToLower(t.Name), " ", "-")
	}
	for _, login := range slices.Concat(t.Members, t.Maintainers, t.Pending) {
		if _, err := s.account(login); err != nil {
			return fmt.Errorf("set team %s of %s: %w", t.Slug, org, err)
		}
	}
	if t.Parent != "" && s.team(org, t.Parent) == nil {
		return fmt.Errorf("set team %s of %s: there is no team %q", t.Slug, org, t.Parent)
	}
	if old := s.team(org, t.Slug); old != nil {
		old.Team = t
		return nil
	}
	s.teams = append(s.teams, &team{Team: t, id: s.nextID(), org: org})
	return nil
}

// team finds a team; nil if there is none.
func (s *Server) team(org, slug string) *team {
	for _, t := range s.teams {
		if strings.EqualFold(t.org, org) && strings.EqualFold(t.Slug, slug) {
			return t
		}
	}
	return nil
}

// membership is what a user is in a team: the role (member or maintainer) and
// the state (active or pending); both empty for nobody.
func (s *Server) membership(t *team, login string) (role, state string) {
	has := func(list []string) bool {
		return slices.ContainsFunc(list, func(one string) bool { return strings.EqualFold(one, login) })
	}
	switch {
	case has(t.Maintainers):
		return "maintainer", "active"
	case has(t.Members):
		return "member", "active"
	}
	for _, child := range s.teams {
		if strings.EqualFold(child.org, t.org) && strings.EqualFold(child.Parent, t.Slug) && child != t {
			if role, state := s.membership(child, login); state == "active" {
				return role, state
			}
		}
	}
	if has(t.Pending) {
		return "member", "pending"
	}
	return "", ""
}

// isMember tells whether a user is in an organization: in one of its teams, or
// the account of an App, which is installed there.
func (s *Server) isMember(org string, a *account) bool {
	return a.Bot || slices.ContainsFunc(s.teams, func(t *team) bool {
		_, state := s.membership(t, a.Login)
		return strings.EqualFold(t.org, org) && state == "active"
	})
}

func teamRoutes() []route {
	const docs = "https://docs.github.com/en/rest/teams"
	return []route{
		{"GET /orgs/{org}/teams", None, docs + "/teams#list-teams", listTeams},
		{"GET /orgs/{org}/teams/{slug}", None, docs + "/teams#get-a-team-by-name", getTeam},
		{"GET /orgs/{org}/teams/{slug}/members", None, docs + "/members#list-team-members", listTeamMembers},
		{"GET /orgs/{org}/teams/{slug}/memberships/{login}", None, docs + "/members#get-team-membership-for-a-user", getMembership},
	}
}

// insider lets only members of the path's organization on: nobody else sees its
// teams. The account that the organization is named for is one.
func (c *call) insider() error {
	if err := c.signedIn(); err != nil {
		return err
	}
	org := c.r.PathValue("org")
	if !strings.EqualFold(c.user.Login, org) && !c.s.isMember(org, c.user) {
		return notFound()
	}
	return nil
}

// team is the team that the path names.
func (c *call) team() (*team, error) {
	if err := c.insider(); err != nil {
		return nil, err
	}
	t := c.s.team(c.r.PathValue("org"), c.r.PathValue("slug"))
	if t == nil {
		return nil, notFound()
	}
	return t, nil
}

func listTeams(c *call) (answer, error) {
	if err := c.insider(); err != nil {
		return answer{}, err
	}
	var list []*team
	for _, t := range c.s.teams {
		if strings.EqualFold(t.org, c.r.PathValue("org")) {
			list = append(list, t)
		}
	}
	documents := []document{}
	for _, t := range page(c, list) {
		documents = append(documents, c.s.teamDocument(t))
	}
	return found(documents)
}

func getTeam(c *call) (answer, error) {
	t, err := c.team()
	if err != nil {
		return answer{}, err
	}
	return found(c.s.teamDocument(t))
}

// listTeamMembers lists those of child teams too, but nobody who is only invited.
func listTeamMembers(c *call) (answer, error) {
	t, err := c.team()
	if err != nil {
		return answer{}, err
	}
	if role := c.query.Get("role"); !slices.Contains([]string{"", "all", "member", "maintainer"}, role) {
		return answer{}, malformed("%q is not a member of [member, maintainer, all].", role)
	}
	documents := []document{}
	for _, a := range page(c, c.s.teamMembers(t, c.query.Get("role"))) {
		documents = append(documents, c.s.userDocument(a).(document))
	}
	return found(documents)
}

// teamMembers are the active members with a role ("" and "all" for any), by login.
func (s *Server) teamMembers(t *team, wanted string) []*account {
	var list []*account
	for _, a := range s.accounts {
		role, state := s.membership(t, a.Login)
		if state == "active" && (wanted == "" || wanted == "all" || wanted == role) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b *account) int { return strings.Compare(a.Login, b.Login) })
	return list
}

func getMembership(c *call) (answer, error) {
	t, err := c.team()
	if err != nil {
		return answer{}, err
	}
	login := c.r.PathValue("login")
	role, state := c.s.membership(t, login)
	if state == "" {
		return answer{}, notFound()
	}
	return answer{http.StatusOK, document{
		"url": c.s.api("/orgs/%s/teams/%s/memberships/%s", t.org, t.Slug, login), "role": role, "state": state,
	}}, nil
}

// teamDocument describes a team; see
// https://docs.github.com/en/rest/teams/teams#get-a-team-by-name
func (s *Server) teamDocument(t *team) document {
	d := document{
		"id": t.id, "node_id": nodeID("Team", t.id), "name": t.Name, "slug": t.Slug, "description": nil,
		"privacy": "closed", "permission": "pull", "parent": nil, "members_count": len(s.teamMembers(t, "")),
		"url": s.api("/orgs/%s/teams/%s", t.org, t.Slug), "html_url": fmt.Sprintf("%s/orgs/%s/teams/%s", s.url, t.org, t.Slug),
	}
	if t.Parent != "" {
		d["parent"] = s.teamDocument(s.team(t.org, t.Parent))
	}
	return d
}
