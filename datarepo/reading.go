package datarepo

import (
	"io/fs"
	"time"

	"github.com/goccy/go-yaml/ast"

	"liveops/datasheets"
)

// Reading is what reading sheets takes of liveops.yaml.
type Reading struct {
	Timezone     *time.Location // of TIMESTAMP columns
	Environments []string       // the names that sheets can leave rows and columns out of
	Tables       []datasheets.Mapping
}

// Reading is what reading sheets takes of the configuration.
func (c *Config) Reading() Reading {
	r := Reading{Timezone: c.Timezone, Tables: c.Tables}
	for _, e := range c.Environments {
		r.Environments = append(r.Environments, e.Name)
	}
	return r
}

// LoadReading reads as much of liveops.yaml where LoadConfig finds problems, so that those of the sheets can be
// told beside them. ok is false where the problems are in `tables` or hide it: nobody knows then how the sheets are
// to be read. Without a file every sheet describes the table of its name; a time zone that is none counts as UTC.
func LoadReading(fsys fs.FS) (reading Reading, ok bool) {
	reading.Timezone = time.UTC
	if _, err := fs.Stat(fsys, ConfigPath); err != nil {
		return reading, true
	}
	r := &report{path: ConfigPath}
	content, ok := readConfig(fsys, r)
	if !ok {
		return reading, false
	}
	node := parseYAML(content, configShape(), r)
	if len(r.problems) > 0 {
		return reading, false
	}
	pairs, ok := pairsOf(node)
	if !ok {
		return reading, node == nil
	}
	root := configShape()
	if v, ok := decodeKey(pairs, "timezone", root, &report{}); ok {
		if zone := readZone(v, &report{}); zone != nil {
			reading.Timezone = zone
		}
	}
	if v, ok := decodeKey(pairs, "environments", root, &report{}); ok {
		for _, e := range v.items {
			if name, ok := e.fields["name"]; ok {
				reading.Environments = append(reading.Environments, name.text)
			}
		}
	}
	if v, ok := decodeKey(pairs, "tables", root, r); ok {
		reading.Tables = readTables(v.entries, r)
	}
	return reading, len(r.problems) == 0
}

// decodeKey reads what stands behind one key of a mapping by the mapping's shape.
func decodeKey(pairs []*ast.MappingValueNode, name string, s shape, r *report) (v value, ok bool) {
	for _, pair := range pairs {
		if pair.Key.GetToken().Value == name {
			return decode(pair.Value, find(s.keys, name).shape, r)
		}
	}
	return v, false
}
