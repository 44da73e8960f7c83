package datarepo

import (
	"io/fs"
	"strings"
	"time"
)

// Salvage is what can be read of a liveops.yaml that has problems, where none of them is in its tables: enough to
// look for more problems in the workbooks, never to act on. It is nil where how sheets stand to tables cannot be told.
func Salvage(fsys fs.FS) *Config {
	r := &report{path: ConfigPath}
	content, ok := readConfig(fsys, r)
	if !ok {
		return nil
	}
	node := parseYAML(content, r)
	if len(r.problems) > 0 || node == nil {
		return nil
	}
	config := readRoot(node, r)
	if config == nil {
		return nil
	}
	sections := topLevelKeys(string(content))
	for _, p := range r.problems {
		if p.At.Line < 1 || p.At.Line > len(sections) || sections[p.At.Line-1] == "" || sections[p.At.Line-1] == "tables" {
			return nil
		}
	}
	if config.Timezone == nil {
		config.Timezone = time.UTC
	}
	return config
}

// topLevelKeys is, for each line, the key of the file's root under which it stands; "" where that is not told by
// the lines alone, as in a file that is all in braces.
func topLevelKeys(content string) []string {
	var keys []string
	key := ""
	for line := range strings.Lines(content) {
		if line != "" && !strings.ContainsAny(line[:1], " \t-#\r\n{}[]") {
			key = ""
			if name, _, ok := strings.Cut(line, ":"); ok {
				key = strings.Trim(strings.TrimSpace(name), `"'`)
			}
		}
		keys = append(keys, key)
	}
	return keys
}
