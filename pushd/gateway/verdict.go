package gateway

import (
	"time"

	"liveops/pushd/gateway/h2"
)

// A kind is what an answer means for a message.
type kind int

const (
	accepted kind = iota
	dead
	rejected
	again   // send it again, after a wait
	gated   // send nothing at all for a while, then this again
	renew   // the token is no longer taken: send it again with another
	stopped // stop the run
)

// A verdict is what to do after an answer; the reason stands in the result.
type verdict struct {
	kind kind
	wait time.Duration // the least, for again; of all, for gated
	sick bool          // the gateway is not well: the circuit breaker counts it
	err  *StopError
}

func stop(reason, advice string) verdict {
	return verdict{kind: stopped, err: &StopError{Reason: reason, Advice: advice}}
}

// A headKey tells the heads of a vendor's messages apart.
type headKey struct{ apns Header }

// A vendor is one of the two APIs.
type vendor interface {
	// check says what is wrong with a message that is not worth sending.
	check(*Message) error
	// key tells which messages have the same head.
	key(*Message) headKey
	// head is what messages of a key have in common, with a credential, which is its tag.
	head(authority string, key headKey, k *credential) *h2.Head
	// fill fills in what is a message's own.
	fill(*Message, *h2.Post)
	// judge reads an answer into a result.
	judge(*h2.Answer, *Result, time.Time) verdict
}
