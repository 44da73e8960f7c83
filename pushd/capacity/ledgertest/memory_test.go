package ledgertest_test

import (
	"testing"

	"liveops/pushd/capacity"
	"liveops/pushd/capacity/ledgertest"
)

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) capacity.Ledger { return &ledgertest.Memory{} })
}
