package main

import (
	"os"
	"runtime/debug"
	"sync"

	"liveops/pushd"
)

// heap keeps the memory small of a process that does nothing but send pushes, unless GOGC or GOMEMLIMIT say otherwise.
type heap struct {
	mu   sync.Mutex
	runs map[string]int // at work, by environment
}

func newHeap() *heap {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	debug.SetGCPercent(pushd.GCPercent)
	return &heap{runs: map[string]int{}}
}

// atWork is told how many runs an environment's worker knows of. A nil heap needs no telling.
func (h *heap) atWork(environment string) func(runs int) {
	if h == nil {
		return nil
	}
	return func(runs int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.runs[environment] = runs
		all := 0
		for _, n := range h.runs {
			all += n
		}
		debug.SetMemoryLimit(pushd.MemoryLimit(all))
	}
}
