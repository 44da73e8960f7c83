package cbtest

import (
	"cmp"
	"os"
	"testing"

	"github.com/couchbase/gocb/v2"
)

// The settings of a server at hand: its address, who the suite is there, and the bucket (default game).
const (
	urlSetting      = "LIVEOPS_TEST_COUCHBASE_URL"
	userSetting     = "LIVEOPS_TEST_COUCHBASE_USER"
	passwordSetting = "LIVEOPS_TEST_COUCHBASE_PASSWORD"
	bucketSetting   = "LIVEOPS_TEST_COUCHBASE_BUCKET"
)

// Real is the server that the settings name; the test is skipped where they name none.
func Real(t *testing.T) Target {
	t.Helper()
	url := os.Getenv(urlSetting)
	if url == "" {
		t.Skip(urlSetting + " is not set")
	}
	return Target{
		Connect: func(t *testing.T) *gocb.Cluster {
			t.Helper()
			c, err := gocb.Connect(url, gocb.ClusterOptions{Username: os.Getenv(userSetting), Password: os.Getenv(passwordSetting)})
			if err != nil {
				t.Fatal(err)
			}
			return c
		},
		Bucket: cmp.Or(os.Getenv(bucketSetting), "game"),
	}
}
