package awstest

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func errorChecks() []check {
	return []check{
		{"an instance that is not there cannot be terminated, nor one beside it", nil, func(t *testing.T, p *place) {
			out := must(p.launch(t, p.Template(t), p.mark, 1, 1))(t)
			p.forward()
			_, err := p.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: append(ids(out.Instances), "i-0000000000000ffff")})
			refused(t, err, "InvalidInstanceID.NotFound")
			if found, _ := p.find(t, 0, "running"); len(found) != 1 {
				t.Errorf("%d are running", len(found))
			}
		}},
		{"a launch template that is not there is refused", []Lack{Unknown}, func(t *testing.T, p *place) {
			_, err := p.launch(t, "lt-0000000000000ffff", p.mark, 1, 1)
			refused(t, err, "InvalidLaunchTemplateId.NotFound")
		}},
		{"a launch of none, and of more at least than at most, is refused", []Lack{LaunchCount}, func(t *testing.T, p *place) {
			for _, count := range [][2]int{{0, 0}, {3, 2}} {
				_, err := p.launch(t, p.Template(t), p.mark, count[0], count[1])
				refused(t, err, "InvalidParameterValue")
			}
		}},
		{"a launch takes what there is, if that is enough", []Lack{Capacity}, func(t *testing.T, p *place) {
			template := p.Template(t)
			p.Available(2)
			t.Cleanup(func() { p.Available(-1) })
			_, err := p.launch(t, template, p.mark+"1", 3, 5)
			refused(t, err, "InsufficientInstanceCapacity")
			out := must(p.launch(t, template, p.mark+"2", 1, 5))(t)
			if len(out.Instances) != 2 {
				t.Errorf("%d were launched", len(out.Instances))
			}
			_, err = p.launch(t, template, p.mark+"3", 1, 5)
			refused(t, err, "InsufficientInstanceCapacity")
		}},
		{"a group launches what there is, and the rest later", []Lack{Capacity}, func(t *testing.T, p *place) {
			name := p.Group(t, 0, 10, 1)
			p.Available(2)
			t.Cleanup(func() { p.Available(-1) })
			if err := p.setDesired(t.Context(), name, 6, false); err != nil {
				t.Fatal(err)
			}
			p.forward()
			if n := states(p.group(t, name)); n["InService"] != 3 {
				t.Errorf("%v", n)
			}
			p.Available(-1)
			p.forward()
			if n := states(p.group(t, name)); n["InService"] != 6 {
				t.Errorf("later: %v", n)
			}
		}},
		{"requests are throttled", []Lack{Throttling}, func(t *testing.T, p *place) {
			p.Throttle("DescribeInstances", "RequestLimitExceeded")
			_, err := p.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
			refused(t, err, "RequestLimitExceeded")
			p.Throttle("DescribeAutoScalingGroups", "Throttling")
			_, err = p.scaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
			refused(t, err, "Throttling")
			p.find(t, 0) // and then no more
		}},
		{"a wrong key, a wrong secret and a wrong region are refused", []Lack{Signature}, func(t *testing.T, p *place) {
			right := must(p.Config.Credentials.Retrieve(t.Context()))(t)
			for _, wrong := range []struct{ key, secret, region, ec2, scaling string }{
				{"other", right.SecretAccessKey, p.Config.Region, "AuthFailure", "InvalidClientTokenId"},
				{right.AccessKeyID, "other", p.Config.Region, "AuthFailure", "SignatureDoesNotMatch"},
				{right.AccessKeyID, right.SecretAccessKey, "mars-1", "AuthFailure", "SignatureDoesNotMatch"},
			} {
				c := p.Config.Copy()
				c.Region, c.Credentials = wrong.region, credentials.NewStaticCredentialsProvider(wrong.key, wrong.secret, "")
				_, err := ec2.NewFromConfig(c).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
				refused(t, err, wrong.ec2)
				_, err = autoscaling.NewFromConfig(c).DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
				refused(t, err, wrong.scaling)
			}
			c := p.Config.Copy()
			c.Credentials = aws.AnonymousCredentials{}
			_, err := ec2.NewFromConfig(c).DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})
			refused(t, err, "MissingAuthenticationToken")
		}},
	}
}
