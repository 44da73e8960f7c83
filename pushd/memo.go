package pushd

import "sync"

// memo keeps what a function gave. Users' languages are few; a table with a million of them would be a mistake, at
// which it forgets.
type memo[K comparable, V any] struct {
	make func(K) V
	mu   sync.Mutex
	kept map[K]V
}

const mostKept = 10_000

func newMemo[K comparable, V any](f func(K) V) *memo[K, V] {
	return &memo[K, V]{make: f, kept: map[K]V{}}
}

func (m *memo[K, V]) get(k K) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.kept[k]
	if !ok {
		if len(m.kept) >= mostKept {
			clear(m.kept)
		}
		v = m.make(k)
		m.kept[k] = v
	}
	return v
}
