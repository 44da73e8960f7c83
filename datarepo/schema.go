package datarepo

import (
	"encoding/json"
	"fmt"
	"strings"
)

// schemaNode is one JSON Schema, in the order in which its keywords are printed.
type schemaNode struct {
	Dialect     string                `json:"$schema,omitempty"`
	Title       string                `json:"title,omitempty"`
	Description string                `json:"description,omitempty"`
	Type        any                   `json:"type,omitempty"` // a string, or several
	AnyOf       []schemaNode          `json:"anyOf,omitempty"`
	Pattern     string                `json:"pattern,omitempty"`
	MinLength   int                   `json:"minLength,omitempty"`
	Minimum     *int                  `json:"minimum,omitempty"`
	Maximum     *int                  `json:"maximum,omitempty"`
	Examples    []string              `json:"examples,omitempty"`
	MinItems    *int                  `json:"minItems,omitempty"`
	MaxItems    int                   `json:"maxItems,omitempty"`
	Items       *schemaNode           `json:"items,omitempty"`
	Required    []string              `json:"required,omitempty"`
	Properties  map[string]schemaNode `json:"properties,omitempty"` // printed sorted by name
	MinEntries  int                   `json:"minProperties,omitempty"`
	MaxEntries  int                   `json:"maxProperties,omitempty"`
	Additional  any                   `json:"additionalProperties,omitempty"` // false, or the schema of every entry
}

// Schema is the JSON Schema (draft 2020-12) of liveops.yaml as this version enforces it, for editors. It is the
// same bytes every time and ends in a line feed. What it cannot say (that names are unique, that `after` names an
// environment, which time zones there are, what does not go together in `tables`) only LoadConfig checks.
func Schema() []byte { return schemaFile(configShape(), ConfigPath) }

// PurgeSchema is the JSON Schema of a purge's file, on the terms of Schema. What it cannot say (that exactly one way to
// select is given, what jq is) only Purges checks.
func PurgeSchema() []byte { return schemaFile(purgeShape(), purgesDir+"/*.yaml") }

// CampaignSchema is the JSON Schema of a push campaign's file, on the terms of Schema. What it cannot say (that either `schedule` or
// `at` is given, that `default` is among the messages, how large a push is) only Campaigns checks.
func CampaignSchema() []byte { return schemaFile(campaignShape(), campaignsDir+"/*.yaml") }

func schemaFile(s shape, title string) []byte {
	root := schemaOf(s)
	root.Dialect = "https://json-schema.org/draft/2020-12/schema"
	root.Title = title
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("datarepo: a schema of strings and numbers always encodes: %v", err))
	}
	return append(b, '\n')
}

func schemaOf(s shape) schemaNode {
	n := schemaNode{Description: s.about}
	if other := s.or; other != nil {
		s.or, s.about = nil, ""
		n.AnyOf = []schemaNode{schemaOf(s), schemaOf(*other)}
		return n
	}
	switch s.kind {
	case aText:
		n.Type, n.Examples, n.MinLength = "string", s.examples, 1
		if s.pattern != "" {
			n.Pattern = "^" + s.pattern + "$"
			if strings.Contains(s.pattern, "|") {
				n.Pattern = "^(?:" + s.pattern + ")$"
			}
		}
	case aList:
		item := schemaOf(*s.item)
		least := 1
		if s.mayBeEmpty {
			least = 0
		}
		n.Type, n.Items, n.MinItems, n.MaxItems = "array", &item, &least, s.most
	case aMapping:
		n.Type, n.Additional, n.Properties = "object", false, make(map[string]schemaNode)
		for _, k := range s.keys {
			if k.later {
				continue
			}
			n.Properties[k.name] = schemaOf(k.shape)
			if k.required {
				n.Required = append(n.Required, k.name)
			}
		}
	case aDictionary:
		n.Type, n.MaxEntries, n.Additional = "object", s.most, schemaOf(*s.item)
		if !s.mayBeEmpty {
			n.MinEntries = 1
		}
	case aNumber:
		n.Type, n.Minimum, n.Maximum = "integer", &s.least, &s.greatest
	case aFraction:
		n.Type, n.Minimum, n.Maximum = "number", &s.least, &s.greatest
	case aFlag:
		n.Type = "boolean"
	case aJSON:
		n.Type = []string{"string", "number", "boolean", "null", "array", "object"}
	case aValue:
		n.Type = []string{"string", "number", "boolean", "null"}
	}
	return n
}
