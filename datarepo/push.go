package datarepo

import (
	"errors"
	"slices"
	"strings"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

// Push is how campaigns are sent in an environment.
type Push struct {
	Tokens    Tokens
	Platforms map[campaign.Platform]PushPlatform // each platform that campaigns know
	Dead      Dead
	Quotas    map[campaign.Gateway]campaign.Rate // FCM's is there; APNs's only where the file has one
	Sandbox   bool                               // APNs is its sandbox for builds for development
	Lists     []PushList                         // in the file's order
	Only      []string                           // names of Lists, which alone get anything here; nil for everyone
	// Places are where things stand in the file, by the path of their keys below push: "tokens.updatedAt", "lists.qa.users.0".
	Places campaign.Places
}

// Tokens are where an environment's tokens are: Table of MySQL, or Query of Couchbase. Columns are the names in either.
type Tokens struct {
	Table string // "" where Query is set
	Query string // SQL++, which campaign.ParsePlusPlus takes; to be run read-only
	campaign.Columns
	// Scope and Collection are where the documents are that Query reads: "" for the bucket's default ones, where FROM names a
	// bucket; else it names a collection of the scope.
	Scope, Collection string
	ID                string // the name under which Query gives the key of the document that is the token's alone; "" for none
}

// PushPlatform is what the tokens' column says of a platform, and who brings pushes to it.
type PushPlatform struct {
	Values  []string // compared in any case
	Gateway campaign.Gateway
}

// Dead says what becomes of dead tokens: nothing, where both are zero.
type Dead struct {
	Delete bool
	Mark   string // the column that gets the time; "" for none
}

// PushList is a list of people who test.
type PushList struct {
	Name   string
	Users  []string // ids
	Tokens []campaign.Token
}

// NoListError is a list that an environment's `push.lists` does not have.
type NoListError struct {
	List string
	Near string // one with nearly that name; "" for none
}

// Error says what may have been meant.
func (e *NoListError) Error() string {
	s := "`push.lists` has no list " + quoted(e.List)
	if e.Near != "" {
		s += "; did you mean `" + e.Near + "`?"
	}
	return s
}

// CheckList fails with a *NoListError where there is no list of that name; "" is none, and in order.
func (p *Push) CheckList(name string) error {
	var names []string
	for _, l := range p.Lists {
		names = append(names, l.Name)
	}
	if name == "" || slices.Contains(names, name) {
		return nil
	}
	return &NoListError{name, datasheets.Nearest(name, names)}
}

// Capacity is which servers campaigns may add to. Exactly one of Group and Template is set.
type Capacity struct {
	Group    string            // an Auto Scaling group
	Template string            // a launch template's name or id
	Tags     map[string]string // of the servers that run, with Template; at least one
	Max      int               // of all servers, at least 1
	Region   string            // "" for that of AWS's own settings
	DryRun   bool
}

// Surroundings are what campaigns find in the configuration. actual has the columns of the table of tokens by environment; one
// that it lacks is not known.
func (c *Config) Surroundings(actual map[string][]datasheets.Column) campaign.Surroundings {
	var s campaign.Surroundings
	for _, g := range c.Guards {
		s.Guards = append(s.Guards, g.Name)
	}
	for _, e := range c.Environments {
		if e.Push == nil {
			continue
		}
		around := campaign.Environment{Name: e.Name, Tokens: e.Push.Tokens.Columns, Actual: actual[e.Name], Capacity: e.Capacity != nil, Couchbase: e.Push.Tokens.Query != "", Gateways: e.Push.Gateways()}
		for _, l := range e.Push.Lists {
			around.Lists = append(around.Lists, l.Name)
		}
		s.Environments = append(s.Environments, around)
	}
	return s
}

// Gateways are who brings pushes to each platform.
func (p *Push) Gateways() map[campaign.Platform]campaign.Gateway {
	by := map[campaign.Platform]campaign.Gateway{}
	for platform, one := range p.Platforms {
		by[platform] = one.Gateway
	}
	return by
}

func readPush(v value, r *report) *Push {
	f := v.fields
	p := &Push{Platforms: readPlatforms(f["platforms"].fields, r), Quotas: map[campaign.Gateway]campaign.Rate{campaign.FCM: campaign.FCMQuota()}, Sandbox: f["apns"].fields["sandbox"].flag}
	for _, by := range []campaign.Gateway{campaign.FCM, campaign.APNs} {
		if quota, ok := f[string(by)].fields["quota"]; ok {
			p.Quotas[by] = readPushRate(quota.text)
		}
	}
	if tokens, ok := f["tokens"]; ok {
		p.Tokens = readTokenColumns(tokens, r)
	}
	if dead, ok := f["dead"]; ok {
		p.Dead = readDead(dead, p.Tokens, r)
	}
	for _, e := range f["lists"].entries {
		p.Lists = append(p.Lists, readList(e, p.Tokens, r))
	}
	for _, name := range f["only"].items {
		if !slices.ContainsFunc(p.Lists, func(l PushList) bool { return l.Name == name.text }) {
			r.add(name.at, "add it to `lists`", "`lists` has none named %s", quoted(name.text))
		}
		p.Only = append(p.Only, name.text)
	}
	p.Places = campaign.Places{}
	places(p.Places, r.path, "", v)
	return p
}

func readTokenColumns(v value, r *report) Tokens {
	exactlyOne(v, r, "table", "query")
	text := func(name string) string { return v.fields[name].text }
	if query, ok := v.fields["query"]; ok {
		readTokenQuery(query, text("token"), r)
	} else {
		for _, name := range []string{"scope", "collection", "id"} {
			if f, there := v.fields[name]; there {
				r.add(f.at, "remove it", "`%s` goes with `query`", name)
			}
		}
	}
	return Tokens{Table: text("table"), Query: text("query"), Scope: text("scope"), Collection: text("collection"), ID: text("id"), Columns: campaign.Columns{
		Token: text("token"), Platform: text("platform"), User: text("user"), UpdatedAt: text("updatedAt"),
		Country: text("country"), Language: text("language"), Segment: text("segment"), LastLogin: text("lastLogin"), Timezone: text("timezone"),
	}}
}

func readTokenQuery(v value, token string, r *report) {
	q, err := campaign.ParsePlusPlus(v.text)
	if fault := (*campaign.QueryFault)(nil); errors.As(err, &fault) {
		r.add(v.at, fault.Mend, "%s", fault.Text)
	} else if q.Ordered != "" && q.Ordered != token {
		r.add(v.at, "end it with `ORDER BY t."+token+" LIMIT $limit`", "the query is in the order of %s, and `token` is %s", quoted(q.Ordered), quoted(token))
	}
}

func readPlatforms(f map[string]value, r *report) map[campaign.Platform]PushPlatform {
	all := map[campaign.Platform]PushPlatform{
		campaign.Android: {Values: []string{string(campaign.Android)}, Gateway: campaign.FCM},
		campaign.IOS:     {Values: []string{string(campaign.IOS)}, Gateway: campaign.APNs},
	}
	for _, p := range campaign.Platforms() {
		one := all[p]
		if items := f[string(p)].fields["values"].items; len(items) > 0 {
			one.Values = nil
			for _, item := range items {
				one.Values = append(one.Values, item.text)
			}
		}
		if by, ok := f[string(p)].fields["gateway"]; ok {
			one.Gateway = campaign.Gateway(by.text)
		}
		all[p] = one
	}
	seen := map[string]bool{}
	for _, p := range campaign.Platforms() {
		for i, name := range all[p].Values {
			if lower := strings.ToLower(name); seen[lower] {
				at := f[string(campaign.Android)].at // which has taken the name of a platform that does not say its values
				if items := f[string(p)].fields["values"].items; i < len(items) {
					at = items[i].at
				}
				r.add(at, "keep one of the two", "%s stands for a platform a second time", quoted(name))
			} else {
				seen[lower] = true
			}
		}
	}
	return all
}

func readDead(v value, tokens Tokens, r *report) Dead {
	d := Dead{Delete: v.text == "delete", Mark: v.fields["mark"].fields["column"].text}
	switch {
	case tokens.Query != "" && d.Mark != "":
		r.add(v.at, "use `delete`, or remove it", "`mark` is for a table: nothing says where in a document a query's token stands")
	case tokens.Query != "" && tokens.ID == "":
		r.add(v.at, "give the document's key in the query (`META(t).id`) and name it in `tokens` as `id`, or remove it",
			"a dead token of a query is removed with its document, and nothing says which that is")
	case (tokens.Table != "" || tokens.Query != "") && tokens.UpdatedAt == "":
		r.add(v.at, "add `updatedAt` to `tokens`, or remove it", "a token that was renewed since must stay, and nothing says when a token was renewed")
	}
	return d
}

func readList(e named, tokens Tokens, r *report) PushList {
	l := PushList{Name: e.name, Tokens: readTokens(e.fields["tokens"])}
	for _, u := range e.fields["users"].items {
		l.Users = append(l.Users, u.text)
	}
	switch {
	case !isName(e.name, listPattern):
		r.add(e.at, "use lower-case letters, digits and hyphens", "%s is not a list's name", quoted(e.name))
	case len(l.Users)+len(l.Tokens) == 0 && !e.spoilt:
		r.add(e.at, "add `users` or `tokens`", "the list is empty")
	case len(l.Users) > 0 && tokens.User == "":
		r.add(e.fields["users"].at, "add `user` to `tokens`", "nothing says which column has the user of a token")
	}
	return l
}

func readCapacity(v value, r *report) *Capacity {
	f := v.fields
	c := &Capacity{Group: f["autoScalingGroup"].text, Template: f["launchTemplate"].text, Max: f["max"].number, Region: f["region"].text, DryRun: f["dryRun"].flag}
	one := exactlyOne(v, r, "autoScalingGroup", "launchTemplate")
	tag, tagged := f["tag"]
	for _, e := range tag.entries {
		if c.Tags == nil {
			c.Tags = map[string]string{}
		}
		if strings.HasPrefix(strings.ToLower(e.name), "aws:") || strings.HasPrefix(strings.ToLower(e.name), "liveops") {
			r.add(e.at, "use another tag", "the tag %s is not the game's own", quoted(e.name))
		}
		c.Tags[e.name] = e.text
	}
	switch {
	case one && c.Template != "" && !tagged && !v.spoilt:
		r.add(v.at, "add `tag`, such as `{role: game}`", "nothing says which servers that run are the game's")
	case one && c.Group != "" && tagged:
		r.add(tag.at, "remove it", "`tag` goes with `launchTemplate`: a group knows its servers")
	}
	return c
}
