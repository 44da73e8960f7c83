package campaign

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func stamp() Stamp {
	run := Run{"production", "crystals", moment("2026-11-27T10:03:00Z")}
	return Stamp{CollapseID: run.CollapseID(), SentAt: moment("2026-11-27T10:04:05Z")}
}

func TestPayloadsGolden(t *testing.T) {
	c := made(t, crystals())
	plain := crystals()
	plain.Push = Push{Collapse: "weekly", Normal: true}
	plain.Messages = map[string]Text{Default: {Body: "Log in"}}
	var b strings.Builder
	for _, one := range []struct {
		name string
		c    *Campaign
		in   string
	}{{"everything, in Korean", c, "ko"}, {"a language's own image", c, "zh-TW"}, {"a language that is not there", c, "fr"}, {"little, without life", made(t, plain), Default}} {
		a := one.c.APNs(one.in, stamp())
		fmt.Fprintf(&b, "# %s\n\nFCM for android\n%s\n\nFCM for ios\n%s\n\nAPNs\n%s\napns-push-type %s, apns-priority %s, apns-expiration %s, apns-collapse-id %s\n\n", one.name,
			one.c.FCM(one.in, Android, stamp()).Append(nil, "TOKEN"), one.c.FCM(one.in, IOS, stamp()).Append(nil, "TOKEN"),
			a.Payload, a.PushType, a.Priority, a.Expiration, a.CollapseID)
	}
	golden(t, "payloads.txt", b.String())
}

// A test that somebody asks for takes no earlier push's place, whatever the file says, and is else the same.
func TestPayloadOfATest(t *testing.T) {
	s := crystals()
	s.Push.Collapse = "weekly"
	c := made(t, s)
	run := Run{"production", "crystals", moment("2026-11-27T10:03:00Z")}
	test := stamp()
	test.CollapseID, test.Test = run.TestID(), true
	if run.TestID() == run.CollapseID() || len(run.TestID()) != 24 {
		t.Errorf("its id is %s", run.TestID())
	}
	a, body := c.APNs("ko", test), c.FCM("ko", Android, test)
	if a.CollapseID != run.TestID() || strings.Contains(body.After, "weekly") || !strings.Contains(body.After, run.TestID()) {
		t.Errorf("%+v, %s", a, body.After)
	}
	own := c.FCM("ko", Android, stamp())
	if got := strings.Replace(strings.ReplaceAll(own.After, "weekly", run.TestID()), `"collapse_key":"`+run.TestID()+`",`, "", 1); got != body.After {
		t.Errorf("%s\n%s", got, body.After)
	}
	if ios := c.FCM("ko", IOS, test); !strings.Contains(ios.After, run.TestID()) || strings.Contains(ios.After, "weekly") {
		t.Error(ios.After)
	}
}

// Whatever a token is, the body is JSON that has it, and only the token differs.
func TestBodyTakesAnyToken(t *testing.T) {
	b := made(t, crystals()).FCM("ko", Android, stamp())
	for _, token := range []string{"", "abc:APA91b_-", `a"b\c`, "a\nb", "ü", `","topic":"all`, "\u2028", "<&>"} {
		body := b.Append([]byte("x"), token)
		var got struct {
			Message struct {
				Token, Topic string
				Notification struct{ Title string }
			}
		}
		if err := json.Unmarshal(body[1:], &got); err != nil || got.Message.Token != token || got.Message.Topic != "" || got.Message.Notification.Title != "돌아와요!" {
			t.Errorf("%q: %v in %s", token, err, body)
		}
	}
	if n := testing.AllocsPerRun(100, func() { b.Append(make([]byte, 0, 4096), "abc") }); n > 1 {
		t.Errorf("%.0f allocations for a body", n)
	}
}

// A campaign without a problem gives, in every language and by every way, what the gateways take.
func TestPayloadsAreWithinTheLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	letters := []rune("ab <>&\"\\\n\t가é\u2028🎁\x01")
	text := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			b.WriteRune(letters[random.IntN(len(letters))])
		}
		return b.String()
	}
	taken, refused := 0, 0
	for range 500 {
		s := crystals()
		s.Messages = map[string]Text{}
		for _, l := range []string{Default, "ko", "pt-BR"} {
			s.Messages[l] = Text{Title: strings.ReplaceAll(text(100), "\n", ""), Body: "x" + text(1500)}
		}
		s.Push.Data = map[string]string{"k" + text(20): text(400)}
		if random.IntN(2) == 0 {
			s.Push.Collapse = strings.Repeat("c", random.IntN(65))
		}
		c, problems := New(s)
		if c == nil {
			if !strings.Contains(problems[0].Text, "4096") {
				t.Fatalf("%v", problems)
			}
			refused++
			continue
		}
		taken++
		tooLongByFCM := len(c.Check(Surroundings{Guards: []string{s.Guard}, Environments: []Environment{{
			Capacity: true, Tokens: Columns{Country: "c", Language: "l"}, Gateways: map[Platform]Gateway{IOS: FCM}}}})) > 0
		for _, l := range append(c.Languages(), "nowhere") {
			a := c.APNs(l, stamp())
			if !json.Valid([]byte(a.Payload)) || len(a.Payload) > 4096 || len(a.CollapseID) > 64 || !utf8.ValidString(a.Payload) {
				t.Fatalf("%d bytes: %s", len(a.Payload), a.Payload)
			}
			for _, p := range Platforms() {
				body := c.FCM(l, p, stamp()).Append(nil, "")
				over := len(body) > 4096+len(`{"message":"token":"",}`)
				if !json.Valid(body) || over && (p == Android || !tooLongByFCM) {
					t.Fatalf("%d bytes: %s", len(body), body)
				}
			}
		}
	}
	if taken < 50 || refused < 50 {
		t.Errorf("%d taken, %d refused: the test looks at one kind only", taken, refused)
	}
}

