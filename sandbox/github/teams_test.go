package github_test

import (
	"testing"

	gogithub "github.com/google/go-github/v62/github"

	"liveops/sandbox/github"
)

func TestTeams(t *testing.T) {
	w := newWorld(t, github.Options{})
	for _, team := range []github.Team{
		{Name: "Release Managers", Maintainers: []string{"writer"}, Pending: []string{"reader"}},
		{Name: "On call", Members: []string{"Reader"}},
		{Name: "Nights", Parent: "on-call", Members: []string{"writer"}},
	} {
		if err := w.srv.SetTeam("acme", team); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name, token, slug, login, want string
	}{
		{"maintainer", botToken, "release-managers", "writer", "maintainer active"},
		{"invited", botToken, "release-managers", "reader", "member pending"},
		{"not in it", botToken, "release-managers", "stranger", "404 Not Found"},
		{"no such team", botToken, "none", "writer", "404 Not Found"},
		{"other case", botToken, "On-Call", "READER", "member active"},
		{"of a child team", readerToken, "on-call", "writer", "member active"},
		{"asked by an outsider", strangerTok, "on-call", "writer", "404 Not Found"},
	}
	for _, test := range tests {
		m, _, err := w.client(test.token).Teams.GetTeamMembershipBySlug(t.Context(), "acme", test.slug, test.login)
		got := m.GetRole() + " " + m.GetState()
		if err != nil {
			got = refusal(err)
		}
		expect(t, test.name, got, test.want)
	}
	members, _, err := w.client(botToken).Teams.ListTeamMembersBySlug(t.Context(), "acme", "on-call", nil)
	if err != nil || len(members) != 2 || members[0].GetLogin() != "reader" || members[1].GetLogin() != "writer" {
		t.Errorf("members %v, %v", members, err)
	}
	maintainers, _, err := w.client(botToken).Teams.ListTeamMembersBySlug(t.Context(), "acme", "on-call", &gogithub.TeamListTeamMembersOptions{Role: "maintainer"})
	if err != nil || len(maintainers) != 0 {
		t.Errorf("maintainers %v, %v", maintainers, err)
	}
	teams, _, err := w.client(botToken).Teams.ListTeams(t.Context(), "acme", nil)
	if err != nil || len(teams) != 3 || teams[2].GetParent().GetSlug() != "on-call" {
		t.Errorf("teams %v, %v", teams, err)
	}
	id, err := w.repo.AddComment(w.pull("price", map[string]string{"a": "1"}), "reader", "hello")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, err := w.client(botToken).Issues.GetComment(t.Context(), "acme", "data", id)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "association", comment.GetAuthorAssociation(), "MEMBER")

	if err := w.srv.SetTeam("acme", github.Team{Name: "Release managers", Members: []string{"stranger"}}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := w.client(botToken).Teams.GetTeamMembershipBySlug(t.Context(), "acme", "release-managers", "writer"); err == nil {
		t.Error("the team was not replaced")
	}
	for name, team := range map[string]github.Team{
		"no such user": {Name: "x", Members: []string{"nobody"}}, "no such parent": {Name: "x", Parent: "none"},
	} {
		if err := w.srv.SetTeam("acme", team); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
