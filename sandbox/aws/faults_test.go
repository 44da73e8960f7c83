package aws_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	sandbox "liveops/sandbox/aws"
	"liveops/sandbox/aws/awstest"
)

func config(s *sandbox.Server) aws.Config {
	key, secret := s.Access()
	return awstest.Config(s.URL(), s.Region(), key, secret)
}

func set(ctx context.Context, s *sandbox.Server, n int32) error {
	_, err := autoscaling.NewFromConfig(config(s)).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("g"), DesiredCapacity: &n})
	return err
}

func TestAnswersAreLost(t *testing.T) {
	s := start(t, sandbox.Options{})
	if err := s.AddGroup(sandbox.Group{Name: "g", Max: 10, Desired: 1}); err != nil {
		t.Fatal(err)
	}
	s.Inject(sandbox.Fault{Actions: []string{"SetDesiredCapacity"}, LoseRequest: true, Times: 1})
	s.Inject(sandbox.Fault{Actions: []string{"SetDesiredCapacity"}, LoseAnswer: true, Times: 1})
	for i, want := range []int{1, 5} {
		if err := set(t.Context(), s, 5); err == nil {
			t.Errorf("request %d was answered", i)
		}
		if got := s.Group("g").Desired; got != want {
			t.Errorf("after request %d: desired %d, want %d", i, got, want)
		}
	}
	s.Inject(sandbox.Fault{Code: "InternalFailure"})
	s.ClearFaults()
	if err := set(t.Context(), s, 6); err != nil {
		t.Error(err)
	}
	var asked []string
	for _, c := range s.Calls() {
		asked = append(asked, c.Action+c.Params.Get("DesiredCapacity"))
	}
	if got := strings.Join(asked, " "); got != "SetDesiredCapacity5 SetDesiredCapacity5 SetDesiredCapacity6" {
		t.Errorf("calls: %s", got)
	}
}

func TestAPolicyStaysWithinTheBounds(t *testing.T) {
	s := start(t, sandbox.Options{})
	if err := s.AddGroup(sandbox.Group{Name: "g", Min: 2, Max: 10, Desired: 4}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct{ ask, want int }{{6, 6}, {12, 10}, {1, 2}} {
		if got := s.Scale("g", step.ask); got != step.want || s.Alive(map[string]string{"aws:autoscaling:groupName": "g"}) != step.want {
			t.Errorf("%d gave %d, want %d", step.ask, got, step.want)
		}
	}
	s.Bound("g", 3, 5)
	if got := s.Group("g"); got.Desired != 3 || got.Max != 5 {
		t.Errorf("%+v", got)
	}
	if s.Scale("none", 1) != 0 || s.Group("none").Name != "" {
		t.Error("a group that is not there was scaled")
	}
	if err := s.AddGroup(sandbox.Group{Name: "h", Min: 3, Max: 2}); err == nil {
		t.Error("a group without room was added")
	}
}

func TestAGroupReplacesWhatWasTerminated(t *testing.T) {
	s := start(t, sandbox.Options{})
	if err := s.AddGroup(sandbox.Group{Name: "g", Max: 10, Desired: 3, Tags: map[string]string{"role": "game"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := ec2.NewFromConfig(config(s)).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{s.Instances()[0].ID}}); err != nil {
		t.Fatal(err)
	}
	if n := s.Alive(map[string]string{"role": "game"}); n != 3 || len(s.Instances()) != 4 {
		t.Errorf("%d alive of %d", n, len(s.Instances()))
	}
}

func TestDescriptionsLag(t *testing.T) {
	c := &clock{at: time.Date(2026, 12, 24, 19, 0, 0, 0, time.UTC)}
	s := start(t, sandbox.Options{Now: c.now, DescribeLag: 10 * time.Second, TerminateDelay: time.Minute})
	id, client := s.AddTemplate(sandbox.Template{Name: "game", Version: 3}), ec2.NewFromConfig(config(s))
	run := func(version string) (*ec2.RunInstancesOutput, error) {
		return client.RunInstances(t.Context(), &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
			LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("game"), Version: &version}})
	}
	if _, err := run("2"); err == nil {
		t.Errorf("%s has no version 2", id)
	}
	out, err := run("3")
	if err != nil {
		t.Fatal(err)
	}
	made := *out.Instances[0].InstanceId
	count := func() (n int) {
		t.Helper()
		got, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("instance-id"), Values: []string{made[:5] + "*"}}}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got.Reservations {
			n += len(r.Instances)
		}
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d are described at once", n)
	}
	if _, err := client.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{made}}); err == nil {
		t.Error("an instance that is not described was found")
	}
	c.forward(10 * time.Second)
	if n := count(); n != 1 {
		t.Errorf("%d are described later", n)
	}
	if _, err := client.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{made}}); err != nil {
		t.Error(err)
	}
	c.forward(time.Hour)
	if n := count(); n != 1 {
		t.Errorf("%d are described when it has ended", n)
	}
	c.forward(2 * time.Minute)
	if n := count(); n != 0 {
		t.Errorf("%d are described an hour after", n)
	}
}

// TestASignatureIsOfTheBody sends what was signed, and something else.
func TestASignatureIsOfTheBody(t *testing.T) {
	s := start(t, sandbox.Options{})
	for _, c := range []struct {
		name, body string
		at         time.Time
		want       int
		code       string
	}{
		{"as signed", "Action=DescribeInstances&Version=2016-11-15", time.Now(), 200, "DescribeInstancesResponse"},
		{"changed", "Action=TerminateInstances&Version=2016-11-15", time.Now(), 401, "AuthFailure"},
		{"long ago", "Action=DescribeInstances&Version=2016-11-15", time.Now().Add(-time.Hour), 400, "RequestExpired"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		signed := fmt.Sprintf("%x", sha256.Sum256([]byte("Action=DescribeInstances&Version=2016-11-15")))
		key, secret := s.Access()
		err = v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, r, signed, "ec2", s.Region(), c.at)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.want || !strings.Contains(string(text), c.code) {
			t.Errorf("%s: %d %s, want %d %s", c.name, answer.StatusCode, text, c.want, c.code)
		}
	}
}
