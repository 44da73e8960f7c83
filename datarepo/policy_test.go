package datarepo

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// everyPolicy uses every key of the policy.
const everyPolicy = `timezone: Asia/Seoul
environments:
  - name: staging
    requires: []
    freeze: []
  - name: production
    after: staging
    requires: [approval]
    freeze:
      - {days: [sat, fri, fri], from: "18:00", to: 09:00, reason: weekend}
      - {days: [mon], from: 00:00, to: "24:00", timezone: Europe/Berlin}
      - from: 2026-12-24T00:00
        to: 2027-01-02T09:00
        reason: winter event
    soak: 1h30m
    guard: game-health
limits: {deletedRows: 500, deletedShare: 0.2, purgedDocuments: 1000}
permissions: {plan: [read], apply: [maintain, "@studio/live-ops", "@jun"], confirm: [codeowners], rollback: [admin]}
guards:
  game-health: {url: https://game.example/health}
  login: {url: "http://login.internal:8080/ok?deep=1", timeout: 2s}
  errors: {prometheus: {url: http://prometheus.internal:9090/p/, query: 'sum(rate(errors{job="game"}[1m]))', max: 0.05}}
drift: {schedule: "0 9 * * 1-5"}
`

func TestPolicy(t *testing.T) {
	config, problems := LoadConfig(configFS(everyPolicy))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if e := config.Environments[0]; e.Approval || e.Freeze != nil || e.Soak != 0 || e.Guard != "" {
		t.Errorf("staging has a policy: %+v", e)
	}
	e := config.Environments[1]
	if !e.Approval || e.Soak != 90*time.Minute || e.Guard != "game-health" || len(e.Freeze) != 3 {
		t.Fatalf("production: %+v", e)
	}
	weekend, monday, winter := e.Freeze[0], e.Freeze[1], e.Freeze[2]
	if !slices.Equal(weekend.Days, []time.Weekday{time.Friday, time.Saturday}) || weekend.From != 18*60 || weekend.To != 9*60 || weekend.Reason != "weekend" || weekend.Zone.String() != "Asia/Seoul" {
		t.Errorf("the weekend: %+v", weekend)
	}
	if monday.From != 0 || monday.To != 24*60 || monday.Zone.String() != "Europe/Berlin" {
		t.Errorf("monday: %+v", monday)
	}
	if winter.Days != nil || !winter.Begin.Equal(time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)) || !winter.End.Equal(time.Date(2027, 1, 2, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("winter: %+v", winter)
	}
	if l := config.Limits; *l.DeletedRows != 500 || *l.DeletedShare != 0.2 || *l.PurgedDocuments != 1000 {
		t.Errorf("limits: %+v", l)
	}
	if got := config.Grants("apply"); !slices.Equal(got, []string{"maintain", "@studio/live-ops", "@jun"}) {
		t.Errorf("apply may %v", got)
	}
	if got := config.Grants("promote"); !slices.Equal(got, []string{"admin"}) {
		t.Errorf("what is not named may %v", got)
	}
	most := 0.05
	want := []Guard{
		{Name: "game-health", URL: "https://game.example/health", Timeout: 5 * time.Second},
		{Name: "login", URL: "http://login.internal:8080/ok?deep=1", Timeout: 2 * time.Second},
		{Name: "errors", Prometheus: &Prometheus{URL: "http://prometheus.internal:9090/p/", Query: `sum(rate(errors{job="game"}[1m]))`, Max: &most}, Timeout: 5 * time.Second},
	}
	if diff := cmp.Diff(want, config.Guards); diff != "" {
		t.Errorf("guards (-want +got):\n%s", diff)
	}
	if got := want[2].Prometheus.Address(); got != "http://prometheus.internal:9090/p/api/v1/query?query=sum%28rate%28errors%7Bjob%3D%22game%22%7D%5B1m%5D%29%29" {
		t.Errorf("address %s", got)
	}
	// Nine in Seoul is midnight in UTC; the 21st of November 2026 is a Saturday.
	if next := config.Drift.Cron.Next(time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)); config.Drift.Schedule != "0 9 * * 1-5" || !next.Equal(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("drift %q comes at %v", config.Drift.Schedule, next)
	}
}

func TestNoPolicy(t *testing.T) {
	config, _ := LoadConfig(configFS(smallestConfig))
	if config.Drift != nil || config.Limits != (Limits{}) || len(config.Guards) > 0 || !slices.Equal(config.Grants("apply"), []string{"admin"}) {
		t.Errorf("%+v", config)
	}
	zero, _ := LoadConfig(configFS(smallestConfig + "\nlimits: {deletedRows: 0, deletedShare: 0}\n"))
	if zero == nil || zero.Limits.DeletedRows == nil || zero.Limits.DeletedShare == nil {
		t.Errorf("a limit of zero is one: %+v", zero)
	}
}

