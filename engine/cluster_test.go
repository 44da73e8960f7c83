package engine

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// cluster is three NATS servers that keep each stream together, with TLS and a password on.
type cluster struct {
	nodes []*server.Server
	roots *x509.CertPool
	der   []byte // the certificate that is in roots
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	certificate, roots := certified(t)
	c := &cluster{roots: roots, der: certificate.Certificate[0]}
	var routes []*url.URL
	var ports [3]int
	for i := range ports {
		ports[i] = freePort(t)
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", ports[i])})
	}
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{
			ServerName: fmt.Sprintf("node-%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true,
			JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: maxMessage,
			Username: "liveops", Password: "secret", TLS: true, TLSTimeout: limit.Seconds(),
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}},
			Cluster:   server.ClusterOpts{Name: "game", Host: "127.0.0.1", Port: port}, Routes: routes,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		c.nodes = append(c.nodes, s)
	}
	await(t, "the cluster elects a leader", func() bool {
		for _, n := range c.nodes {
			if !n.ReadyForConnections(limit) || !n.JetStreamIsCurrent() {
				return false
			}
		}
		return c.nodes[0].JetStreamClusterPeers() != nil || c.nodes[1].JetStreamClusterPeers() != nil || c.nodes[2].JetStreamClusterPeers() != nil
	})
	return c
}

// options are those of a bot on the cluster.
func (c *cluster) options() Options {
	var urls []string
	for _, n := range c.nodes {
		urls = append(urls, strings.Replace(n.ClientURL(), "nats://", "tls://", 1))
	}
	return Options{URL: strings.Join(urls, ","), User: "liveops", Password: "secret", RootCAs: c.roots, AckWait: 2 * time.Second}
}

// clusterFile is what another process needs to be a bot on the cluster.
type clusterFile struct {
	URL, User, Password string
	Root                []byte // in DER
}

func (c *cluster) writeOptions(t *testing.T, dir string) {
	t.Helper()
	o := c.options()
	b, err := json.Marshal(clusterFile{o.URL, o.User, o.Password, c.der})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "cluster.json"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readClusterOptions(dir string) (o Options, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "cluster.json"))
	if err != nil {
		return o, err
	}
	var f clusterFile
	if err := json.Unmarshal(b, &f); err != nil {
		return o, err
	}
	root, err := x509.ParseCertificate(f.Root)
	if err != nil {
		return o, err
	}
	o = Options{URL: f.URL, User: f.User, Password: f.Password, RootCAs: x509.NewCertPool(), AckWait: 2 * time.Second, Logger: slog.New(slog.DiscardHandler)}
	o.RootCAs.AddCert(root)
	return o, nil
}

// kill ends the node that a bot talks to.
func (c *cluster) kill(t *testing.T, bot *Engine) {
	t.Helper()
	before := bot.conn.ConnectedServerName()
	for _, n := range c.nodes {
		if n.Name() == before {
			n.Shutdown()
			n.WaitForShutdown()
		}
	}
	await(t, "the bot is with another node", func() bool {
		return bot.conn.IsConnected() && bot.conn.ConnectedServerName() != before
	})
}

// certified makes a certificate for 127.0.0.1 and the pool that trusts it.
func certified(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "nats"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// await asks until it is so: a cluster says of itself how it stands, and to nobody when that changes.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	end := time.NewTimer(limit)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-end.C:
			t.Fatalf("not in %s: %s", limit, what)
		}
	}
}

// A node of the cluster dies, and then the bot that has a delivery in hand: another bot takes up that delivery, and
// those behind it in their order, and nothing is done twice but what was in hand.
func TestAClusterLosesANodeAndABot(t *testing.T) {
	c := newCluster(t)
	first, second := opened(t, c.options()), opened(t, c.options())
	for _, id := range []string{"a", "b", "c", "d"} {
		deliver(t, first, id)
	}

	// The first bot is in the middle of b when the node that it talks to dies. It goes on by another.
	inHand := make(chan context.Context)
	ended := make(chan error, 1)
	go func() {
		ended <- work(t.Context(), first, func(ctx context.Context, d Delivery, _ int) error {
			if d.ID == "b" {
				inHand <- ctx
				<-ctx.Done()
				return context.Cause(ctx)
			}
			return nil
		})
	}()
	working1 := <-inHand
	c.kill(t, first)
	if err := working1.Err(); err != nil {
		t.Fatalf("the handler in hand was given up with the node: %v", err)
	}
	await(t, "the cluster stores again", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := second.Deliver(ctx, Delivery{ID: "e", Event: "push"})
		return err == nil
	})

	// Then that bot dies: it says nothing more to anybody.
	first.conn.Close()
	w := working(t, second, done)
	wantHandled(t, w.next(t, 4), "b#2", "c#1", "d#1", "e#1")
	w.end(t)
	<-ended
	await(t, "nothing waits", func() bool {
		waiting, parked, err := second.Depth(bounded(t))
		return err == nil && waiting == 0 && parked == 0
	})
}

// A server that is not of our authority is not talked to, and a wrong password is not let in.
func TestAnExternalServerIsAuthenticated(t *testing.T) {
	certificate, roots := certified(t)
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true,
		MaxPayload: maxMessage, Authorization: "the-token", TLS: true, TLSTimeout: limit.Seconds(),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(limit) {
		t.Fatal("the server is not ready")
	}
	where := strings.Replace(s.ClientURL(), "nats://", "tls://", 1)
	if _, err := Open(bounded(t), Options{URL: where, Token: "the-token"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with a certificate of nobody that the system knows: %v", err)
	}
	if _, err := Open(bounded(t), Options{URL: where, Token: "another", RootCAs: roots}); err == nil || !strings.Contains(err.Error(), "uthorization") {
		t.Errorf("with another token: %v", err)
	}
	e := opened(t, Options{URL: where, Token: "the-token", RootCAs: roots})
	deliver(t, e, "a")
	wantDepth(t, e, 1, 0)
}
