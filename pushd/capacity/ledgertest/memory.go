// Package ledgertest has what every implementation of capacity.Ledger must pass, and one that keeps its leases in memory.
package ledgertest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"liveops/pushd/capacity"
)

// Memory is a ledger in memory, for tests. It keeps no more than it must. The zero value is empty. It may be used by several goroutines at once.
type Memory struct {
	mu      sync.Mutex
	turns   map[string]chan struct{}
	leases  map[string]map[string]capacity.Lease // by environment and run
	history []capacity.Lease
}

// Exclusively is that of capacity.Ledger.
func (m *Memory) Exclusively(ctx context.Context, environment string, do func(context.Context) error) error {
	turn := m.turn(environment)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-turn }()
	return do(ctx)
}

func (m *Memory) turn(environment string) chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.turns == nil {
		m.turns = map[string]chan struct{}{}
	}
	if m.turns[environment] == nil {
		m.turns[environment] = make(chan struct{}, 1)
	}
	return m.turns[environment]
}

// Leases are those of capacity.Ledger, and no others.
func (m *Memory) Leases(ctx context.Context, environment string) ([]capacity.Lease, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all := slices.SortedFunc(maps.Values(m.leases[environment]), func(a, b capacity.Lease) int { return cmp.Compare(a.Call, b.Call) })
	last := len(all) - 1
	var kept []capacity.Lease
	for i, l := range all {
		if i == last || l.State != capacity.Returned {
			kept = append(kept, l)
		}
	}
	return kept, nil
}

// Save is that of capacity.Ledger.
func (m *Memory) Save(ctx context.Context, l capacity.Lease) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.leases == nil {
		m.leases = map[string]map[string]capacity.Lease{}
	}
	if m.leases[l.Environment] == nil {
		m.leases[l.Environment] = map[string]capacity.Lease{}
	}
	m.leases[l.Environment][l.Run] = l
	m.history = append(m.history, l)
	return nil
}

// History is every lease as it was saved, in that order.
func (m *Memory) History() []capacity.Lease {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.history)
}
