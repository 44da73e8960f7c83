package main

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"liveops/sandbox/couchbase"
	"liveops/sandbox/mariadb"
)

// purging is a data repo whose environments have a MySQL each, and a bucket of user documents on the stand-in.
type purging struct {
	*testing.T
	repo   string
	server *couchbase.Server
	set    map[string]string // the settings of the process
}

// newPurging gives each environment a MySQL, and a bucket under its name that the process is told of.
func newPurging(t *testing.T, environments ...string) *purging {
	t.Helper()
	server, err := couchbase.Start(couchbase.Options{TLS: true, Buckets: environments})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	p := &purging{T: t, repo: t.TempDir(), server: server, set: map[string]string{}}
	for _, e := range environments {
		p.set[p.setting(e, "MYSQL_DSN")] = mariadb.NewDatabase(t)
		p.tell(e)
	}
	return p
}

func (*purging) setting(environment, name string) string {
	return "LIVEOPS_" + strings.ToUpper(environment) + "_" + name
}

// tell tells the process where an environment's documents are.
func (p *purging) tell(environment string) {
	for name, value := range map[string]string{"URL": p.server.URL() + "/" + environment, "USER": "Administrator", "PASSWORD": "password", "CA": string(p.server.CAPEM())} {
		p.set[p.setting(environment, "COUCHBASE_"+name)] = value
	}
}

// exec carries out a statement in production's MySQL.
func (p *purging) exec(statement string, args ...any) {
	p.Helper()
	db, err := sql.Open("mysql", p.set[p.setting("production", "MYSQL_DSN")])
	if err != nil {
		p.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(p.Context(), statement, args...); err != nil {
		p.Fatal(err)
	}
}

// put writes a document as the game does.
func (p *purging) put(environment, id, body string) {
	p.server.Bucket(environment).DefaultCollection().Put(id, couchbase.Document{Body: []byte(body), Flags: 0x02000006})
}

// body is a document's; "" where there is none.
func (p *purging) body(environment, id string) string {
	doc, _ := p.server.Bucket(environment).DefaultCollection().Get(id)
	return string(doc.Body)
}

// commit commits files, of path and text in turn.
func (p *purging) commit(files ...string) {
	p.Helper()
	for i := 0; i < len(files); i += 2 {
		at := filepath.Join(p.repo, files[i])
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			p.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(files[i+1]), 0o644); err != nil {
			p.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=m", "-c", "user.email=m@example.com", "commit", "-qm", files[0]}} {
		if out, err := exec.Command("git", append([]string{"-C", p.repo}, args...)...).CombinedOutput(); err != nil {
			p.Fatalf("%s", out)
		}
	}
}

// liveops runs a command as a person types it, without a terminal, and checks its exit code and what it prints.
func (p *purging) liveops(code int, want string, args ...string) {
	p.Helper()
	var out bytes.Buffer
	a := &app{settings: settings{func(name string) (string, bool) { v, ok := p.set[name]; return v, ok }}, in: strings.NewReader(""), out: &out, err: &out}
	if got := a.run(p.Context(), append(args, "--repo", p.repo)); got != code || !strings.Contains(out.String(), want) {
		p.Errorf("%s: exit code %d, want %d:\n%s\nwant %s", args, got, code, out.String(), want)
	}
}
