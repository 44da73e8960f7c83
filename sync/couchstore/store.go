// Package couchstore reads and changes an environment's user documents in Couchbase: which are a purge's candidates, and
// compare-and-swap writes that leave a mark of the run beside the body. It is the only importer of Couchbase's library.
package couchstore

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/couchbase/gocb/v2"
	"github.com/couchbase/gocbcore/v10"
)

// Options say where an environment's bucket is.
type Options struct {
	URL      string // couchbases://host/bucket, or couchbase:// without TLS; several hosts with commas between
	User     string
	Password string
	CA       []byte // the authority (PEM) of the server's certificate; nil for the system's
}

// Bounds on how long the server may take.
const (
	connectTime = 15 * time.Second
	writeTime   = 10 * time.Second // one read or write of a document
	selectTime  = 10 * time.Minute // one query, or a page of a view, whose index may have to catch up
)

// Store is one environment's bucket. It is safe for concurrent use.
type Store struct {
	cluster *gocb.Cluster
	bucket  *gocb.Bucket
	agent   *gocbcore.Agent
}

// Open connects to a bucket and waits until it answers. The error never holds the password.
func Open(ctx context.Context, o Options) (*Store, error) {
	address, bucket, err := splitURL(o.URL)
	if err != nil {
		return nil, err
	}
	options := gocb.ClusterOptions{
		Authenticator:  gocb.PasswordAuthenticator{Username: o.User, Password: o.Password},
		TimeoutsConfig: gocb.TimeoutsConfig{ConnectTimeout: connectTime, KVTimeout: writeTime, QueryTimeout: selectTime, ViewTimeout: selectTime},
	}
	if o.CA != nil {
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(o.CA) {
			return nil, errors.New("the authority of the certificate of Couchbase is not in PEM")
		}
		options.SecurityConfig.TLSRootCAs = roots
	}
	cluster, err := gocb.Connect(address, options)
	if err != nil {
		return nil, fmt.Errorf("connect to Couchbase at %s: %w", address, err)
	}
	s := &Store{cluster: cluster, bucket: cluster.Bucket(bucket)}
	err = s.bucket.WaitUntilReady(connectTime, &gocb.WaitUntilReadyOptions{Context: ctx, ServiceTypes: []gocb.ServiceType{gocb.ServiceTypeKeyValue}})
	if err == nil {
		s.agent, err = s.bucket.Internal().IORouter()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the bucket %s of Couchbase at %s: %w", bucket, address, err), s.Close())
	}
	return s, nil
}

// Close ends the connections.
func (s *Store) Close() error { return s.cluster.Close(nil) }

// splitURL takes a bucket off the address that it stands in.
func splitURL(url string) (address, bucket string, err error) {
	const expected = "expected couchbases://host/bucket"
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme != "couchbases" && scheme != "couchbase" {
		return "", "", fmt.Errorf("the address of Couchbase begins with neither couchbases:// nor couchbase://; %s", expected)
	}
	rest, query, asked := strings.Cut(rest, "?")
	hosts, bucket, _ := strings.Cut(rest, "/")
	switch {
	case strings.Contains(hosts, "@"):
		return "", "", fmt.Errorf("the address of Couchbase holds a user or a password, which have settings of their own; %s", expected)
	case hosts == "" || bucket == "" || strings.Contains(bucket, "/"):
		return "", "", fmt.Errorf("the address of Couchbase names no host or no bucket; %s", expected)
	}
	address = scheme + "://" + hosts
	if asked {
		address += "?" + query
	}
	return address, bucket, nil
}
