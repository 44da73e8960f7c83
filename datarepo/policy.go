package datarepo

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// Limits are how much a release may delete, or purge, in one environment before a second person must confirm it; nil for
// no limit.
type Limits struct {
	DeletedRows  *int     // rows of all tables together
	DeletedShare *float64 // of a table's owned rows, 0 to 1

	PurgedDocuments *int // user documents that new purges match, of all of them together
}

// Guard is a health check: by URL or by Prometheus. Either is to answer within Timeout.
type Guard struct {
	Name       string
	URL        string // healthy where a GET is answered with a status of 200 to 299; "" where Prometheus is set
	Prometheus *Prometheus
	Timeout    time.Duration
}

// Prometheus is a query of a Prometheus server. It is healthy where it finds values, all of them from Min to Max.
type Prometheus struct {
	URL      string   // of the server, without /api/v1
	Query    string   // PromQL
	Min, Max *float64 // both inclusive; one of them is set
}

// Address is where the query is asked
// (https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries).
func (p *Prometheus) Address() string {
	return strings.TrimSuffix(p.URL, "/") + "/api/v1/query?" + url.Values{"query": {p.Query}}.Encode()
}

// Drift says when environments are compared with the commits they were released from.
type Drift struct {
	Schedule string        // as it is written
	Cron     cron.Schedule // the same, in the file's time zone
}

// Grants are who may do an action (plan, apply, export, rollback, promote, lock, confirm), as liveops.yaml has them;
// admins alone where it does not name the action.
func (c *Config) Grants(action string) []string {
	if grants := c.Permissions[action]; len(grants) > 0 {
		return grants
	}
	return []string{"admin"}
}

const (
	defaultGuardTimeout = 5 * time.Second
	longestGuardTimeout = 30 * time.Second
	longestSoak         = 7 * 24 * time.Hour
)

// policyReader reads what the file says of one environment, by what it says beside.
type policyReader struct {
	report *report
	zone   *time.Location // nil where the file's is none
	guards []named
}

// environment reads an environment but for its names.
func (p policyReader) environment(v value) Environment {
	e := Environment{Approval: len(v.fields["requires"].items) > 0}
	if soak, ok := v.fields["soak"]; ok {
		e.Soak = readDuration(soak, longestSoak, p.report)
		if _, ok := v.fields["after"]; !ok {
			p.report.add(soak.at, "add `after`, or remove it", "`soak` is the time after another environment, and `after` names none")
		}
	}
	if guard, ok := v.fields["guard"]; ok {
		e.Guard = p.guard(guard)
	}
	for _, w := range v.fields["freeze"].items {
		if window, ok := p.window(w); ok {
			e.Freeze = append(e.Freeze, window)
		}
	}
	if push, ok := v.fields["push"]; ok {
		e.Push = readPush(push, p.report)
	}
	if capacity, ok := v.fields["capacity"]; ok {
		e.Capacity = readCapacity(capacity, p.report)
	}
	return e
}

// guard is the name of a guard that the file has.
func (p policyReader) guard(v value) string {
	var names []string
	for _, g := range p.guards {
		if g.name == v.text {
			return v.text
		}
		names = append(names, g.name)
	}
	mend := "add it to `guards`"
	if near := datasheets.Nearest(v.text, names); near != "" {
		mend = fmt.Sprintf("did you mean `%s`?", near)
	}
	p.report.add(v.at, mend, "`guards` has none named %s", quoted(v.text))
	return ""
}

// readDuration is a time such as 1h30m, above zero.
func readDuration(v value, longest time.Duration, r *report) time.Duration {
	d, err := time.ParseDuration(v.text)
	if err != nil || d <= 0 || d > longest {
		r.add(v.at, "", "expected a time above 0s and up to %s, found %s", strings.TrimSuffix(longest.String(), "0m0s"), quoted(v.text))
		return 0
	}
	return d
}

func readLimits(v value) Limits {
	var l Limits
	if rows, ok := v.fields["deletedRows"]; ok {
		l.DeletedRows = &rows.number
	}
	if documents, ok := v.fields["purgedDocuments"]; ok {
		l.PurgedDocuments = &documents.number
	}
	if share, ok := v.fields["deletedShare"]; ok {
		l.DeletedShare = &share.share
	}
	return l
}

func readGuards(entries []named, r *report) []Guard {
	var guards []Guard
	for _, e := range entries {
		g := Guard{Name: e.name, URL: e.fields["url"].text, Timeout: defaultGuardTimeout}
		exactlyOne(e.value, r, "url", "prometheus")
		checkAddress(e.fields["url"], r)
		if v, ok := e.fields["prometheus"]; ok {
			g.Prometheus = readPrometheus(v, r)
		}
		if v, ok := e.fields["timeout"]; ok {
			g.Timeout = readDuration(v, longestGuardTimeout, r)
		}
		guards = append(guards, g)
	}
	return guards
}

// checkAddress reports an address that cannot be asked, or has a password.
func checkAddress(v value, r *report) {
	if v.text == "" {
		return
	}
	if u, err := url.Parse(v.text); err != nil || u.Hostname() == "" || u.User != nil {
		r.add(v.at, "use an address such as `https://game.example/health`, without a password", "%s is not an address to ask", quoted(v.text))
	}
}

func readPrometheus(v value, r *report) *Prometheus {
	f := v.fields
	p := &Prometheus{URL: f["url"].text, Query: f["query"].text}
	checkAddress(f["url"], r)
	if u, err := url.Parse(p.URL); err == nil && (u.RawQuery != "" || u.Fragment != "") {
		r.add(f["url"].at, "leave out what is behind the path", "%s is not a server's address", quoted(p.URL))
	}
	for key, bound := range map[string]**float64{"min": &p.Min, "max": &p.Max} {
		b, ok := f[key]
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(string(b.cell.Text), 64)
		if b.cell.Kind != datasheets.Number || err != nil {
			r.add(b.at, "", "`%s` is a number", key)
			continue
		}
		*bound = &n
	}
	switch {
	case p.Min == nil && p.Max == nil && !v.spoilt && f["min"].at == nil && f["max"].at == nil:
		r.add(v.at, "add `min` or `max`", "nothing says which values are healthy")
	case p.Min != nil && p.Max != nil && *p.Min > *p.Max:
		r.add(f["min"].at, "", "`min` is above `max`")
	}
	return p
}

func readPermissions(v value, r *report) map[string][]string {
	permissions := map[string][]string{}
	for _, action := range actions() {
		for _, grant := range v.fields[action].items {
			if problem, mend := checkGrant(grant.text); problem != "" {
				r.add(grant.at, mend, "%s", problem)
			}
			permissions[action] = append(permissions[action], grant.text)
		}
	}
	return permissions
}

func readDrift(v value, zone *time.Location, r *report) *Drift {
	schedule, ok := v.fields["schedule"]
	if !ok || zone == nil {
		return nil
	}
	if _, problem, mend := campaign.ParseCron(schedule.text); problem != "" {
		r.add(schedule.at, mend, "%s", problem)
		return nil
	}
	parsed, err := cron.ParseStandard("CRON_TZ=" + zone.String() + " " + schedule.text)
	if err != nil {
		r.add(schedule.at, "", "%s is not a schedule", quoted(schedule.text))
		return nil
	}
	return &Drift{Schedule: schedule.text, Cron: parsed}
}
