package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// actionFile is action.yml, as far as the tests look at it.
type actionFile struct {
	Inputs  map[string]any
	Outputs map[string]any
	Runs    struct {
		Using string
		Steps []step
	}
}

// workflowFile is a workflow, as far as the tests look at it.
type workflowFile struct {
	On          map[string]any
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Timeout     int `yaml:"timeout-minutes"`
		Steps       []step
	}
}

type step struct {
	ID   string
	Uses string
	Run  string
	With map[string]any
	Env  map[string]string
}

func readYAML(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// The ready workflows fit action.yml and the events that liveops handles, ask for no more than they need, and pin what
// they use. actionlint (make check) knows the rest.
func TestReadyWorkflows(t *testing.T) {
	var action actionFile
	readYAML(t, root+"/action.yml", &action)
	names, err := filepath.Glob(root + "/examples/workflows/*.yml")
	if err != nil || len(names) < 3 {
		t.Fatalf("the workflows are %v, %v", names, err)
	}
	pinned := regexp.MustCompile(`^actions/[a-z-]+@v[0-9]+$|^your-organization/liveops@main$`)
	secret := regexp.MustCompile(`^\$\{\{ secrets\.(LIVEOPS_[A-Z_]+) \}\}$`)
	for _, name := range names {
		var w workflowFile
		readYAML(t, name, &w)
		for event := range w.On {
			if !slices.Contains([]string{"pull_request", "push", "issue_comment", "schedule", "workflow_dispatch"}, event) {
				t.Errorf("%s: liveops does not handle the event %s", name, event)
			}
		}
		if len(w.Permissions) == 0 {
			t.Errorf("%s: it says not which permissions it needs, and gets all", name)
		}
		for _, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: a job may hang for six hours", name)
			}
			all := maps.Clone(w.Permissions)
			maps.Copy(all, j.Permissions)
			for _, s := range j.Steps {
				if !pinned.MatchString(s.Uses) {
					t.Errorf("%s: a step uses %q", name, s.Uses)
				}
				if !strings.Contains(s.Uses, "/liveops@") {
					continue
				}
				for input := range s.With {
					if action.Inputs[input] == nil {
						t.Errorf("%s: action.yml has no input %s", name, input)
					}
				}
				for setting, value := range s.Env {
					if m := secret.FindStringSubmatch(value); m == nil || m[1] != setting {
						t.Errorf("%s: %s is set to %s", name, setting, value)
					}
				}
				if s.With["approved-by-environment"] != nil && all["actions"] != "read" {
					t.Errorf("%s: it may not read who approved the run", name)
				}
			}
		}
		for _, m := range regexp.MustCompile(`steps\.liveops\.outputs\.(\w+)`).FindAllStringSubmatch(read(t, name), -1) {
			if action.Outputs[m[1]] == nil {
				t.Errorf("%s: action.yml has no output %s", name, m[1])
			}
		}
	}
}

// The last step of action.yml hands its inputs on as they are: none is taken for a shell word or for another flag.
func TestActionFile(t *testing.T) {
	var action actionFile
	readYAML(t, root+"/action.yml", &action)
	last := action.Runs.Steps[len(action.Runs.Steps)-1]
	if action.Runs.Using != "composite" || last.ID != "liveops" || strings.Contains(last.Run, "${{") {
		t.Fatalf("action.yml runs %+v", last)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "my liveops")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\nprintf '[%s]' \"$@\"\nexit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ environment, approved, artifacts, want string }{
		{"", "false", "", "[action]"},
		{"production", "true", "", "[action][--env][production][--approved-by-environment]"},
		{"$(touch x) `y`", "yes", "a dir; z", "[action][--env][$(touch x) `y`][--artifacts][a dir; z]"},
	} {
		cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", last.Run)
		cmd.Dir = dir
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "RUNNER_TEMP=" + dir, "BINARY=" + binary, "ENVIRONMENT=" + test.environment, "APPROVED=" + test.approved, "ARTIFACTS=" + test.artifacts}
		out, _ := cmd.CombinedOutput()
		if string(out) != test.want || cmd.ProcessState.ExitCode() != exitError {
			t.Errorf("%+v: it ran %s with exit code %d", test, out, cmd.ProcessState.ExitCode())
		}
	}
	for name := range last.Env {
		if name != "GITHUB_TOKEN" && !strings.Contains(last.Run, "$"+name) && !strings.Contains(last.Run, "${"+name) {
			t.Errorf("the step does not use %s", name)
		}
	}
	for output := range action.Outputs {
		if !strings.Contains(read(t, root+"/bot/action/summary.go"), output+"=%") {
			t.Errorf("liveops action has no output %s", output)
		}
	}
}
