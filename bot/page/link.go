package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// idBytes is how many random bytes a page's id has; in a link they are base64.
const idBytes = 16

// link is where a page is to be seen until a time.
func (s *Shelf) link(id string, until time.Time) string {
	expires := strconv.FormatInt(until.Unix(), 10)
	return s.PublicURL + "/report/" + id + "?expires=" + expires + "&signature=" + base64.RawURLEncoding.EncodeToString(s.sign(id, expires))
}

// sign is the HMAC of a page's id and the end of its link. Neither has the line end that stands between them.
func (s *Shelf) sign(id, expires string) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("liveops report\n" + id + "\n" + expires))
	return mac.Sum(nil)
}

// standing says how a link stands.
type standing uint8

const (
	forged standing = iota
	expired
	valid
)

// check compares a link's signature in constant time, and only then looks at its end.
func (s *Shelf) check(id string, query url.Values) standing {
	expires := query.Get("expires")
	given, err := base64.RawURLEncoding.Strict().DecodeString(query.Get("signature"))
	if err != nil || !isID(id) || !hmac.Equal(given, s.sign(id, expires)) {
		return forged
	}
	if end, err := strconv.ParseInt(expires, 10, 64); err != nil || !s.Now().Before(time.Unix(end, 0)) {
		return expired
	}
	return valid
}

// isID says whether a text is a page's id, which nothing else is asked for.
func isID(id string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(id)
	return err == nil && len(b) == idBytes
}
