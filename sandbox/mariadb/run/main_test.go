package main

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"liveops/sandbox/mariadb"
)

func TestMain(m *testing.M) {
	if os.Getenv("RUN_AS_COMMAND") != "" {
		main()
	}
	mariadb.Main(m)
}

// command is this test's binary as the run command.
func command(t *testing.T, dsn string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), "RUN_AS_COMMAND=1", mariadb.DSNVariable+"="+dsn)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestLendsAServerAndPassesTheExitCodeOn(t *testing.T) {
	for _, test := range []struct {
		name, dsn, script string
		code              int
		output            string
	}{
		{"a server of its own", "", `echo "${LIVEOPS_TEST_MYSQL_DSN%:*}"; exit 7`, 7, "root@tcp(127.0.0.1"},
		{"one that is lent already", "me@tcp(db:1)/", `echo "$LIVEOPS_TEST_MYSQL_DSN"`, 0, "me@tcp(db:1)/"},
		{"a command ended by a signal", "lent", `kill -TERM $$`, 128 + int(syscall.SIGTERM), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			cmd := command(t, test.dsn, "--", "sh", "-c", test.script)
			cmd.Stdout = &out
			_ = cmd.Run()
			if got := cmd.ProcessState.ExitCode(); got != test.code {
				t.Errorf("exit code %d, want %d", got, test.code)
			}
			if got := strings.TrimSpace(out.String()); got != test.output {
				t.Errorf("output %q, want %q", got, test.output)
			}
		})
	}
}

func TestPassesSignalsOn(t *testing.T) {
	cmd := command(t, "lent", "--", "sh", "-c", `trap 'exit 9' TERM; echo ready; while :; do read -r _ || :; done`)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = stdin.Write([]byte("\n")) // wakes the shell's read; it may be gone already
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != 9 {
		t.Errorf("exit code %d, want the 9 of the command's own handler", got)
	}
}

func TestWithoutACommand(t *testing.T) {
	cmd := command(t, "lent")
	cmd.Stderr = nil
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != notRun {
		t.Errorf("exit code %d, want %d", got, notRun)
	}
}
