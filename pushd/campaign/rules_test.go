package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"liveops/datasheets"
)

func TestRules(t *testing.T) {
	one := datasheets.Cell{Kind: datasheets.Number, Text: []byte("1")}
	for _, test := range []struct {
		name   string
		change func(*Spec)
		want   string // a part of the one problem; "" for none
	}{
		{"as it is", func(*Spec) {}, ""},
		{"neither time", func(s *Spec) { s.Cron = "" }, "does not say when"},
		{"both times", func(s *Spec) { s.At = moment("2026-12-24T19:00:00Z") }, "exclude each other"},
		{"one time", func(s *Spec) { s.Cron, s.At = "", moment("2026-12-24T19:00:00Z") }, ""},
		{"the 30th of February", func(s *Spec) { s.Cron = "0 9 30 2 *" }, "`0 9 30 2 *` never comes"},
		{"the 29th of February", func(s *Spec) { s.Cron = "0 9 29 2 *" }, ""},
		{"six fields", func(s *Spec) { s.Cron = "0 3 19 * * FRI" }, "is not a schedule"},
		{"a zone in the schedule", func(s *Spec) { s.Cron = "TZ=Asia/Seoul 3 19 * * FRI" }, "names a time zone"},
		{"a descriptor", func(s *Spec) { s.Cron = "@daily" }, "is not a schedule"},
		{"no deadline", func(s *Spec) { s.Deadline = 0 }, "expected a time from 1s to 1d, found 0s"},
		{"a deadline of two days", func(s *Spec) { s.Deadline = 48 * time.Hour }, "found 2d"},
		{"jitter of an hour and a half", func(s *Spec) { s.Jitter = 90 * time.Minute }, "found 1h30m"},
		{"missed", func(s *Spec) { s.Missed = "drop" }, "`drop`"},
		{"no default", func(s *Spec) { delete(s.Messages, Default) }, "has no `default`"},
		{"no language", func(s *Spec) { s.Messages["xx-1"] = Text{Body: "x"} }, "`xx-1` is not a language"},
		{"a language of nobody", func(s *Spec) { s.Messages["xzy"] = Text{Body: "x"} }, "`xzy` is not a language"},
		{"undetermined", func(s *Spec) { s.Messages["und"] = Text{Body: "x"} }, "`und` is not a language"},
		{"one language twice", func(s *Spec) { s.Messages["KO"] = Text{Body: "x"} }, "`KO` and `ko` are the same language"},
		{"no text", func(s *Spec) { s.Messages["ko"] = Text{Title: "x", Body: " \n"} }, "no text"},
		{"a title of two lines", func(s *Spec) { s.Messages["ko"] = Text{Title: "x\ny", Body: "x"} }, "one line"},
		{"an image without TLS", func(s *Spec) { s.Push.Image = "http://cdn.example/c.png" }, "`http://cdn.example/c.png` is not an address"},
		{"an image in the app", func(s *Spec) { s.Push.Image = "mygame://c.png" }, "is not an address"},
		{"an image with a password", func(s *Spec) { s.Push.Image = "https://a:b@cdn.example/c.png" }, "is not an address"},
		{"an image of a language", func(s *Spec) { s.Messages["ko"] = Text{Body: "x", Image: "data:image/png;base64,AA"} }, "is not an address"},
		{"a script", func(s *Spec) { s.Push.DeepLink = "javascript:alert(1)" }, "opens the app"},
		{"an intent", func(s *Spec) { s.Push.DeepLink = "intent://x#Intent;end" }, "opens the app"},
		{"a link of the web", func(s *Spec) { s.Push.DeepLink = "https://game.example/shop" }, ""},
		{"a link without TLS", func(s *Spec) { s.Push.DeepLink = "http://game.example/shop" }, "opens the app"},
		{"a link with a blank", func(s *Spec) { s.Push.DeepLink = "mygame://a b" }, "is not an address"},
		{"29 days", func(s *Spec) { s.Push.TimeToLive = 29 * 24 * time.Hour }, "from 0s to 28d, found 29d"},
		{"28 days", func(s *Spec) { s.Push.TimeToLive = 28 * 24 * time.Hour }, ""},
		{"64 bytes of collapse id", func(s *Spec) { s.Push.Collapse = strings.Repeat("a", 64) }, ""},
		{"65 bytes of collapse id", func(s *Spec) { s.Push.Collapse = strings.Repeat("a", 65) }, "64 bytes at most, and this one is 65"},
		{"a header in the collapse id", func(s *Spec) { s.Push.Collapse = "a\r\nb: c" }, "is not a collapse id"},
		{"a negative badge", func(s *Spec) { n := -1; s.Push.Badge = &n }, "from 0 on"},
		{"Apple's key", func(s *Spec) { s.Push.Data = map[string]string{"aps": "x"} }, "`aps` is Apple's"},
		{"FCM's key", func(s *Spec) { s.Push.Data = map[string]string{"google.x": "x"} }, "`google.x` is FCM's"},
		{"FCM's other key", func(s *Spec) { s.Push.Data = map[string]string{"from": "x"} }, "`from` is FCM's"},
		{"our own key", func(s *Spec) { s.Push.Data = map[string]string{"deepLink": "x"} }, "the campaign's own `deepLink`"},
		{"a long text", func(s *Spec) { s.Messages["ko"] = Text{Body: strings.Repeat("가", 1300)} }, "bytes by FCM, and 4096 are taken"},
		{"long data", func(s *Spec) { s.Push.Data = map[string]string{"x": strings.Repeat("x", 5000)} }, "the data alone is 5008 bytes"},
		{"rate 0", func(s *Spec) { s.Rate = Rate{0, time.Second} }, "nothing is ever sent"},
		{"no rate", func(s *Spec) { s.Rate = Rate{} }, ""},
		{"factor 1", func(s *Spec) { s.Capacity.Factor = 1 }, "above 1 and up to 20, found 1"},
		{"factor 21", func(s *Spec) { s.Capacity.Factor = 21 }, "found 21"},
		{"no lead", func(s *Spec) { s.Capacity.Lead = 0 }, "from 1s to 2h"},
		{"two days of hold", func(s *Spec) { s.Capacity.Hold = 48 * time.Hour }, "from 0s to 1d"},
		{"late", func(s *Spec) { s.Capacity.IfLate = "panic" }, "`panic`"},
		{"both queries", func(s *Spec) { s.Audience = Audience{SQL: "SELECT 1", SQLPP: "SELECT 1"} }, "`sql` and `sqlpp` exclude each other"},
		{"no SELECT", func(s *Spec) { s.Audience = Audience{SQL: "DELETE FROM push_tokens"} }, "the query is no SELECT"},
		{"no SELECT of SQL++", func(s *Spec) { s.Audience = Audience{SQLPP: "DELETE FROM push_tokens"} }, "the query is no SELECT"},
		{"SQL++ that does not stand alone", func(s *Spec) { s.Audience = Audience{SQLPP: "SELECT a FROM t) AS x, (SELECT b FROM u"} }, "closes with `)`"},
		{"no SELECT of SQL", func(s *Spec) { s.Audience = Audience{SQL: "FROM t SELECT token"} }, "the query is no SELECT"},
		{"a SELECT of SQL++", func(s *Spec) { s.Audience = Audience{SQLPP: "\nfrom t\nselect token"} }, ""},
		{"a SELECT", func(s *Spec) { s.Audience = Audience{SQL: "(select token FROM t)"} }, ""},
		{"a query and a column", func(s *Spec) { s.Audience.SQL = "SELECT 1" }, "a query stands alone"},
		{"a query and a condition", func(s *Spec) {
			s.Audience = Audience{SQL: "SELECT 1", Columns: []Condition{{Column: "vip", In: []datasheets.Cell{one}}}}
		}, "a query stands alone"},
		{"nobody's login", func(s *Spec) { s.Audience.Within, s.Audience.NotWithin = 24*time.Hour, 48*time.Hour }, "within 1d and not within 2d"},
		{"a platform", func(s *Spec) { s.Audience.Platforms = []Platform{"symbian"} }, "`symbian` is no platform"},
		{"a platform twice", func(s *Spec) { s.Audience.Platforms = []Platform{IOS, IOS} }, "a second time"},
		{"an audience's language", func(s *Spec) { s.Audience.Languages = []string{"korean!"} }, "`korean!` is not a language"},
		{"a test of nobody", func(s *Spec) { s.Test = &Test{} }, "for nobody"},
		{"a test of a list", func(s *Spec) { s.Test = &Test{List: "qa", Before: time.Hour} }, ""},
		{"a token of no platform", func(s *Spec) { s.Test = &Test{Tokens: []Token{{"", "abc"}}} }, "platform"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := crystals()
			test.change(&s)
			c, problems := New(s)
			switch {
			case (c == nil) == (len(problems) == 0):
				t.Fatalf("campaign %v with problems %v", c, problems)
			case test.want == "" && len(problems) > 0:
				t.Fatalf("problems: %v", told(problems))
			case test.want != "" && (len(problems) == 0 || !slices.ContainsFunc(told(problems), func(p string) bool { return strings.Contains(p, test.want) })):
				t.Fatalf("got %q, want one with %q", told(problems), test.want)
			case len(problems) > 2:
				t.Errorf("too many: %q", told(problems))
			}
			for _, p := range problems {
				if p.At.Path == "" || strings.Contains(p.Text, "\n") {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// A problem stands at its key or, where that is not in the file, at what is around it.
func TestPlaces(t *testing.T) {
	at := func(line int) datasheets.Position { return datasheets.Position{Path: "p", Line: line} }
	p := Places{"": at(1), "message": at(2), "message.ko": at(3)}
	for key, want := range map[string]int{"": 1, "rate": 1, "message": 2, "message.ko": 3, "message.ko.title": 3, "message.en.title": 2} {
		if got := p.At("p", key).Line; got != want {
			t.Errorf("%q: line %d, want %d", key, got, want)
		}
	}
	if got := Places(nil).At("p", "a.b"); got.Path != "p" {
		t.Errorf("%+v", got)
	}
}

func TestCheck(t *testing.T) {
	production := func() Environment {
		return Environment{
			Name: "production", Capacity: true, Lists: []string{"qa"},
			Tokens: Columns{Token: "token", Platform: "platform", Country: "country", Language: "Lang", Timezone: "tz"},
			Actual: []datasheets.Column{{Name: "token"}, {Name: "platform"}, {Name: "country"}, {Name: "lang"}, {Name: "tz"}, {Name: "vip"}},
		}
	}
	for _, test := range []struct {
		name   string
		change func(*Spec, *Surroundings)
		want   string
	}{
		{"as it is", func(*Spec, *Surroundings) {}, ""},
		{"guard", func(s *Spec, _ *Surroundings) { s.Guard = "game-helth" }, "no guard named `game-helth`"},
		{"no guard", func(s *Spec, _ *Surroundings) { s.Guard = "" }, ""},
		{"nobody sends", func(_ *Spec, w *Surroundings) { w.Environments = nil }, "no environment sends"},
		{"no servers", func(_ *Spec, w *Surroundings) { w.Environments[0].Capacity = false }, "which servers to add"},
		{"no servers in one of two", func(_ *Spec, w *Surroundings) {
			staging := production()
			staging.Name, staging.Capacity = "staging", false
			w.Environments = append(w.Environments, staging)
		}, ""},
		{"a column that nobody named", func(s *Spec, _ *Surroundings) { s.Audience.Segments = []string{"whale"} }, "in `production` nothing says which column has the segment"},
		{"last login", func(s *Spec, _ *Surroundings) { s.Audience.NotWithin = time.Hour }, "has the lastLogin of a token"},
		{"a column that is not there", func(_ *Spec, w *Surroundings) { w.Environments[0].Tokens.Country = "land" }, "no column `land`"},
		{"a condition's column", func(s *Spec, _ *Surroundings) { s.Audience.Columns = []Condition{{Column: "VIP"}} }, ""},
		{"a condition's column that is not there", func(s *Spec, _ *Surroundings) { s.Audience.Columns = []Condition{{Column: "vipp"}} }, "no column `vipp`"},
		{"columns are not known", func(s *Spec, w *Surroundings) {
			s.Audience.Columns = []Condition{{Column: "vipp"}}
			w.Environments[0].Actual = nil
		}, ""},
		{"languages without a column", func(_ *Spec, w *Surroundings) { w.Environments[0].Tokens.Language = "" }, "has the language of a token"},
		{"a query brings its own", func(s *Spec, w *Surroundings) {
			s.Audience = Audience{SQL: "SELECT 1"}
			w.Environments[0].Tokens.Language = ""
		}, ""},
		{"SQL where the tokens are in Couchbase", func(s *Spec, w *Surroundings) {
			s.Audience = Audience{SQL: "SELECT 1"}
			w.Environments[0].Couchbase = true
		}, "the tokens of `production` are in Couchbase"},
		{"SQL++ where they are in MySQL", func(s *Spec, w *Surroundings) { s.Audience = Audience{SQLPP: "SELECT 1"} }, "the tokens of `production` are in MySQL"},
		{"SQL++ in the order of something else", func(s *Spec, w *Surroundings) {
			s.Audience = Audience{SQLPP: "SELECT t.a FROM t WHERE t.a > $after ORDER BY t.a LIMIT $limit"}
			w.Environments[0].Couchbase = true
		}, "the query is in the order of `a`, and the token of `production` is `token`"},
		{"a column of Couchbase in other letters", func(s *Spec, w *Surroundings) {
			s.Audience.Columns = []Condition{{Column: "VIP"}}
			w.Environments[0].Couchbase, w.Environments[0].Tokens.Language = true, "lang"
		}, "the query of tokens in `production` does not give `VIP`"},
		{"users' zones", func(s *Spec, _ *Surroundings) { s.EachUser = true }, ""},
		{"users' zones without a column", func(s *Spec, w *Surroundings) { s.EachUser, w.Environments[0].Tokens.Timezone = true, "" }, "has the timezone of a token"},
		{"a size by FCM only", func(s *Spec, w *Surroundings) {
			s.Audience.Platforms, s.Messages["ko"] = []Platform{IOS}, Text{Body: strings.Repeat("x", 3800)}
			w.Environments = append(w.Environments, production())
			w.Environments[1].Gateways = map[Platform]Gateway{IOS: FCM}
		}, "for ios the push is 4182 bytes by FCM"},
		{"list", func(s *Spec, _ *Surroundings) { s.Test = &Test{List: "qaa"} }, "no list named `qaa`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, w := crystals(), Surroundings{Guards: []string{"game-health"}, Environments: []Environment{production()}}
			test.change(&s, &w)
			problems := made(t, s).Check(w)
			switch got := strings.Join(told(problems), "; "); {
			case test.want == "" && got != "":
				t.Errorf("problems: %s", got)
			case test.want != "" && (len(problems) != 1 || !strings.Contains(got, test.want)):
				t.Errorf("got %q, want one with %q", got, test.want)
			}
		})
	}
}

func TestFingerprint(t *testing.T) {
	was := made(t, crystals()).Fingerprint()
	same := crystals()
	same.Path, same.Description, same.Places = "pushes/a/crystals.yml", "other words", nil
	same.Messages["KO"] = same.Messages["ko"]
	delete(same.Messages, "ko")
	if got := made(t, same).Fingerprint(); got != was || len(was) != 64 {
		t.Errorf("%s, then %s", was, got)
	}
	seen := map[string]string{was: "as it is"}
	for name, change := range map[string]func(*Spec){
		"name": func(s *Spec) { s.Name = "b" }, "cron": func(s *Spec) { s.Cron = "4 19 * * FRI" }, "zone": func(s *Spec) { s.Zone = nil },
		"text": func(s *Spec) { s.Messages["ko"] = Text{Body: "x"} }, "data": func(s *Spec) { s.Push.Data["event"] = "x" },
		"rate": func(s *Spec) { s.Rate.Count++ }, "audience": func(s *Spec) { s.Audience.Countries = nil },
		"factor": func(s *Spec) { s.Capacity.Factor = 3 }, "guard": func(s *Spec) { s.Guard = "" },
		"condition": func(s *Spec) {
			s.Audience.Columns = []Condition{{Column: "x", In: []datasheets.Cell{{Kind: datasheets.Text, Text: []byte("1")}}}}
		},
		"condition's kind": func(s *Spec) {
			s.Audience.Columns = []Condition{{Column: "x", In: []datasheets.Cell{{Kind: datasheets.Number, Text: []byte("1")}}}}
		},
	} {
		s := crystals()
		change(&s)
		got := made(t, s).Fingerprint()
		if other, twice := seen[got]; twice {
			t.Errorf("%s and %s have one fingerprint", name, other)
		}
		seen[got] = name
	}
}
