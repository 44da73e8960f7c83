package aws

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

type instanceXML struct {
	ID       string        `xml:"instanceId"`
	Image    string        `xml:"imageId"`
	Code     int           `xml:"instanceState>code"`
	State    string        `xml:"instanceState>name"`
	Token    string        `xml:"clientToken"`
	Type     string        `xml:"instanceType"`
	Launched string        `xml:"launchTime"`
	Zone     string        `xml:"placement>availabilityZone"`
	Tags     list[tagItem] `xml:"tagSet"`
}

type tagItem struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type reservationXML struct {
	ID        string            `xml:"reservationId"`
	Owner     string            `xml:"ownerId"`
	Instances list[instanceXML] `xml:"instancesSet"`
}

func (s *Server) instanceXML(i *instance) instanceXML {
	x := instanceXML{ID: i.id, Image: i.template.ImageID, Code: stateCodes[i.state], State: i.state, Token: i.token, Type: i.template.InstanceType,
		Launched: i.launched.UTC().Format(time.RFC3339), Zone: s.options.Region + zone}
	for _, k := range slices.Sorted(maps.Keys(i.tags)) {
		x.Tags.Items = append(x.Tags.Items, tagItem{k, i.tags[k]})
	}
	return x
}

// reservations has the instances by what launched them together, in the order of launches.
func (s *Server) reservations(instances []*instance) []reservationXML {
	var all []reservationXML
	for _, i := range instances {
		if len(all) == 0 || all[len(all)-1].ID != i.reservation {
			all = append(all, reservationXML{ID: i.reservation, Owner: "000000000000"})
		}
		r := &all[len(all)-1]
		r.Instances.Items = append(r.Instances.Items, s.instanceXML(i))
	}
	return all
}

func (s *Server) describeInstances(q request) (any, error) {
	found, next, err := s.query(q, func(*instance) bool { return true })
	if err != nil {
		return nil, err
	}
	return elements{{"reservationSet", list[reservationXML]{s.reservations(found)}}, {"nextToken", next}}, nil
}

type statusXML struct {
	ID       string `xml:"instanceId"`
	Code     int    `xml:"instanceState>code"`
	State    string `xml:"instanceState>name"`
	System   string `xml:"systemStatus>status"`
	Instance string `xml:"instanceStatus>status"`
}

func (s *Server) describeStatus(q request) (any, error) {
	all := q.params.Get("IncludeAllInstances") == "true"
	found, next, err := s.query(q, func(i *instance) bool { return all || i.state == Running })
	if err != nil {
		return nil, err
	}
	var out list[statusXML]
	for _, i := range found {
		status := "not-applicable"
		if i.state == Running {
			status = "initializing"
		}
		if s.passed(i) {
			status = "ok"
		}
		out.Items = append(out.Items, statusXML{i.id, stateCodes[i.state], i.state, status, status})
	}
	return elements{{"instanceStatusSet", out}, {"nextToken", next}}, nil
}

// query is what a description asks for: by ids or by filters, and of that one page.
func (s *Server) query(q request, also func(*instance) bool) (found []*instance, next string, err error) {
	ids, filters := q.list("InstanceId."), q.filters()
	limit, err := q.limit("MaxResults", len(s.instances), 5, 1000)
	switch {
	case err != nil:
		return nil, "", err
	case len(ids) > 0 && q.params.Has("MaxResults"):
		return nil, "", refuse("InvalidParameterCombination", "The parameter instancesSet cannot be used with the parameter maxResults")
	case q.action == "DescribeInstanceStatus" && len(ids) > 100:
		return nil, "", refuse("InvalidParameterValue", "At most 100 instance IDs can be specified")
	}
	for _, f := range filters {
		if !f.known() {
			return nil, "", refuse("InvalidParameterValue", "The filter '%s' is invalid", f.name)
		}
	}
	if err := s.knowAll(ids); err != nil {
		return nil, "", err
	}
	byID := map[string]*instance{}
	for _, i := range s.instances {
		if s.shown(i) && also(i) && (len(ids) == 0 || slices.Contains(ids, i.id)) && filters.match(i) {
			byID[i.id] = i
		}
	}
	shown, next, err := page(slices.Sorted(maps.Keys(byID)), q.params.Get("NextToken"), limit)
	for _, id := range shown { // ids have the order of launches
		found = append(found, byID[id])
	}
	return found, next, err
}

// knowAll says which ids no instance has, or that are no ids.
func (s *Server) knowAll(ids []string) error {
	for _, id := range ids {
		if !strings.HasPrefix(id, "i-") {
			return refuse("InvalidInstanceID.Malformed", "Invalid id: %q", id)
		}
		if s.find(id) == nil {
			return refuse("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
	}
	return nil
}

// A filter takes instances of which one value matches one of its own; * and ? stand for any text and any character
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html).
type filter struct {
	name   string
	values []string
}

type filters []filter

func (q request) filters() (all filters) {
	for n := 1; ; n++ {
		prefix := "Filter." + strconv.Itoa(n) + "."
		name := q.params.Get(prefix + "Name")
		if name == "" {
			return all
		}
		all = append(all, filter{name, q.list(prefix + "Value.")})
	}
}

func (all filters) match(i *instance) bool {
	return !slices.ContainsFunc(all, func(f filter) bool { return !f.match(i) })
}

func (f filter) known() bool {
	return strings.HasPrefix(f.name, "tag:") || slices.Contains([]string{"tag-key", "instance-state-name", "instance-id", "client-token"}, f.name)
}

func (f filter) match(i *instance) bool {
	var have []string
	switch f.name {
	case "tag-key":
		have = slices.Sorted(maps.Keys(i.tags))
	case "instance-state-name":
		have = []string{i.state}
	case "instance-id":
		have = []string{i.id}
	case "client-token":
		have = []string{i.token}
	default:
		if value, ok := i.tags[strings.TrimPrefix(f.name, "tag:")]; ok {
			have = []string{value}
		}
	}
	return slices.ContainsFunc(have, func(value string) bool {
		return slices.ContainsFunc(f.values, func(pattern string) bool { return wild(pattern, value) })
	})
}

// wild says whether a value is of a pattern with * and ?; a backslash takes their meaning away.
func wild(pattern, value string) bool {
	escape := strings.NewReplacer("[", `\[`, "/", "\x00") // neither means anything here
	ok, err := path.Match(escape.Replace(pattern), strings.ReplaceAll(value, "/", "\x00"))
	return cmp.Or(ok, err != nil && pattern == value)
}
