package datarepo

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestSchemaGolden(t *testing.T) {
	golden := filepath.Join("testdata", "schema.golden.json")
	if *update {
		if err := os.WriteFile(golden, Schema(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("(-want +got; go test -update writes it anew):\n%s", diff)
	}
}

// Every key that the reader takes is in the schema, and no key that it refuses.
func TestSchemaHasTheKeysThatAreEnforced(t *testing.T) {
	var check func(path string, s shape, node map[string]any)
	check = func(path string, s shape, node map[string]any) {
		if s.item != nil {
			items := "items"
			if s.kind == aDictionary {
				items = "additionalProperties"
			}
			check(path+"[]", *s.item, node[items].(map[string]any))
		}
		properties, _ := node["properties"].(map[string]any)
		for _, k := range s.keys {
			property, there := properties[k.name].(map[string]any)
			if there == k.later {
				t.Errorf("%s.%s: in the schema %t, enforced %t", path, k.name, there, !k.later)
			}
			if there {
				check(path+"."+k.name, k.shape, property)
			}
		}
	}
	var root map[string]any
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	check("", configShape(), root)
	if !bytes.Equal(Schema(), Schema()) {
		t.Error("the schema differs from itself")
	}
}

// Every pattern of the formats compiles, those of keys that are not enforced yet included.
func TestPatternsCompile(t *testing.T) {
	var check func(s shape)
	check = func(s shape) {
		if _, err := regexp.Compile(s.pattern); err != nil {
			t.Error(err)
		}
		for _, e := range s.examples {
			if s.pattern != "" && !isName(e, s.pattern) {
				t.Errorf("the example %q does not match %q", e, s.pattern)
			}
		}
		for _, k := range s.keys {
			check(k.shape)
		}
		for _, below := range []*shape{s.item, s.or} {
			if below != nil {
				check(*below)
			}
		}
	}
	for _, s := range []shape{configShape(), purgeShape(), campaignShape()} {
		check(s)
	}
}
