package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"liveops/sandbox/apns"
	"liveops/sandbox/fcm"
	"liveops/sandbox/push"
)

// gatewaySetting tells a process of this program to be a push gateway until its input ends: "fcm" or "apns", then how
// many streams a connection may have, and what share of the tokens is dead.
const gatewaySetting = "LIVEOPS_BENCH_GATEWAY"

// A gatewayFacts is what a client must know of a gateway.
type gatewayFacts struct {
	URL, Token    string // Token is an access token, for clients that get none themselves
	CA            []byte
	Account       []byte // FCM
	Key           []byte // APNs
	KeyID, TeamID string
	Topic         string
}

// gatewayProcess serves a gateway; each line that it reads is a latency to answer with, and each that it writes counts.
func gatewayProcess(ctx context.Context, setting string) error {
	var vendor string
	var settings push.Settings
	var dead float64
	if _, err := fmt.Sscan(setting, &vendor, &settings.MaxStreams, &dead); err != nil {
		return fmt.Errorf("%s=%s: %w", gatewaySetting, setting, err)
	}
	var facts gatewayFacts
	var server *push.Server
	if vendor == "fcm" {
		g, err := fcm.Start(ctx, fcm.Options{Settings: settings})
		if err != nil {
			return err
		}
		defer g.Close()
		g.SetDeadShare(dead, time.Now().Add(-time.Hour))
		server, facts = g.Server, gatewayFacts{URL: g.URL(), Token: g.Token(), CA: g.CAPEM(), Account: g.ServiceAccount()}
	} else {
		g, err := apns.Start(ctx, apns.Options{Settings: settings})
		if err != nil {
			return err
		}
		defer g.Close()
		g.SetDeadShare(dead, time.Now().Add(-time.Hour))
		key, keyID, teamID := g.Key()
		server, facts = g.Server, gatewayFacts{URL: g.URL(), CA: g.CAPEM(), Key: key, KeyID: keyID, TeamID: teamID, Topic: g.Topic()}
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(facts); err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		latency, err := time.ParseDuration(in.Text())
		if err != nil {
			return err
		}
		server.SetLatency(latency)
		if err := out.Encode(server.Counts()); err != nil {
			return err
		}
	}
	return in.Err()
}

// A gatewayChild is a gateway in a process of its own.
type gatewayChild struct {
	facts gatewayFacts
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *json.Decoder
}

func startGateway(ctx context.Context, vendor string, streams int, dead float64) (*gatewayChild, error) {
	g := &gatewayChild{cmd: exec.CommandContext(ctx, os.Args[0])}
	g.cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %g", gatewaySetting, vendor, streams, dead))
	g.cmd.Stderr = os.Stderr
	var err error
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	g.out = json.NewDecoder(out)
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	return g, g.out.Decode(&g.facts)
}

// counts are the gateway's, which from now on answers with a latency.
func (g *gatewayChild) counts(latency time.Duration) (c push.Counts, err error) {
	if _, err := fmt.Fprintln(g.in, latency); err != nil {
		return c, err
	}
	return c, g.out.Decode(&c)
}

func (g *gatewayChild) close() error {
	if err := g.in.Close(); err != nil {
		return err
	}
	return g.cmd.Wait()
}
