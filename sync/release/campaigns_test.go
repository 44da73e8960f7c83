package release_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"liveops/datarepo"
	"liveops/datasheets"
	"liveops/pushd/campaign"
	"liveops/sync/release"
)

// pushConfig is a liveops.yaml whose environments both send campaigns.
const pushConfig = `timezone: Asia/Seoul
environments:
  - name: staging
    push:
      tokens: {table: push_tokens, token: token, platform: platform, country: country, language: language, timezone: tz, user: user_id}
      lists: {qa: {users: ["1"]}}
      only: [qa]
  - name: production
    after: staging
    push:
      tokens: {table: push_tokens, token: token, platform: platform, country: country, language: language, timezone: tz}
      lists: {qa: {tokens: [{platform: ios, token: a}]}}
    capacity: {autoScalingGroup: game-servers, max: 100}
guards: {game-health: {url: https://game.example/health}}
`

// due is a campaign's file, due at a time, that says something.
func due(cron, body string, lines ...string) []byte {
	return []byte(fmt.Sprintf("schedule: %q\nmessage: {default: {body: %s}}\n%s", cron, body, strings.Join(lines, "\n")))
}

// phones is a fake of the phones of users: what each environment's tokens answer.
type phones struct {
	columns []datasheets.Column
	tokens  map[string]int // by campaign
	err     error
	asked   []string // the campaigns that were counted, in their order
}

func (p *phones) Columns(context.Context, string, *datarepo.Push, *campaign.Campaign) ([]datasheets.Column, error) {
	return p.columns, p.err
}

func (p *phones) Count(_ context.Context, _ string, _ *datarepo.Push, c *campaign.Campaign, _ time.Time) (campaign.Counted, error) {
	p.asked = append(p.asked, c.Name)
	return campaign.Counted{Audience: []campaign.Portion{{Platform: campaign.IOS, Language: "ko", Tokens: p.tokens[c.Name]}}}, p.err
}

var someColumns = named("token", "platform", "country", "language", "tz", "user_id")

// typed is a column of a type.
func typed(name, dataType string) datasheets.Column {
	return datasheets.ParseColumn(datasheets.ColumnInfo{Name: name, ColumnType: dataType, DataType: dataType})
}

// named are columns of which no more is known than their names.
func named(names ...string) (all []datasheets.Column) {
	for _, name := range names {
		all = append(all, datasheets.Column{Name: name})
	}
	return all
}

// campaigns are the commits of a world whose campaigns are looked at.
type campaigns struct {
	*world
	commits map[string]fs.FS
	phones  *phones
}

func newCampaigns(t *testing.T) *campaigns {
	return &campaigns{world: newWorld(t), commits: map[string]fs.FS{}, phones: &phones{columns: someColumns, tokens: map[string]int{}}}
}

// now is when all previews are made: a Sunday.
var now = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// with is a commit with campaigns, by name.
func (c *campaigns) with(id, config string, files map[string][]byte) *release.Desired {
	c.Helper()
	named := map[string][]byte{}
	fsys := fstest.MapFS{"liveops.yaml": {Data: []byte(config)}}
	for name, data := range files {
		named["pushes/"+name+".yaml"] = data
		fsys["pushes/"+name+".yaml"] = &fstest.MapFile{Data: data}
	}
	c.commits[id] = fsys
	d := c.commitWith(id, config, named)
	policy, _ := datarepo.LoadConfig(fsys)
	d.Campaigning = &release.CampaignContext{Policy: policy, Phones: c.phones, Now: now, Released: func(_ context.Context, commit string) (fs.FS, error) {
		if files, ok := c.commits[commit]; ok {
			return files, nil
		}
		return nil, datarepo.ErrNotFound
	}}
	return d
}

