// Package push is what the stand-ins of the push gateways share (liveops/sandbox/fcm, liveops/sandbox/apns): an HTTP/2
// server over TLS that costs about a microsecond a message, faults on demand, and counters that hold 15 million tokens.
//
// A vendor judges requests by a Session for each connection; this package does the rest: frames, header compression,
// flow control, stream limits (RFC 9113, RFC 7541), and latency.
//
// What differs from a full HTTP/2 server, on purpose:
//   - requests have no trailers, and a body of 64 KB at most;
//   - answers are sent without waiting for a stream's window, since none is longer than a kilobyte: a client that
//     announces an initial window below that is refused. The connection's window is respected;
//   - answers of one connection leave in the order in which their requests came.
package push
