package datarepo

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Who does what a problem says has no second one.
func TestAdviceOfNumbersAndFlags(t *testing.T) {
	for line, want := range map[string]string{
		"rate: 25000":             "4:7 expected text, found a number / write `25000/s`: `/s` is for each second, `/m` for each minute",
		"rate: 0.5":               "4:7 expected text, found a number / use a number of pushes for each second or minute, such as `25000/s`",
		"startingDeadline: 90":    "4:19 expected text, found a number / use days, hours, minutes and seconds, such as `15m`",
		"timeToLive: 3600":        "4:13 expected text, found a number / use days, hours, minutes and seconds, such as `6h`",
		"missed: true":            "4:9 expected text, found true or false / use `skip` or `send`",
		"priority: 10":            "4:11 expected text, found a number / use `high` or `normal`",
		"channel: 7":              "4:10 expected text, found a number / put it in quotes: \"7\"",
		"deepLink: 7":             "4:11 expected text, found a number / put it in quotes: \"7\"",
		"badge: '7'":              "4:8 expected a whole number, found text / write it without quotes: `7`",
		"capacity: {factor: '2'}": "4:20 expected a number, found text / write it without quotes: `2`",
	} {
		if diff := cmp.Diff([]string{want}, told(t, littleCampaign+line+"\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	_, problems := loadEnforced("environments: [{name: a, push: {tokens: {table: t, token: a, platform: b}, dead: true, fcm: {quota: 600000}}}]\n")
	if len(problems) != 2 {
		t.Fatal(problems)
	}
	for i, want := range []string{"use `delete`, or `mark: {column: dead_at}`", "write `600000/m`: `/s` is for each second, `/m` for each minute"} {
		if problems[i].Mend != want {
			t.Errorf("got %q, want %q", problems[i].Mend, want)
		}
	}
}

// What a mend shows for a text with a pattern is such a text, in every format; a mapping beside it is read by its own shape.
func TestAdviceMatchesItsPattern(t *testing.T) {
	shown := regexp.MustCompile("`([^`]+)`|\"([^\"]+)\"")
	var walk func(s shape)
	walk = func(s shape) {
		for _, written := range []string{"25000", "90", "1.5", "true", "0"} {
			if s.kind != aText || s.pattern == "" {
				break
			}
			m := shown.FindStringSubmatch(mendScalar(written, s))
			if m != nil && !isName(m[1]+m[2], s.pattern) {
				t.Errorf("%s: for %s it says %q", s.about, written, mendScalar(written, s))
			}
		}
		for _, k := range s.keys {
			walk(k.shape)
		}
		for _, below := range []*shape{s.item, s.or} {
			if below != nil {
				walk(*below)
			}
		}
	}
	for _, s := range []shape{configShape(), purgeShape(), campaignShape()} {
		walk(s)
	}
}
