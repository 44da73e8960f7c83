package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	startLimit   = time.Minute      // reading the streams back after a crash takes time in their size
	connectLimit = 10 * time.Second // for an external server to answer
	flushLimit   = 5 * time.Second
)

// startServer starts the server of this process and waits until it takes connections.
func startServer(ctx context.Context, o Options) (*server.Server, error) {
	s, err := server.NewServer(&server.Options{
		ServerName: "liveops",
		DontListen: true,
		JetStream:  true,
		StoreDir:   filepath.Join(o.Dir, "nats"),
		// Without it the store syncs every two minutes, and a power cut takes what was acknowledged since.
		SyncAlways:             true,
		MaxPayload:             maxMessage,
		NoSigs:                 true,
		DisableJetStreamBanner: true,
	})
	if err != nil {
		return nil, fmt.Errorf("make the embedded NATS server: %w", err)
	}
	log := &serverLog{logger: o.Logger}
	s.SetLoggerV2(log, false, false, false)
	s.Start()
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var cause error
		select {
		case <-tick.C:
			if s.ReadyForConnections(time.Millisecond) && s.JetStreamEnabled() {
				return s, nil
			}
			if cause = log.fatal(); cause == nil {
				continue
			}
		case <-ctx.Done():
			cause = ctx.Err()
		case <-limit.C:
			cause = errors.New("it was not ready in " + startLimit.String())
		}
		s.Shutdown()
		s.WaitForShutdown()
		return nil, fmt.Errorf("start the embedded NATS server in %s: %w", o.Dir, cause)
	}
}
