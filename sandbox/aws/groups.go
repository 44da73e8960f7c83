package aws

import (
	"fmt"
	"slices"
	"time"
)

// defaultCooldown is a group's unless it says otherwise
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scaling-cooldowns.html).
const defaultCooldown = 300 * time.Second

// A Group is an Auto Scaling group.
type Group struct {
	Name              string
	Min, Max, Desired int
	Cooldown          time.Duration // 0 means 300 seconds
	Tags              map[string]string
}

type group struct {
	Group
	created time.Time
	changed time.Time // when its capacity was changed last; zero for never
	members []*instance
}

// AddGroup adds an Auto Scaling group, with its desired capacity in service at once.
func (s *Server) AddGroup(g Group) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g.Name == "" || g.Min < 0 || g.Desired < g.Min || g.Max < g.Desired {
		return fmt.Errorf("group %q: %d to %d servers with %d desired", g.Name, g.Min, g.Max, g.Desired)
	}
	if g.Cooldown == 0 {
		g.Cooldown = defaultCooldown
	}
	made := &group{Group: g, created: s.options.Now()}
	s.groups[g.Name] = made
	made.settle(s)
	for _, i := range made.members {
		i.state, i.launched = Running, s.options.Now().Add(-s.options.LaunchDelay-s.options.CheckDelay-s.options.DescribeLag)
	}
	return nil
}

// Group is the group of that name as it stands; the zero value if there is none.
func (s *Server) Group(name string) Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[name]; g != nil {
		return g.Group
	}
	return Group{}
}

// Scale sets a group's desired capacity as its own scaling policy does: within its bounds. It returns what was set.
func (s *Server) Scale(name string, desired int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.groups[name]
	if g == nil {
		return 0
	}
	g.resize(s, min(max(desired, g.Min), g.Max))
	return g.Desired
}

// Bound sets a group's bounds; a desired capacity outside them is brought within
// (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html).
func (s *Server) Bound(name string, least, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.groups[name]; g != nil {
		g.Min, g.Max = least, most
		g.resize(s, min(max(g.Desired, least), most))
	}
}

// resize sets the desired capacity and begins to bring the group there.
func (g *group) resize(s *Server, desired int) {
	if desired == g.Desired {
		return
	}
	g.Desired, g.changed = desired, s.options.Now()
	g.settle(s)
}

// settle forgets members that ended, and launches or ends some until as many are alive as are desired. Those that
// are there longest end first.
func (g *group) settle(s *Server) {
	g.members = slices.DeleteFunc(g.members, func(i *instance) bool { return i.state == Terminated })
	var alive []*instance
	for _, i := range g.members {
		if i.alive() {
			alive = append(alive, i)
		}
	}
	for len(alive) > g.Desired {
		s.end(alive[0])
		alive = alive[1:]
	}
	if missing := g.Desired - len(alive); missing > 0 {
		tags := map[string]string{"aws:autoscaling:groupName": g.Name}
		for k, v := range g.Tags {
			tags[k] = v
		}
		g.members = append(g.members, s.launch(missing, instance{group: g.Name, tags: tags, reservation: s.reservation()})...)
	}
}

// cooling says whether the group still cools down from its last change.
func (g *group) cooling(now time.Time) bool {
	return !g.changed.IsZero() && now.Sub(g.changed) < g.Cooldown
}
