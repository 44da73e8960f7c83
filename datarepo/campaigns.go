package datarepo

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"liveops/datasheets"
	"liveops/pushd/campaign"
)

const campaignsDir = "pushes"

// Campaigns reads the push campaigns under pushes/, at any depth: files named *.yaml or *.yml, sorted by name. A campaign's
// name is its file's, without the extension, and no two may have one. zone is that of liveops.yaml; nil is UTC. It returns the
// campaigns that are right in themselves, and everything that is wrong with the others. What the environments must have for
// them, campaign.Campaign's Check says.
func Campaigns(fsys fs.FS, zone *time.Location) (campaigns []*campaign.Campaign, problems []datasheets.Problem, err error) {
	return readCampaigns(fsys, zone, false)
}

// ReleasedCampaigns are the Campaigns of a commit that was released. What can be run and is surely not meant, such as a text that its
// own `#` cuts short, is no problem then: a later version that knows more of it must not end what an earlier one released.
func ReleasedCampaigns(fsys fs.FS, zone *time.Location) (campaigns []*campaign.Campaign, problems []datasheets.Problem, err error) {
	return readCampaigns(fsys, zone, true)
}

func readCampaigns(fsys fs.FS, zone *time.Location, released bool) (campaigns []*campaign.Campaign, problems []datasheets.Problem, err error) {
	paths, problems, err := yamlPaths(fsys, campaignsDir, maxCampaigns, "campaigns", "delete old ones: what was sent stays in each environment's record")
	if err != nil {
		return nil, nil, err
	}
	names := newNames("campaign")
	for _, path := range paths {
		c, more := loadFile(fsys, path, "write less", func(content []byte, r *report) *campaign.Campaign {
			r.lenient = released
			return readCampaign(content, r, zone)
		})
		problems = append(problems, more...)
		if problem := names.take(path); problem != nil {
			problems = append(problems, *problem)
		} else if c != nil {
			campaigns = append(campaigns, c)
		}
	}
	slices.SortFunc(campaigns, func(a, b *campaign.Campaign) int { return strings.Compare(a.Name, b.Name) })
	return campaigns, datasheets.SortProblems(problems), nil
}

func readCampaign(content []byte, r *report, zone *time.Location) *campaign.Campaign {
	node := parseYAML(content, campaignShape(), r)
	if len(r.problems) > 0 {
		return nil
	}
	if node == nil {
		r.add(nil, "see `liveops schema push`", "the file is empty")
		return nil
	}
	root, ok := decode(node, campaignShape(), r)
	if !ok {
		return nil
	}
	spec := readCampaignSpec(root, r, zone)
	if len(r.problems) > 0 {
		return nil
	}
	c, problems := campaign.New(spec)
	r.problems = append(r.problems, problems...)
	if c == nil || r.lenient {
		return c
	}
	if mistakes := c.Mistakes(); len(mistakes) > 0 {
		r.problems = append(r.problems, mistakes...)
		return nil
	}
	return c
}

// readCampaignSpec reads what the file says. What it does not say is as the format has it.
func readCampaignSpec(root value, r *report, zone *time.Location) campaign.Spec {
	f := root.fields
	s := campaign.Spec{
		Name: fileName(r.path), Path: r.path, Description: f["description"].text,
		Cron: f["schedule"].text, Deadline: campaign.DefaultDeadline, Missed: campaign.SkipMissed,
		Audience: readAudience(f["audience"], r), Messages: map[string]campaign.Text{}, Push: readPayload(f, r),
		Guard: f["guard"].text, Capacity: readCampaignCapacity(f, r), Test: readTest(f, r), Places: campaign.Places{},
	}
	s.Zone, s.EachUser = readCampaignZone(f, r, zone)
	if at, ok := f["at"]; ok {
		var err error
		if s.At, err = time.Parse("2006-01-02T15:04", at.text); err != nil {
			r.add(at.at, "", "%s is no day of the calendar", quoted(at.text))
		}
	}
	if missed, ok := f["missed"]; ok {
		s.Missed = campaign.Missed(missed.text)
	}
	readSpan(f, "startingDeadline", &s.Deadline, r)
	readSpan(f, "jitter", &s.Jitter, r)
	if apart, ok := f["apart"]; ok {
		readSpan(f, "apart", &s.Apart, r)
		if _, often := f["schedule"]; !often {
			r.add(apart.at, "remove it", "`apart` goes with `schedule`")
		}
	}
	for _, m := range f["message"].entries {
		s.Messages[m.name] = campaign.Text{Title: m.fields["title"].text, Body: m.fields["body"].text, Image: m.fields["image"].text, DeepLink: m.fields["deepLink"].text}
	}
	if rate, ok := f["rate"]; ok {
		s.Rate = readPushRate(rate.text)
	}
	places(s.Places, r.path, "", root)
	return s
}

