package aws

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// The states of an instance
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
const (
	Pending      = "pending"
	Running      = "running"
	ShuttingDown = "shutting-down"
	Terminated   = "terminated"
)

// stateCodes are the states' numbers (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html).
var stateCodes = map[string]int{Pending: 0, Running: 16, ShuttingDown: 32, Terminated: 48}

// shownTerminated is how long a terminated instance is described
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html).
const shownTerminated = time.Hour

// An Instance is one as it stands.
type Instance struct {
	ID, State string
	Group     string // of Auto Scaling, if any
	Tags      map[string]string
	Launched  time.Time
}

type instance struct {
	number      int
	id          string
	reservation string
	group       string
	template    Template
	tags        map[string]string
	token       string
	state       string
	launched    time.Time
	ended       time.Time // when it began to shut down
}

func (i *instance) alive() bool { return i.state == Pending || i.state == Running }

// A Template is a launch template.
type Template struct {
	ID, Name     string // an id is made if there is none
	InstanceType string
	ImageID      string
	Version      int // the default and latest one; 0 means 1
}

// AddTemplate adds a launch template and returns its id.
func (s *Server) AddTemplate(t Template) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.ID == "" {
		t.ID = fmt.Sprintf("lt-%017x", s.next())
	}
	t.Version = max(t.Version, 1)
	s.templates[t.ID] = t
	return t.ID
}

// AddInstances launches instances as somebody else would, and has them running at once. It returns their ids.
func (s *Server) AddInstances(n int, tags map[string]string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, i := range s.launch(n, instance{tags: tags, reservation: s.reservation()}) {
		i.state, i.launched = Running, s.options.Now().Add(-s.options.LaunchDelay-s.options.CheckDelay-s.options.DescribeLag)
		ids = append(ids, i.id)
	}
	return ids
}

// Instances are all that were ever launched, in that order.
func (s *Server) Instances() []Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	var all []Instance
	for _, i := range s.instances {
		all = append(all, Instance{i.id, i.state, i.group, maps.Clone(i.tags), i.launched})
	}
	return all
}

// Alive counts the instances that are pending or running and have all these tags.
func (s *Server) Alive(tags map[string]string) int {
	n := 0
	for _, i := range s.Instances() {
		if i.State != Pending && i.State != Running {
			continue
		}
		has := true
		for k, v := range tags {
			has = has && i.Tags[k] == v
		}
		if has {
			n++
		}
	}
	return n
}

func (s *Server) reservation() string { return fmt.Sprintf("r-%017x", s.next()) }

// launch makes instances like one, as many as are available.
func (s *Server) launch(n int, like instance) []*instance {
	if s.available >= 0 {
		n = min(n, s.available)
		s.available -= n
	}
	var made []*instance
	for range n {
		i := like
		i.number = s.next()
		i.id, i.state, i.launched = fmt.Sprintf("i-%017x", i.number), Pending, s.options.Now()
		i.tags = maps.Clone(like.tags)
		made = append(made, &i)
	}
	s.instances = append(s.instances, made...)
	return made
}

func (s *Server) end(i *instance) {
	if i.alive() {
		i.state, i.ended = ShuttingDown, s.options.Now()
	}
}

// find is an instance by its id, if EC2's descriptions know it by now; nil if not.
func (s *Server) find(id string) *instance {
	at := slices.IndexFunc(s.instances, func(i *instance) bool { return i.id == id })
	if at < 0 || !s.shown(s.instances[at]) {
		return nil
	}
	return s.instances[at]
}

// shown says whether EC2 describes an instance: not yet, or not anymore.
func (s *Server) shown(i *instance) bool {
	now := s.options.Now()
	gone := i.state == Terminated && now.Sub(i.ended) > s.options.TerminateDelay+shownTerminated
	return !gone && now.Sub(i.launched) >= s.options.DescribeLag
}

// passed says whether a running instance has passed its status checks.
func (s *Server) passed(i *instance) bool {
	return i.state == Running && s.options.Now().Sub(i.launched) >= s.options.LaunchDelay+s.options.CheckDelay
}

// advance brings every instance, and every group, to the state that the clock says.
func (s *Server) advance() {
	now := s.options.Now()
	for _, i := range s.instances {
		switch {
		case i.state == Pending && now.Sub(i.launched) >= s.options.LaunchDelay:
			i.state = Running
		case i.state == ShuttingDown && now.Sub(i.ended) >= s.options.TerminateDelay:
			i.state = Terminated
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.groups)) {
		s.groups[name].settle(s)
	}
}
