package gateway

import (
	"slices"
	"sync"

	"liveops/pushd/gateway/h2"
)

// A queue is the messages that may be sent now, first come first served, and the connections that take them. It holds
// about as many as the connections have streams, and a piece of each lane, so that what a pacer let through is not sent
// much later.
type queue struct {
	mu      sync.Mutex
	spans   []span
	backlog int // messages in spans
	lanes   []*lane
	conns   []*h2.Conn
	turn    int // the connection that is woken next
	heads   map[headKey]*h2.Head
	headsOf *credential // whose heads these are

	gate gate
}

// A span is messages of a job: from one to another, or those listed.
type span struct {
	job      *job
	from, to int
	listed   []int32
	since    int64 // by the gate's clock
}

func (s *span) len() int { return s.to - s.from + len(s.listed) }

// at is the index of its i-th message.
func (s *span) at(i int) int {
	if n := s.to - s.from; i >= n {
		return int(s.listed[i-n])
	}
	return s.from + i
}

// push adds messages for which room was promised, and wakes a connection.
func (q *queue) push(s span) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s.job.lane.promised -= s.len()
	q.backlog += s.len()
	q.spans = append(q.spans, s)
	q.wakeConn()
}

// retract takes a job's messages out that were queued so long ago, and gives them; oldest is since when any of its others is queued,
// 0 for none.
func (q *queue) retract(j *job, since int64) (back []span, oldest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spans = slices.DeleteFunc(q.spans, func(s span) bool {
		switch {
		case s.job != j:
		case s.since <= since:
			back = append(back, s)
			q.backlog -= s.len()
			return true
		case oldest == 0 || s.since < oldest:
			oldest = s.since
		}
		return false
	})
	q.wakeJobs()
	return back, oldest
}

// forget has a job wait for room no more.
func (q *queue) forget(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.lane.waiting = slices.DeleteFunc(j.lane.waiting, func(o *job) bool { return o == j })
}

// wakeConn wakes a connection that has streams free and found nothing; q.mu must be held.
func (q *queue) wakeConn() {
	for range q.conns {
		q.turn++
		if q.conns[q.turn%len(q.conns)].WakeIdle() {
			return
		}
	}
}

// addConn adds a connection that takes messages.
func (q *queue) addConn(c *h2.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.conns = append(q.conns, c)
}

// removeConn removes one that has ended.
func (q *queue) removeConn(c *h2.Conn) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.conns = slices.DeleteFunc(q.conns, func(o *h2.Conn) bool { return o == c })
}

// connections are those that there are.
func (q *queue) connections() []*h2.Conn {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.conns)
}

// queued is how many messages no connection has taken.
func (q *queue) queued() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.backlog
}

// wakeAll has all connections, and all jobs that wait for room, look again.
func (q *queue) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.conns {
		c.WakeIdle()
	}
	for _, l := range q.lanes {
		for len(l.waiting) > 0 {
			l.wake()
		}
	}
}

// Next gives a connection what it sends now.
func (s *Sender) Next(_ *h2.Conn, into []h2.Post) int {
	q := &s.queue
	now := s.o.Clock.Now()
	k := s.credentials.usable(now)
	if k == nil || q.gate.closed(now) {
		return 0
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.spans) == 0 {
		return 0
	}
	allowed := s.breaker.allow(min(len(into), q.spans[0].len()), now)
	if !s.breaker.open.Load() {
		allowed = len(into)
	}
	n := 0
	for n < allowed && len(q.spans) > 0 {
		n += s.fill(&q.spans[0], into[n:allowed], k)
		if q.spans[0].len() == 0 {
			q.spans[0] = span{}
			q.spans = q.spans[1:]
		}
	}
	q.backlog -= n
	q.wakeJobs()
	if len(q.spans) > 0 && n > 0 {
		q.wakeConn()
	}
	return n
}

// fill takes messages off a span; q.mu must be held.
func (s *Sender) fill(of *span, into []h2.Post, k *credential) int {
	n := min(len(into), of.len())
	for i := range n {
		index := of.from
		if of.from < of.to {
			of.from++
		} else {
			index = int(of.listed[0])
			of.listed = of.listed[1:]
		}
		m := &of.job.batch.Messages[index]
		into[i].Owner, into[i].Index, into[i].Head = of.job, index, s.headFor(of.job, m, k)
		s.vendor.fill(m, &into[i])
	}
	return n
}

// headFor is head, remembered for as long as messages have the same template; q.mu must be held.
func (s *Sender) headFor(j *job, m *Message, k *credential) *h2.Head {
	if m.CollapseID != "" {
		return s.head(m, k)
	}
	if j.template != m.Template || j.key != k {
		j.template, j.key, j.head = m.Template, k, s.head(m, k)
	}
	return j.head
}

// head is the head of a message; q.mu must be held.
func (s *Sender) head(m *Message, k *credential) *h2.Head {
	q := &s.queue
	if q.headsOf != k || len(q.heads) > 64 {
		q.headsOf, q.heads = k, map[headKey]*h2.Head{}
	}
	key := s.vendor.key(m)
	h := q.heads[key]
	if h == nil {
		h = s.vendor.head(s.authority, key, k)
		q.heads[key] = h
	}
	return h
}
