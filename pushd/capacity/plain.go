package capacity

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// The tags of instances that liveops launched, and may terminate.
const (
	environmentTag = "liveops:environment"
	leaseTag       = "liveops:lease"
)

const (
	// atOnce is how many instances one request launches: AWS recommends to split larger launches
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html).
	atOnce = 100
	// statusesAtOnce is how many instances DescribeInstanceStatus takes by id
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html).
	statusesAtOnce = 100
	// pageSize is how many instances a page of DescribeInstances has at most
	// (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html).
	pageSize = 1000
)

// plainServers are EC2 instances with some tags.
type plainServers struct {
	options Options
	client  *ec2.Client
}

func (p *plainServers) look(ctx context.Context, _ book) (standing, error) {
	marked := []types.Filter{where("instance-state-name", "pending", "running")}
	for _, t := range p.options.Servers {
		marked = append(marked, where("tag:"+t.Key, literal(t.Value)))
	}
	found, err := p.find(ctx, marked...)
	if err != nil {
		return standing{}, err
	}
	s := standing{total: len(found), most: math.MaxInt32, ours: []server{}}
	var running []string
	for _, i := range found {
		runs := i.State != nil && i.State.Name == types.InstanceStateNameRunning
		switch {
		case tag(i, environmentTag) != p.options.Environment:
			s.own++
			if runs {
				s.inService++
			}
		default:
			s.ours = append(s.ours, server{aws.ToString(i.InstanceId), tag(i, leaseTag), aws.ToTime(i.LaunchTime).Unix()})
			if runs {
				running = append(running, aws.ToString(i.InstanceId))
			}
		}
	}
	s.floor = s.own
	passed, err := p.passed(ctx, running)
	s.inService += passed
	return s, err
}

// find describes the instances that filters let through.
func (p *plainServers) find(ctx context.Context, filters ...types.Filter) (found []types.Instance, err error) {
	for pager := ec2.NewDescribeInstancesPaginator(p.client, &ec2.DescribeInstancesInput{Filters: filters, MaxResults: aws.Int32(pageSize)}); pager.HasMorePages(); {
		out, err := pager.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking for the instances of %s: %w", p.options.Environment, err)
		}
		for _, r := range out.Reservations {
			found = append(found, r.Instances...)
		}
	}
	return found, nil
}

// passed counts the running instances whose status checks have passed.
func (p *plainServers) passed(ctx context.Context, ids []string) (n int, err error) {
	for some := range slices.Chunk(ids, statusesAtOnce) {
		out, err := p.client.DescribeInstanceStatus(ctx, &ec2.DescribeInstanceStatusInput{InstanceIds: some})
		if err != nil {
			return 0, fmt.Errorf("asking for the status checks of %s: %w", p.options.Environment, err)
		}
		for _, s := range out.InstanceStatuses {
			if s.InstanceStatus != nil && s.InstanceStatus.Status == types.SummaryStatusOk && s.SystemStatus != nil && s.SystemStatus.Status == types.SummaryStatusOk {
				n++
			}
		}
	}
	return n, nil
}

func (p *plainServers) raise(ctx context.Context, l Lease) (added int, err error) {
	for part, size := range parts(l) {
		launched, err := p.run(ctx, l, part, size)
		if err != nil {
			return 0, err
		}
		added += launched
	}
	return added, nil
}

// parts are the sizes of the requests that a lease's call is made of. They follow from the lease alone, so that its call can be
// made again.
func parts(l Lease) (sizes []int) {
	for left := l.To - l.From; left > 0; left -= atOnce {
		sizes = append(sizes, min(left, atOnce))
	}
	return sizes
}

// run launches one part, or as much of it as there is room for. For the same lease, call and part it launches once.
func (p *plainServers) run(ctx context.Context, l Lease, part, size int) (launched int, err error) {
	var tags []types.Tag
	for _, t := range append(slices.Clone(p.options.Servers), Tag{environmentTag, l.Environment}, Tag{leaseTag, l.id()}) {
		tags = append(tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	in := &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(int32(size)), ClientToken: aws.String(l.token(p.options.Servers, part)),
		LaunchTemplate:    &types.LaunchTemplateSpecification{Version: aws.String("$Default")},
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: tags}}}
	if t := p.options.LaunchTemplate; t.ID != "" {
		in.LaunchTemplate.LaunchTemplateId = &t.ID
	} else {
		in.LaunchTemplate.LaunchTemplateName = &t.Name
	}
	if v := p.options.LaunchTemplate.Version; v != "" {
		in.LaunchTemplate.Version = &v
	}
	out, err := p.client.RunInstances(ctx, in)
	switch {
	case has(err, noRoom):
		return 0, nil
	case has(err, "IdempotentParameterMismatch"):
		return 0, nil // it was launched with other settings, before: look will see
	case err != nil:
		return 0, fmt.Errorf("launching %d instances for %s: %w", size, p.options.Environment, err)
	}
	for _, i := range out.Instances { // those of a call that is made again may have ended
		if i.State == nil || i.State.Name == types.InstanceStateNamePending || i.State.Name == types.InstanceStateNameRunning {
			launched++
		}
	}
	return launched, nil
}

// filterValues is how many values the filters of a request may have
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html).
const filterValues = 200

// watch counts what is described of what the tokens of a call launched, also where it has ended.
func (p *plainServers) watch(ctx context.Context, l Lease, launched int) error {
	var tokens []string
	for part := range parts(l) {
		tokens = append(tokens, l.token(p.options.Servers, part))
	}
	for some := range slices.Chunk(tokens, filterValues) {
		found, err := p.find(ctx, where("client-token", some...))
		if err != nil {
			return err
		}
		launched -= len(found)
	}
	if launched > 0 {
		return errUnseen
	}
	return nil
}

// lower terminates as many of the surplus as make the difference.
func (p *plainServers) lower(ctx context.Context, l Lease, surplus []server) error {
	var ids []string
	for _, s := range surplus[:min(l.From-l.To, len(surplus))] {
		ids = append(ids, s.id)
	}
	for some := range slices.Chunk(ids, pageSize) {
		if _, err := p.client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: some}); err != nil {
			return fmt.Errorf("terminating %d instances of %s: %w", len(some), p.options.Environment, err)
		}
	}
	return nil
}

func where(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

// literal takes the meaning from * and ? in a filter's value
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html).
func literal(value string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(value)
}

func tag(i types.Instance, key string) string {
	for _, t := range i.Tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}
