package datarepo

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
)

// What NewConfig writes is what LoadConfig reads.
func TestNewConfig(t *testing.T) {
	content, made, problems := NewConfig([]string{"staging", "null", "eu-1"}, "Asia/Seoul")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const want = `# yaml-language-server: $schema=liveops.schema.json
timezone: Asia/Seoul
environments:
  - name: staging
  - name: "null"
    after: staging
  - name: eu-1
    after: "null"
`
	if string(content) != want {
		t.Errorf("got\n%swant\n%s", content, want)
	}
	config, problems := LoadConfig(fstest.MapFS{ConfigPath: {Data: content}})
	if len(problems) > 0 || config.Timezone.String() != "Asia/Seoul" || len(config.Environments) != 3 || config.Environments[2].Name != "eu-1" || config.Environments[2].After != "null" || !reflect.DeepEqual(made, config) {
		t.Errorf("read as %+v, %v", config, problems)
	}
}

func TestNewConfigRefuses(t *testing.T) {
	for _, c := range []struct {
		name, timezone, want string
		environments         []string
	}{
		{"no environment", "", "environments", nil},
		{"a name in capitals", "", "`Staging` is not allowed", []string{"Staging"}},
		{"a name twice", "", "a second time", []string{"a", "a"}},
		{"no time zone", "Asia/Soul", "is not a time zone", []string{"a"}},
		{"a name that is YAML", "", "is not allowed", []string{"a\n  - name: b"}},
	} {
		_, _, problems := NewConfig(c.environments, c.timezone)
		if len(problems) == 0 || !strings.Contains(problems[0].Text, c.want) {
			t.Errorf("%s: %v; want one with %q", c.name, problems, c.want)
		}
	}
}
