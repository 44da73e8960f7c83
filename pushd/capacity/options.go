package capacity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// Options say whose servers a Keeper keeps. Exactly one of AutoScalingGroup and LaunchTemplate is given.
type Options struct {
	// Environment is the name that leases and tags have.
	Environment string
	// AutoScalingGroup is the name of the group whose desired capacity is set.
	AutoScalingGroup string
	// LaunchTemplate is what servers are launched from, and Servers the tags, at least one, that mark the running ones: each has
	// all of them. They are set on those that are launched too.
	LaunchTemplate LaunchTemplate
	Servers        []Tag
	// Region is AWS's; empty means that of AWS's own settings (AWS_REGION, the shared configuration).
	Region string
	// Endpoint is the base URL of a stand-in for AWS; empty means AWS.
	Endpoint string
	// Access is the key for a stand-in; empty means AWS's own chain of credentials
	// (https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html).
	Access Access
	Ledger Ledger
	// DryRun has everything said and nothing done, neither in AWS nor in the ledger. AWS is still asked what is there.
	DryRun bool

	// HTTP sends the requests to EC2 and EC2 Auto Scaling; nil means a client of its own.
	HTTP interface {
		Do(*http.Request) (*http.Response, error)
	}
	// Now is the clock, and Wait waits on it for a time, or until the context ends, whose error it then returns. Jitter is a
	// number from 0 up to 1 that spreads the waits. Nil means the machine's.
	Now    func() time.Time
	Wait   func(context.Context, time.Duration) error
	Jitter func() float64
}

// A LaunchTemplate is named by its id or its name. Version is a number, $Latest or $Default; empty means $Default.
type LaunchTemplate struct{ ID, Name, Version string }

// A Tag of an instance.
type Tag struct{ Key, Value string }

// An Access is an access key of AWS.
type Access struct{ Key, Secret string }

// A Want is what one run asks for.
type Want struct {
	// Run names the run, unlike any other of the environment.
	Run string
	// Factor is how many times the servers, from 1 to 100.
	Factor float64
	// Max is how many servers there may be in all, above 0. An Auto Scaling group's own maximum counts too.
	Max int
	// Until is when they are given back.
	Until time.Time
}

// complete fills in defaults, and says what is wrong.
func (o *Options) complete() error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	plain := o.LaunchTemplate != LaunchTemplate{}
	o.Servers = slices.SortedFunc(slices.Values(o.Servers), func(a, b Tag) int { return cmp.Compare(a.Key, b.Key) }) // tokens are made of them
	switch {
	case o.Environment == "":
		return errors.New("no environment is named")
	case o.Ledger == nil:
		return errors.New("there is no ledger")
	case plain == (o.AutoScalingGroup != ""):
		return errors.New("either an Auto Scaling group or a launch template says where servers come from")
	case plain && (o.LaunchTemplate.ID == "") == (o.LaunchTemplate.Name == ""):
		return errors.New("a launch template has either an id or a name")
	case plain && (len(o.Servers) == 0 || slices.ContainsFunc(o.Servers, func(t Tag) bool { return t.Key == "" || t.Value == "" })):
		return errors.New("tags, each with key and value, must mark the servers")
	}
	return nil
}

func (w Want) check() error {
	switch {
	case w.Run == "":
		return errors.New("no run is named")
	case !(w.Factor >= 1 && w.Factor <= 100):
		return fmt.Errorf("factor %v: it must be from 1 to 100", w.Factor)
	case w.Max < 1:
		return fmt.Errorf("maximum %d: it must be above 0", w.Max)
	case w.Until.IsZero():
		return errors.New("nothing says until when")
	}
	return nil
}

// wait is Options.Wait on the machine's clock.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
