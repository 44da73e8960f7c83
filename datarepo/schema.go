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
	OneOf       []schemaNode          `json:"oneOf,omitempty"`
	Pattern     string                `json:"pattern,omitempty"`
	MinLength   int                   `json:"minLength,omitempty"`
	Minimum     *int                  `json:"minimum,omitempty"`
	Above       *int                  `json:"exclusiveMinimum,omitempty"`
	Maximum     *int                  `json:"maximum,omitempty"`
	Examples    []string              `json:"examples,omitempty"`
	MinItems    *int                  `json:"minItems,omitempty"`
	MaxItems    int                   `json:"maxItems,omitempty"`
	Items       *schemaNode           `json:"items,omitempty"`
	Unique      bool                  `json:"uniqueItems,omitempty"`
	Required    []string              `json:"required,omitempty"`
	Properties  map[string]schemaNode `json:"properties,omitempty"` // printed sorted by name
	MinEntries  int                   `json:"minProperties,omitempty"`
	MaxEntries  int                   `json:"maxProperties,omitempty"`
	Names       *schemaNode           `json:"propertyNames,omitempty"`
	With        map[string][]string   `json:"dependentRequired,omitempty"`
	Alone       map[string]schemaNode `json:"dependentSchemas,omitempty"`
	Additional  any                   `json:"additionalProperties,omitempty"` // false, or the schema of every entry
}

// Schema is the JSON Schema (draft 2020-12) of liveops.yaml as this version enforces it, for editors. It is the
// same bytes every time and ends in a line feed. What it cannot say (that names are unique, that `after` names an
// environment, which time zones there are, what does not go together in `tables`) only LoadConfig checks.
func Schema() []byte { return schemaFile(configShape(), ConfigPath) }

// PurgeSchema is the JSON Schema of a purge's file, on the terms of Schema. What it cannot say (that either `update` or `delete` is
// given, what jq is) only Purges checks.
func PurgeSchema() []byte { return schemaFile(purgeShape(), purgesDir+"/*.yaml") }

// CampaignSchema is the JSON Schema of a push campaign's file, on the terms of Schema. What it cannot say (that a schedule comes and how often,
// which languages and time zones there are, how long a time may be, how large a push is, what queries say) only Campaigns checks.
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
		n.Pattern = wholePattern(s.pattern)
	case aList:
		item := schemaOf(*s.item)
		least := 1
		if s.mayBeEmpty {
			least = 0
		}
		n.Type, n.Items, n.MinItems, n.MaxItems, n.Unique = "array", &item, &least, s.most, s.unique
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
			if k.with != "" {
				n.needs(k)
			}
		}
		n.limit(s)
	case aDictionary:
		n.Type, n.MaxEntries, n.Additional = "object", s.most, schemaOf(*s.item)
		if !s.mayBeEmpty {
			n.MinEntries = 1
		}
		if s.names != "" {
			n.Names = &schemaNode{Pattern: wholePattern(s.names)}
		}
		if s.has != "" {
			n.Required = []string{s.has}
		}
	case aNumber:
		n.Type, n.Minimum, n.Maximum = "integer", &s.least, &s.greatest
	case aFraction:
		n.Type, n.Minimum, n.Maximum = "number", &s.least, &s.greatest
		if s.above {
			n.Minimum, n.Above = nil, &s.least
		}
	case aFlag:
		n.Type = "boolean"
	case aJSON:
		n.Type = []string{"string", "number", "boolean", "null", "array", "object"}
	case aValue:
		n.Type = []string{"string", "number", "boolean", "null"}
		if s.bound {
			n.Type = []string{"string", "number"}
		}
	}
	return n
}

// needs says that a key goes with another.
func (n *schemaNode) needs(k key) {
	if n.With == nil {
		n.With = make(map[string][]string)
	}
	n.With[k.name] = []string{k.with}
}

// limit says which keys of a mapping go together.
func (n *schemaNode) limit(s shape) {
	if s.some {
		n.MinEntries = 1
	}
	for _, name := range s.oneOf {
		n.OneOf = append(n.OneOf, schemaNode{Required: []string{name}})
	}
	for _, name := range s.anyOf {
		n.AnyOf = append(n.AnyOf, schemaNode{Required: []string{name}})
	}
	for _, name := range s.alone {
		if n.Alone == nil {
			n.Alone = make(map[string]schemaNode)
		}
		n.Alone[name] = schemaNode{MaxEntries: 1}
	}
}

// wholePattern is the pattern of a whole text; "" of any.
func wholePattern(pattern string) string {
	switch {
	case pattern == "":
		return ""
	case strings.Contains(pattern, "|"):
		return "^(?:" + pattern + ")$"
	}
	return "^" + pattern + "$"
}
