package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"liveops/sandbox/github"
)

// TestServe starts the process as an operator does and ends it as a supervisor does.
func TestServe(t *testing.T) {
	hub, err := github.New(github.Options{Users: []github.User{{Login: "liveops-bot", Token: "ghp_serve", Permission: github.Write, Bot: true}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Close() })
	dir := t.TempDir()
	settings := []string{"LIVEOPS_GITHUB_URL=" + hub.URL(), "LIVEOPS_GITHUB_TOKEN=ghp_serve", "LIVEOPS_WEBHOOK_SECRETS=one,two",
		"LIVEOPS_REPOSITORIES=studio/game-data", "LIVEOPS_LISTEN=127.0.0.1:0", "LIVEOPS_STATE_DIR=" + dir}
	s := startServing(t, settings...)

	if status, body := ask(t, http.MethodGet, s.url+"/healthz"); status != http.StatusOK || body != "ok\n" {
		t.Errorf("GET /healthz: %d %q, want 200 ok", status, body)
	}
	if status, _ := ask(t, http.MethodPost, s.url+"/webhook"); status != http.StatusUnauthorized {
		t.Errorf("an unsigned delivery got %d, want 401", status)
	}
	if status, _ := ask(t, http.MethodGet, s.url+"/"); status != http.StatusNotFound {
		t.Errorf("GET /: %d, want 404", status)
	}

	// A second process on the same state directory would do the first one's work again.
	out, code := liveops(t, settings, "serve")
	if code != exitError || !strings.Contains(out, "is in use by process") {
		t.Errorf("a second process on the state directory: exit code %d, said %q", code, out)
	}

	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(s.stderr)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v, want exit code 0; it said %q", err, said)
	}

	// Its directory is free again; a token that GitHub refuses is told as such, and is not in what is told.
	settings[1] = "LIVEOPS_GITHUB_TOKEN=ghp_expired"
	out, code = liveops(t, settings, "serve")
	if code != exitError || !strings.Contains(out, "GitHub refuses the token of LIVEOPS_GITHUB_TOKEN") || strings.Contains(out, "ghp_expired") {
		t.Errorf("a refused token: exit code %d, said %q", code, out)
	}
	settings[1], settings[4] = "LIVEOPS_GITHUB_TOKEN=ghp_serve", "LIVEOPS_LISTEN=nowhere"
	if out, code = liveops(t, settings, "serve"); code != exitError || !strings.Contains(out, "LIVEOPS_LISTEN listen tcp") {
		t.Errorf("no address to listen at: exit code %d, said %q", code, out)
	}
}

// serving is a `liveops serve` that answers webhooks.
type serving struct {
	cmd    *exec.Cmd
	stderr *bufio.Reader
	url    string
}

var addressPattern = regexp.MustCompile(`address=(\S+)`)

// startServing starts `liveops serve` and waits until it says where it listens.
func startServing(t *testing.T, settings ...string) *serving {
	t.Helper()
	s := &serving{cmd: command(t.Context(), settings, "serve")}
	pipe, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.stderr = bufio.NewReader(pipe)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill() }) // fails where it has ended, as it should have
	for said := ""; ; {
		line, err := s.stderr.ReadString('\n')
		said += line
		if strings.Contains(line, "serving webhooks") {
			s.url = "http://" + addressPattern.FindStringSubmatch(line)[1]
			return s
		}
		if err != nil {
			t.Fatalf("liveops serve ended: %q", said)
		}
	}
}

// command is a liveops command that has these settings and none of the test's own.
func command(ctx context.Context, settings []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "liveops", args...) // TestMain put it into PATH
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, settings...)
	return cmd
}

// liveops runs a command to its end and returns what it said and its exit code.
func liveops(t *testing.T, settings []string, args ...string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := command(ctx, settings, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return said.String(), cmd.ProcessState.ExitCode()
}

func ask(t *testing.T, method, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}
