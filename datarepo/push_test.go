package datarepo

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// enforced is a shape all of whose keys are taken, as the version that enforces them takes them.
func enforced(s shape) shape {
	keys := make([]key, len(s.keys))
	for i, k := range s.keys {
		k.later, k.shape = false, enforced(k.shape)
		keys[i] = k
	}
	s.keys = keys
	for _, below := range []**shape{&s.item, &s.or} {
		if *below != nil {
			copied := enforced(**below)
			*below = &copied
		}
	}
	return s
}

// loadEnforced is LoadConfig with all keys.
func loadEnforced(content string) (*Config, []datasheets.Problem) {
	r := &report{path: ConfigPath}
	config := readRoot(parseYAML([]byte(content), configShape(), r), enforced(configShape()), r)
	return config, datasheets.SortProblems(r.problems)
}

const smallPush = "environments:\n  - name: a\n    push:\n      tokens: {table: push_tokens, token: token, platform: platform}\n"

func TestPush(t *testing.T) {
	config, problems := loadEnforced(`
environments:
  - name: staging
    push:
      tokens: {query: "SELECT t.token, t.platform FROM tokens t", token: token, platform: platform, scope: live, collection: tokens, id: key}
      only: [qa]
      lists: {qa: {tokens: [{platform: ios, token: abc}]}}
    capacity: {launchTemplate: lt-0abc, tag: {role: game, stage: "1"}, max: 4, region: ap-northeast-2, dryRun: true}
  - name: production
    after: staging
    push:
      tokens: {table: push_tokens, token: token, platform: os, user: user_id, updatedAt: updated_at, country: country, language: lang, segment: seg, lastLogin: seen_at, timezone: tz}
      platforms:
        android: {values: [AOS, google]}
        ios: {gateway: fcm}
      dead: {mark: {column: dead_at}}
      fcm: {quota: 900000/m}
      apns: {quota: 9000/s, sandbox: true}
      lists: {qa: {users: ["1", "2"]}}
    capacity: {autoScalingGroup: game-servers, max: 400}
permissions: {push: [maintain]}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	staging, production := config.Environments[0], config.Environments[1]
	wantStaging := &Push{
		Tokens: Tokens{Query: "SELECT t.token, t.platform FROM tokens t", Scope: "live", Collection: "tokens", ID: "key", Columns: campaign.Columns{Token: "token", Platform: "platform"}},
		Platforms: map[campaign.Platform]PushPlatform{
			campaign.Android: {Values: []string{"android"}, Gateway: campaign.FCM}, campaign.IOS: {Values: []string{"ios"}, Gateway: campaign.APNs},
		},
		Quotas: map[campaign.Gateway]campaign.Rate{campaign.FCM: campaign.FCMQuota()},
		Lists:  []PushList{{Name: "qa", Tokens: []campaign.Token{{Platform: campaign.IOS, Token: "abc"}}}},
		Only:   []string{"qa"},
	}
	wantProduction := &Push{
		Tokens: Tokens{Table: "push_tokens", Columns: campaign.Columns{Token: "token", Platform: "os", User: "user_id", UpdatedAt: "updated_at",
			Country: "country", Language: "lang", Segment: "seg", LastLogin: "seen_at", Timezone: "tz"}},
		Platforms: map[campaign.Platform]PushPlatform{
			campaign.Android: {Values: []string{"AOS", "google"}, Gateway: campaign.FCM}, campaign.IOS: {Values: []string{"ios"}, Gateway: campaign.FCM},
		},
		Dead:    Dead{Mark: "dead_at"},
		Quotas:  map[campaign.Gateway]campaign.Rate{campaign.FCM: {Count: 900_000, Per: 60e9}, campaign.APNs: {Count: 9_000, Per: 1e9}},
		Sandbox: true,
		Lists:   []PushList{{Name: "qa", Users: []string{"1", "2"}}},
	}
	if at := production.Push.Places["lists.qa.users.1"]; at.Path != ConfigPath || at.Line != 19 || at.Column != 33 {
		t.Errorf("the second user of qa stands at %s", at)
	}
	staging.Push.Places, production.Push.Places = nil, nil
	for _, diff := range []string{
		cmp.Diff(wantStaging, staging.Push), cmp.Diff(wantProduction, production.Push),
		cmp.Diff(&Capacity{Template: "lt-0abc", Tags: map[string]string{"role": "game", "stage": "1"}, Max: 4, Region: "ap-northeast-2", DryRun: true}, staging.Capacity),
		cmp.Diff(&Capacity{Group: "game-servers", Max: 400}, production.Capacity),
		cmp.Diff([]string{"maintain"}, config.Grants("push")),
		cmp.Diff(campaign.Environment{Name: "production", Tokens: wantProduction.Tokens.Columns, Actual: []datasheets.Column{{Name: "token"}}, Lists: []string{"qa"}, Capacity: true,
			Gateways: map[campaign.Platform]campaign.Gateway{campaign.Android: campaign.FCM, campaign.IOS: campaign.FCM}},
			config.Surroundings(map[string][]datasheets.Column{"production": {{Name: "token"}}}).Environments[1]),
	} {
		if diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if config, problems := loadEnforced(smallPush + "      dead: delete\n"); len(problems) != 1 || config == nil {
		t.Errorf("without updatedAt: %v", problems)
	}
}

func TestPushProblems(t *testing.T) {
	for _, test := range []struct {
		name, content string
		want          []string
	}{
		{"small", smallPush, nil},
		{"no tokens", "environments: [{name: a, push: {fcm: {}}}]\n", []string{"1:32 the key `tokens` is missing"}},
		{"table and query", "environments: [{name: a, push: {tokens: {table: a, query: SELECT 1, token: a, platform: b}}}]\n", []string{"1:59 `table` and `query` exclude each other"}},
		{"neither", "environments: [{name: a, push: {tokens: {token: a, platform: b}}}]\n", []string{"1:41 one of `table`, `query` is expected here"}},
		{"no SELECT", "environments: [{name: a, push: {tokens: {query: DELETE FROM t, token: a, platform: b}}}]\n", []string{"1:49 the query is no SELECT"}},
		{"a column", "environments: [{name: a, push: {tokens: {table: a, token: a b, platform: b}}}]\n", []string{"1:59 `a b` is not allowed here"}},
		{"dead of a kind", smallPush + "      dead: remove\n", []string{"5:13 `remove` is not allowed here"}},
		{"dead of no kind", smallPush + "      dead: 1\n", []string{"5:13 expected text or a mapping, found a number"}},
		{"dead without a column", smallPush + "      dead: {mark: {}}\n", []string{
			"5:13 a token that was renewed since must stay, and nothing says when a token was renewed", "5:20 the key `column` is missing"}},
		{"dead of a query that gives no id", "environments: [{name: a, push: {dead: delete, tokens: {query: SELECT 1, token: a, platform: b}}}]\n", []string{"1:39 a dead token of a query is removed with its document, and nothing says which that is"}},
		{"dead of a query without a time", "environments: [{name: a, push: {dead: delete, tokens: {query: SELECT 1, token: a, platform: b, id: id}}}]\n", []string{"1:39 a token that was renewed since must stay, and nothing says when a token was renewed"}},
		{"dead ones of a query marked", "environments: [{name: a, push: {dead: {mark: {column: c}}, tokens: {query: SELECT 1, token: a, platform: b, id: id, updatedAt: c}}}]\n", []string{"1:39 `mark` is for a table: nothing says where in a document a query's token stands"}},
		{"dead of a query", "environments: [{name: a, push: {dead: delete, tokens: {query: SELECT 1, token: a, platform: b, id: id, updatedAt: c, scope: live, collection: tokens}}}]\n", nil},
		{"a collection of a table", "environments: [{name: a, push: {tokens: {table: t, token: a, platform: b, id: id, scope: live}}}]\n", []string{"1:79 `id` goes with `query`", "1:90 `scope` goes with `query`"}},
		{"a query that is more than one", "environments: [{name: a, push: {tokens: {query: SELECT 1; SELECT 2, token: a, platform: b}}}]\n", []string{"1:49 the query is more than one statement"}},
		{"a query in another order", "environments: [{name: a, push: {tokens: {query: SELECT 1 WHERE a > $after ORDER BY t.a LIMIT $limit, token: b, platform: b}}}]\n", []string{"1:49 the query is in the order of `a`, and `token` is `b`"}},
		{"gateway", smallPush + "      platforms: {android: {gateway: apns}}\n", []string{"5:38 `apns` is not allowed here"}},
		{"values", smallPush + "      platforms: {android: {values: [x, IOS]}, ios: {values: [X]}}\n", []string{"5:63 `X` stands for a platform a second time"}},
		{"values of the other's name", smallPush + "      platforms: {android: {values: [x, IOS]}}\n", []string{"5:28 `ios` stands for a platform a second time"}},
		{"quota", smallPush + "      fcm: {quota: 0/s}\n", []string{"5:20 `0/s` is not allowed here"}},
		{"lists", smallPush + "      lists: {QA: {tokens: [{platform: ios, token: a}]}, b: {}, c: {users: [\"1\"]}}\n      only: [d]\n", []string{
			"5:15 `QA` is not a list's name", "5:58 the list is empty", "5:76 nothing says which column has the user of a token", "6:14 `lists` has none named `d`"}},
		{"capacity of neither", "environments: [{name: a, capacity: {max: 1}}]\n", []string{"1:36 one of `autoScalingGroup`, `launchTemplate` is expected here"}},
		{"capacity of both", "environments: [{name: a, capacity: {max: 1, autoScalingGroup: a, launchTemplate: abc}}]\n", []string{"1:82 `autoScalingGroup` and `launchTemplate` exclude each other"}},
		{"capacity without tags", "environments: [{name: a, capacity: {max: 1, launchTemplate: abc}}]\n", []string{"1:36 nothing says which servers that run are the game's"}},
		{"a group with tags", "environments: [{name: a, capacity: {max: 1, autoScalingGroup: abc, tag: {a: b}}}]\n", []string{"1:73 `tag` goes with `launchTemplate`: a group knows its servers"}},
		{"tags of others", "environments: [{name: a, capacity: {max: 1, launchTemplate: abc, tag: {\"aws:x\": b}}}]\n", []string{"1:72 the tag `aws:x` is not the game's own"}},
		{"no most", "environments: [{name: a, capacity: {max: 0, autoScalingGroup: abc}}]\n", []string{"1:42 expected a whole number from 1 to 100000, found `0`"}},
		{"permissions", "environments: [{name: a}]\npermissions: {push: [nobody]}\n", []string{"2:22 `nobody` says nobody"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems := loadEnforced(test.content)
			var got []string
			for _, p := range problems {
				got = append(got, p.At.String()[len(ConfigPath)+1:]+" "+p.Text)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The schema has what the keys' readers read, once they are enforced.
func TestSchemaOfPush(t *testing.T) {
	s := schemaOf(enforced(configShape()))
	environment := s.Properties["environments"].Items
	if dead := environment.Properties["push"].Properties["dead"]; len(dead.AnyOf) != 2 || dead.AnyOf[0].Type != "string" || dead.AnyOf[1].Type != "object" || dead.Type != nil {
		t.Errorf("%+v", dead)
	}
	if _, there := environment.Properties["capacity"].Properties["max"]; !there {
		t.Error("capacity has no max")
	}
}

// FuzzPush: whatever stands in liveops.yaml, reading the keys that are not enforced yet gives a configuration or problems with lines.
func FuzzPush(f *testing.F) {
	f.Add(smallPush + "      dead: {mark: {column: a}}\n      platforms: {android: {values: [IOS]}}\n      lists: {a: {users: [x]}}\n      only: [b]\n")
	f.Add("environments: [{name: a, capacity: {launchTemplate: abc, tag: {a: b}, max: 3}}]\nguards: {a: {prometheus: {url: https://x, query: up, min: 1}}}\n")
	f.Fuzz(func(t *testing.T, content string) {
		r := &report{path: ConfigPath}
		node := parseYAML([]byte(content), configShape(), r)
		if node == nil {
			t.Skip()
		}
		config := readRoot(node, enforced(configShape()), r)
		if len(r.problems) > 0 {
			for _, p := range r.problems {
				if p.Text == "" || p.At.Path != ConfigPath {
					t.Fatalf("%+v", p)
				}
			}
			return
		}
		config.Surroundings(nil)
		for _, e := range config.Environments {
			if p := e.Push; p != nil && ((p.Tokens.Table == "") == (p.Tokens.Query == "") || p.Tokens.Token == "" || len(p.Gateways()) != 2) {
				t.Fatalf("%+v", p)
			}
			if c := e.Capacity; c != nil && ((c.Group == "") == (c.Template == "") || c.Max < 1 || (c.Template != "") != (len(c.Tags) > 0)) {
				t.Fatalf("%+v", c)
			}
		}
	})
}
