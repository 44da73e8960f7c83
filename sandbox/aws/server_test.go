package aws_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	sandbox "liveops/sandbox/aws"
	"liveops/sandbox/aws/awstest"
)

// clock is one that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func start(t *testing.T, o sandbox.Options) *sandbox.Server {
	t.Helper()
	s, err := sandbox.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestConformance(t *testing.T) {
	c := &clock{at: time.Date(2026, 12, 24, 19, 0, 0, 0, time.UTC)}
	s := start(t, sandbox.Options{Region: "ap-northeast-2", AccessKey: "key", Secret: "secret", Now: c.now,
		LaunchDelay: 90 * time.Second, CheckDelay: 30 * time.Second, TerminateDelay: 30 * time.Second})
	key, secret := s.Access()
	groups := 0
	awstest.Run(t, awstest.Target{Config: awstest.Config(s.URL(), s.Region(), key, secret),
		Group: func(t *testing.T, least, most, desired int) string {
			t.Helper()
			groups++
			name := fmt.Sprintf("group-%d", groups)
			if err := s.AddGroup(sandbox.Group{Name: name, Min: least, Max: most, Desired: desired}); err != nil {
				t.Fatal(err)
			}
			return name
		},
		Template: func(*testing.T) string {
			return s.AddTemplate(sandbox.Template{InstanceType: "t3.micro", ImageID: "ami-1"})
		},
		Forward:   func() { c.forward(90 * time.Second) },
		Available: s.SetAvailable,
		Throttle:  func(action, code string) { s.Inject(sandbox.Fault{Actions: []string{action}, Code: code, Times: 1}) },
	})
}

func TestConformanceOfMoto(t *testing.T) { awstest.Run(t, awstest.Moto(t)) }
