package couchbase

import (
	"encoding/json"
	"fmt"
)

// What a client learns about the cluster: which services it has on which ports, and which node has which partition.
// The format is that of `GET /pools/default/b/BUCKET`
// (https://docs.couchbase.com/server/current/rest-api/rest-bucket-info.html; the data service gives the same:
// https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md, Get Cluster Config).
type clusterConfig struct {
	Rev      int64 `json:"rev"`
	RevEpoch int64 `json:"revEpoch"`

	Name                string         `json:"name,omitempty"`
	NodeLocator         string         `json:"nodeLocator,omitempty"`
	UUID                string         `json:"uuid,omitempty"`
	URI                 string         `json:"uri,omitempty"`
	BucketCapabilities  []string       `json:"bucketCapabilities,omitempty"`
	Nodes               []nodeConfig   `json:"nodes,omitempty"`
	VBucketServerMap    *vbucketConfig `json:"vBucketServerMap,omitempty"`
	NodesExt            []nodeExt      `json:"nodesExt"`
	ClusterCapabilities capabilities   `json:"clusterCapabilities"`
	CapabilitiesVersion []int          `json:"clusterCapabilitiesVer"`
}

type capabilities struct {
	N1QL []string `json:"n1ql"`
}

type nodeConfig struct {
	Hostname    string         `json:"hostname"`
	CouchAPI    string         `json:"couchApiBase,omitempty"`
	CouchAPISSL string         `json:"couchApiBaseHTTPS,omitempty"`
	Ports       map[string]int `json:"ports"`
}

type vbucketConfig struct {
	HashAlgorithm string   `json:"hashAlgorithm"`
	NumReplicas   int      `json:"numReplicas"`
	ServerList    []string `json:"serverList"`
	VBucketMap    [][]int  `json:"vBucketMap"`
}

type nodeExt struct {
	Services map[string]int `json:"services"`
	Hostname string         `json:"hostname"`
	ThisNode bool           `json:"thisNode"`
}

// configJSON describes the cluster, with a bucket if one is given.
func (s *Server) configJSON(b *Bucket) []byte {
	services := map[string]int{"kv": s.kv.port, "mgmt": s.web.port, "capi": s.web.port, "n1ql": s.web.port}
	if s.tls != nil {
		services["kvSSL"] = s.kvTLS.port
		services["mgmtSSL"], services["capiSSL"], services["n1qlSSL"] = s.webTLS.port, s.webTLS.port, s.webTLS.port
	}
	c := clusterConfig{
		Rev: 1, RevEpoch: 1,
		NodesExt:            []nodeExt{{Services: services, Hostname: "127.0.0.1", ThisNode: true}},
		ClusterCapabilities: capabilities{N1QL: []string{"enhancedPreparedStatements"}},
		CapabilitiesVersion: []int{1, 0},
	}
	if b != nil {
		c.describe(s, b)
	}
	out, err := json.Marshal(c)
	if err != nil {
		panic(err) // only strings and numbers in it
	}
	return out
}

// describe adds what a client must know of a bucket.
func (c *clusterConfig) describe(s *Server, b *Bucket) {
	c.Name, c.NodeLocator, c.UUID = b.name, "vbucket", "stand-in-"+b.name
	c.URI = "/pools/default/buckets/" + b.name
	c.BucketCapabilities = []string{"collections", "couchapi", "cccp", "nodesExt", "xattr", "durableWrite", "preserveExpiry"}
	node := nodeConfig{
		Hostname: fmt.Sprintf("127.0.0.1:%d", s.web.port),
		CouchAPI: fmt.Sprintf("http://127.0.0.1:%d/%s", s.web.port, b.name),
		Ports:    map[string]int{"direct": s.kv.port},
	}
	if s.tls != nil {
		node.CouchAPISSL = fmt.Sprintf("https://127.0.0.1:%d/%s", s.webTLS.port, b.name)
	}
	c.Nodes = []nodeConfig{node}
	c.VBucketServerMap = &vbucketConfig{HashAlgorithm: "CRC", ServerList: []string{fmt.Sprintf("127.0.0.1:%d", s.kv.port)}}
	for range vbuckets {
		c.VBucketServerMap.VBucketMap = append(c.VBucketServerMap.VBucketMap, []int{0})
	}
}
