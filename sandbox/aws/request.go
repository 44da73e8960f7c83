package aws

import (
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// The services, by their names in a credential scope.
const (
	ec2Service         = "ec2"
	autoScalingService = "autoscaling"
)

// maxBody bounds what a request may bring.
const maxBody = 1 << 20

// A request is one action with its parameters, as the query protocols send them.
type request struct {
	service, action string
	params          url.Values
}

// A failure is what AWS answers instead of a result.
type failure struct {
	status        int
	code, message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func refuse(code, format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

// an action takes a request and returns what stands in the answer: a value that XML marshals.
type action func(*Server, request) (any, error)

// actions are all that the stand-in knows, by service and name.
var actions = map[string]map[string]action{
	autoScalingService: {
		"DescribeAutoScalingGroups":           (*Server).describeGroups,
		"DescribeAutoScalingInstances":        (*Server).describeMembers,
		"SetDesiredCapacity":                  (*Server).setDesiredCapacity,
		"TerminateInstanceInAutoScalingGroup": (*Server).terminateMember,
	},
	ec2Service: {
		"DescribeInstances":      (*Server).describeInstances,
		"DescribeInstanceStatus": (*Server).describeStatus,
		"RunInstances":           (*Server).runInstances,
		"TerminateInstances":     (*Server).terminateInstances,
	},
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		s.answer(w, ec2Service, "", nil, refuse("MalformedQueryString", "%v", err))
		return
	}
	service, err := s.verify(r, body)
	if err != nil {
		s.answer(w, service, "", nil, err)
		return
	}
	params, err := url.ParseQuery(string(body))
	if err != nil {
		s.answer(w, service, "", nil, refuse("MalformedQueryString", "The query string contains a syntax error."))
		return
	}
	q := request{service, params.Get("Action"), params}
	do := actions[service][q.action]
	if do == nil {
		s.answer(w, service, q.action, nil, refuse("InvalidAction", "The action %s is not valid for this web service.", q.action))
		return
	}
	result, err, lost := s.perform(q, do)
	if lost {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	s.answer(w, service, q.action, result, err)
}

// perform does an action, unless a fault keeps it from being done or being answered.
func (s *Server) perform(q request, do action) (result any, err error, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, Call{q.action, q.params})
	s.advance()
	fault := s.hit(q.action)
	switch {
	case fault.Code != "":
		return nil, &failure{statusOf(fault.Code), fault.Code, "on demand"}, false
	case fault.LoseRequest:
		return nil, nil, true
	}
	result, err = do(s, q)
	return result, err, fault.LoseAnswer
}

// answer writes a result or an error in the form of its service
// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html).
func (s *Server) answer(w http.ResponseWriter, service, action string, result any, err error) {
	s.mu.Lock()
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", s.next())
	s.mu.Unlock()
	status, out := http.StatusOK, result
	switch f, failed := err.(*failure); {
	case failed:
		status, out = f.status, errorBody(service, id, f)
	case err != nil:
		status, out = http.StatusInternalServerError, errorBody(service, id, refuse("InternalError", "%v", err))
	case service == autoScalingService:
		out = &autoScalingAnswer{XMLName: xml.Name{Local: action + "Response"}, Space: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
			Result: &named{xml.Name{Local: action + "Result"}, result}, RequestID: id}
	default:
		out = &ec2Answer{XMLName: xml.Name{Local: action + "Response"}, Space: "http://ec2.amazonaws.com/doc/2016-11-15/", RequestID: id, Result: result}
	}
	text, err := xml.Marshal(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	text = append([]byte(xml.Header), text...)
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // who went away needs no answer
}
