package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liveops/bot/hub"
	"liveops/sandbox/github"
	"liveops/sandbox/mariadb"
)

// TestAction runs the command as the runner of GitHub Actions does: a pull request is planned, and its problem is told.
func TestAction(t *testing.T) {
	s, err := github.New(github.Options{Users: []github.User{
		{Login: hub.ActionsLogin, Token: "ghs_action", Bot: true, Permission: github.Write}, {Login: "mina", Permission: github.Write}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	repo, err := s.CreateRepo("studio", "game-data", map[string][]byte{"liveops.yaml": []byte("environments: [{name: staging}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := repo.Commit("winter", "Winter", "mina", map[string][]byte{"datasheets/items.csv": []byte("id\n1\n")}); err != nil {
		t.Fatal(err)
	}
	n, err := repo.OpenPull(github.NewPull{Title: "Winter", Head: "winter", Author: "mina"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	event := filepath.Join(dir, "event.json")
	const payload = `{"action": "opened", "number": 1, "pull_request": {"head": {"repo": {"full_name": "studio/game-data"}}, "base": {"repo": {"full_name": "studio/game-data"}}}}`
	if err := os.WriteFile(event, []byte(payload), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := []string{"GITHUB_EVENT_NAME=pull_request", "GITHUB_EVENT_PATH=" + event, "GITHUB_REPOSITORY=studio/game-data", "GITHUB_RUN_ID=12",
		"GITHUB_SERVER_URL=" + s.URL(), "GITHUB_API_URL=" + s.URL() + "/api/v3", "GITHUB_TOKEN=ghs_action", "RUNNER_TEMP=" + dir,
		"GITHUB_STEP_SUMMARY=" + filepath.Join(dir, "summary.md"), "GITHUB_OUTPUT=" + filepath.Join(dir, "output"), "LIVEOPS_STAGING_MYSQL_DSN=" + mariadb.NewDatabase(t)}
	out, code := liveops(t, settings, "action")
	if code != exitError || !strings.Contains(out, "::error file=datasheets/items.csv,line=1,title=") || strings.Contains(out, "ghs_action") {
		t.Errorf("exit code %d, said %s", code, out)
	}
	if list := repo.Comments(n); len(list) != 1 || list[0].Author != hub.ActionsLogin {
		t.Errorf("the comments: %+v", list)
	}
	summary := read(t, filepath.Join(dir, "summary.md"))
	if !strings.Contains(summary, "1 problem to fix") {
		t.Errorf("the summary: %s", summary)
	}
	if output := read(t, filepath.Join(dir, "output")); !strings.HasPrefix(output, "changed=false\ndigests={\"staging\":") {
		t.Errorf("the outputs: %s", output)
	}

	settings[6] = "GITHUB_TOKEN=ghs_expired"
	if out, code := liveops(t, settings, "action"); code != exitError || !strings.Contains(out, "GitHub refuses the token of GITHUB_TOKEN") {
		t.Errorf("a refused token: exit code %d, said %s", code, out)
	}
}
