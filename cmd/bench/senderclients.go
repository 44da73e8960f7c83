package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/token"
	"golang.org/x/sync/errgroup"

	"liveops/pushd/gateway"
	"liveops/sandbox/push"
)

// senderSetting tells a process of this program to send messages in one way, and to print what that took.
const senderSetting = "LIVEOPS_BENCH_SENDER"

// A senderTask is what such a process is told by its argument.
type senderTask struct {
	Gateway     gatewayFacts
	From, Count int // the numbers of the tokens
	Connections int
	Seconds     float64 // instead of Count: how long is measured, after a second for warming up
	Rate        float64
}

// A senderTook is what sending took. Nothing is counted before the first connection stands.
type senderTook struct {
	Count     int
	Wall, CPU time.Duration
}

func (k senderTook) rate() float64    { return float64(k.Count) / k.Wall.Seconds() }
func (k senderTook) cpuEach() float64 { return float64(k.CPU.Nanoseconds()) / 1e3 / float64(k.Count) }

// senders are the ways of sending.
var senders = map[string]func(context.Context, senderTask) (senderTook, error){
	"liveops-fcm":  sendLiveops,
	"liveops-apns": sendLiveops,
	"net-http":     sendNetHTTP,
	"apns2":        sendAPNs2,
}

// senderProcess sends as it is told.
func senderProcess(ctx context.Context, how, task string) error {
	var t senderTask
	if err := json.Unmarshal([]byte(task), &t); err != nil {
		return err
	}
	took, err := senders[how](ctx, t)
	if err != nil {
		return fmt.Errorf("%s: %w", how, err)
	}
	return json.NewEncoder(os.Stdout).Encode(took)
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (t senderTask) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(t.Gateway.CA)
	return pool
}

// The messages: as long as one of a game.
const (
	fcmBefore = `{"message":{"token":"`
	fcmAfter  = `","notification":{"title":"Double XP!","body":"Weekend event starts now"},"android":{"collapse_key":"7"}}}`
	apnsBody  = `{"aps":{"alert":{"title":"Double XP!","body":"Weekend event starts now"},"sound":"default"}}`
)

const apnsExpires = 1_800_000_000

// sender makes the sender of liveops for a gateway, and the messages for tokens.
func (t senderTask) sender() (*gateway.Sender, *gateway.Template, func([]byte, uint64) []byte, error) {
	o := gateway.Options{URL: t.Gateway.URL, RootCAs: t.roots(), MaxConnections: t.Connections, Rate: t.Rate}
	if t.Gateway.Key == nil {
		s, err := gateway.NewFCM(gateway.FCM{ServiceAccount: t.Gateway.Account}, o)
		return s, &gateway.Template{Prefix: []byte(fcmBefore), Suffix: []byte(fcmAfter)}, push.FCMToken, err
	}
	s, err := gateway.NewAPNs(gateway.APNs{Key: t.Gateway.Key, KeyID: t.Gateway.KeyID, TeamID: t.Gateway.TeamID, Topic: t.Gateway.Topic}, o)
	header := gateway.Header{Priority: 10, Expiration: apnsExpires, CollapseID: "run-20260101"}
	return s, &gateway.Template{Prefix: []byte(apnsBody), APNs: header}, push.APNsToken, err
}

// sendLiveops sends batches of 1,000 as a worker does, with the production sender.
func sendLiveops(ctx context.Context, t senderTask) (senderTook, error) {
	s, text, mint, err := t.sender()
	if err != nil {
		return senderTook{}, err
	}
	defer s.Close()
	count := t.Count
	if t.Seconds > 0 {
		count = 1_000_000 // again and again
	}
	messages := make([]gateway.Message, count)
	all := make([]byte, 0, count*len(mint(nil, 0))) // at once, so that what it takes to make them is not collected while they are sent
	for i := range messages {
		from := len(all)
		all = mint(all, uint64(t.From+i))
		messages[i] = gateway.Message{Token: all[from:len(all):len(all)], Template: text}
	}
	if err := s.Send(ctx, &gateway.Batch{Messages: messages[:1]}, make([]gateway.Result, 1)); err != nil {
		return senderTook{}, err
	}
	if t.Seconds > 0 {
		return measureRate(ctx, t, s, messages)
	}
	began, cpu := time.Now(), cpuTime()
	n, err := sendBatches(ctx, s, messages[1:], false)
	return senderTook{int(n), time.Since(began), cpuTime() - cpu}, err
}

// batchesAtOnce is how many batches a worker has in hand.
const batchesAtOnce = 16

