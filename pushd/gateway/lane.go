package gateway

import "slices"

// A lane is the jobs of one pacer. What was promised to those that wait for their pacer takes room from their own lane alone, so
// that a slow run holds up no other.
type lane struct {
	pacer    Pacer
	jobs     int
	promised int    // room, of messages that their pacer has not let through yet
	waiting  []*job // for room
}

// join gives the lane of a pacer to one more job.
func (q *queue) join(p Pacer) *lane {
	q.mu.Lock()
	defer q.mu.Unlock()
	i := slices.IndexFunc(q.lanes, func(l *lane) bool { return l.pacer == p })
	if i < 0 {
		i = len(q.lanes)
		q.lanes = append(q.lanes, &lane{pacer: p})
	}
	q.lanes[i].jobs++
	return q.lanes[i]
}

// part takes a job off its lane.
func (q *queue) part(l *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l.jobs--; l.jobs == 0 {
		q.lanes = slices.DeleteFunc(q.lanes, func(o *lane) bool { return o == l })
	}
}

// streams is how many the connections have that take messages; q.mu must be held.
func (q *queue) streams() (n int) {
	for _, c := range q.conns {
		if limit, _ := c.Streams(); !c.Draining() {
			n += limit
		}
	}
	return n
}

// hasRoom says whether a lane may have one more piece, however small, of so many streams: where there are as many messages as
// streams it may not. q.mu must be held.
func (q *queue) hasRoom(l *lane, streams int) bool { return q.backlog+l.promised <= streams }

// reserve promises room for n messages of a job, a piece at most. Without room it is false, and the job is woken when there is.
func (q *queue) reserve(j *job, n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.hasRoom(j.lane, q.streams()) {
		if !slices.Contains(j.lane.waiting, j) {
			j.lane.waiting = append(j.lane.waiting, j)
		}
		return false
	}
	j.lane.promised += n
	return true
}

// release gives promised room back.
func (q *queue) release(j *job, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.lane.promised -= n
	q.wakeJobs()
}

// wakeJobs wakes a job of each lane that has room, and that somebody waits in; q.mu must be held.
func (q *queue) wakeJobs() {
	streams := -1
	for _, l := range q.lanes {
		if len(l.waiting) == 0 {
			continue
		}
		if streams < 0 {
			streams = q.streams()
		}
		if q.hasRoom(l, streams) {
			l.wake()
		}
	}
}

// wake wakes who waits first.
func (l *lane) wake() {
	l.waiting[0].signal()
	l.waiting = append(l.waiting[:0], l.waiting[1:]...)
}
