package datarepo

import (
	"encoding/json"
	"fmt"
)

// schemaNode is one JSON Schema, in the order in which its keywords are printed.
type schemaNode struct {
	Dialect     string                `json:"$schema,omitempty"`
	Title       string                `json:"title,omitempty"`
	Description string                `json:"description,omitempty"`
	Type        string                `json:"type"`
	Pattern     string                `json:"pattern,omitempty"`
	MinLength   int                   `json:"minLength,omitempty"`
	Examples    []string              `json:"examples,omitempty"`
	MinItems    int                   `json:"minItems,omitempty"`
	MaxItems    int                   `json:"maxItems,omitempty"`
	Items       *schemaNode           `json:"items,omitempty"`
	Required    []string              `json:"required,omitempty"`
	Properties  map[string]schemaNode `json:"properties,omitempty"` // printed sorted by name
	Additional  *bool                 `json:"additionalProperties,omitempty"`
}

// Schema is the JSON Schema (draft 2020-12) of liveops.yaml as this version enforces it, for editors. It is the
// same bytes every time and ends in a line feed. What it cannot say (that names are unique, that `after` names an
// environment, which time zones there are) only LoadConfig checks.
func Schema() []byte {
	root := schemaOf(configShape())
	root.Dialect = "https://json-schema.org/draft/2020-12/schema"
	root.Title = ConfigPath
	b, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("datarepo: a schema of strings and numbers always encodes: %v", err))
	}
	return append(b, '\n')
}

func schemaOf(s shape) schemaNode {
	n := schemaNode{Description: s.about}
	switch s.kind {
	case aText:
		n.Type, n.Examples, n.MinLength = "string", s.examples, 1
		if s.pattern != "" {
			n.Pattern = "^" + s.pattern + "$"
		}
	case aList:
		item := schemaOf(*s.item)
		n.Type, n.Items, n.MinItems, n.MaxItems = "array", &item, 1, s.most
	case aMapping:
		n.Type, n.Additional, n.Properties = "object", new(bool), make(map[string]schemaNode)
		for _, k := range s.keys {
			if k.later {
				continue
			}
			n.Properties[k.name] = schemaOf(k.shape)
			if k.required {
				n.Required = append(n.Required, k.name)
			}
		}
	}
	return n
}
