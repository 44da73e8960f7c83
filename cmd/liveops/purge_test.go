package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"liveops/sandbox/couchbase"
	"liveops/sandbox/mariadb"
)

// The commands as people type them, on the stand-in: a purge is planned, run, looked at and undone for one account.
func TestPurgeCommands(t *testing.T) {
	server, err := couchbase.Start(couchbase.Options{TLS: true})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	game := server.Bucket("game").DefaultCollection()
	const with, without = `{"email":"m@x.kr","inventory":[{"item":"santa_cookie"},{"item":"sword"}]}`, `{"email":"m@x.kr","inventory":[{"item":"sword"}]}`
	var ids []string
	for i := range 30 {
		id := fmt.Sprintf("user-%02d", i)
		ids = append(ids, id)
		game.Put(id, couchbase.Document{Body: []byte(with), Flags: 0x02000006})
	}
	repo := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(repo, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(repo, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("liveops.yaml", "environments: [{name: staging}]\n")
	write("purges/cookie.yaml", "description: d\nselect: {ids: ["+strings.Join(ids, ", ")+", nobody]}\nmatch: any(.inventory[]; .item == \"santa_cookie\")\n"+
		"update: del(.inventory[] | select(.item == \"santa_cookie\"))\nmask: [.email]\n")
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=m", "-c", "user.email=m@example.com", "commit", "-qm", "x"}} {
		if out, err := exec.Command("git", append([]string{"-C", repo}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
	}
	set := map[string]string{
		"LIVEOPS_STAGING_MYSQL_DSN":          mariadb.NewDatabase(t),
		"LIVEOPS_STAGING_COUCHBASE_URL":      server.URL() + "/game",
		"LIVEOPS_STAGING_COUCHBASE_USER":     "Administrator",
		"LIVEOPS_STAGING_COUCHBASE_PASSWORD": "password",
		"LIVEOPS_STAGING_COUCHBASE_CA":       string(server.CAPEM()),
	}
	liveops := func(code int, want string, args ...string) {
		t.Helper()
		var out bytes.Buffer
		a := &app{settings: settings{func(name string) (string, bool) { v, ok := set[name]; return v, ok }}, in: strings.NewReader(""), out: &out, err: &out}
		if got := a.run(t.Context(), append(args, "--repo", repo)); got != code || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit code %d, want %d:\n%s\nwant %s", args, got, code, out.String(), want)
		}
	}
	liveops(1, "staging: 30 documents would be changed, in about 1s; 31 candidates read\n  1 without a document\n\nuser-00\n…\n    \"email\": \"•••\",\n    \"inventory\": [\n      {\n-       \"item\": \"santa_cookie\"\n", "purge", "plan", "cookie")
	liveops(2, "add --yes", "purge", "run", "cookie", "--env", "staging")
	liveops(0, "cookie: done, 30 documents changed", "purge", "run", "cookie", "--env", "staging", "--yes")
	liveops(2, "purge cookie is done here and is not run again", "purge", "run", "cookie", "--env", "staging", "--yes")
	liveops(0, "staging: cookie: done, 30 documents changed", "purge", "plan", "cookie")
	liveops(0, "cookie: 1 document brought back, 0 left as they are", "purge", "undo", "cookie", "--env", "staging", "--id", "user-03", "--yes")
	for _, id := range ids {
		want := without
		if id == "user-03" {
			want = with
		}
		if doc, _ := game.Get(id); string(doc.Body) != want {
			t.Errorf("%s is %s", id, doc.Body)
		}
	}
	game.Put("user-04", couchbase.Document{Body: []byte(`{"email":"m@x.kr","inventory":[]}`), Flags: 0x02000006})
	liveops(2, "user-04 is left as it is: it was made anew since", "purge", "undo", "cookie", "--env", "staging", "--yes")
	liveops(0, "cookie: undone, 30 documents changed", "purge", "status")
}
