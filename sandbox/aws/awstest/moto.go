package awstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Moto starts the mock of AWS that the Python community wrote (https://docs.getmoto.org) for the time of a test, which
// is skipped where it is not installed. What moto 5 lacks is declared.
func Moto(t *testing.T) Target {
	t.Helper()
	if err := exec.Command("python3", "-c", "import moto.server").Run(); err != nil {
		t.Skip("moto is not installed (python3 -m moto.server)")
	}
	url := startMoto(t)
	c := Config(url, "us-east-1", "sandbox", "secret")
	return Target{Config: c,
		Lacks: []Lack{Bounds, Cooldown, ClientToken, LaunchDelay, Paging, Signature, Capacity, Throttling, LaunchCount, Unknown},
		Group: func(t *testing.T, least, most, desired int) string {
			t.Helper()
			return motoGroup(t, c, least, most, desired)
		},
		Template: func(t *testing.T) string {
			t.Helper()
			return motoTemplate(t, c)
		}}
}

// startMoto returns the address of a server that ends with the test.
func startMoto(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "python3", "-m", "moto.server", "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); ; {
		if err := reach(url + "/moto-api/"); err == nil {
			return url
		} else if time.Now().After(end) {
			t.Fatalf("moto does not answer: %v", err)
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("moto ended: %v", err)
		case <-tick.C:
		}
	}
}

func reach(url string) error {
	r, err := http.Get(url)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return errors.Join(err, r.Body.Close())
}

func motoTemplate(t *testing.T, c aws.Config) string {
	t.Helper()
	images := must(ec2.NewFromConfig(c).DescribeImages(t.Context(), &ec2.DescribeImagesInput{}))(t)
	if len(images.Images) == 0 {
		t.Fatal("moto has no image")
	}
	out := must(ec2.NewFromConfig(c).CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String(rand.Text()),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: images.Images[0].ImageId, InstanceType: ec2types.InstanceTypeT3Micro}}))(t)
	return *out.LaunchTemplate.LaunchTemplateId
}

func motoGroup(t *testing.T, c aws.Config, least, most, desired int) string {
	t.Helper()
	name, template := rand.Text(), motoTemplate(t, c)
	must(autoscaling.NewFromConfig(c).CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: &name,
		MinSize: aws.Int32(int32(least)), MaxSize: aws.Int32(int32(most)), DesiredCapacity: aws.Int32(int32(desired)), AvailabilityZones: []string{c.Region + "a"},
		LaunchTemplate: launchSpec(template)}))(t)
	return name
}

func launchSpec(id string) *astypes.LaunchTemplateSpecification {
	return &astypes.LaunchTemplateSpecification{LaunchTemplateId: &id}
}
