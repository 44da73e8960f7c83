package pushd

import (
	"testing"
	"time"

	"liveops/pushd/audience"
	"liveops/pushd/campaign"
	"liveops/pushd/gateway"
)

func TestPack(t *testing.T) {
	tests := [][]audience.Token{
		nil,
		{{Token: "a", Language: "ko"}},
		{{Token: "a", Language: "ko"}, {Token: "", Language: ""}, {Token: "b\x00", Language: "ko"}, {Token: "c", Language: "ja"}},
	}
	for _, want := range tests {
		p, err := unpack(pack(campaign.IOS, want))
		if err != nil || p.platform != campaign.IOS || len(p.tokens) != len(want) {
			t.Errorf("%v: %+v, %v", want, p, err)
			continue
		}
		for i, got := range p.tokens {
			if string(got.token) != want[i].Token || got.language != want[i].Language {
				t.Errorf("token %d is %q %q, want %+v", i, got.token, got.language, want[i])
			}
		}
	}
}

// Whatever comes is unpacked or refused; what is unpacked comes out the same again.
func FuzzUnpack(f *testing.F) {
	f.Add(pack(campaign.Android, []audience.Token{{Token: "a", Language: "ko"}, {Token: "b", Language: "ja"}}))
	f.Add([]byte{0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := unpack(b)
		if err != nil {
			return
		}
		var tokens []audience.Token
		for _, one := range p.tokens {
			tokens = append(tokens, audience.Token{Token: string(one.token), Language: one.language})
		}
		again, err := unpack(pack(p.platform, tokens))
		if err != nil || len(again.tokens) != len(p.tokens) {
			t.Fatalf("%q: %v", b, err)
		}
		for i := range again.tokens {
			if string(again.tokens[i].token) != string(p.tokens[i].token) || again.tokens[i].language != p.tokens[i].language {
				t.Fatalf("%q: token %d changed", b, i)
			}
		}
	})
}

// A pace is never above its rate in any second from the start, and at least 98 % of it where there is enough to send.
func TestPace(t *testing.T) {
	for _, rate := range []campaign.Rate{{Count: 25_000, Per: second}, {Count: 600_000, Per: 60 * second}, {Count: 7, Per: second}, {Count: 100, Per: 60 * second}} {
		p := &pace{rate: rate}
		start := at(0)
		given := 0
		const seconds = 600
		for ms := 0; ms <= seconds*1000; ms += 50 {
			now := at(ms)
			n := min(100_000, p.room(now))
			p.use(now, n)
			given += n
			if most := rate.PerSecond()*now.Sub(start).Seconds() + 1; float64(given) > most {
				t.Fatalf("%+v: %d after %d ms, at most %.0f", rate, given, ms, most)
			}
		}
		if least := 0.98 * rate.PerSecond() * seconds; float64(given) < least {
			t.Errorf("%+v: %d in %d s, at least %.0f", rate, given, seconds, least)
		}
	}
}

// What nobody asked for in a quiet hour is not made up for by a rush.
func TestPaceAfterAPause(t *testing.T) {
	p := &pace{rate: campaign.Rate{Count: 1000, Per: second}}
	p.use(at(0), p.room(at(0)))
	if n := p.room(at(3_600_000)); n > 100 {
		t.Errorf("%d at once after an hour", n)
	}
}

// What a worker may send and does not, since its gateway is slow or asks to wait, does not come together.
func TestLeaveDoesNotComeTogether(t *testing.T) {
	const rate = 1000
	now := time.Now()
	for _, test := range []struct {
		name  string
		gated time.Duration
		sends func(ms int) bool
		most  int // leave that lies unused
	}{
		{"a slow gateway", 0, func(ms int) bool { return ms < 1000 || ms > 8000 }, gateway.Piece + rate/10},
		{"a gateway that asks to wait", 7 * time.Second, func(ms int) bool { return ms < 1000 || ms > 8000 }, gateway.Piece + rate/10},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLeader(Options{Clock: SystemClock{}, Quotas: map[campaign.Gateway]campaign.Rate{campaign.FCM: {}}}, 1)
			p := &pace{rate: campaign.Rate{Count: rate, Per: second}}
			has, sent, before := 0, 0, 0
			for ms := 0; ms < 20_000; ms += 50 {
				now := now.Add(time.Duration(ms) * time.Millisecond)
				if ms == 1000 && test.gated > 0 {
					l.gate(map[campaign.Gateway]time.Duration{campaign.FCM: test.gated}, now)
				}
				n := l.leave(want{Gateway: campaign.FCM, N: 32_000 - has, Has: has}, p, now)
				if n > 0 && test.gated > 0 && l.gates[campaign.FCM].After(now) {
					t.Fatalf("leave for %d while the gateway asks to wait", n)
				}
				if has += n; has > test.most {
					t.Fatalf("after %d ms leave for %d lies unused, %d at most", ms, has, test.most)
				}
				if test.sends(ms) {
					for ; has >= gateway.Piece; has -= gateway.Piece {
						sent += gateway.Piece
					}
				}
				if ms == 8000 {
					before = sent
				}
			}
			if least := int(0.98 * rate * 12); sent-before < least {
				t.Errorf("%d in the last 12 s, at least %d", sent-before, least)
			}
		})
	}
}

// A quota of a minute is held to in every minute, wherever it begins.
func TestPaceHoldsQuotasInEveryMinute(t *testing.T) {
	p := &pace{rate: campaign.Rate{Count: 6000, Per: 60 * second}}
	var times []int
	for ms := 0; ms < 300_000; ms += 70 {
		if ms > 50_000 && ms < 65_000 {
			continue // nobody asks for a while
		}
		n := min(1000, p.room(at(ms)))
		p.use(at(ms), n)
		for range n {
			times = append(times, ms)
		}
	}
	for i, from := range times {
		if j := i + 6000; j < len(times) && times[j]-from < 60_000 {
			t.Fatalf("6,001 between %d and %d ms", from, times[j])
		}
	}
}

const second = time.Second

func at(ms int) time.Time {
	return time.Unix(1_800_000_000, 0).Add(time.Duration(ms) * time.Millisecond)
}
