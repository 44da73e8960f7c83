package campaign

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Language is which of the campaign's messages a user gets: the most exact that it has of the user's language with its region
// (`zh-TW`), with its script (`zh-Hant`, also where the region alone tells it) and alone (`zh`); else Default. Case makes no difference,
// nor do codes that another one has replaced (`iw` is `he`, `in` is `id`, `no` is `nb`) and Java's way to write locales (`zh_TW_#Hant`); what
// is no language at all gets Default. Under says the same of a column. It takes a few microseconds: ask once for each
// language of a batch.
func (c *Campaign) Language(of string) string {
	if _, ok := c.messages[of]; ok {
		return of
	}
	tag, ok := spoken(of)
	if !ok {
		return Default
	}
	for _, t := range broader(tag) {
		if _, ok := c.messages[t]; ok {
			return t
		}
	}
	return Default
}

// Languages are the campaign's messages: Default first, then by tag.
func (c *Campaign) Languages() []string {
	var all []string
	for l := range c.messages {
		if l != Default {
			all = append(all, l)
		}
	}
	slices.Sort(all)
	return append([]string{Default}, all...)
}

// text is a message with the image and deep link of the others where it has none of its own.
func (c *Campaign) text(language string) Text {
	t, ok := c.messages[language]
	if !ok {
		t = c.messages[Default]
	}
	if t.Image == "" {
		t.Image = c.Push.Image
	}
	if t.DeepLink == "" {
		t.DeepLink = c.Push.DeepLink
	}
	return t
}

// renamed takes codes for those that have replaced them, as CLDR has it (https://unicode.org/reports/tr35/#LocaleId_Canonicalization).
const renamed = language.DeprecatedBase | language.Legacy | language.Macro | language.CLDR

// canonical is a language's tag (https://www.rfc-editor.org/info/bcp47) in its usual case and by its present code, without extensions. ok is
// false where it is none, or one of no language that is registered.
func canonical(written string) (tag language.Tag, ok bool) {
	written = strings.ReplaceAll(written, "_", "-")
	if len(written) > longestTag {
		return tag, false
	}
	tag, err := renamed.Parse(written)
	if err != nil {
		return tag, false
	}
	return plainTag(tag, "")
}

// longestTag is the longest that a registered tag needs (RFC 5646, 4.4.1).
const longestTag = 35

// spoken is canonical of what a phone says, which may be a locale of Java's with a script behind `#`, and with a variant that no tag
// has: https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Locale.html#toString().
func spoken(written string) (tag language.Tag, ok bool) {
	written, script, _ := strings.Cut(strings.ReplaceAll(written, "_", "-"), "-#")
	if len(written) > longestTag {
		return tag, false
	}
	tag, err := language.Raw.Parse(strings.TrimRight(written, "-")) // as far as it is one
	if err != nil {
		if tag, err = renamed.Canonicalize(tag); err != nil {
			return tag, false
		}
	} else if tag, err = renamed.Parse(strings.TrimRight(written, "-")); err != nil {
		return tag, false
	}
	script, _, _ = strings.Cut(script, "-")
	return plainTag(tag, script)
}

// plainTag is a tag's language, script and region; the script is another one where it has none.
func plainTag(tag language.Tag, script string) (language.Tag, bool) {
	base, own, region := tag.Raw()
	if base.String() == "und" {
		return tag, false
	}
	if other, err := language.ParseScript(script); err == nil && own == (language.Script{}) {
		own = other
	}
	tag, err := language.Raw.Compose(base, own, region)
	return tag, err == nil
}

// broader are a tag and those that it falls under, the most exact first.
func broader(tag language.Tag) []string {
	base, script, region := tag.Raw()
	var all []string
	add := func(parts ...any) {
		if t, err := language.Raw.Compose(parts...); err == nil && !slices.Contains(all, t.String()) {
			all = append(all, t.String())
		}
	}
	add(base, script, region)
	if _, known := tag.Region(); known == language.Exact {
		add(base, region)
	}
	if likely, confidence := tag.Script(); confidence > language.No {
		add(base, likely)
	}
	add(base)
	return all
}
