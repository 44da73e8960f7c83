package aws

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// A launch is what a client token stands for.
type launch struct {
	params      string // without the token
	reservation string
}

// maxToken is how many characters a client token may have
// (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
const maxToken = 64

func (s *Server) runInstances(q request) (any, error) {
	token := q.params.Get("ClientToken")
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r > 126 }) {
		return nil, refuse("InvalidParameterValue", "The client token must have at most %d ASCII characters", maxToken)
	}
	if known, ok := s.launches[token]; ok && token != "" {
		if known.params != fingerprint(q.params) {
			return nil, refuse("IdempotentParameterMismatch", "The client token has been used with other parameters")
		}
		return s.reserved(known.reservation), nil
	}
	template, err := s.template(q)
	if err != nil {
		return nil, err
	}
	least, leastErr := strconv.Atoi(q.params.Get("MinCount"))
	most, mostErr := strconv.Atoi(q.params.Get("MaxCount"))
	if leastErr != nil || mostErr != nil || least < 1 || most < least {
		return nil, refuse("InvalidParameterValue", "The counts must be 1 or more, and the maximum no less than the minimum")
	}
	tags, err := q.tags()
	if err != nil {
		return nil, err
	}
	if s.available >= 0 && s.available < least {
		return nil, &failure{http.StatusInternalServerError, "InsufficientInstanceCapacity",
			"We currently do not have sufficient capacity in the Availability Zone you requested."}
	}
	made := s.launch(most, instance{tags: tags, token: token, template: template, reservation: s.reservation()})
	if token != "" {
		s.launches[token] = launch{fingerprint(q.params), made[0].reservation}
	}
	return s.reserved(made[0].reservation), nil
}

// reserved is the answer for a reservation, with its instances as they are now.
func (s *Server) reserved(id string) elements {
	var of list[instanceXML]
	for _, i := range s.instances {
		if i.reservation == id {
			of.Items = append(of.Items, s.instanceXML(i))
		}
	}
	return elements{{"reservationId", id}, {"ownerId", "000000000000"}, {"instancesSet", of}}
}

// fingerprint is all that a request asks for, without its token.
func fingerprint(params url.Values) string {
	rest := url.Values{}
	for k, v := range params {
		if k != "ClientToken" {
			rest[k] = v
		}
	}
	return rest.Encode()
}

// template is the launch template that a request names, by id or name, and at its default, latest or numbered version.
func (s *Server) template(q request) (Template, error) {
	id, name, version := q.params.Get("LaunchTemplate.LaunchTemplateId"), q.params.Get("LaunchTemplate.LaunchTemplateName"), q.params.Get("LaunchTemplate.Version")
	if id == "" && name == "" {
		return Template{}, refuse("MissingParameter", "The request must contain the parameter ImageId")
	}
	if id != "" && name != "" {
		return Template{}, refuse("InvalidParameterCombination", "Either a launch template's id or its name, not both")
	}
	for _, t := range s.templates {
		if t.ID != id && (name == "" || t.Name != name) {
			continue
		}
		if !slices.Contains([]string{"", "$Default", "$Latest", strconv.Itoa(t.Version)}, version) {
			return Template{}, refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version %s", version)
		}
		return t, nil
	}
	if id != "" {
		return Template{}, refuse("InvalidLaunchTemplateId.NotFound", "The launch template ID '%s' does not exist", id)
	}
	return Template{}, refuse("InvalidLaunchTemplateName.NotFoundException", "The specified launch template, with template name %s, does not exist.", name)
}

// tags are those for instances, of at most 128 characters and values of at most 256; "aws:" is AWS's own
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions).
func (q request) tags() (map[string]string, error) {
	tags := map[string]string{}
	for n := 1; q.params.Has("TagSpecification." + strconv.Itoa(n) + ".ResourceType"); n++ {
		prefix := "TagSpecification." + strconv.Itoa(n) + "."
		if q.params.Get(prefix+"ResourceType") != "instance" {
			continue
		}
		for m := 1; q.params.Has(prefix + "Tag." + strconv.Itoa(m) + ".Key"); m++ {
			tag := prefix + "Tag." + strconv.Itoa(m) + "."
			key, value := q.params.Get(tag+"Key"), q.params.Get(tag+"Value")
			if key == "" || len(key) > 128 || len(value) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
				return nil, refuse("InvalidParameterValue", "The tag %q is not allowed", key)
			}
			tags[key] = value
		}
	}
	if len(tags) > 50 {
		return nil, refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return tags, nil
}

type changeXML struct {
	ID       string `xml:"instanceId"`
	Code     int    `xml:"currentState>code"`
	State    string `xml:"currentState>name"`
	WasCode  int    `xml:"previousState>code"`
	WasState string `xml:"previousState>name"`
}

// terminateInstances ends all the instances or, where it does not know one, none. To end one twice does nothing
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TerminateInstances.html).
func (s *Server) terminateInstances(q request) (any, error) {
	ids := q.list("InstanceId.")
	if len(ids) == 0 {
		return nil, refuse("MissingParameter", "The request must contain the parameter InstanceId")
	}
	if err := s.knowAll(ids); err != nil {
		return nil, err
	}
	var out list[changeXML]
	for _, id := range ids {
		i := s.find(id)
		x := changeXML{ID: id, WasCode: stateCodes[i.state], WasState: i.state}
		s.end(i)
		x.Code, x.State = stateCodes[i.state], i.state
		out.Items = append(out.Items, x)
	}
	for _, g := range s.groups {
		g.settle(s)
	}
	return elements{{"instancesSet", out}}, nil
}