// readCampaignZone is the zone of the campaign's times; eachUser where it is each user's own.
func readCampaignZone(f map[string]value, r *report, zone *time.Location) (_ *time.Location, eachUser bool) {
	own, named := f["timezone"]
	eachUser = named && own.text == "user"
	if named && !eachUser {
		zone = readZone(own, r)
	}
	if fallback, ok := f["fallbackTimezone"]; ok {
		if !eachUser {
			r.add(fallback.at, "remove it, or write `timezone: user`", "`fallbackTimezone` goes with each user's own time zone")
		}
		zone = readZone(fallback, r)
	}
	return zone, eachUser
}

func readPayload(f map[string]value, r *report) campaign.Push {
	p := campaign.Push{
		Image: f["image"].text, DeepLink: f["deepLink"].text, Collapse: f["collapse"].text, TimeToLive: campaign.DefaultTimeToLive,
		Normal: f["priority"].text == "normal", Sound: f["sound"].text, Channel: f["channel"].text,
	}
	readSpan(f, "timeToLive", &p.TimeToLive, r)
	if badge, ok := f["badge"]; ok {
		p.Badge = &badge.number
	}
	for _, e := range f["data"].entries {
		if p.Data == nil {
			p.Data = map[string]string{}
		}
		p.Data[e.name] = e.text
	}
	return p
}

func readCampaignCapacity(f map[string]value, r *report) *campaign.Capacity {
	v, ok := f["capacity"]
	if !ok || v.spoilt {
		return nil
	}
	c := &campaign.Capacity{Factor: v.fields["factor"].share, Lead: campaign.DefaultLead, Hold: campaign.DefaultHold, IfLate: campaign.Proceed}
	readSpan(v.fields, "lead", &c.Lead, r)
	readSpan(v.fields, "hold", &c.Hold, r)
	if late, ok := v.fields["ifLate"]; ok {
		c.IfLate = campaign.Late(late.text)
	}
	return c
}

func readTest(f map[string]value, r *report) *campaign.Test {
	v, ok := f["test"]
	if !ok || v.spoilt {
		return nil
	}
	t := &campaign.Test{List: v.fields["list"].text, Tokens: readTokens(v.fields["tokens"])}
	readSpan(v.fields, "before", &t.Before, r)
	return t
}

func readTokens(v value) (tokens []campaign.Token) {
	for _, item := range v.items {
		tokens = append(tokens, campaign.Token{Platform: campaign.Platform(item.fields["platform"].text), Token: item.fields["token"].text})
	}
	return tokens
}

// readSpan reads a time such as 1d12h, where the file has it, into d.
func readSpan(f map[string]value, name string, d *time.Duration, r *report) {
	v, ok := f[name]
	if !ok {
		return
	}
	days, rest, hasDays := strings.Cut(v.text, "d")
	if !hasDays {
		days, rest = "0", v.text
	}
	whole, err := time.ParseDuration(days + "h")
	part := time.Duration(0)
	if err == nil && rest != "" {
		part, err = time.ParseDuration(rest)
	}
	const most = 400 * 24 * time.Hour
	if err != nil || whole > most/24 || part > most {
		r.add(v.at, "", "expected a time of 400d at most, found %s", quoted(v.text))
		return
	}
	*d = 24*whole + part
}

// readPushRate reads what a rate's pattern let through.
func readPushRate(text string) campaign.Rate {
	var rate campaign.Rate
	var unit string
	if _, err := fmt.Sscanf(strings.Replace(text, "/", " ", 1), "%d %s", &rate.Count, &unit); err != nil {
		return campaign.Rate{}
	}
	rate.Per = time.Second
	if unit == "m" {
		rate.Per = time.Minute
	}
	return rate
}

// places notes where the keys of a value stand, and the items of its lists, which are counted from 0.
func places(all campaign.Places, path, name string, v value) {
	if v.at != nil {
		all[name] = datasheets.Position{Path: path, Line: max(v.at.Line, 1), Column: max(v.at.Column, 1)}
	}
	below := func(key string) string { return strings.TrimPrefix(name+"."+key, ".") }
	for key, field := range v.fields {
		places(all, path, below(key), field)
	}
	for i, item := range v.items {
		places(all, path, below(strconv.Itoa(i)), item)
	}
	for _, e := range v.entries {
		places(all, path, below(e.name), e.value)
		all[below(e.name)] = datasheets.Position{Path: path, Line: max(e.at.Line, 1), Column: max(e.at.Column, 1)}
	}
}
