// Package h2 is an HTTP/2 client connection for one purpose: posting many short messages that say nearly the same, and
// hearing what became of each. It does what RFC 9113 and RFC 7541 ask of a client, and no more: no push, no priorities,
// no bodies of unknown length.
//
// A connection takes messages from a Source whenever it has a stream free, and tells the Owner of each exactly once how
// it ended: Answered; Refused, which is sure not to have been looked at; or Lost, of which nobody knows.
//
// Two goroutines serve a connection: one writes, one reads. They share an array of slots, one for each stream in
// flight, whose ownership passes by an atomic number; everything else is owned by one of the two.
package h2

import (
	"errors"
	"time"
)

// An End is how a message ended.
type End int

const (
	// Answered messages have a status, and what the gateway said.
	Answered End = iota
	// Refused messages were not processed: their stream is above the last one of a GOAWAY, was reset with
	// REFUSED_STREAM (RFC 9113, section 8.7), or never had its body completed.
	Refused
	// Lost messages may have been processed or not: the connection ended, the stream was reset for another reason, or
	// no answer came in time.
	Lost
)

// A Post is a message to be sent. What it points to must not change until its end, and is not referred to after it.
type Post struct {
	Owner Owner
	Index int // by which the owner knows it
	Head  *Head
	// Path follows the path of the head.
	Path []byte
	// Extra is one more header field, for this message alone; its name is empty for none.
	Extra Field
	// Body is sent one part after the other; 16 KB at most together.
	Body [3][]byte
}

// An Answer is how a message ended. It is valid during the call only.
type Answer struct {
	End    End
	Status int
	// ID is the value of `apns-id`, RetryAfter that of `retry-after`; "" for none.
	ID, RetryAfter string
	Body           []byte
	// Head is the head that the message was sent with.
	Head *Head
	// Err is why it was refused or lost.
	Err error
	// At is about when it ended.
	At time.Time
}

// An Owner is told how its messages ended, from the connection's goroutines: it must not block.
type Owner interface {
	Ended(index int, a *Answer)
}

// A Source has messages to send.
type Source interface {
	// Next fills in messages that the connection sends now, and says how many. It must not block. When it has nothing
	// it calls Wake once it has.
	Next(c *Conn, into []Post) int
}

// Options describe a connection.
type Options struct {
	// MaxStreams is how many streams are used at most, however many the gateway allows; 1,000 unless set.
	MaxStreams int
	// AnswerTimeout is how long a message waits for its answer before it is given up as Lost; 30 s unless set.
	AnswerTimeout time.Duration
	// PingAfter is how long nothing may be read before a PING is sent, and PingTimeout how long its answer may take
	// before the connection is given up; 15 s and 10 s unless set. Both are looked at by Tick.
	PingAfter, PingTimeout time.Duration
	// WriteTimeout is how long a write may be stuck, in real time; 20 s unless set.
	WriteTimeout time.Duration
	// Flush is called, if set, after each group of writes: the connection may hold them back until then. It may be called
	// from two goroutines at once.
	Flush func() error
	// Changed is called, if set, when the gateway changed its settings or said that it will end the connection. It must
	// not block.
	Changed func()
	// Now is the clock that these go by.
	Now func() time.Time
}

func (o Options) complete() Options {
	for _, d := range []struct {
		of *time.Duration
		to time.Duration
	}{{&o.AnswerTimeout, 30 * time.Second}, {&o.PingAfter, 15 * time.Second}, {&o.PingTimeout, 10 * time.Second}, {&o.WriteTimeout, 20 * time.Second}} {
		if *d.of == 0 {
			*d.of = d.to
		}
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = 1000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Flush == nil {
		o.Flush = func() error { return nil }
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	return o
}

// Why messages end without an answer.
var (
	// ErrNoAnswer is that of a message whose answer did not come in time.
	ErrNoAnswer = errors.New("no answer in time")
	// ErrSilent is that of a connection on which a PING was not answered.
	ErrSilent = errors.New("the gateway is silent")
	// ErrDrained ends a connection that was asked to end, by either side, when its last answer came.
	ErrDrained = errors.New("drained")
)
