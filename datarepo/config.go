package datarepo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"liveops/datasheets"
)

// ConfigPath is where the configuration stands in the data repo.
const ConfigPath = "liveops.yaml"

const smallestConfig = "environments: [{name: staging}, {name: production, after: staging}]"

// Config is liveops.yaml as far as this version enforces it.
type Config struct {
	Timezone     *time.Location // of TIMESTAMP columns and schedules; UTC unless set
	Environments []Environment  // at least one; in promotion order: after what they name, else as in the file

	Limits      Limits              // past them a second person confirms
	Guards      []Guard             // in the file's order
	Permissions map[string][]string // by action, who may; see Grants
	Drift       *Drift              // nil where the file says nothing of it

	Tables []datasheets.Mapping // those that liveops.yaml names, in its order; each sheet in one of them at most
}

// Environment is a named target of releases.
type Environment struct {
	Name  string // [a-z][a-z0-9-]{0,31}, unique
	After string // the environment that must take a commit before this one; "" for none

	Approval bool          // a release waits until someone who is not its author approves it
	Freeze   Freeze        // when nothing is applied
	Soak     time.Duration // how long After must have had a commit; 0 for not at all
	Guard    string        // the name of one of Guards that must be healthy; "" for none

	Push     *Push     // how campaigns are sent; nil where none are
	Capacity *Capacity // the servers that campaigns may add to; nil for none
}

// LoadConfig reads liveops.yaml strictly. It returns either the configuration or everything that is wrong with
// it, sorted, each problem with its line and column (a syntax error hides what comes after it); a file that is
// missing, over 1 MiB or unreadable is one problem too.
func LoadConfig(fsys fs.FS) (*Config, []datasheets.Problem) {
	r := &report{path: ConfigPath}
	content, ok := readConfig(fsys, r)
	if !ok {
		return nil, r.problems
	}
	node := parseYAML(content, configShape(), r)
	if len(r.problems) > 0 {
		return nil, datasheets.SortProblems(r.problems)
	}
	if node == nil {
		r.add(nil, "the smallest is `"+smallestConfig+"`", "the file is empty")
		return nil, r.problems
	}
	config := readRoot(node, configShape(), r)
	if len(r.problems) > 0 {
		return nil, datasheets.SortProblems(r.problems)
	}
	return config, nil
}

// readConfig reads the file within its bound.
func readConfig(fsys fs.FS, r *report) ([]byte, bool) {
	f, err := fsys.Open(ConfigPath)
	if errors.Is(err, fs.ErrNotExist) {
		r.add(nil, "add one; the smallest is `"+smallestConfig+"`", "there is no liveops.yaml")
		return nil, false
	}
	if err != nil {
		r.add(nil, "", "the file cannot be read: %v", err)
		return nil, false
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxYAMLBytes+1))
	switch {
	case err != nil:
		r.add(nil, "", "the file cannot be read: %v", err)
	case len(content) > maxYAMLBytes:
		r.add(nil, "", "the file is over %d bytes", maxYAMLBytes)
	default:
		return content, true
	}
	return nil, false
}

func readRoot(node ast.Node, s shape, r *report) *Config {
	root, ok := decode(node, s, r)
	if !ok {
		return nil
	}
	config := &Config{Timezone: time.UTC}
	if zone, ok := root.fields["timezone"]; ok {
		config.Timezone = readZone(zone, r)
	}
	config.Guards = readGuards(root.fields["guards"].entries, r)
	config.Environments = readEnvironments(root.fields["environments"].items, policyReader{r, config.Timezone, root.fields["guards"].entries})
	config.Limits = readLimits(root.fields["limits"])
	config.Permissions = readPermissions(root.fields["permissions"], r)
	config.Drift = readDrift(root.fields["drift"], config.Timezone, r)
	config.Tables = readTables(root.fields["tables"].entries, r)
	return config
}

// readZone finds a time zone by its name in the IANA database that the program or its system has.
func readZone(v value, r *report) *time.Location {
	zone, err := time.LoadLocation(v.text)
	if err == nil && v.text != "Local" {
		return zone
	}
	mend := "use a name of the IANA database, such as `Asia/Seoul`"
	if near := nearestZone(v.text); near != "" {
		mend = "did you mean `" + near + "`?"
	}
	r.add(v.at, mend, "%s is not a time zone", quoted(v.text))
	return nil
}

// readEnvironments checks names against each other and puts the environments in promotion order.
func readEnvironments(items []value, policy policyReader) []Environment {
	r := policy.report
	named := make(map[string]value)
	var names []string
	for _, item := range items {
		name, ok := item.fields["name"]
		if !ok {
			continue // reported where it was read
		}
		if first, twice := named[name.text]; twice {
			r.add(name.at, "give each its own name", "the environment `%s` stands here a second time; the first is in line %d",
				name.text, first.at.Line)
			continue
		}
		named[name.text] = name
		names = append(names, name.text)
	}
	var environments []Environment
	for _, item := range items {
		name, after := item.fields["name"], item.fields["after"]
		if _, known := named[after.text]; after.text != "" && !known {
			reportUnknownAfter(after, names, r)
			after.text = ""
		}
		e := policy.environment(item)
		if e.Name, e.After = name.text, after.text; name.text != "" && named[name.text].at == name.at {
			environments = append(environments, e)
		}
	}
	sorted, circle := promotionOrder(environments)
	if len(circle) > 0 {
		r.add(named[circle[0]].at, "leave `after` out of the first one", "the environments wait for each other: %s",
			strings.Join(append(circle, circle[0]), " after "))
	}
	return sorted
}

func reportUnknownAfter(after value, names []string, r *report) {
	mend := ""
	if near := datasheets.Nearest(after.text, names); near != "" {
		mend = fmt.Sprintf("did you mean `%s`?", near)
	}
	r.add(after.at, mend, "`after` names no environment of this file: `%s`", after.text)
}

// promotionOrder sorts environments so that each comes after what it names, and otherwise as they stand. Where
// some wait for each other it returns the names of one such circle instead, from the one that stands first on.
func promotionOrder(all []Environment) (sorted []Environment, circle []string) {
	placed := map[string]bool{"": true}
	for len(sorted) < len(all) {
		i := slices.IndexFunc(all, func(e Environment) bool { return !placed[e.Name] && placed[e.After] })
		if i < 0 {
			return nil, findCircle(all, placed)
		}
		placed[all[i].Name] = true
		sorted = append(sorted, all[i])
	}
	return sorted, nil
}

// findCircle follows `after` from the first environment that is not placed until it comes round. Every
// one that is not placed waits for another that is not.
func findCircle(all []Environment, placed map[string]bool) []string {
	after := make(map[string]string)
	for _, e := range all {
		after[e.Name] = e.After
	}
	first := slices.IndexFunc(all, func(e Environment) bool { return !placed[e.Name] })
	var way []string
	name := all[first].Name
	for !slices.Contains(way, name) {
		way = append(way, name)
		name = after[name]
	}
	circle := way[slices.Index(way, name):]
	start := slices.IndexFunc(all, func(e Environment) bool { return slices.Contains(circle, e.Name) })
	turn := slices.Index(circle, all[start].Name)
	return slices.Concat(circle[turn:], circle[:turn])
}
