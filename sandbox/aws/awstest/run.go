// Package awstest says what liveops relies on in EC2 and EC2 Auto Scaling, as checks by AWS's own library. The stand-in
// must pass all of them; another server must pass those that need nothing it is declared to lack, so that the stand-in
// cannot drift from what others understand AWS to be.
package awstest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// A Lack is something that a server does not do as AWS does it.
type Lack string

// What a server may lack.
const (
	Bounds      Lack = "refusing a desired capacity outside the group's bounds"
	Cooldown    Lack = "honouring a cooldown"
	ClientToken Lack = "launching once for one client token"
	LaunchDelay Lack = "instances that take time to be in service"
	Paging      Lack = "giving results in pages"
	Signature   Lack = "refusing a wrong signature"
	Capacity    Lack = "running out of capacity"
	Throttling  Lack = "throttling"
	LaunchCount Lack = "launching as many as the counts say"
	Unknown     Lack = "the code for a group or launch template that is not there"
)

// A Target is a server to check.
type Target struct {
	Config aws.Config
	// Group makes an Auto Scaling group with its desired capacity in service, and Template a launch template; both return
	// its name or id. Tags are those of its instances.
	Group    func(t *testing.T, least, most, desired int) string
	Template func(t *testing.T) string
	// Lacks is what the server does not do. The funcs below may be nil where it lacks what they are for.
	Lacks []Lack
	// Forward puts the server's clock forward by the time that an instance takes to be in service.
	Forward func()
	// Available says how many instances can still be launched, below 0: any number; Throttle has one request of an
	// action fail with a code.
	Available func(n int)
	Throttle  func(action, code string)
}

// A check is one thing that must hold.
type check struct {
	name  string
	needs []Lack
	run   func(*testing.T, *place)
}

// A place is where a check works.
type place struct {
	Target
	ec2     *ec2.Client
	scaling *autoscaling.Client
	mark    string // a tag's value that no other check uses
}

// Config is for a client of a server at an address.
func Config(url, region, key, secret string) aws.Config {
	return aws.Config{BaseEndpoint: &url, Region: region, Credentials: credentials.NewStaticCredentialsProvider(key, secret, ""), HTTPClient: sender{},
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }}
}

// A sender hides from net/http that a body can write itself: the library closes a body as soon as the answer begins, which a server
// that is near may do before the body was asked for its end, and WriteTo then fails (smithy-go 1.28.8, safeWriteToReadCloser).
type sender struct{}

// Do is that of aws.HTTPClient.
func (sender) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return http.DefaultClient.Do(r)
}

// Run runs every check against a target; those that need what it lacks are skipped, and say so.
func Run(t *testing.T, target Target) {
	for _, c := range slices.Concat(groupChecks(), instanceChecks(), errorChecks()) {
		t.Run(c.name, func(t *testing.T) {
			for _, need := range c.needs {
				if slices.Contains(target.Lacks, need) {
					t.Skipf("the server lacks: %s", need)
				}
			}
			c.run(t, &place{target, ec2.NewFromConfig(target.Config), autoscaling.NewFromConfig(target.Config), rand.Text()})
		})
	}
}

// must fails the test on an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused fails the test unless an error has the code.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func (p *place) group(t *testing.T, name string) astypes.AutoScalingGroup {
	t.Helper()
	out := must(p.scaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}}))(t)
	if len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%d groups are called %s", len(out.AutoScalingGroups), name)
	}
	return out.AutoScalingGroups[0]
}

func (p *place) setDesired(ctx context.Context, name string, n int, honor bool) error {
	_, err := p.scaling.SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &name, DesiredCapacity: aws.Int32(int32(n)), HonorCooldown: &honor})
	return err
}

func states(g astypes.AutoScalingGroup) map[astypes.LifecycleState]int {
	n := map[astypes.LifecycleState]int{}
	for _, i := range g.Instances {
		n[i.LifecycleState]++
	}
	return n
}

// launch asks for servers with the place's mark.
func (p *place) launch(t *testing.T, template, token string, least, most int) (*ec2.RunInstancesOutput, error) {
	t.Helper()
	return p.ec2.RunInstances(t.Context(), &ec2.RunInstancesInput{LaunchTemplate: &ec2types.LaunchTemplateSpecification{LaunchTemplateId: &template},
		MinCount: aws.Int32(int32(least)), MaxCount: aws.Int32(int32(most)), ClientToken: &token, TagSpecifications: []ec2types.TagSpecification{{
			ResourceType: ec2types.ResourceTypeInstance, Tags: []ec2types.Tag{{Key: aws.String("role"), Value: &p.mark}, {Key: aws.String("of"), Value: aws.String("awstest")}}}}})
}

// find describes the place's instances in some states, by pages of a size; 0 for all at once.
func (p *place) find(t *testing.T, size int, states ...string) (found []ec2types.Instance, pages int) {
	t.Helper()
	in := &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: aws.String("tag:role"), Values: []string{p.mark}}}}
	if len(states) > 0 {
		in.Filters = append(in.Filters, ec2types.Filter{Name: aws.String("instance-state-name"), Values: states})
	}
	if size > 0 {
		in.MaxResults = aws.Int32(int32(size))
	}
	for pager := ec2.NewDescribeInstancesPaginator(p.ec2, in); pager.HasMorePages(); pages++ {
		for _, r := range must(pager.NextPage(t.Context()))(t).Reservations {
			found = append(found, r.Instances...)
		}
	}
	return found, pages
}

func ids(instances []ec2types.Instance) (all []string) {
	for _, i := range instances {
		all = append(all, aws.ToString(i.InstanceId))
	}
	slices.Sort(all)
	return all
}

// eventually tries until it holds: a server on its own clock may take a moment.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
