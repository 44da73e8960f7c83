package main

import (
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"liveops/datarepo"
	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
)

const couchbasePush = `environments:
  - name: staging
    push:
      tokens: {query: "QUERY", token: token, platform: os, id: id, updatedAt: seen, country: country, language: lang, timezone: tz}
      dead: delete
`

// phonesOf gives staging its tokens, and liveops.yaml a query for them.
func phonesOf(p *purging, query string) {
	for id, body := range map[string]string{
		"t1": `{"token":"a","os":"ios","country":"KR","lang":"ko","tz":"Asia/Seoul","seen":1}`,
		"t2": `{"token":"b","os":"Android","country":"kr","lang":"en","tz":"Asia/Seoul","seen":1}`,
		"t3": `{"token":"c","os":"android","country":"US","lang":"en","seen":1}`,
	} {
		p.put("staging", id, body)
	}
	p.commit("liveops.yaml", strings.Replace(couchbasePush, "QUERY", query, 1))
}

// Campaigns are validated against, and counted by, a query of Couchbase as they are of a table.
func TestCampaignsByCouchbase(t *testing.T) {
	p := newPurging(t, "staging")
	phonesOf(p, "SELECT META(t).id, t.token, t.os, t.seen, t.country, t.lang, t.tz FROM staging t")
	eve := func(audience string) {
		p.commit("pushes/eve.yaml", "at: 2099-12-24T19:00\nmessage: {default: {body: Hello}, ko: {body: 안녕}}\naudience: "+audience+"\n")
	}
	eve("{country: [KR]}")
	p.liveops(0, "No problem in liveops.yaml, 0 sheets and 1 campaign.", "validate")
	p.liveops(1, "campaign eve is added in staging; next Thu 2099-12-24 19:00 UTC, to 2 phones", "plan")
	p.liveops(1, "the query is carried out and sorted as a whole once for every 50000 tokens", "plan")
	eve(`{sqlpp: "SELECT t.token, t.os, t.lang FROM staging t WHERE t.country = 'US'"}`)
	p.liveops(1, "to 1 phone ", "plan")
	for audience, want := range map[string]string{
		"{columns: {levl: {min: 1}}}":                    "the query of tokens in `staging` does not give `levl`",
		`{sql: "SELECT token, os FROM t"}`:               "the tokens of `staging` are in Couchbase, where SQL does not reach",
		`{sqlpp: "SELECT t.token, t.os FROM staging t"}`: "the query does not give `lang`, the language of a token in `staging`",
		`{sqlpp: "SELECT t.token, t.os FROM nowhere t"}`: "`staging` refuses the query: Keyspace not found",
		`{sqlpp: "SELECT t.token FRM staging t"}`:        "`staging` refuses the query: syntax error",
		`{sqlpp: "DELETE FROM staging"}`:                 "the query is no SELECT",
	} {
		eve(audience)
		p.liveops(2, want, "validate")
	}
	eve("{country: [KR]}")
	phonesOf(p, "SELECT t.token, t.os, t.seen, META(t).id, t.country, t.lang, t.tz FROM nowhere t")
	p.liveops(2, "`push.tokens` of `staging` asks by a query that is refused: Keyspace not found", "validate")
	phonesOf(p, "SELECT t.token, t.os AS platform, t.seen, META(t).id, t.country, t.lang, t.tz FROM staging t")
	p.liveops(2, "`push.tokens` of `staging`: the query does not give `os`", "validate")
	delete(p.set, "LIVEOPS_STAGING_COUCHBASE_URL")
	p.liveops(1, "Not counted: LIVEOPS_STAGING_COUCHBASE_URL is not set", "plan")
}

// Who sends reads the tokens where what was released says that they are.
func TestTokensOfEitherKind(t *testing.T) {
	p := newPurging(t, "staging")
	phonesOf(p, "SELECT META(t).id, t.* FROM staging t")
	open, documents := &stores{settings: settings{p.get}}, &buckets{settings: settings{p.get}}
	t.Cleanup(func() { open.Close(); documents.Close() })
	store, err := open.Store(t.Context(), "staging")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.DB().Exec("CREATE TABLE push_tokens (token VARCHAR(64) NOT NULL, os VARCHAR(10) NOT NULL, tz VARCHAR(40))"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.DB().Exec("INSERT INTO push_tokens VALUES ('z', 'ios', 'Asia/Tokyo')"); err != nil {
		t.Fatal(err)
	}
	of := &tokens{environment: "staging", table: &audience.Store{DB: store.DB()}, documents: documents, log: slog.New(slog.DiscardHandler)}
	for query, want := range map[string]string{
		`query: "SELECT META(t).id, t.* FROM staging t"`: "b c a; Asia/Seoul",
		"table: push_tokens":                             "z; Asia/Tokyo",
	} {
		push := pushOf(t, "environments: [{name: staging, push: {tokens: {"+query+", token: token, platform: os, timezone: tz}}}]\n")
		c, err := datarepo.DecodeCampaign("eve", []byte("at: 2099-12-24T19:00\nmessage: {default: {body: Hello}}\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := recipients.Query(c, push, recipients.Run{})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for page, err := range of.Pages(t.Context(), q, audience.Cursor{}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, token := range page.Tokens {
				found = append(found, token.Token)
			}
		}
		between, err := of.Between(t.Context(), q, audience.Cursor{Platform: campaign.IOS, Value: "ios"}, "zz")
		if err != nil || len(between) != 1 {
			t.Errorf("%s: between %v, %v", query, between, err)
		}
		zones, err := of.zones(t.Context(), push)
		if got := strings.Join(found, " ") + "; " + strings.Join(zones, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
		if _, err := of.Remove(t.Context(), q.Table, nil); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	delete(p.set, "LIVEOPS_STAGING_COUCHBASE_URL")
	elsewhere := &tokens{environment: "staging", documents: &buckets{settings: settings{p.get}}}
	for _, err := range elsewhere.Pages(t.Context(), audience.Query{Table: audience.Table{Select: &campaign.PlusPlus{}}}, audience.Cursor{}) {
		if err == nil || !strings.Contains(err.Error(), "LIVEOPS_STAGING_COUCHBASE_URL is not set") {
			t.Errorf("%v", err)
		}
	}
}

// A daemon whose tokens cannot be reached says so when it starts.
func TestADaemonWithoutItsBucket(t *testing.T) {
	r := newReleased(t, "")
	r.exec("UPDATE liveops_files SET data = ? WHERE path = 'liveops.yaml'", strings.Replace(couchbasePush, "QUERY", "SELECT META(t).id, t.* FROM game t", 1))
	open := &stores{settings: r.app.settings}
	r.Cleanup(func() { open.Close() })
	_, err := r.app.led(r.Context(), "staging", nil, open, &buckets{settings: r.app.settings}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "LIVEOPS_STAGING_COUCHBASE_URL is not set") {
		t.Errorf("%v", err)
	}
}

func (p *purging) get(name string) (string, bool) {
	v, ok := p.set[name]
	return v, ok
}

func pushOf(t *testing.T, config string) *datarepo.Push {
	t.Helper()
	var files fs.FS = fstest.MapFS{"liveops.yaml": {Data: []byte(config)}}
	c, problems := datarepo.LoadConfig(files)
	if i := slices.IndexFunc(c.Environments, func(e datarepo.Environment) bool { return e.Push != nil }); len(problems) == 0 && i >= 0 {
		return c.Environments[i].Push
	}
	t.Fatal(problems)
	return nil
}
