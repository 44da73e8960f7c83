// Package liveops_test holds the module to its import rules (docs/design.md, "Rooms").
package liveops_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms of ours each room may use. A room is a folder with all below it, unless a deeper
// one is named; "sandbox" and "cmd" may use everything, and nobody may use them but cmd/demo, cmd/bench and tests.
var mayImport = map[string][]string{
	"datasheets":          {},
	"datasheets/xlsx":     {"datasheets"},
	"datasheets/csv":      {"datasheets"},
	"datasheets/workbook": {"datasheets", "datasheets/csv", "datasheets/xlsx"},
	"wallclock":           {},
	"pushd/campaign":      {"datasheets", "wallclock"},
	"datarepo":            {"datasheets", "wallclock", "sync/purge", "pushd/campaign"},
	"health":              {"datarepo"},
	"sync/plan":           {"datasheets"},
	"sync/bookdiff":       {"datasheets", "sync/plan"},
	"sync/check":          {"datasheets"},
	"sync/rules":          {"datasheets"},
	"sync/purge":          {"datasheets"},
	"sync/purgerun":       {"sync/purge"},
	"sync/couchstore":     {"sync/purge"},
	"sync/mysqlstore":     {"datasheets", "sync/plan", "sync/check", "sync/purge"},
	"sync/export":         {"datasheets", "datasheets/xlsx", "sync/plan", "sync/mysqlstore"},
	"sync/release":        {"datasheets", "datasheets/workbook", "datarepo", "health", "sync/plan", "sync/check", "sync/rules", "sync/purge", "sync/purgerun", "sync/mysqlstore", "pushd/campaign"},
	"sync/report":         {"datasheets", "sync/plan", "sync/bookdiff", "sync/purge", "sync/purgerun", "sync/mysqlstore", "sync/release", "pushd/campaign", "pushd/runs", "pushd/control"},
	"sync/revert":         {"datasheets", "datasheets/workbook", "datarepo", "sync/export", "sync/mysqlstore", "sync/release"},
	"pushd/gateway":       {},
	"pushd/capacity":      {},
	"engine":              {},
	"pushd/audience":      {"datasheets", "pushd/campaign"},
	"pushd/runs":          {"pushd/audience", "pushd/campaign"},
	"pushd/leases":        {"pushd/capacity"},
	"pushd/recipients":    {"datasheets", "datarepo", "sync/check", "pushd/audience", "pushd/campaign"},
	"pushd":               {"pushd/campaign", "pushd/audience", "pushd/capacity", "pushd/gateway", "pushd/runs", "engine"},
	"pushd/control":       {"datasheets", "datarepo", "sync/mysqlstore", "pushd", "pushd/campaign", "pushd/runs"},
	"engine/memory":       {"engine"},
	"bot/command":         {"datasheets"},
	"bot/access":          {},
	"bot/page":            {},
	"bot/hub":             {"datarepo"},
	"bot/action":          {"bot", "engine", "engine/memory", "sync/release", "sync/report"},
	"bot":                 {"bot/command", "bot/access", "bot/hub", "bot/page", "datasheets", "datarepo", "sync/bookdiff", "sync/export", "sync/mysqlstore", "sync/purge", "sync/purgerun", "sync/release", "sync/report", "sync/revert", "engine", "pushd/campaign", "pushd/control", "pushd/runs"},
	"cmd/liveops":         {"datasheets", "datasheets/xlsx", "datasheets/workbook", "datarepo", "sync/plan", "sync/bookdiff", "sync/export", "sync/mysqlstore", "sync/purge", "sync/purgerun", "sync/couchstore", "sync/release", "sync/report", "sync/revert", "engine", "bot/hub", "bot/page", "bot/action", "bot", "pushd/campaign", "pushd/audience", "pushd/recipients", "health", "pushd", "pushd/capacity", "pushd/gateway", "pushd/leases", "pushd/runs", "pushd/control"},
}

// pure rooms do no I/O: they import none of these.
var (
	pure   = []string{"datasheets", "wallclock", "pushd/campaign", "sync/plan", "sync/purge", "sync/check", "sync/rules", "sync/bookdiff", "bot/command", "bot/access"}
	impure = []string{"os", "net", "net/http", "database/sql", "os/exec", "io/ioutil"}
)

// only names the libraries that a single room, with the rooms below it, may import.
var only = map[string]string{
	"github.com/xuri/excelize/v2":        "datasheets/xlsx",
	"github.com/go-git/go-git/v5":        "datarepo",
	"github.com/nats-io/nats.go":         "engine",
	"github.com/nats-io/nats-server/v2":  "engine",
	"github.com/google/go-github/v62":    "bot",
	"github.com/goccy/go-yaml":           "datarepo",
	"github.com/yuin/goldmark":           "bot/command",
	"github.com/dolthub/go-mysql-server": "sandbox",
	"github.com/dolthub/vitess":          "sync/check",
	"github.com/dop251/goja":             "sandbox",
	"github.com/itchyny/gojq":            "sync/purge",
	"github.com/aws/aws-sdk-go-v2":       "pushd/capacity",
	"github.com/aws/smithy-go":           "pushd/capacity",
	"github.com/couchbase/gocb/v2":       "sync/couchstore",
	"github.com/sideshow/apns2":          "cmd/bench",
	"github.com/couchbase/gocbcore/v10":  "sync/couchstore",
}

func TestImports(t *testing.T) {
	for _, p := range packages(t) {
		room := roomOf(p.path)
		if room == "" {
			if p.path != "" {
				t.Errorf("%s is in no room: name it in mayImport and in docs/design.md", p.path)
			}
			continue
		}
		for _, imported := range p.imports {
			if ours, ok := strings.CutPrefix(imported, "liveops/"); ok {
				if to := roomOf(ours); to != room && !isOpen(room) && !slices.Contains(mayImport[room], to) {
					t.Errorf("%s imports %s: %s may use %v only", p.path, imported, room, mayImport[room])
				}
				continue
			}
			if slices.Contains(pure, room) && slices.Contains(impure, imported) {
				t.Errorf("%s imports %s, but does no I/O", p.path, imported)
			}
			for library, home := range only {
				if within(imported, library) && !within(room, home) && !isOpen(room) && !(room == "cmd/liveops" && home == "bot") {
					t.Errorf("%s imports %s: only %s does", p.path, imported, home)
				}
			}
		}
	}
}

// isOpen says whether a room may use every other.
func isOpen(room string) bool {
	return room == "sandbox" || room == "cmd/demo" || room == "cmd/bench"
}

// roomOf is the room that a folder belongs to; "" for none.
func roomOf(path string) string {
	best := ""
	for _, room := range append(slices.Collect(maps.Keys(mayImport)), "sandbox", "cmd/demo", "cmd/bench") {
		if within(path, room) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

type listed struct {
	path    string // below the module's root
	imports []string
}

// packages lists the module's packages with what they import, tests left out.
func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, listed{strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "liveops"), "/"), p.Imports})
	}
}
