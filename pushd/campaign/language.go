package campaign

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Language is which of the campaign's messages a user gets: the most exact that it has of the user's language with its region
// (`zh-TW`), with its script (`zh-Hant`, also where the region alone tells it) and alone (`zh`); else Default. Case and the underscore
// of Java's locales make no difference; what is no language at all gets Default. It takes a few microseconds: ask once for each
// language of a batch.
func (c *Campaign) Language(of string) string {
	if _, ok := c.messages[of]; ok {
		return of
	}
	tag, ok := canonical(of)
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

// canonical is a language's tag (https://www.rfc-editor.org/info/bcp47) in its usual case, without extensions. ok is
// false where it is none, or one of no language that is registered.
func canonical(written string) (tag language.Tag, ok bool) {
	written = strings.ReplaceAll(written, "_", "-")
	if len(written) > 35 { // the longest that a registered tag needs (RFC 5646, 4.4.1)
		return tag, false
	}
	tag, err := language.Raw.Parse(written)
	if err != nil {
		return tag, false
	}
	base, script, region := tag.Raw()
	if base.String() == "und" {
		return tag, false
	}
	tag, err = language.Raw.Compose(base, script, region)
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
