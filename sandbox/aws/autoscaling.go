package aws

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lifecycle is what Auto Scaling calls an instance's state
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html).
var lifecycle = map[string]string{Pending: "Pending", Running: "InService", ShuttingDown: "Terminating", Terminated: "Terminated"}

const zone = "a" // of the region: where every instance is

type groupXML struct {
	Name            string      `xml:"AutoScalingGroupName"`
	ARN             string      `xml:"AutoScalingGroupARN"`
	Min             int         `xml:"MinSize"`
	Max             int         `xml:"MaxSize"`
	Desired         int         `xml:"DesiredCapacity"`
	Cooldown        int         `xml:"DefaultCooldown"`
	Zones           []string    `xml:"AvailabilityZones>member"`
	HealthCheckType string      `xml:"HealthCheckType"`
	Created         string      `xml:"CreatedTime"`
	Members         []memberXML `xml:"Instances>member"`
	Tags            []tagXML    `xml:"Tags>member"`
}

type memberXML struct {
	ID        string `xml:"InstanceId"`
	Zone      string `xml:"AvailabilityZone"`
	State     string `xml:"LifecycleState"`
	Health    string `xml:"HealthStatus"`
	Protected bool   `xml:"ProtectedFromScaleIn"`
	Group     string `xml:"AutoScalingGroupName,omitempty"`
}

type tagXML struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

func (s *Server) describeGroups(q request) (any, error) {
	limit, err := q.limit("MaxRecords", 50, 1, 100)
	if err != nil {
		return nil, err
	}
	names := q.members("AutoScalingGroupNames")
	var known []string
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		if len(names) == 0 || slices.Contains(names, name) {
			known = append(known, name)
		}
	}
	known, next, err := page(known, q.params.Get("NextToken"), limit)
	if err != nil {
		return nil, err
	}
	var out struct {
		Groups []groupXML `xml:"AutoScalingGroups>member"`
		Next   string     `xml:"NextToken,omitempty"`
	}
	out.Next = next
	for _, name := range known {
		out.Groups = append(out.Groups, s.groupXML(s.groups[name], q.params.Get("IncludeInstances") != "false"))
	}
	return out, nil
}