// changesOf are what a plan changes of campaigns: "+added ~changed -removed (pending)".
func changesOf(p *release.Plan) string {
	var all []string
	for _, c := range p.Campaigns {
		s := map[bool]string{true: "~", false: "+"}[c.Before != ""]
		if c.After == "" {
			s = "-"
		}
		s += c.Name
		if c.Pending {
			s = "(" + s + ")"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// A release changes the campaigns that differ between the environment's commit and the new one.
func TestCampaignChanges(t *testing.T) {
	w := newCampaigns(t)
	friday, hello := "3 19 * * FRI", due("3 19 * * FRI", "Hello")
	d := w.with("c1", pushConfig, map[string][]byte{"eve": hello, "gems": hello})
	if p := w.plan("production", d); changesOf(p) != "+eve +gems" || p.Idle() || p.Digest == "" {
		t.Errorf("at first: %s, %v", changesOf(p), p.Problems)
	}
	first := w.plan("staging", d).Digest
	if got := states(w.run(d, map[string]string{"staging": first, "production": w.plan("production", d).Digest})); got != "staging same, production same" {
		t.Fatal(got)
	}
	if p := w.plan("production", d); changesOf(p) != "" || !p.Idle() {
		t.Errorf("as it is: %s", changesOf(p))
	}
	next := w.with("c2", pushConfig, map[string][]byte{"eve": due(friday, "Hello", "description: the same"), "gems": due(friday, "Bye"), "new": hello})
	if got := changesOf(w.plan("staging", next)); got != "~gems +new" {
		t.Errorf("next: %s", got)
	}
	if got := changesOf(w.plan("staging", w.with("c3", pushConfig, nil))); got != "-eve -gems" {
		t.Errorf("none left: %s", got)
	}
	silent := strings.Replace(pushConfig, "    push:\n      tokens: {table: push_tokens, token: token, platform: platform, country: country, language: language, timezone: tz}\n      lists: {qa: {tokens: [{platform: ios, token: a}]}}\n", "", 1)
	off := w.with("c4", silent, map[string][]byte{"eve": hello, "gems": hello})
	if s, p := changesOf(w.plan("staging", off)), changesOf(w.plan("production", off)); s != "" || p != "-eve -gems" {
		t.Errorf("production sends none any more: %q, %q", s, p)
	}
	gone := w.with("c5", pushConfig, map[string][]byte{"eve": hello, "gems": hello})
	delete(w.commits, "c1")
	if got := changesOf(w.plan("staging", gone)); got != "+eve +gems" {
		t.Errorf("where the commit is not to be had: %s", got)
	}
}

// The digest covers what changes of campaigns, and is what it was where nothing does.
func TestDigestOfCampaigns(t *testing.T) {
	w := newCampaigns(t)
	hello := due("3 19 * * FRI", "Hello")
	plain := w.commitWith("c0", "environments: [{name: staging}, {name: production, after: staging}]\n", nil)
	if a, b := w.plan("staging", plain).Digest, w.plan("staging", w.with("c1", pushConfig, nil)).Digest; a != b || a != w.plan("staging", w.commit("c2", nil)).Digest {
		t.Errorf("without campaigns: %s and %s", a, b)
	}
	one := w.plan("staging", w.with("c3", pushConfig, map[string][]byte{"eve": hello})).Digest
	for name, files := range map[string]map[string][]byte{"no campaign": nil, "another name": {"adam": hello}, "other words": {"eve": due("3 19 * * FRI", "Bye")}, "two": {"eve": hello, "adam": hello}} {
		if other := w.plan("staging", w.with("c-"+name, pushConfig, files)).Digest; other == one || other == "" {
			t.Errorf("%s has the same digest", name)
		}
	}
	reviewed := map[string]string{"staging": one, "production": one}
	if p := w.run(w.with("c4", pushConfig, map[string][]byte{"eve": due("3 19 * * FRI", "Bye")}), reviewed); p.Stopped() == nil || !strings.Contains(p.Stopped().Reason, "not the one that the pull request showed") {
		t.Errorf("not what was reviewed: %s", states(p))
	}
}

// What the base owes is told apart, and what is left of a plan once it is released is known beforehand.
func TestOwedCampaigns(t *testing.T) {
	w := newCampaigns(t)
	hello := due("3 19 * * FRI", "Hello")
	w.run(w.with("c1", pushConfig, map[string][]byte{"eve": hello, "old": hello}), nil)
	base := w.with("c2", pushConfig, map[string][]byte{"eve": due("3 19 * * FRI", "Base"), "new": hello})
	merged := w.with("c3", pushConfig, map[string][]byte{"eve": due("3 19 * * FRI", "Both"), "new": hello, "own": hello})
	p := w.plan("staging", merged)
	snap, err := w.store("staging").Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	if err := release.Owed(t.Context(), p, merged, base, snap, nil); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(p); got != "~eve (+new) (-old) +own" {
		t.Errorf("the plan has %s", got)
	}
	if err := release.PreviewCampaigns(t.Context(), p, merged); err != nil {
		t.Fatal(err)
	}
	for _, c := range p.Campaigns {
		if got := c.Preview != nil; got != (c.Name == "eve" || c.Name == "own") {
			t.Errorf("%s has a preview: %t", c.Name, got)
		}
	}
	w.run(base, nil)
	if after := w.plan("staging", merged); p.Own != after.Digest || p.Own == p.Digest || changesOf(after) != "~eve +own" {
		t.Errorf("the own digest is %s, and after the base's release it is %s of %s", p.Own, after.Digest, changesOf(after))
	}
}

// What is wrong with campaigns is told at its place: of files at once, of tokens where they can be asked.
func TestCampaignProblems(t *testing.T) {
	everything := []string{"guard: game-helth", "audience:", "  sql: |", "    SELECT token, platform", "    FROM push_tokens; DROP TABLE users"}
	tests := []struct {
		name   string
		config string
		file   []byte
		phones phones
		want   []string
	}{
		{"nothing", pushConfig, due("3 19 * * FRI", "Hello", "audience: {country: [KR]}"), phones{columns: someColumns}, nil},
		{"of files", pushConfig, due("3 19 * * FRI", "Hello", everything...), phones{columns: someColumns}, []string{
			"pushes/eve.yaml:3:8: liveops.yaml has no guard named `game-helth` (did you mean `game-health`?)",
			"pushes/eve.yaml:5:8: `sql`: a second statement begins here; an audience is one SELECT (line 2, column 19 of the query) (leave it out)"}},
		{"nobody sends", "environments: [{name: staging}, {name: production, after: staging}]", due("3 19 * * FRI", "Hello"), phones{}, []string{
			"pushes/eve.yaml:1:1: no environment sends campaigns (add `push` to an environment in liveops.yaml)"}},
		{"columns", pushConfig, due("3 19 * * FRI", "Hello", "audience: {country: [KR], columns: {levl: {min: 3}}}"), phones{columns: named("token", "platform", "level")}, []string{
			"pushes/eve.yaml:3:21: the table of tokens in `staging` has no column `country` (the table's columns are `level`, `platform`, `token`)",
			"pushes/eve.yaml:3:37: the table of tokens in `staging` has no column `levl` (did you mean `level`?)"}},
		{"values of other types than the columns", strings.NewReplacer("user_id}\n      lists", "user_id, updatedAt: seen}\n      dead: delete\n      lists", `["1"]`, `["1", boss]`).Replace(pushConfig),
			due("3 19 * * FRI", "Hello", "audience: {columns: {level: {min: high, in: [1, \"1,500\"]}}}"), phones{columns: []datasheets.Column{
				typed("token", "bigint"), typed("platform", "tinyint"), typed("country", "varchar"), typed("language", "varchar"), typed("tz", "varchar"), typed("user_id", "bigint"), typed("seen", "bigint"), typed("level", "int")}}, []string{
				"liveops.yaml:5:7: `push` of `staging`: found \"android\", but platform (tinyint) takes a whole number from -128 to 127 (write in `platforms` what the column has for android)",
				"liveops.yaml:5:7: `push` of `staging`: found \"ios\", but platform (tinyint) takes a whole number from -128 to 127 (write in `platforms` what the column has for ios)",
				"liveops.yaml:5:43: `push` of `staging`: the column `token` is BIGINT, and tokens are texts (name the column of the tokens)",
				"liveops.yaml:5:148: `push` of `staging`: the column `seen` is BIGINT, which does not tell for certain whether a token was renewed (name a DATETIME in UTC or a TIMESTAMP, or remove `dead`)",
				"liveops.yaml:7:33: `push` of `staging`: found \"boss\", but user_id (bigint) takes a whole number from -9223372036854775808 to 9223372036854775807 (write the number with digits only)",
				"pushes/eve.yaml:3:35: in `staging`: found \"high\", but level (int) takes a whole number from -2147483648 to 2147483647 (write the number with digits only)",
				"pushes/eve.yaml:3:49: in `staging`: found \"1,500\", but level (int) takes a whole number from -2147483648 to 2147483647 (leave the thousands separators out: 1500)"}},
		{"no table", pushConfig, due("3 19 * * FRI", "Hello"), phones{err: &release.RefusedAudienceError{Err: errors.New("Table 'game.push_tokens' doesn't exist")}}, []string{
			"liveops.yaml: `push.tokens` of `staging` names the table `push_tokens`, which cannot be read: Table 'game.push_tokens' doesn't exist"}},
		{"tokens that cannot be reached", pushConfig, due("3 19 * * FRI", "Hello", "audience: {columns: {levl: {min: 3}}}"), phones{err: errors.New("connection refused")}, nil},
		{"a query that does not give what is needed", pushConfig, due("3 19 * * FRI", "Hello", "timezone: user", "audience: {sql: SELECT id FROM users}"), phones{columns: named("id")}, []string{
			"pushes/eve.yaml:4:17: the query does not give `platform`, the platform of a token in `staging` (name it in the SELECT)",
			"pushes/eve.yaml:4:17: the query does not give `token`, the token of a token in `staging` (name it in the SELECT)",
			"pushes/eve.yaml:4:17: the query does not give `tz`, the time zone of a token in `staging` (name it in the SELECT)"}},
		{"a query that the server refuses", pushConfig, due("3 19 * * FRI", "Hello", "audience: {sql: SELECT token FROM nowhere}"), phones{err: &release.RefusedAudienceError{Err: errors.New("Table 'nowhere' doesn't exist")}}, []string{
			"pushes/eve.yaml:3:17: `staging` refuses the query: Table 'nowhere' doesn't exist"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newCampaigns(t)
			w.phones = &tt.phones
			p := w.plan("staging", w.with("c1", tt.config, map[string][]byte{"eve": tt.file}))
			var got []string
			for _, problem := range p.Problems {
				got = append(got, problem.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (p.Digest == "") != (len(tt.want) > 0) {
				t.Errorf("digest %q", p.Digest)
			}
		})
	}
}

// Where the commit names another table than the base, the columns are not looked up: the base says what is asked.
func TestColumnsOfAnotherTable(t *testing.T) {
	w := newCampaigns(t)
	d := w.with("c1", strings.ReplaceAll(pushConfig, "push_tokens", "new_tokens"), map[string][]byte{"eve": due("3 19 * * FRI", "Hello", "audience: {columns: {levl: {min: 3}}}")})
	if p := w.plan("staging", d); len(p.Problems) != 1 {
		t.Errorf("of its own: %v", p.Problems)
	}
	d.Campaigning.Policy, _ = datarepo.LoadConfig(fstest.MapFS{"liveops.yaml": {Data: []byte(pushConfig)}})
	if p := w.plan("staging", d); len(p.Problems) != 0 || changesOf(p) != "+eve" {
		t.Errorf("of the base: %v", p.Problems)
	}
}

// Columns of campaigns that do not change are looked up only where all are asked for.
func TestColumnsOfAllCampaigns(t *testing.T) {
	w := newCampaigns(t)
	d := w.with("c1", pushConfig, map[string][]byte{"eve": due("3 19 * * FRI", "Hello", "audience: {country: [KR]}")})
	w.run(d, nil)
	w.phones.columns = named("token", "platform")
	if p := w.plan("staging", d); len(p.Problems) != 0 {
		t.Errorf("%v", p.Problems)
	}
	d.Campaigning.All = true
	if p := w.plan("staging", d); len(p.Problems) != 1 {
		t.Errorf("%v", p.Problems)
	}
}

// preview is the preview of a campaign in an environment of the world.
func (c *campaigns) preview(environment, name string, d *release.Desired) campaign.Preview {
	c.Helper()
	p := c.plan(environment, d)
	if err := release.PreviewCampaigns(c.Context(), p, d); err != nil {
		c.Fatal(err)
	}
	for _, change := range p.Campaigns {
		if change.Name == name && change.Preview != nil {
			return *change.Preview
		}
	}
	c.Fatalf("no preview of %s among %s: %v", name, changesOf(p), p.Problems)
	return campaign.Preview{}
}

func TestPreviewCampaigns(t *testing.T) {
	w := newCampaigns(t)
	w.phones.tokens = map[string]int{"eve": 3_000_000, "near": 600_000, "small": 60, "far": 5, "everybody": 6_000_000}
	d := w.with("c1", pushConfig, map[string][]byte{
		"eve":   due("0 19 * * FRI", "Hello", "rate: 10000/s", "capacity: {factor: 2}"),
		"near":  due("59 18 * * FRI", "Hello", "rate: 600000/m"), // for a minute, until eve begins
		"small": due("58 18 * * FRI", "Hello", "rate: 600000/m"), // for nobody knows how long at first, and over in no time
		"far":   due("0 9 * * MON", "Hello"),
	})
	d.Campaigning.Servers = func(_ context.Context, environment string, c *datarepo.Capacity) (campaign.Servers, error) {
		return campaign.Servers{Now: 60, Max: c.Max}, nil
	}
	p := w.preview("production", "eve", d)
	if p.Tokens != 3_000_000 || p.Takes != 5*time.Minute || len(p.Times) != 5 || p.Times[0].UTC.Format(time.DateTime) != "2026-11-27 10:00:00" {
		t.Errorf("%+v", p)
	}
	if len(p.Overlaps) != 5 || p.Overlaps[0].Other != "near" {
		t.Errorf("overlaps %+v", p.Overlaps)
	}
	if p.Servers == nil || !p.Servers.Known || p.Servers.Added != 40 || p.Only != nil {
		t.Errorf("servers %+v", p.Servers)
	}
	w.phones.asked = nil
	if s := w.preview("staging", "far", d); strings.Join(s.Only, " ") != "qa" || s.Tokens != 5 {
		t.Errorf("staging: %+v", s)
	}
	d.Campaigning.Servers = nil
	if p := w.preview("production", "eve", d); p.Servers.Known {
		t.Errorf("servers that nobody asked about: %+v", p.Servers)
	}
}

// Why an audience was not counted is said plainly.
func TestUncountedCampaigns(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&release.UnsetError{Reason: "LIVEOPS_STAGING_PUSH_DSN is not set"}, "LIVEOPS_STAGING_PUSH_DSN is not set"},
		{&release.SlowAudienceError{Err: errors.New("max_statement_time exceeded")}, "that took too long; the run itself has no such limit"},
		{errors.New("dial tcp 10.0.0.7: connection refused"), "the database with the tokens of staging gave no answer"},
	} {
		w := newCampaigns(t)
		w.phones.err = tt.err
		d := w.with("c1", pushConfig, map[string][]byte{"eve": due("0 19 * * FRI", "Hello")})
		if p := w.preview("staging", "eve", d); p.Counted || p.Uncounted != tt.want {
			t.Errorf("%v: %q", tt.err, p.Uncounted)
		}
		d.Campaigning.Policy = nil
		if p := w.preview("staging", "eve", d); p.Counted || !strings.Contains(p.Uncounted, "does not say yet where the tokens of staging are") {
			t.Errorf("without a policy: %q", p.Uncounted)
		}
	}
}
