package awstest

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func instanceChecks() []check {
	return []check{
		{"a launch template's instances are found by their tags and states", nil, func(t *testing.T, p *place) {
			out := must(p.launch(t, p.Template(t), p.mark, 3, 3))(t)
			if len(out.Instances) != 3 {
				t.Fatalf("%d instances", len(out.Instances))
			}
			p.forward()
			found, _ := p.find(t, 0, "running")
			if !slices.Equal(ids(found), ids(out.Instances)) {
				t.Errorf("found %v, launched %v", ids(found), ids(out.Instances))
			}
			if n, _ := p.find(t, 0, "terminated"); len(n) != 0 {
				t.Errorf("%d are terminated", len(n))
			}
			for _, i := range found {
				tags := map[string]string{}
				for _, tag := range i.Tags {
					tags[*tag.Key] = *tag.Value
				}
				if tags["role"] != p.mark || tags["of"] != "awstest" {
					t.Errorf("%s has the tags %v", *i.InstanceId, tags)
				}
			}
		}},
		{"an instance is pending until its time has passed, and its checks pass", []Lack{LaunchDelay}, func(t *testing.T, p *place) {
			must(p.launch(t, p.Template(t), p.mark, 2, 2))(t)
			if found, _ := p.find(t, 0, "pending"); len(found) != 2 {
				t.Errorf("%d are pending", len(found))
			}
			p.forward()
			if found, _ := p.find(t, 0, "running"); len(found) != 2 {
				t.Errorf("%d are running", len(found))
			}
		}},
		{"the status checks of running instances pass", nil, func(t *testing.T, p *place) {
			out := must(p.launch(t, p.Template(t), p.mark, 2, 2))(t)
			p.forward()
			p.forward()
			status := must(p.ec2.DescribeInstanceStatus(t.Context(), &ec2.DescribeInstanceStatusInput{InstanceIds: ids(out.Instances)}))(t)
			if len(status.InstanceStatuses) != 2 {
				t.Fatalf("%d statuses", len(status.InstanceStatuses))
			}
			for _, s := range status.InstanceStatuses {
				if s.InstanceStatus.Status != ec2types.SummaryStatusOk || s.SystemStatus.Status != ec2types.SummaryStatusOk {
					t.Errorf("%s: %s, %s", *s.InstanceId, s.InstanceStatus.Status, s.SystemStatus.Status)
				}
			}
		}},
		{"a launch is of the maximum where there is that much", []Lack{LaunchCount}, func(t *testing.T, p *place) {
			if out := must(p.launch(t, p.Template(t), p.mark, 1, 3))(t); len(out.Instances) != 3 {
				t.Errorf("%d instances", len(out.Instances))
			}
		}},
		{"the same token launches once", []Lack{ClientToken}, func(t *testing.T, p *place) {
			template := p.Template(t)
			first := must(p.launch(t, template, p.mark, 1, 3))(t)
			p.forward()
			again := must(p.launch(t, template, p.mark, 1, 3))(t)
			found, _ := p.find(t, 0)
			if !slices.Equal(ids(first.Instances), ids(again.Instances)) || len(found) != 3 {
				t.Errorf("first %v, again %v, %d found", ids(first.Instances), ids(again.Instances), len(found))
			}
			if again.Instances[0].State.Name != ec2types.InstanceStateNameRunning || aws.ToString(found[0].ClientToken) != p.mark {
				t.Errorf("again: %s, token %q", again.Instances[0].State.Name, aws.ToString(found[0].ClientToken))
			}
		}},
		{"the same token after the instances have ended launches none", []Lack{ClientToken}, func(t *testing.T, p *place) {
			template := p.Template(t)
			first := must(p.launch(t, template, p.mark, 1, 2))(t)
			must(p.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: ids(first.Instances)}))(t)
			p.forward()
			again := must(p.launch(t, template, p.mark, 1, 2))(t)
			if !slices.Equal(ids(first.Instances), ids(again.Instances)) || again.Instances[0].State.Name != ec2types.InstanceStateNameTerminated {
				t.Errorf("%v, %s", ids(again.Instances), again.Instances[0].State.Name)
			}
		}},
		{"the same token with another count is refused", []Lack{ClientToken}, func(t *testing.T, p *place) {
			template := p.Template(t)
			must(p.launch(t, template, p.mark, 1, 3))(t)
			_, err := p.launch(t, template, p.mark, 1, 4)
			refused(t, err, "IdempotentParameterMismatch")
			_, err = p.launch(t, template, strings.Repeat("x", 65), 1, 1)
			refused(t, err, "InvalidParameterValue")
		}},
		{"an instance that is terminated ends", nil, func(t *testing.T, p *place) {
			out := must(p.launch(t, p.Template(t), p.mark, 3, 3))(t)
			p.forward()
			one := ids(out.Instances)[:1]
			for range 2 { // a second time does nothing
				must(p.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: one}))(t)
				p.forward()
			}
			ended, _ := p.find(t, 0, "terminated")
			running, _ := p.find(t, 0, "running")
			if !slices.Equal(ids(ended), one) || len(running) != 2 {
				t.Errorf("ended %v, want %v; %d are running", ids(ended), one, len(running))
			}
		}},
		{"instances come in pages", []Lack{Paging}, func(t *testing.T, p *place) {
			out := must(p.launch(t, p.Template(t), p.mark, 12, 12))(t)
			found, pages := p.find(t, 5)
			if pages != 3 || !slices.Equal(ids(found), ids(out.Instances)) {
				t.Errorf("%d on %d pages", len(found), pages)
			}
			_, err := p.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(5), InstanceIds: ids(found)[:1]})
			refused(t, err, "InvalidParameterCombination")
		}},
	}
}
