package campaign

import "strings"

// countryLanguage is the language that people mean who write a country's code for it.
type countryLanguage struct {
	tag       string // what is most likely meant
	own, long string // the language whose code this is, and its code of three letters, by which it can still be meant; "" where it is none's
}

// languageOfCountry is what a tag is meant to be that begins with the code of a country (https://www.iso.org/iso-3166-country-codes.html)
// where a language's is expected (https://www.loc.gov/standards/iso639-2/php/code_list.php). is is false where it is taken for what it says: Ukrainian (`uk`),
// Indonesian (`id`) and others are likely meant.
func languageOfCountry(written string) (l countryLanguage, is bool) {
	code, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(written), "_", "-"), "-")
	l, is = map[string]countryLanguage{
		"kr": {"ko", "Kanuri", "kau"}, "tw": {"zh-Hant", "Twi", "twi"}, "br": {"pt-BR", "Breton", "bre"}, "se": {"sv", "Northern Sami", "sme"},
		"jp": {tag: "ja"}, "cn": {tag: "zh-Hans"}, "hk": {tag: "zh-Hant"}, "vn": {tag: "vi"}, "ph": {tag: "fil"}, "us": {tag: "en-US"}, "gb": {tag: "en-GB"},
		"mx": {tag: "es-MX"}, "at": {tag: "de-AT"}, "dk": {tag: "da"}, "cz": {tag: "cs"}, "gr": {tag: "el"}, "ua": {tag: "uk"}, "rs": {tag: "sr"}, "il": {tag: "he"}, "ir": {tag: "fa"}, "kz": {tag: "kk"},
	}[code]
	return l, is
}

// mendLanguage says how what is no language is to be written.
func mendLanguage(written string) string {
	if l, is := languageOfCountry(written); is {
		return "write `" + l.tag + "`: what stands here is a country's code"
	}
	return languageMend
}
