package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"time"

	"golang.org/x/net/http2"
)

// Options describe a sender. The zero value sends as fast as the gateway takes messages.
type Options struct {
	// URL is the gateway's address; the vendor's unless set.
	URL string
	// RootCAs are the authorities that are trusted; the system's unless set.
	RootCAs *x509.CertPool
	// MaxConnections is how many connections there are at most; 64 unless set.
	MaxConnections int
	// MaxStreams is how many messages a connection has in flight at most, however many the gateway allows; 1,000 unless
	// set. It is also the most that one lost connection can double.
	MaxStreams int
	// Rate is how many messages a second are to be sent. Connections are at least as many as it asks for: rate × latency ÷
	// streams, and a quarter more. More are added while messages wait for streams and that makes it faster, which is all
	// there is to go by where Rate is 0: as fast as possible.
	Rate float64
	// AnswerTimeout is how long a message waits for its answer; 30 s unless set.
	AnswerTimeout time.Duration
	// PingAfter is how long a connection may be silent before it is asked whether it lives, and PingTimeout how long
	// that may take; 15 s and 10 s unless set.
	PingAfter, PingTimeout time.Duration
	// IdleAfter is how long connections are kept that nothing is sent on; 5 min unless set. APNs asks to keep them.
	IdleAfter time.Duration
	// Pacer holds messages back; nothing unless set.
	Pacer Pacer
	Retry Retry
	// Clock is the system's unless set. Reads, writes and handshakes go by the system's.
	Clock Clock
	// Random gives numbers from 0 to 1 for jitter.
	Random func() float64
	// Log is told what happens to connections; nobody unless set.
	Log *slog.Logger
}

// dialTimeout is how long a connection may take to open.
const dialTimeout = 20 * time.Second

func (o Options) complete() Options {
	if o.MaxConnections == 0 {
		o.MaxConnections = 64
	}
	if o.MaxStreams == 0 {
		o.MaxStreams = 1000
	}
	if o.AnswerTimeout == 0 {
		o.AnswerTimeout = 30 * time.Second
	}
	if o.IdleAfter == 0 {
		o.IdleAfter = 5 * time.Minute
	}
	if o.Pacer == nil {
		o.Pacer = unpaced{}
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Retry = o.Retry.complete()
	return o
}

// tls is the client's part of an encrypted connection.
func (o Options) tls(server string) *tls.Config {
	return &tls.Config{RootCAs: o.RootCAs, ServerName: server, MinVersion: tls.VersionTLS12, DynamicRecordSizingDisabled: true}
}

// A dialer opens a connection that has agreed on HTTP/2; what is written on it is held back until flush.
type dialer func(context.Context) (c net.Conn, flush func() error, err error)

// dialer opens connections to the gateway's address, and gives its authority.
func (o Options) dialer() (dial dialer, authority string, err error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, "", fmt.Errorf("the gateway's address: %w", err)
	}
	if u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil {
		return nil, "", fmt.Errorf("the gateway's address is %q, want https://host or https://host:port", o.URL)
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	config := o.tls(u.Hostname())
	config.NextProtos = []string{http2.NextProtoTLS}
	return func(ctx context.Context) (net.Conn, func() error, error) {
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, nil, err
		}
		buffered := newBufferedConn(raw)
		c := tls.Client(buffered, config)
		if err := c.HandshakeContext(ctx); err != nil {
			return nil, nil, errors.Join(err, raw.Close())
		}
		if c.ConnectionState().NegotiatedProtocol != http2.NextProtoTLS {
			return nil, nil, errors.Join(errors.New("the gateway does not speak HTTP/2"), c.Close())
		}
		buffered.hold()
		return c, buffered.flush, nil
	}, u.Host, nil
}
