package awstest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

func groupChecks() []check {
	return []check{
		{"a group has its bounds, its desired capacity and as many instances", nil, func(t *testing.T, p *place) {
			g := p.group(t, p.Group(t, 1, 10, 3))
			if *g.MinSize != 1 || *g.MaxSize != 10 || *g.DesiredCapacity != 3 || len(g.Instances) != 3 || states(g)["InService"] != 3 {
				t.Errorf("min %d, max %d, desired %d, %v", *g.MinSize, *g.MaxSize, *g.DesiredCapacity, states(g))
			}
		}},
		{"a group that is not there is not described", nil, func(t *testing.T, p *place) {
			out := must(p.scaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"none"}}))(t)
			if len(out.AutoScalingGroups) != 0 {
				t.Errorf("%d groups", len(out.AutoScalingGroups))
			}
		}},
		{"a higher desired capacity launches instances, a lower one ends some", nil, func(t *testing.T, p *place) {
			name := p.Group(t, 1, 10, 2)
			for _, want := range []int{5, 1} {
				if err := p.setDesired(t.Context(), name, want, false); err != nil {
					t.Fatal(err)
				}
				p.forward()
				p.forward()
				if g := p.group(t, name); int(*g.DesiredCapacity) != want || states(g)["InService"] != want {
					t.Errorf("desired %d, %v, want %d", *g.DesiredCapacity, states(g), want)
				}
			}
		}},
		{"an instance is pending until its time has passed", []Lack{LaunchDelay}, func(t *testing.T, p *place) {
			name := p.Group(t, 1, 10, 2)
			if err := p.setDesired(t.Context(), name, 4, false); err != nil {
				t.Fatal(err)
			}
			if n := states(p.group(t, name)); n["Pending"] != 2 || n["InService"] != 2 {
				t.Errorf("%v", n)
			}
			p.forward()
			if n := states(p.group(t, name)); n["InService"] != 4 {
				t.Errorf("later: %v", n)
			}
		}},
		{"a desired capacity above the maximum or below the minimum is refused", []Lack{Bounds}, func(t *testing.T, p *place) {
			name := p.Group(t, 2, 5, 3)
			refused(t, p.setDesired(t.Context(), name, 6, false), "ValidationError")
			refused(t, p.setDesired(t.Context(), name, 1, false), "ValidationError")
			if g := p.group(t, name); *g.DesiredCapacity != 3 {
				t.Errorf("desired %d", *g.DesiredCapacity)
			}
		}},
		{"a group that is not there cannot be set", []Lack{Unknown}, func(t *testing.T, p *place) {
			refused(t, p.setDesired(t.Context(), "none", 1, false), "ValidationError")
		}},
		{"a cooldown blocks only who honours it", []Lack{Cooldown}, func(t *testing.T, p *place) {
			name := p.Group(t, 1, 10, 2)
			if err := p.setDesired(t.Context(), name, 3, true); err != nil {
				t.Fatalf("before any change: %v", err)
			}
			refused(t, p.setDesired(t.Context(), name, 4, true), "ScalingActivityInProgress")
			if err := p.setDesired(t.Context(), name, 4, false); err != nil {
				t.Error(err)
			}
		}},
		{"an instance that is terminated with a decrement is not replaced", nil, func(t *testing.T, p *place) { terminate(t, p, true, 2) }},
		{"an instance that is terminated without a decrement is replaced", nil, func(t *testing.T, p *place) { terminate(t, p, false, 3) }},
		{"a decrement does not go below the minimum", []Lack{Bounds}, func(t *testing.T, p *place) {
			g := p.group(t, p.Group(t, 2, 5, 2))
			_, err := p.scaling.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
				InstanceId: g.Instances[0].InstanceId, ShouldDecrementDesiredCapacity: aws.Bool(true)})
			refused(t, err, "ValidationError")
		}},
		{"groups come in pages", []Lack{Paging}, func(t *testing.T, p *place) {
			var names, got []string
			for range 5 {
				names = append(names, p.Group(t, 0, 1, 0))
			}
			pages := 0
			pager := autoscaling.NewDescribeAutoScalingGroupsPaginator(p.scaling, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names, MaxRecords: aws.Int32(2)})
			for ; pager.HasMorePages(); pages++ {
				for _, g := range must(pager.NextPage(t.Context()))(t).AutoScalingGroups {
					got = append(got, *g.AutoScalingGroupName)
				}
			}
			slices.Sort(names)
			slices.Sort(got)
			if pages != 3 || !slices.Equal(names, got) {
				t.Errorf("%d pages of %v, want 3 of %v", pages, got, names)
			}
		}},
		{"the instances of groups come in pages of 50", []Lack{Paging}, func(t *testing.T, p *place) {
			name, seen, pages := p.Group(t, 0, 70, 70), map[string]bool{}, 0
			for pager := autoscaling.NewDescribeAutoScalingInstancesPaginator(p.scaling, &autoscaling.DescribeAutoScalingInstancesInput{}); pager.HasMorePages(); pages++ {
				out := must(pager.NextPage(t.Context()))(t)
				if len(out.AutoScalingInstances) > 50 {
					t.Errorf("a page of %d", len(out.AutoScalingInstances))
				}
				for _, i := range out.AutoScalingInstances {
					if *i.AutoScalingGroupName == name {
						seen[*i.InstanceId] = true
					}
				}
			}
			if len(seen) != 70 || pages < 2 {
				t.Errorf("%d instances on %d pages", len(seen), pages)
			}
			_, err := p.scaling.DescribeAutoScalingInstances(t.Context(), &autoscaling.DescribeAutoScalingInstancesInput{MaxRecords: aws.Int32(51)})
			refused(t, err, "ValidationError")
		}},
	}
}

func (p *place) forward() {
	if p.Forward != nil {
		p.Forward()
	}
}

// terminate ends one of three instances and says how many the group must have then, none of them the one that ended.
func terminate(t *testing.T, p *place, decrement bool, want int) {
	t.Helper()
	name := p.Group(t, 1, 5, 3)
	id := p.group(t, name).Instances[0].InstanceId
	must(p.scaling.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: id, ShouldDecrementDesiredCapacity: &decrement}))(t)
	p.forward()
	p.forward()
	eventually(t, fmt.Sprintf("%d in service", want), func() bool {
		g := p.group(t, name)
		for _, i := range g.Instances {
			if *i.InstanceId == *id {
				return false
			}
		}
		return int(*g.DesiredCapacity) == want && states(g)["InService"] == want
	})
}
