package github

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
)

// conditional gives the answer to a read an ETag, and is a 304 without a body if
// the client has it already. Signed in, a 304 does not count towards the hourly
// limit. See
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
func (c *call) conditional(got answer) answer {
	if c.r.Method != http.MethodGet || got.status != http.StatusOK {
		return got
	}
	body := encode(got.value)
	if _, ok := got.value.(raw); !ok {
		got.value = encoded(body)
	}
	tag := fmt.Sprintf(`W/"%x"`, sha256.Sum256(append(body[:len(body):len(body)], c.header.Get("Link")...)))
	c.header.Set("ETag", tag)
	c.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	c.header.Set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
	if !matches(c.r.Header.Get("If-None-Match"), tag) {
		return got
	}
	if c.user != c.s.anonymous {
		c.user.refund(c.header)
	}
	return answer{http.StatusNotModified, nil}
}

// matches tells whether a list of tags, as If-None-Match has it, names this one:
// weakly compared, as reads are. See
// https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
func matches(list, tag string) bool {
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