// sendBatches sends the messages, over and over if that is asked, and counts those that were accepted.
func sendBatches(ctx context.Context, s *gateway.Sender, messages []gateway.Message, again bool) (int64, error) {
	var next, accepted atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range batchesAtOnce {
		g.Go(func() error {
			results := make([]gateway.Result, gateway.MaxBatch)
			for {
				from := int(next.Add(gateway.MaxBatch)) - gateway.MaxBatch
				if again {
					from %= len(messages)
				}
				if from >= len(messages) {
					return nil
				}
				b := gateway.Batch{Messages: messages[from:min(from+gateway.MaxBatch, len(messages))]}
				if err := s.Send(ctx, &b, results[:len(b.Messages)]); err != nil {
					return err
				}
				n := int64(0)
				for i := range b.Messages {
					if results[i].Outcome != gateway.Accepted || len(results[i].ID) == 0 {
						return fmt.Errorf("message %d: %+v", from+i, results[i])
					}
					n++
				}
				accepted.Add(n)
			}
		})
	}
	err := g.Wait()
	return accepted.Load(), err
}

// measureRate sends for some seconds, and measures all but the first two.
func measureRate(ctx context.Context, t senderTask, s *gateway.Sender, messages []gateway.Message) (senderTook, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { _, err := sendBatches(ctx, s, messages, true); ended <- err }()
	var took senderTook
	for _, wait := range []time.Duration{2 * time.Second, time.Duration(t.Seconds * float64(time.Second))} {
		began, cpu, before := time.Now(), cpuTime(), s.Stats().Ended
		select {
		case <-time.After(wait):
		case err := <-ended:
			return took, err
		}
		took = senderTook{int(s.Stats().Ended - before), time.Since(began), cpuTime() - cpu}
	}
	stop()
	<-ended // with the error of the context
	return took, nil
}

// each has goroutines send the messages one by one, as many at once as connections have streams.
func each(ctx context.Context, t senderTask, send func(connection, number int) error) (senderTook, error) {
	for c := range t.Connections {
		if err := send(c, t.From+c); err != nil { // the connection stands before all need it
			return senderTook{}, err
		}
	}
	var next atomic.Int64
	next.Store(int64(t.Connections))
	var mu sync.Mutex
	var first error
	var sending sync.WaitGroup
	began, cpu := time.Now(), cpuTime()
	for c := range t.Connections {
		for range benchStreams {
			sending.Go(func() {
				for ctx.Err() == nil {
					i := int(next.Add(1)) - 1
					if i >= t.Count {
						return
					}
					if err := send(c, t.From+i); err != nil {
						mu.Lock()
						first = err
						mu.Unlock()
						return
					}
				}
			})
		}
	}
	sending.Wait()
	return senderTook{t.Count - t.Connections, time.Since(began), cpuTime() - cpu}, first
}

// sendNetHTTP sends to FCM by Go's own client, one for each connection.
func sendNetHTTP(ctx context.Context, t senderTask) (senderTook, error) {
	clients := make([]*http.Client, t.Connections)
	for i := range clients {
		clients[i] = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: t.roots()}, ForceAttemptHTTP2: true,
			HTTP2: &http.HTTP2Config{StrictMaxConcurrentRequests: true}}}
	}
	return each(ctx, t, func(c, number int) error {
		body := append(push.FCMToken([]byte(fcmBefore), uint64(number)), fcmAfter...)
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.Gateway.URL+"/v1/projects/game/messages:send", bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+t.Gateway.Token)
		r.Header.Set("Content-Type", "application/json")
		res, err := clients[c].Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("message %d: %s", number, res.Status)
		}
		return nil
	})
}

// sendAPNs2 sends to APNs by github.com/sideshow/apns2, a client for each connection.
func sendAPNs2(ctx context.Context, t senderTask) (senderTook, error) {
	key, err := token.AuthKeyFromBytes(t.Gateway.Key)
	if err != nil {
		return senderTook{}, err
	}
	shared := &token.Token{AuthKey: key, KeyID: t.Gateway.KeyID, TeamID: t.Gateway.TeamID}
	clients := make([]*apns2.Client, t.Connections)
	for i := range clients {
		clients[i] = apns2.NewTokenClient(shared)
		clients[i].Host = t.Gateway.URL
		// Its own transport is of golang.org/x/net/http2, whose successor is this one.
		clients[i].HTTPClient.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: t.roots()}, ForceAttemptHTTP2: true,
			HTTP2: &http.HTTP2Config{StrictMaxConcurrentRequests: true}}
	}
	return each(ctx, t, func(c, number int) error {
		n := apns2.Notification{DeviceToken: string(push.APNsToken(nil, uint64(number))), Topic: t.Gateway.Topic, Priority: 10, PushType: apns2.PushTypeAlert,
			Expiration: time.Unix(apnsExpires, 0), CollapseID: "run-20260101", Payload: []byte(apnsBody)}
		res, err := clients[c].PushWithContext(ctx, &n)
		if err != nil {
			return err
		}
		if !res.Sent() {
			return fmt.Errorf("message %d: %d %s", number, res.StatusCode, res.Reason)
		}
		return nil
	})
}
