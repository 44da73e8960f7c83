package capacity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go/logging"
)

// connect makes AWS's clients. They try each request once: Keeper.retry does the rest, by the injected clock.
func connect(ctx context.Context, o Options) (group, error) {
	loads := []func(*config.LoadOptions) error{config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
		config.WithLogger(logging.Nop{})}
	if o.Region != "" {
		loads = append(loads, config.WithRegion(o.Region))
	}
	if o.Access != (Access{}) {
		loads = append(loads, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.Access.Key, o.Access.Secret, "")))
	}
	c, err := config.LoadDefaultConfig(ctx, loads...)
	if err != nil {
		return nil, fmt.Errorf("reading AWS's settings: %w", err)
	}
	if c.Region == "" {
		return nil, errors.New("no region of AWS is named")
	}
	if o.HTTP != nil {
		c.HTTPClient = o.HTTP
	}
	if c.HTTPClient == nil {
		c.HTTPClient = awshttp.NewBuildableClient()
	}
	c.HTTPClient = sender{c.HTTPClient}
	if o.Endpoint != "" {
		c.BaseEndpoint = &o.Endpoint
	}
	if o.AutoScalingGroup != "" {
		return &scalingGroup{o.AutoScalingGroup, autoscaling.NewFromConfig(c)}, nil
	}
	return &plainServers{o, ec2.NewFromConfig(c)}, nil
}

// A sender sends requests whose bodies can only be read. The library closes a body as soon as the answer begins; where
// net/http then still asks for more than the content's length, a body that writes itself fails (smithy-go 1.28.8,
// safeWriteToReadCloser), and the connection is closed under the answer.
type sender struct{ client aws.HTTPClient }

// Do is that of aws.HTTPClient.
func (s sender) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return s.client.Do(r)
}

// A scalingGroup is an Auto Scaling group.
type scalingGroup struct {
	name   string
	client *autoscaling.Client
}

func (g *scalingGroup) look(ctx context.Context, leases book) (standing, error) {
	out, err := g.client.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{g.name}})
	if err != nil {
		return standing{}, fmt.Errorf("asking for the Auto Scaling group %s: %w", g.name, err)
	}
	if len(out.AutoScalingGroups) != 1 {
		return standing{}, fmt.Errorf("there is no Auto Scaling group %s in this region", g.name)
	}
	found := out.AutoScalingGroups[0]
	s := standing{total: number(found.DesiredCapacity), least: number(found.MinSize), most: number(found.MaxSize)}
	for _, i := range found.Instances {
		if i.LifecycleState == types.LifecycleStateInService && aws.ToString(i.HealthStatus) != "Unhealthy" {
			s.inService += weight(i)
		}
	}
	s.own, s.floor = stand(leases, s.total)
	return s, nil
}

// weight is how many units of the desired capacity an instance is
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups-instance-weighting.html).
func weight(i types.Instance) int {
	n, err := strconv.Atoi(aws.ToString(i.WeightedCapacity))
	if err != nil {
		return 1 // the group has no weights
	}
	return n
}

func (g *scalingGroup) raise(ctx context.Context, l Lease) (added int, err error) {
	return l.To - l.From, g.set(ctx, l.To)
}

func (g *scalingGroup) lower(ctx context.Context, l Lease, _ []server) error { return g.set(ctx, l.To) }

// set sets the desired capacity whether or not the group cools down.
func (g *scalingGroup) set(ctx context.Context, n int) error {
	if n > math.MaxInt32 {
		return fmt.Errorf("%d servers are too many", n)
	}
	_, err := g.client.SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &g.name,
		DesiredCapacity: aws.Int32(int32(n)), HonorCooldown: aws.Bool(false)})
	if err != nil {
		return fmt.Errorf("setting the desired capacity of %s to %d: %w", g.name, n, err)
	}
	return nil
}

func number(n *int32) int { return int(aws.ToInt32(n)) }
