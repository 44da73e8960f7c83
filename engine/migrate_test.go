package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// strictlyOneAtATime makes a state directory as the version before lanes left it: two deliveries done, two that wait, one parked.
func strictlyOneAtATime(t *testing.T, dir string) {
	t.Helper()
	ctx := bounded(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	o, err := Options{Dir: dir}.complete()
	must(err)
	s, err := startServer(ctx, o)
	must(err)
	defer s.WaitForShutdown()
	defer s.Shutdown()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	must(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	must(err)
	stream, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "LIVEOPS_DELIVERIES", Description: "Webhook deliveries, and those done in the last 72 hours.",
		Subjects: []string{"liveops.deliveries"}, Duplicates: 72 * time.Hour, Storage: jetstream.FileStorage, Replicas: 1})
	must(err)
	_, err = js.CreateStream(ctx, jetstream.StreamConfig{Name: "LIVEOPS_PARKED", Description: "Deliveries that could not be worked off.",
		Subjects: []string{"liveops.parked.*"}, MaxMsgsPerSubject: 1, Storage: jetstream.FileStorage, Replicas: 1})
	must(err)
	worker, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second,
		MaxAckPending: 1, MaxDeliver: -1})
	must(err)
	header := func(id string) nats.Header {
		return nats.Header{"Liveops-Delivery": {id}, "Liveops-Event": {"push"}, "Liveops-Repository": {"game/data"}, "Liveops-Received": {"2026-01-02T03:04:05Z"}}
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		_, err := js.PublishMsg(ctx, &nats.Msg{Subject: "liveops.deliveries", Header: header(id), Data: []byte("body of " + id)}, jetstream.WithMsgID(id))
		must(err)
	}
	for range 2 {
		m, err := worker.Next()
		must(err)
		must(m.DoubleAck(ctx))
	}
	aside := &nats.Msg{Subject: subjectOfParked("x"), Header: header("x"), Data: []byte("body of x")}
	aside.Header.Set("Liveops-Reason", `"gone"`)
	aside.Header.Set("Liveops-Attempts", "3")
	aside.Header.Set("Liveops-Parked-At", "2026-01-02T03:04:06Z")
	_, err = js.PublishMsg(ctx, aside)
	must(err)
}

func TestADirectoryOfTheVersionBeforeLanes(t *testing.T) {
	dir := t.TempDir()
	strictlyOneAtATime(t, dir)
	e := opened(t, Options{Dir: dir})
	wantDepth(t, e, 2, 1)
	for _, id := range []string{"a", "c"} {
		if duplicate, err := e.Deliver(bounded(t), Delivery{ID: id, Event: "push"}); err != nil || !duplicate {
			t.Errorf("Deliver(%s) = %v, %v; want a duplicate", id, duplicate, err)
		}
	}
	list, err := e.Parked(bounded(t))
	if err != nil || len(list) != 1 || list[0].ID != "x" || list[0].Lane != "" || list[0].Kind != "push" || list[0].Reason != "gone" || list[0].Attempts != 3 {
		t.Errorf("Parked = %+v, %v", list, err)
	}
	if err := e.Retry(bounded(t), "x"); err != nil {
		t.Fatal(err)
	}
	w := started(t, e, func(handled chan<- string) Handlers {
		return Handlers{Dispatch: func(_ context.Context, d Delivery, _ int) error {
			handled <- fmt.Sprintf("%s %s %s", d.ID, d.Event, d.Body)
			return nil
		}, Do: func(context.Context, Job, int) error { return errors.New("no job was expected") }}
	})
	wantHandled(t, w.next(t, 3), "c push body of c", "d push body of d", "x push body of x")
	wantHandled(t, w.end(t))
	wantDepth(t, e, 0, 0)
}
