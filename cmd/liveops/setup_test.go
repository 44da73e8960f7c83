package main

import (
	"bufio"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"liveops/sandbox/github"
)

// browser opens the setup's page, and what its button leads to.
type browser struct {
	*testing.T
	page string // address
}

var (
	linkPattern     = regexp.MustCompile(`http://\S+/setup/\S+`)
	formPattern     = regexp.MustCompile(`<form action="([^"]*)" method="post"><input type="hidden" name="manifest" value="([^"]*)">`)
	settingOfOutput = regexp.MustCompile(`LIVEOPS_\S+=\S+`)
)

const wantManifest = `{"name":"liveops-studio","url":"https://liveops.game.example/",` +
	`"hook_attributes":{"url":"https://liveops.game.example/webhook","active":true},"redirect_url":"http://HOST/registered","public":false,` +
	`"default_permissions":{"checks":"write","contents":"write","deployments":"write","issues":"write","members":"read","metadata":"read","pull_requests":"write","statuses":"write"},` +
	`"default_events":["pull_request","pull_request_review","push","issue_comment","check_run","check_suite"]}`

func (b browser) get(address string) (int, string) {
	b.Helper()
	return ask(b.T, http.MethodGet, address)
}

// press posts the page's form as its button does, and returns what the browser ends at.
func (b browser) press() (status int, body, at string) {
	b.Helper()
	_, text := b.get(b.page)
	form := formPattern.FindStringSubmatch(text)
	if form == nil {
		b.Fatalf("the page has no form: %s", text)
	}
	u, err := url.Parse(b.page)
	if err != nil {
		b.Fatal(err)
	}
	if got, want := html.UnescapeString(form[2]), strings.Replace(wantManifest, "HOST", u.Host, 1); got != want {
		b.Errorf("the manifest is %s\nwant %s", got, want)
	}
	response, err := http.PostForm(html.UnescapeString(form[1]), url.Values{"manifest": {html.UnescapeString(form[2])}})
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(content), response.Request.URL.String()
}

// TestSetup registers an App as a person does, and serves as it with the settings that this printed.
func TestSetup(t *testing.T) {
	hub, err := github.New(github.Options{Users: []github.User{{Login: "jun", Permission: github.Admin}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Close() })
	out := filepath.Join(t.TempDir(), "app")
	settings := []string{"LIVEOPS_GITHUB_URL=" + hub.URL(), "LIVEOPS_PUBLIC_URL=https://liveops.game.example/"}
	args := []string{"bot", "--setup", "--organization", "studio", "--out", out}
	cmd := command(t.Context(), settings, args...)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	said, page := bufio.NewReader(pipe), ""
	for page == "" {
		line, err := said.ReadString('\n')
		if err != nil {
			t.Fatal("it ended before it named its page")
		}
		page = linkPattern.FindString(line)
	}

	b := browser{t, page}
	home, _, _ := strings.Cut(page, "/setup/")
	for _, wrong := range []string{"/", "/setup/", "/setup/guessed"} {
		if status, _ := b.get(home + wrong); status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", wrong, status)
		}
	}
	for _, wrong := range []string{"", "?code=abc", "?code=abc&state=other", "?state="} {
		if status, _ := b.get(home + "/registered" + wrong); status != http.StatusForbidden {
			t.Errorf("/registered%s: %d, want 403", wrong, status)
		}
	}
	status, body, at := b.press()
	if status != http.StatusOK || !strings.Contains(body, "Registered") || !strings.Contains(body, hub.URL()+"/apps/liveops-studio/installations/new") {
		t.Errorf("the browser ended at %s with %d: %s", at, status, body)
	}
	rest, _ := io.ReadAll(said)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("setup: %v", err)
	}
	if !strings.Contains(string(rest), "Registered the GitHub App liveops-studio of studio") || strings.Contains(string(rest), "PRIVATE KEY") {
		t.Errorf("it said %q", rest)
	}
	for _, name := range []string{"app-id", "private-key.pem", "webhook-secret"} {
		if info, err := os.Stat(filepath.Join(out, name)); err != nil || info.Mode().Perm() != 0o600 || info.Size() < 2 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if again, code := liveops(t, settings, args...); code != exitError || !strings.Contains(again, "is there already") {
		t.Errorf("a second setup: exit code %d, said %q", code, again)
	}

	serve := append(settings, "LIVEOPS_REPOSITORIES=studio/game-data", "LIVEOPS_LISTEN=127.0.0.1:0", "LIVEOPS_STATE_DIR="+t.TempDir())
	startServing(t, append(serve, settingOfOutput.FindAllString(string(rest), -1)...)...)
}

// What cannot be set up is told before anybody opens a page.
func TestSetupRefused(t *testing.T) {
	const public = "LIVEOPS_PUBLIC_URL=https://liveops.game.example"
	for _, test := range []struct {
		name, want string
		settings   []string
		args       []string
	}{
		{"no address of the bot", "LIVEOPS_PUBLIC_URL is not set", nil, nil},
		{"no address of GitHub", "LIVEOPS_GITHUB_URL is \"github\"", []string{public, "LIVEOPS_GITHUB_URL=github"}, nil},
		{"a long name", "more than the 34 characters", []string{public}, []string{"--name", strings.Repeat("x", 35)}},
		{"nowhere to listen", "LIVEOPS_LISTEN listen tcp", []string{public, "LIVEOPS_LISTEN=nowhere"}, nil},
		{"nowhere to write", "make the directory", []string{public}, []string{"--out", "/dev/null/x"}},
	} {
		args := append([]string{"bot", "--setup"}, test.args...)
		if test.args == nil || test.args[0] != "--out" {
			args = append(args, "--out", filepath.Join(t.TempDir(), "app"))
		}
		if out, code := liveops(t, test.settings, args...); code != exitError || !strings.Contains(out, test.want) {
			t.Errorf("%s: exit code %d, said %q, want %q", test.name, code, out, test.want)
		}
	}
}
