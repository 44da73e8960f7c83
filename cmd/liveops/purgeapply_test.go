package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"liveops/sandbox/couchbase"
	"liveops/sandbox/mariadb"
)

// A plan shows what the new purges would do, and apply runs them once.
func TestPurgeByApply(t *testing.T) {
	server, err := couchbase.Start(couchbase.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	game := server.Bucket("game").DefaultCollection()
	game.Put("user-1", couchbase.Document{Body: []byte(`{"coins":100}`), Flags: 0x02000006})
	repo := t.TempDir()
	commit := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(repo, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=m", "-c", "user.email=m@example.com", "commit", "-qm", name}} {
			if out, err := exec.Command("git", append([]string{"-C", repo}, args...)...).CombinedOutput(); err != nil {
				t.Fatalf("%s", out)
			}
		}
	}
	set := map[string]string{"LIVEOPS_STAGING_MYSQL_DSN": mariadb.NewDatabase(t)}
	liveops := func(code int, want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		a := &app{settings: settings{func(name string) (string, bool) { v, ok := set[name]; return v, ok }}, in: strings.NewReader(""), out: &out, err: &out}
		if got := a.run(t.Context(), append(args, "--repo", repo)); got != code || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, want %d:\n%s\nwant %s", args, got, code, out.String(), want)
		}
	}
	const purge = "description: d\nselect: {ids: [user-1]}\nupdate: .coins -= 10\n"
	commit("purges/before.yaml", purge)
	commit("liveops.yaml", "environments: [{name: staging}]\n")
	liveops(0, "staging", "apply", "--yes")
	commit("purges/coins.yaml", purge)
	liveops(0, "purge coins is not planned, nor run: LIVEOPS_STAGING_COUCHBASE_URL is not set", "plan", "--committed")
	set["LIVEOPS_STAGING_COUCHBASE_URL"], set["LIVEOPS_STAGING_COUCHBASE_USER"] = server.URL()+"/game", "Administrator"
	liveops(2, "LIVEOPS_STAGING_COUCHBASE_PASSWORD is not set", "plan", "--committed")
	set["LIVEOPS_STAGING_COUCHBASE_PASSWORD"], set["LIVEOPS_STAGING_COUCHBASE_CA"] = "password", string(server.CAPEM())
	liveops(1, "staging: 1 purge of 1 document", "plan", "--committed")
	liveops(1, `"matches": 1`, "plan", "--committed", "--format", "json")
	liveops(0, "purge coins done, 1 document changed", "apply", "--yes")
	liveops(0, "purge coins done, 1 document changed", "apply", "--yes")
	liveops(0, "before: past", "purge", "status")
	if doc, _ := game.Get("user-1"); string(doc.Body) != `{"coins":90}` {
		t.Errorf("user-1 is %s", doc.Body)
	}
	liveops(0, "staging: nothing to do", "plan")
}
