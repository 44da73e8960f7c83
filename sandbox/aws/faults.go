package aws

import (
	"net/http"
	"slices"
)

// A Fault makes requests fail. Exactly one of Code, LoseRequest and LoseAnswer says how.
type Fault struct {
	// Actions are those that it hits; none means all.
	Actions []string
	// Code is the error that is answered; nothing is done. RequestLimitExceeded is EC2's throttling, Throttling Auto Scaling's.
	Code string
	// LoseRequest ends the connection before anything is done, LoseAnswer after it is done.
	LoseRequest, LoseAnswer bool
	// Times is how many requests it hits before it is spent; 0 for no end.
	Times int
}

// Inject makes requests fail from now on. Of several faults that hit a request the first one injected counts.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// ClearFaults ends all faults.
func (s *Server) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// hit is the fault that hits an action; the zero value for none.
func (s *Server) hit(action string) Fault {
	for i, f := range s.faults {
		if len(f.Actions) > 0 && !slices.Contains(f.Actions, action) {
			continue
		}
		hit := *f
		if f.Times--; f.Times == 0 {
			s.faults = slices.Delete(s.faults, i, i+1)
		}
		return hit
	}
	return Fault{}
}

// statusOf is the HTTP status of an error on demand. EC2 throttles with 503 and lacks capacity with a status of the 500
// series (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, Server error codes); Auto Scaling
// throttles with 400 (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html).
func statusOf(code string) int {
	switch code {
	case "RequestLimitExceeded", "Unavailable", "ServiceUnavailable":
		return http.StatusServiceUnavailable
	case "InsufficientInstanceCapacity", "InternalError", "InternalFailure":
		return http.StatusInternalServerError
	case "AccessDenied", "UnauthorizedOperation":
		return http.StatusForbidden
	}
	return http.StatusBadRequest
}