func TestRunIdentity(t *testing.T) {
	base := Run{"production", "crystals", moment("2026-11-27T10:03:00Z")}
	seen := map[string]bool{}
	for _, r := range []Run{base, {"staging", "crystals", base.Time}, {"production", "gems", base.Time}, {"production", "crystals", base.Time.Add(time.Second)}} {
		id := r.CollapseID()
		if len(id) != 24 || !isPlain(id) || seen[id] {
			t.Errorf("%s: %q", r, id)
		}
		seen[id] = true
	}
	elsewhere := base
	elsewhere.Time = base.Time.In(zoneOf("Asia/Seoul"))
	if elsewhere.CollapseID() != base.CollapseID() || base.String() != "production/crystals/2026-11-27T10:03:00Z" {
		t.Errorf("%s, %s", elsewhere, base)
	}
}

func TestJitterKeepsOffQuarterHours(t *testing.T) {
	spread := map[time.Duration]bool{}
	for i := range 2000 {
		due := moment("2026-11-27T10:00:00Z").Add(time.Duration(i) * time.Minute)
		r := Run{"production", "crystals", due}
		for _, jitter := range []time.Duration{time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 10 * time.Minute, time.Hour} {
			at := r.Start(jitter)
			switch {
			case at.Before(due) || at.Sub(due) > jitter || at.Sub(due)%time.Second != 0:
				t.Fatalf("%s by %s: %s", r, jitter, at)
			case at.Minute()%15 == 0 && at.Second() == 0, at.Minute()%15 == 0 && jitter > time.Minute:
				t.Fatalf("%s by %s begins at a quarter: %s", r, jitter, at)
			case !at.Equal(r.Start(jitter)):
				t.Fatalf("%s begins at two times", r)
			}
			if jitter == 10*time.Minute {
				spread[at.Sub(due)] = true
			}
		}
		if !r.Start(0).Equal(due) {
			t.Fatalf("%s begins at %s without jitter", r, r.Start(0))
		}
	}
	if len(spread) < 500 {
		t.Errorf("2000 runs begin at %d different seconds of 600", len(spread))
	}
}

func TestLanguage(t *testing.T) {
	s := crystals()
	for _, l := range []string{"pt", "pt-BR", "zh-Hant", "zh-Hans", "en-GB", "sr-Latn", "id", "he", "yi", "no"} {
		s.Messages[l] = Text{Body: "x"}
	}
	delete(s.Messages, "zh-TW")
	c := made(t, s)
	for of, want := range map[string]string{
		"ko": "ko", "KO": "ko", "ko-KR": "ko", "ko_KR": "ko", "kor": "ko",
		"pt": "pt", "pt-PT": "pt", "pt-BR": "pt-BR", "pt_BR": "pt-BR", "pt-br": "pt-BR",
		"zh-TW": "zh-Hant", "zh_HK": "zh-Hant", "zh-Hant-TW": "zh-Hant", "zh-CN": "zh-Hans", "zh": "zh-Hans", "zh-Hans-SG": "zh-Hans",
		"en": Default, "en-US": Default, "en-GB": "en-GB", "en-GB-oed": "en-GB", "sr": Default, "sr-Latn-RS": "sr-Latn",
		"in": "id", "in_ID": "id", "iw_IL": "he", "heb": "he", "ji": "yi", "no": "nb", "no_NO": "nb", "nb-NO": "nb", "nn": Default,
		"zh_CN_#Hans": "zh-Hans", "zh_TW_#Hant": "zh-Hant", "zh__#Hant": "zh-Hant", "zh_SG_#Hant": "zh-Hant", "cmn-Hant": "zh-Hant",
		"sr_RS_#Latn": "sr-Latn", "sh": "sr-Latn", "ko_KR_KR_#u-co-search": "ko", "#Hant": Default, "_#Hant": Default,
		"": Default, "default": Default, "fr": Default, "x": Default, "ko-KR-u-co-search": "ko", "한국어": Default, strings.Repeat("ko-", 100): Default,
	} {
		if got := c.Language(of); got != want {
			t.Errorf("%q gets %q, want %q", of, got, want)
		}
	}
}
