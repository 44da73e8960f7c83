package capacity

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
)

// attempts is how often a call is made in all: with waits from one second on that double, for half a minute.
const attempts = 6

// errUnseen says that instances which were launched are not described yet.
var errUnseen = errors.New("launched instances are not seen yet")

// noRoom is EC2's code for a lack of capacity. It is of the 500 series, but does not pass in seconds
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html#troubleshooting-launch-capacity).
const noRoom = "InsufficientInstanceCapacity"

// retry does something, and again while it fails for reasons that pass.
func (k *Keeper) retry(ctx context.Context, do func() error) error {
	for attempt, pause := 1, time.Second; ; attempt, pause = attempt+1, pause*2 {
		err := do()
		if err == nil || attempt == attempts || !transient(err) {
			return err
		}
		if waited := k.options.Wait(ctx, k.spread(pause)); waited != nil {
			return errors.Join(err, waited)
		}
	}
}

// transient says whether an error passes by itself: AWS throttles, has an error of its own, or cannot be reached.
func transient(err error) bool {
	if errors.Is(err, errUnseen) {
		return true
	}
	return !has(err, noRoom) && retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) == aws.TrueTernary || throttled(err)
}

func throttled(err error) bool {
	return retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err) == aws.TrueTernary
}

// has says whether AWS answered with a code.
func has(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}
