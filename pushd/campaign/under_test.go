package campaign

import (
	"slices"
	"strings"
	"testing"
)

// like is LIKE.
func like(text string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return isLike(text, p) })
}

func isLike(text, pattern string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		return isLike(text, pattern[1:]) || text != "" && isLike(text[1:], pattern)
	}
	return text != "" && (pattern[0] == '_' || pattern[0] == text[0]) && isLike(text[1:], pattern[1:])
}

func (s *Spelling) has(text string) bool {
	text = strings.ToLower(strings.ReplaceAll(text, "_", "-"))
	if !like(text, continued(s.Code)) {
		return false
	}
	return s.Like == nil && s.Implied == nil || like(text, s.Like) || like(text, s.Implied) && !like(text, s.Not)
}

// Texts are found under a tag where users with them may get its message, however they are written.
func TestUnder(t *testing.T) {
	texts := []string{"", "x", "in", "in_ID", "id", "ID-id", "ind", "iw", "iw_IL", "he", "heb-IL", "ji", "yi", "jw", "jv", "no", "no_NO", "no_NO_NY", "nb-NO", "nob", "nn-NO", "mo", "ro", "ro_MD", "ro-RO", "tl_PH", "fil",
		"sh", "sr", "sr_RS_#Latn", "sr-Latn-RS", "sr-Cyrl", "sr_ME", "zh", "zh_CN", "zh_TW", "zh-HK", "zh_CN_#Hans", "zh_TW_#Hant", "zh__#Hant", "zh__#Hans", "zh_US", "zh_SG_#Hant", "zh-Hant-TW", "zh-Hans", "zh-Hant", "ZH-hant-hk", "cmn-Hant-TW",
		"zho", "yue-HK", "zh_TW_POSIX", "zh_TW_#Hans_x-a", "th_TH_TH_#u-nu-thai", "ja_JP_JP_#u-ca-japanese", "ko", "ko_KR", "en", "en_US", "en-GB-oed", "es_419", "es-MX", "pt_BR", "pt-PT", "kok", "kor", "zhx"}
	for _, tag := range []string{"id", "in", "he", "iw", "yi", "jv", "nb", "no", "nn", "ro", "mo", "ro-MD", "fil", "sr", "sr-Latn", "sr-Cyrl", "zh", "zh-Hant", "zh-Hans", "zh-TW", "zh-CN", "zh-Hant-TW", "zh-Hans-CN", "cmn",
		"th", "th-TH", "ja-JP", "ko", "ko-KR", "en-GB", "es-419", "pt", "pt-BR"} {
		of, ok := canonical(tag)
		if !ok {
			t.Fatal(tag)
		}
		under := Under(tag)
		for _, text := range texts {
			is, ok := spoken(text)
			want := ok && fallsUnder(is, of)
			if got := slices.ContainsFunc(under, func(s Spelling) bool { return s.has(text) }); got != want {
				t.Errorf("%q under %s: %t, want %t", text, tag, got, want)
			}
		}
	}
	if got := Under("not a_Tag%"); len(got) != 1 || got[0].Code != "not a-tag%" || got[0].Like != nil {
		t.Errorf("%+v", got)
	}
}
