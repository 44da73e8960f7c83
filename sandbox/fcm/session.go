package fcm

import (
	"bytes"
	"errors"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"liveops/sandbox/push"
)

// A session judges the messages of one connection. What it has checked once it does not check again: a header list
// that is the same, and a body that differs from the last valid one in nothing but the token.
type session struct {
	g       *Gateway
	checked uint64      // the header list that was checked last
	head    push.Answer // and what was wrong with it; status 0 for nothing
	until   time.Time   // when its access token ends
	epoch   int64       // that of the tokens when it was checked
	before  []byte      // the last valid body before its token
	after   []byte      // and after it
	texts   map[uint64]bool
}

// Session begins a connection.
func (g *Gateway) Session() push.Session { return &session{g: g, texts: map[uint64]bool{}} }

// Streams leaves the limit to the server's settings.
func (s *session) Streams() uint32 { return 0 }

// Accepted appends the name of an accepted message.
func (s *session) Accepted(body []byte, serial int64) []byte {
	body = append(body, "{\n  \"name\": \"projects/"...)
	body = append(body, s.g.options.Project...)
	body = append(body, "/messages/0:"...)
	body = strconv.AppendInt(body, 1_700_000_000_000_000+serial, 10)
	return append(body, "%31bd1c9631bd1c96\"\n}\n"...)
}

// Answer judges a message: the account, the quota, the message, then the device. Errors of the client count against
// the quota, as https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas says.
func (s *session) Answer(r *push.Request) push.Answer {
	if r.Head != s.checked {
		s.head = s.checkHead(r)
		s.checked = r.Head
	}
	if s.head.Status != 0 {
		return s.head
	}
	now := s.g.options.Now()
	if !now.Before(s.until) || s.epoch != s.g.oauth.epoch.Load() {
		return unauthenticated()
	}
	if wait, ok := s.g.quota.take(now); !ok {
		return QuotaExceeded(max(wait.Round(time.Second), time.Second))
	}
	token, text, isNew, err := s.split(r.Body)
	if err != nil {
		return refusal(err)
	}
	mark := push.MarkOf(token)
	switch state, _ := s.g.State(mark); state {
	case push.Dead:
		return Unregistered()
	case push.Foreign:
		return SenderIDMismatch()
	}
	return push.Answer{Status: 200, Fields: jsonFields, Mark: mark, Text: text, NewText: isNew}
}

// refusal is the answer to what parse found.
func refusal(err error) push.Answer {
	if v := (*violation)(nil); errors.As(err, &v) {
		return invalid(v.field, v.text)
	}
	return invalid("message", err.Error())
}

// checkHead checks a header list; status 0 means that nothing is wrong.
func (s *session) checkHead(r *push.Request) push.Answer {
	project, rest, _ := strings.Cut(strings.TrimPrefix(r.Path, "/v1/projects/"), "/")
	if r.Method != "POST" || rest != "messages:send" || !strings.HasPrefix(r.Path, "/v1/projects/") {
		return notFound()
	}
	authorization, times := r.Header("authorization")
	scheme, token, _ := strings.Cut(authorization, " ")
	epoch := s.g.oauth.epoch.Load()
	until, ok := s.g.oauth.check(token)
	if times != 1 || !strings.EqualFold(scheme, "Bearer") || !ok {
		return unauthenticated()
	}
	if project != s.g.options.Project {
		return permissionDenied(project)
	}
	if kind, _ := r.Header("content-type"); !strings.HasPrefix(kind, "application/json") {
		return invalid("message", "Invalid JSON payload received. Content-Type must be application/json.")
	}
	s.until, s.epoch = until, epoch
	return push.Answer{}
}

// split finds the token of a body and checks the rest, unless it is the same as that of the body before.
func (s *session) split(body []byte) (token []byte, text uint64, isNew bool, err error) {
	if n := len(s.before); n > 0 && len(body) > n+len(s.after) && bytes.Equal(body[:n], s.before) && bytes.Equal(body[len(body)-len(s.after):], s.after) {
		if token = body[n : len(body)-len(s.after)]; isToken(token) {
			return token, 0, false, nil
		}
	}
	m, err := parse(body)
	if err != nil {
		return nil, 0, false, err
	}
	token = []byte(m.Token)
	s.before, s.after = s.before[:0], s.after[:0]
	h := fnv.New64a()
	before, after, found := bytes.Cut(body, []byte(`"`+m.Token+`"`))
	if found && !bytes.Contains(after, token) && bytes.HasSuffix(bytes.TrimRight(before, " \t\r\n"), []byte(`"token":`)) {
		s.before = append(append(s.before, before...), '"')
		s.after = append(append(s.after, '"'), after...)
		h.Write(before)
		h.Write(after)
	} else {
		h.Write(bytes.ReplaceAll(body, token, nil))
	}
	text = h.Sum64()
	isNew = !s.texts[text]
	if len(s.texts) < 10_000 {
		s.texts[text] = true
	}
	return token, text, isNew, nil
}
