package campaign

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const languageMend = "use a tag such as `ko`, `pt-BR` or `zh-Hant` (https://www.rfc-editor.org/info/bcp47)"

// languages reads the messages' languages, and looks at what each says.
func (r *rules) languages() {
	c := r.c
	if _, ok := c.Messages[Default]; !ok {
		r.add("message", "add `default: {title: …, body: …}`", "the message has no `default`, for users of any other language")
	}
	first := map[string]string{}
	for _, written := range slices.Sorted(maps.Keys(c.Messages)) {
		at := "message." + written
		r.says(at, c.Messages[written])
		name := Default
		if written != Default {
			tag, ok := canonical(written)
			if !ok {
				r.add(at, mendLanguage(written), "%s is not a language", quoted(written))
				continue
			}
			name = tag.String()
		}
		if other, twice := first[name]; twice {
			r.add(at, "keep one of the two", "%s and %s are the same language", quoted(other), quoted(written))
			continue
		}
		first[name] = written
		c.messages[name] = c.Messages[written]
	}
}

func (r *rules) says(at string, t Text) {
	if strings.TrimSpace(t.Body) == "" {
		r.add(at, "add `body:`", "the message has no text")
	}
	if strings.ContainsAny(t.Title, "\n\r") {
		r.add(at+".title", "", "a title is one line")
	}
	for key, text := range map[string]string{".title": t.Title, ".body": t.Body} {
		if !utf8.ValidString(text) {
			r.add(at+key, "save the file as UTF-8", "the text is not UTF-8")
		}
	}
	r.address(at+".image", t.Image, true)
	r.address(at+".deepLink", t.DeepLink, false)
}

// schemePattern is an app's own scheme (https://www.rfc-editor.org/rfc/rfc3986#section-3.1).
var schemePattern = regexp.MustCompile(`\A[a-z][a-z0-9+.-]*\z`)

// notAnApps are schemes of addresses that open no app of ours: a push must not run scripts, read files or call people.
var notAnApps = []string{"http", "javascript", "data", "file", "vbscript", "about", "blob", "content", "intent", "view-source", "tel", "sms", "smsto", "mailto", "ftp", "ws", "wss"}

// address looks at an image's or deep link's address; "" is none.
func (r *rules) address(at, address string, webOnly bool) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	web := err == nil && u.Scheme == "https" && u.Hostname() != "" && u.User == nil
	app := err == nil && schemePattern.MatchString(u.Scheme) && u.Scheme != "https" && !slices.Contains(notAnApps, u.Scheme)
	blank := strings.ContainsFunc(address, func(c rune) bool { return c <= ' ' || c == 0x7F })
	switch {
	case blank || err != nil || (webOnly && !web):
		r.add(at, "use an address that begins with https://", "%s is not an address", quoted(address))
	case !web && !app:
		r.add(at, "use an address that begins with https:// or with the app's own scheme, such as `mygame://shop`", "%s is not an address that opens the app", quoted(address))
	}
}

func (r *rules) push() {
	p := &r.c.Push
	r.address("image", p.Image, true)
	r.address("deepLink", p.DeepLink, false)
	r.within("timeToLive", p.TimeToLive, 0, longestTimeToLive)
	if len(p.Collapse) > mostCollapse {
		r.add("collapse", "", "a collapse id is %d bytes at most, and this one is %d", mostCollapse, len(p.Collapse))
	}
	if !isPlain(p.Collapse) { // it is a header
		r.add("collapse", "use letters, digits and hyphens", "%s is not a collapse id", quoted(p.Collapse))
	}
	if p.Badge != nil && *p.Badge < 0 {
		r.add("badge", "", "a badge is a number from 0 on")
	}
	for _, key := range slices.Sorted(maps.Keys(p.Data)) {
		if why := reserved(key); why != "" {
			r.add("data."+key, "use another name", "%s is %s", quoted(key), why)
		}
	}
}

// reserved says whose a key of the data is; "" where it is the app's.
func reserved(key string) string {
	lower := strings.ToLower(key)
	switch {
	case key == deepLinkKey || key == imageKey:
		return "where the app finds the campaign's own `" + key + "`"
	case key == "aps":
		return "Apple's (https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification)"
	case lower == "from", lower == "message_type", strings.HasPrefix(lower, "google"), strings.HasPrefix(lower, "gcm"):
		return "FCM's (https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages)"
	}
	return ""
}
