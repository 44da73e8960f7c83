package recipients_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"liveops/datarepo"
	"liveops/pushd/campaign"
	"liveops/pushd/recipients"
)

func TestTesters(t *testing.T) {
	s := open(t)
	if _, err := s.DB.Exec("UPDATE push_tokens SET dead_at = '2026-11-01' WHERE token = 'c'"); err != nil {
		t.Fatal(err)
	}
	android := func(token string) campaign.Token {
		return campaign.Token{Platform: campaign.Android, Token: token}
	}
	ios := func(token string) campaign.Token { return campaign.Token{Platform: campaign.IOS, Token: token} }
	tests := []struct {
		name, list, only, lines string
		tokens                  []campaign.Token
		want                    string
	}{
		{"a list of users and tokens", "qa", "", "", nil, "android/a/ko android/b/ja-JP ios/d/EN"},
		{"a token that is not stored, and a dead one", "boss", "", "", nil, "ios/a/"},
		{"tokens of the campaign", "", "", "", []campaign.Token{android("a"), android("new"), ios("c")}, "android/a/ko android/new/"},
		{"both", "qa", "", "", []campaign.Token{android("a"), ios("new")}, "android/a/ko android/b/ja-JP ios/d/EN ios/new/"},
		{"whatever the audience is", "qa", "", "audience: {country: [US]}", nil, "android/a/ko android/b/ja-JP ios/d/EN"},
		{"but for its platforms", "qa", "", "audience: {platform: [ios]}", []campaign.Token{android("new")}, "ios/d/EN"},
		{"only a list", "qa", "      only: [qa]", "", []campaign.Token{android("a"), android("new")}, "android/a/ko android/b/ja-JP ios/d/EN"},
		{"only another list", "qa", "      only: [boss]", "", []campaign.Token{ios("a")}, "ios/a/"},
		{"nobody", "", "", "", nil, ""},
	}
	for _, tt := range tests {
		phones, err := recipients.Testers(t.Context(), s, campaignOf(t, tt.lines), push(t, tt.only), tt.list, tt.tokens)
		var words []string
		for _, p := range phones {
			words = append(words, string(p.Platform)+"/"+p.Token.Token+"/"+p.Language)
		}
		slices.Sort(words)
		if got := strings.Join(words, " "); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	_, err := recipients.Testers(t.Context(), s, campaignOf(t, ""), push(t, ""), "bos", nil)
	if none := (*datarepo.NoListError)(nil); !errors.As(err, &none) || none.Near != "boss" || err.Error() != "`push.lists` has no list `bos`; did you mean `boss`?" {
		t.Error(err)
	}
}
