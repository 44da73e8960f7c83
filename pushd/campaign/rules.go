package campaign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"liveops/datasheets"
)

// Bounds on what a campaign says.
const (
	longestJitter   = time.Hour
	longestApart    = 24 * time.Hour
	longestDeadline = 24 * time.Hour
	longestLead     = 2 * time.Hour
	longestHold     = 24 * time.Hour
	longestBefore   = 24 * time.Hour
	greatestFactor  = 20
	// longestTimeToLive is FCM's (https://firebase.google.com/docs/cloud-messaging/customize-messages/setting-message-lifespan);
	// APNs keeps a push for up to 30 days.
	longestTimeToLive = 28 * 24 * time.Hour
	// mostCollapse is APNs's (https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns).
	mostCollapse = 64
	// MostPayload is the bytes of a push that both gateways take: APNs of the payload
	// (https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification), FCM of what it brings to the phone
	// (https://firebase.google.com/docs/cloud-messaging/concept-options). It is held to FCM's whole message without the token, which is more than FCM counts.
	MostPayload = 4096
)

// rules looks a campaign over and keeps what is wrong.
type rules struct {
	c        *Campaign
	problems []datasheets.Problem
}

// add reports a problem at the place of a key.
func (r *rules) add(key, mend, format string, args ...any) {
	r.problems = append(r.problems, datasheets.Problem{At: r.c.Places.At(r.c.Path, key), Text: fmt.Sprintf(format, args...), Mend: mend})
}

func (r *rules) schedule() {
	c := r.c
	switch {
	case c.Cron != "" && !c.At.IsZero():
		r.add("at", "keep one of them", "`schedule` and `at` exclude each other")
	case c.Cron != "":
		parsed, problem, mend := ParseCron(c.Cron)
		if problem != "" {
			r.add("schedule", mend, "%s", problem)
		}
		c.cron = parsed
	case c.At.IsZero():
		r.add("", "add `schedule:`, or `at:` for one time", "the file does not say when the campaign is due")
	}
	r.within("startingDeadline", c.Deadline, time.Second, longestDeadline)
	r.within("jitter", c.Jitter, 0, longestJitter)
	if _, named := c.Places["apart"]; named || c.Apart != 0 {
		r.within("apart", c.Apart, time.Minute, longestApart)
	}
	if c.Missed != SkipMissed && c.Missed != SendMissed {
		r.add("missed", "use `skip` or `send`", "%s is not what becomes of a missed time", quoted(string(c.Missed)))
	}
}

// within reports a time that is not between two others.
func (r *rules) within(key string, d, least, most time.Duration) {
	if d < least || d > most || d%time.Second != 0 {
		r.add(key, "", "expected a time from %s to %s, found %s", short(least), short(most), short(d))
	}
}

// short is a duration without the units that are zero: 28d, 1h30m.
func short(d time.Duration) string {
	if d != 0 && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (r *rules) audience() {
	a := &r.c.Audience
	switch {
	case a.SQL != "" && a.SQLPP != "":
		r.add("audience.sqlpp", "keep one of them", "`sql` and `sqlpp` exclude each other")
	case (a.SQL != "" || a.SQLPP != "") && a.hasConditions():
		r.add("audience", "put the conditions into the query", "a query stands alone: conditions on columns do not go with it")
	}
	if a.SQL != "" && !IsSelect(a.SQL, false) {
		r.add("audience.sql", "begin it with SELECT", "the query is no SELECT")
	}
	if a.SQLPP != "" {
		_, err := ParsePlusPlus(a.SQLPP)
		if fault := (*QueryFault)(nil); errors.As(err, &fault) {
			r.add("audience.sqlpp", fault.Mend, "%s", fault.Text)
		}
	}
	if a.Within > 0 && a.NotWithin >= a.Within {
		r.add("audience.lastLogin", "make `within` the longer time", "nobody's last login is within %s and not within %s", short(a.Within), short(a.NotWithin))
	}
	for i, p := range a.Platforms {
		if !slices.Contains(Platforms(), p) {
			r.add("audience.platform", "use `ios` or `android`", "%s is no platform", quoted(string(p)))
		}
		if slices.Contains(a.Platforms[:i], p) {
			r.add("audience.platform", "keep one of the two", "%s stands here a second time", quoted(string(p)))
		}
	}
	for _, l := range a.Languages {
		if _, ok := canonical(l); !ok {
			r.add("audience.language", mendLanguage(l), "%s is not a language", quoted(l))
		}
	}
}

// IsSelect says whether a query begins as one that reads does. That it only reads, who runs it sees to: sync/check for SQL, and a
// read-only request for SQL++, where FROM may come first (https://docs.couchbase.com/server/current/n1ql/n1ql-language-reference/select-syntax.html).
func IsSelect(query string, plusPlus bool) bool {
	words := strings.Fields(strings.ToUpper(query))
	if len(words) == 0 {
		return false
	}
	word := strings.TrimLeft(words[0], "(")
	return word == "SELECT" || word == "WITH" || plusPlus && word == "FROM"
}

func (r *rules) rest() {
	c := r.c
	if _, has := c.Places["rate"]; (has || c.Rate.Per != 0) && c.Rate.PerSecond() == 0 {
		r.add("rate", "use a rate such as `25000/s`, or remove it: the gateways' quotas hold in any case", "at this rate nothing is ever sent")
	}
	if k := c.Capacity; k != nil {
		if !(k.Factor > 1 && k.Factor <= greatestFactor) {
			r.add("capacity.factor", "use a number such as `2`: twice as many servers", "expected a number above 1 and up to %d, found %g", greatestFactor, k.Factor)
		}
		r.within("capacity.lead", k.Lead, time.Second, longestLead)
		r.within("capacity.hold", k.Hold, 0, longestHold)
		if k.IfLate != Proceed && k.IfLate != HoldBack {
			r.add("capacity.ifLate", "use `proceed` or `hold`", "%s is not what a run does whose servers are late", quoted(string(k.IfLate)))
		}
	}
	if t := c.Test; t != nil {
		if t.List == "" && len(t.Tokens) == 0 {
			r.add("test", "add `list` or `tokens`", "the test is for nobody")
		}
		r.within("test.before", t.Before, 0, longestBefore)
		for _, token := range t.Tokens {
			if token.Token == "" || !slices.Contains(Platforms(), token.Platform) {
				r.add("test.tokens", "", "a token and its platform, `ios` or `android`, are expected")
			}
		}
	}
}

// quoted is a text out of the file between backquotes, cut short, on one line.
func quoted(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) > most {
		runes = append(runes[:most], '…')
	}
	return "`" + strings.ReplaceAll(string(runes), "\n", " ") + "`"
}
