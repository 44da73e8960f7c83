package datarepo

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// campaignValidator is the schema as an editor uses it.
func campaignValidator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(CampaignSchema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("campaign.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("campaign.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON is a YAML file as an editor's schema sees it; ok is false where it is no YAML.
func asJSON(t *testing.T, content string) (doc any, ok bool) {
	t.Helper()
	var v any
	if yaml.Unmarshal([]byte(content), &v) != nil {
		return nil, false
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err = jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc, true
}

func isRead(t *testing.T, content string) bool {
	t.Helper()
	got, _, err := Campaigns(campaignsFS("a.yaml", content), nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(got) == 1
}

// onlyTheReader are the wrong campaigns that the schema cannot tell, and why.
func onlyTheReader() map[string]string {
	const calendar, length, words, meaning = "a calendar", "a length of time", "what the words of a text are", "two values together"
	return map[string]string{
		"never": calendar, "no day": calendar, "a zone": calendar, "an abbreviation": calendar, "sixty times": calendar,
		"time to live": length, "a long time": length, "another long time": length, "a test long before": length, "not apart": length, "a long span of the last login": length,
		"a country for a language": words, "collapse": words, "image": words, "deep link of a language": words, "size": words, "data": words, "rate 0": words,
		"login": meaning, "bounds": meaning,
	}
}

// The schema and the reader agree on files that are right and files that are wrong, but for what the schema cannot say.
func TestSchemaAndReaderAgree(t *testing.T) {
	schema := campaignValidator(t)
	everything, err := os.ReadFile(filepath.Join("..", "docs", "crystals.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		string(everything), littleCampaign, littleCampaign + "timezone: user\nfallbackTimezone: Asia/Seoul\n", littleCampaign + "audience: {sql: SELECT 1}\n",
		littleCampaign + "audience: {columns: {a: {in: [null, 1, x, true]}, b: {min: '2026-01-01'}}}\n", "schedule: '*/15 * * * *'\napart: 15m\nmessage: {default: {body: x}, zh_TW: {body: x}}\n",
		littleCampaign + "capacity: {factor: 1.01}\n", littleCampaign + "test: {tokens: [{platform: ios, token: a}]}\n",
	} {
		doc, ok := asJSON(t, content)
		if !ok || !isRead(t, content) {
			t.Fatalf("the reader refuses %s", content)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", content, err)
		}
	}
	unsaid := onlyTheReader()
	for _, test := range wrongCampaigns() {
		doc, ok := asJSON(t, test.content)
		if !ok {
			continue
		}
		_, only := unsaid[test.name]
		delete(unsaid, test.name)
		if err := schema.Validate(doc); (err == nil) != only {
			t.Errorf("%s: the schema says %v, and it should take it: %t", test.name, err, only)
		}
	}
	for name := range unsaid {
		t.Errorf("no wrong campaign is named %q", name)
	}
}

// Whatever becomes of one value of a file, the schema refuses nothing that the reader takes.
func TestSchemaRefusesNothingThatIsRead(t *testing.T) {
	schema := campaignValidator(t)
	everything, err := os.ReadFile(filepath.Join("..", "docs", "crystals.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var root any
	if err := yaml.Unmarshal(everything, &root); err != nil {
		t.Fatal(err)
	}
	tried, taken := 0, 0
	judge := func() {
		b, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		if !isRead(t, string(b)) {
			return
		}
		taken++
		doc, _ := asJSON(t, string(b))
		if err := schema.Validate(doc); err != nil {
			t.Errorf("the reader takes %s, and the schema says %v", b, err)
		}
	}
	for _, place := range mutable(root) {
		was := place.get()
		for _, other := range []any{nil, 0, 1, 7, 1.5, true, "", "x", "1h", "default", []any{}, []any{"x"}, []any{was, was}, map[string]any{}, map[string]any{"x": "y"}} {
			place.set(other)
			judge()
		}
		place.set(was)
		if place.remove != nil {
			place.remove()
			judge()
			place.set(was)
		}
	}
	if tried < 500 || taken < 50 {
		t.Errorf("%d files were tried, and %d of them read", tried, taken)
	}
}

// place is a value of a document that can be another one.
type place struct {
	get    func() any
	set    func(any)
	remove func() // nil for an element of a list
}

// mutable are the places below a value, keys in their order.
func mutable(v any) (all []place) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			all = append(all, place{func() any { return v[k] }, func(x any) { v[k] = x }, func() { delete(v, k) }})
			all = append(all, mutable(v[k])...)
		}
	case []any:
		for i := range v {
			all = append(all, place{get: func() any { return v[i] }, set: func(x any) { v[i] = x }})
			all = append(all, mutable(v[i])...)
		}
	}
	return all
}