func TestPolicyProblems(t *testing.T) {
	const head = "environments:\n  - name: staging\n  - name: live\n    after: staging\n" // four lines
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"requirements", "    requires: [review, approval, approval]\n", []string{"5:24 the list has 3 elements; at most 1 are allowed"}},
		{"another requirement", "    requires: [review]\n", []string{"5:16 `review` is not allowed here -- use `approval`"}},
		{"windows that are none", "    freeze:\n      - {days: [friday], from: 18:00, to: 09:00}\n      - {days: [], from: 18:00, to: 09:00}\n      - {from: 18:00}\n      - {days: [fri]}\n", []string{
			"6:17 `friday` is not allowed here -- use sun, mon, tue, wed, thu, fri or sat", "7:16 the list is empty",
			"8:9 the key `to` is missing", "9:9 the key `from` is missing", "9:9 the key `to` is missing"}},
		{"times of the other kind", "    freeze:\n      - {days: [fri], from: 2026-12-24T00:00, to: 09:00}\n      - {from: 18:00, to: 2026-12-24T00:00}\n", []string{
			"6:29 a weekly window has times of day, not `2026-12-24T00:00` -- use a time such as `18:00`, or remove `days`",
			"7:16 `18:00` has no date, and the window no `days` -- use a date and a time such as `2026-12-24T18:00`, or add `days: [fri, sat]`"}},
		{"times that are none", "    freeze:\n      - {days: [fri], from: 25:00, to: \"24:30\"}\n      - {from: 2026-02-30T00:00, to: 2026-13-01T00:00}\n      - {days: [fri], from: \"24:00\", to: 09:00}\n      - {days: [fri], from: 18, to: 09:00}\n", []string{
			"6:29 `25:00` is not allowed here", "6:40 `24:30` is not allowed here",
			"7:16 `2026-02-30T00:00` is not a date of the calendar", "7:38 `2026-13-01T00:00` is not a date of the calendar",
			"8:29 a window cannot begin at the end of a day -- use `00:00` and the next day",
			"9:29 expected text, found a number -- use a time such as `18:00` beside `days`, or a date with a time such as `2026-12-24T00:00`"}},
		{"backwards, and elsewhere", "    freeze:\n      - {from: 2026-12-24T00:00, to: 2026-12-24T00:00}\n      - {days: [fri], from: 18:00, to: 09:00, timezone: KST}\n", []string{
			"6:38 `to` is not after `from`", "7:57 `KST` is not a time zone -- did you mean `Asia/Seoul`?"}},
		{"soak", "    soak: half an hour\n", []string{"5:11 `half an hour` is not allowed here -- use hours, minutes and seconds, such as `30m`"}},
		{"soak of no time, or a month", "    soak: 0m\n  - {name: x, after: live, soak: 720h}\n", []string{
			"5:11 expected a time above 0s and up to 168h, found `0m`", "6:34 expected a time above 0s and up to 168h, found `720h`"}},
		{"soak after nothing", "  - {name: x, soak: 5m}\n", []string{"5:21 `soak` is the time after another environment, and `after` names none"}},
		{"a guard that is not there", "    guard: game-helth\nguards: {game-health: {url: https://game.example/health}}\n", []string{
			"5:12 `guards` has none named `game-helth` -- did you mean `game-health`?"}},
		{"no guards at all", "    guard: x\n", []string{"5:12 `guards` has none named `x` -- add it to `guards`"}},
		{"guards that cannot be asked", "guards:\n  a: {}\n  b: {url: ftp://x}\n  c: {url: \"https://u:p@x\"}\n  d: {url: \"https://\"}\n  e: {url: https://x, timeout: 1h}\n", []string{
			"6:6 one of `url`, `prometheus` is expected here", "7:12 `ftp://x` is not allowed here", "8:12 `https://u:p@x` is not an address to ask",
			"9:12 `https://` is not allowed here", "10:32 expected a time above 0s and up to 30s, found `1h`"}},
		{"guards of both kinds", "guards:\n  a: {url: https://x, prometheus: {url: https://x, query: up, min: 1}}\n", []string{"6:35 `url` and `prometheus` exclude each other"}},
		{"guards by Prometheus", "guards:\n  a: {prometheus: {url: https://x, query: up}}\n  b: {prometheus: {url: https://x?y=1, query: up, min: 2, max: 1}}\n  c: {prometheus: {url: \"https://u:p@x\", query: up, min: much}}\n  d: {prometheus: {min: 1}}\n", []string{
			"6:19 nothing says which values are healthy", "7:25 `https://x?y=1` is not a server's address", "7:56 `min` is above `max`",
			"8:25 `https://u:p@x` is not an address to ask", "8:58 `min` is a number", "9:19 the key `query` is missing", "9:19 the key `url` is missing"}},
		{"limits", "limits: {deletedRows: -1, deletedShare: 20}\n", []string{
			"5:23 expected a whole number from 0 to 1000000000, found `-1`", "5:41 expected a number from 0 to 1, found `20`"}},
		{"limits that are no numbers", "limits: {deletedRows: many, deletedShare: .nan}\n", []string{
			"5:23 expected a whole number, found text", "5:43 expected a number from 0 to 1, found `.nan`"}},
		{"permissions", "permissions: {aply: [write], apply: [writers], lock: []}\n", []string{
			"5:15 unknown key `aply`; nearest: `apply`", "5:38 ", "5:54 the list is empty"}},
		{"drift", "drift: {schedule: hourly}\n", []string{"5:19 `hourly` is not a schedule -- use five fields: minute, hour, day of month, month, day of week, such as `0 9 * * *`"}},
		{"drift by seconds", "drift: {schedule: 0 0 9 * * *}\n", []string{"5:19 `0 0 9 * * *` is not a schedule"}},
		{"drift elsewhere", "drift: {schedule: CRON_TZ=UTC 0 9 * * *}\n", []string{"5:19 `CRON_TZ=UTC 0 9 * * *` names a time zone"}},
		{"drift never", "drift: {schedule: 0 9 31 2 *}\n", []string{"5:19 `0 9 31 2 *` never comes"}},
		{"drift without a schedule", "drift: {}\n", []string{"5:8 the key `schedule` is missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config, problems := LoadConfig(configFS(head + tt.yaml))
			if config != nil {
				t.Errorf("a configuration came with problems: %+v", config)
			}
			checkProblems(t, problems, tt.want)
		})
	}
}
