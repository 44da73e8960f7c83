package datarepo

import (
	"fmt"
	"strings"

	"liveops/datasheets"
)

// SchemaPath is where the JSON Schema of liveops.yaml stands in the data repo, for editors.
const SchemaPath = "liveops.schema.json"

// NewConfig is the smallest liveops.yaml of these environments, each after the one before it, with a first line that
// tells editors where its schema is, and what LoadConfig makes of it. timezone may be "" for UTC. What is wrong with a
// name is a problem as in LoadConfig.
func NewConfig(environments []string, timezone string) ([]byte, *Config, []datasheets.Problem) {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=%s\n", SchemaPath)
	if timezone != "" {
		fmt.Fprintf(&b, "timezone: %s\n", plain(timezone))
	}
	b.WriteString("environments:\n")
	for i, name := range environments {
		fmt.Fprintf(&b, "  - name: %s\n", plain(name))
		if i > 0 {
			fmt.Fprintf(&b, "    after: %s\n", plain(environments[i-1]))
		}
	}
	r := &report{path: ConfigPath}
	content := []byte(b.String())
	var config *Config
	if node := parseYAML(content, configShape(), r); node != nil {
		config = readRoot(node, configShape(), r)
	}
	if len(r.problems) > 0 {
		return nil, nil, datasheets.SortProblems(r.problems)
	}
	return content, config, nil
}

// plain is a text as YAML: without quotes where it needs none.
func plain(text string) string {
	switch text {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		return `"` + text + `"`
	}
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/") == "" && text != "" {
		return text
	}
	return fmt.Sprintf("%q", text)
}
