package h2

import (
	"bytes"
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// A script is a gateway that says what it says, whatever it is sent.
type script struct {
	net.Conn
	say *bytes.Reader
}

func (s *script) Read(b []byte) (int, error)       { return s.say.Read(b) }
func (s *script) Write(b []byte) (int, error)      { return len(b), nil }
func (s *script) Close() error                     { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// once counts how often each of its messages was told its end.
type once struct {
	left atomic.Int64
	told [64]atomic.Int64
}

func (o *once) Ended(i int, _ *Answer) { o.told[i].Add(1) }
func (o *once) Next(_ *Conn, into []Post) int {
	for i := range into {
		left := o.left.Add(-1)
		if left < 0 {
			return i
		}
		into[i] = Post{Owner: o, Index: int(left), Head: head, Path: []byte("x"), Body: [3][]byte{{}, []byte("body")}}
	}
	return len(into)
}

// FuzzGateway has a gateway say anything: the connection must end, and tell each message that it took its end once.
func FuzzGateway(f *testing.F) {
	settings := []byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	f.Add(settings)
	f.Add(append(bytes.Clone(settings), "\x00\x00\x01\x01\x05\x00\x00\x00\x01\x88"...))                                       // 200
	f.Add(append(bytes.Clone(settings), "\x00\x00\x01\x01\x04\x00\x00\x00\x01\x8d\x00\x00\x02\x00\x01\x00\x00\x00\x01hi"...)) // 404 hi
	f.Add(append(bytes.Clone(settings), "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00"...))           // GOAWAY
	f.Add(append(bytes.Clone(settings), "\x00\x00\x04\x03\x00\x00\x00\x00\x03\x00\x00\x00\x07"...))                           // RST_STREAM
	f.Add([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00\x01\x00\x00\x04\x08\x00\x00\x00\x00\x01\x00\x00\x00\x02"))
	f.Fuzz(func(t *testing.T, said []byte) {
		o := &once{}
		o.left.Store(64)
		c := New(&script{say: bytes.NewReader(said)}, o, Options{MaxStreams: 16})
		if err := c.Run(context.Background()); err == nil {
			t.Error("ended without a reason")
		}
		taken := 64 - max(o.left.Load(), 0)
		for i := range o.told {
			if n := o.told[i].Load(); n > 1 || int64(i) >= 64-taken && n != 1 {
				t.Errorf("message %d of %d taken was told its end %d times", 64-i, taken, n)
			}
		}
	})
}

// FuzzHead compares the headers of answers with those that a decoder without the short cut reads.
func FuzzHead(f *testing.F) {
	f.Add([]byte("\x88"), []byte("\x48\x03\x34\x31\x30"))
	f.Add([]byte("\x40\x0bretry-after\x015"), []byte("\xbe\x88"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var fast, slow headReader
		fast.init()
		slow.init()
		for _, block := range [][]byte{first, second, second, first, first} {
			slow.constant = nil
			want, wantErr := slow.read(block)
			got, err := fast.read(block)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%x: %v, want %v", block, err, wantErr)
			}
			if err != nil {
				return
			}
			if *got != *want {
				t.Fatalf("%x: %+v, want %+v", block, *got, *want)
			}
		}
	})
}