func (s *Server) groupXML(g *group, members bool) groupXML {
	x := groupXML{Name: g.Name, Min: g.Min, Max: g.Max, Desired: g.Desired, Cooldown: int(g.Cooldown.Seconds()),
		ARN:   fmt.Sprintf("arn:aws:autoscaling:%s:000000000000:autoScalingGroup:sandbox:autoScalingGroupName/%s", s.options.Region, g.Name),
		Zones: []string{s.options.Region + zone}, HealthCheckType: "EC2", Created: g.created.UTC().Format(time.RFC3339)}
	for _, i := range g.members {
		if members {
			x.Members = append(x.Members, s.memberXML(i, ""))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(g.Tags)) {
		x.Tags = append(x.Tags, tagXML{k, g.Tags[k]})
	}
	return x
}

func (s *Server) memberXML(i *instance, group string) memberXML {
	return memberXML{ID: i.id, Zone: s.options.Region + zone, State: lifecycle[i.state], Health: "Healthy", Group: group}
}

func (s *Server) describeMembers(q request) (any, error) {
	limit, err := q.limit("MaxRecords", 50, 1, 50)
	if err != nil {
		return nil, err
	}
	wanted, members := q.members("InstanceIds"), map[string]memberXML{}
	for _, g := range s.groups {
		for _, i := range g.members {
			if len(wanted) == 0 || slices.Contains(wanted, i.id) {
				members[i.id] = s.memberXML(i, g.Name)
			}
		}
	}
	ids, next, err := page(slices.Sorted(maps.Keys(members)), q.params.Get("NextToken"), limit)
	if err != nil {
		return nil, err
	}
	var out struct {
		Members []memberXML `xml:"AutoScalingInstances>member"`
		Next    string      `xml:"NextToken,omitempty"`
	}
	out.Next = next
	for _, id := range ids {
		out.Members = append(out.Members, members[id])
	}
	return out, nil
}

func (s *Server) setDesiredCapacity(q request) (any, error) {
	g := s.groups[q.params.Get("AutoScalingGroupName")]
	if g == nil {
		return nil, refuse("ValidationError", "AutoScalingGroup name not found - %s", q.params.Get("AutoScalingGroupName"))
	}
	desired, err := strconv.Atoi(q.params.Get("DesiredCapacity"))
	switch {
	case err != nil || desired < 0:
		return nil, refuse("ValidationError", "DesiredCapacity must be a whole number, 0 or more")
	case desired > g.Max:
		return nil, refuse("ValidationError", "New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", desired, g.Max)
	case desired < g.Min:
		return nil, refuse("ValidationError", "New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", desired, g.Min)
	case q.params.Get("HonorCooldown") == "true" && g.cooling(s.options.Now()):
		return nil, refuse("ScalingActivityInProgress", "Scaling activity is in progress and blocks this action")
	}
	g.resize(s, desired)
	return nil, nil
}

func (s *Server) terminateMember(q request) (any, error) {
	id, decrement := q.params.Get("InstanceId"), q.params.Get("ShouldDecrementDesiredCapacity")
	if decrement != "true" && decrement != "false" {
		return nil, refuse("ValidationError", "ShouldDecrementDesiredCapacity must be true or false")
	}
	for _, g := range s.groups {
		at := slices.IndexFunc(g.members, func(i *instance) bool { return i.id == id && i.alive() })
		if at < 0 {
			continue
		}
		if decrement == "true" {
			if g.Desired == g.Min {
				return nil, refuse("ValidationError", "Currently, desiredSize equals minSize (%d). Terminating instance without replacement will "+
					"violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.Min)
			}
			g.Desired--
		}
		s.end(g.members[at])
		g.changed = s.options.Now()
		g.settle(s)
		return struct {
			ID       string `xml:"Activity>ActivityId"`
			Group    string `xml:"Activity>AutoScalingGroupName"`
			Status   string `xml:"Activity>StatusCode"`
			Cause    string `xml:"Activity>Cause"`
			Start    string `xml:"Activity>StartTime"`
			Progress int    `xml:"Activity>Progress"`
		}{fmt.Sprintf("activity-%d", s.next()), g.Name, "InProgress", "instance " + id + " was taken out of service in response to a user request",
			s.options.Now().UTC().Format(time.RFC3339), 0}, nil
	}
	return nil, refuse("ValidationError", "Instance Id not found - No managed instance found for instance ID: %s", id)
}

// members is a list of the query protocol: Name.member.1, Name.member.2 and so on.
func (q request) members(name string) []string { return q.list(name + ".member.") }

// list is the values under prefix1, prefix2 and so on.
func (q request) list(prefix string) []string {
	var all []string
	for n := 1; q.params.Has(prefix + strconv.Itoa(n)); n++ {
		all = append(all, q.params.Get(prefix+strconv.Itoa(n)))
	}
	return all
}

// limit is how many results a page may have.
func (q request) limit(name string, unset, least, most int) (int, error) {
	text := q.params.Get(name)
	if text == "" {
		return unset, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		if q.service == ec2Service {
			return 0, refuse("InvalidParameterValue", "Value ( %s ) for parameter %s is invalid. Expecting a value between %d and %d.", text, name, least, most)
		}
		return 0, refuse("ValidationError", "%s must be between %d and %d", name, least, most)
	}
	return n, nil
}

// page cuts a page out of sorted names. The token names the last one of the page before, so that what comes and goes
// between two pages neither repeats nor skips another.
func page(names []string, token string, limit int) (shown []string, next string, err error) {
	if token != "" {
		last, err := base64.RawURLEncoding.DecodeString(token)
		after, ok := strings.CutPrefix(string(last), "after:")
		if err != nil || !ok {
			return nil, "", refuse("InvalidNextToken", "The token is not valid.")
		}
		names = names[upTo(names, after):]
	}
	if len(names) <= limit {
		return names, "", nil
	}
	return names[:limit], base64.RawURLEncoding.EncodeToString([]byte("after:" + names[limit-1])), nil
}

// upTo is how many of the sorted names are no later than one.
func upTo(names []string, one string) int {
	n, found := slices.BinarySearch(names, one)
	if found {
		n++
	}
	return n
}
