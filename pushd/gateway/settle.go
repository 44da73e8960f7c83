package gateway

import (
	"slices"
	"time"

	"liveops/pushd/gateway/h2"
)

// settle decides what becomes of a message after one of its ends; j.mu must be held.
func (j *job) settle(index int, r *Result, a *h2.Answer, now time.Time) {
	switch a.End {
	case h2.Refused:
		r.Reason = a.Err.Error()
		j.repeat(index, r, now, j.pauseOfRefused(r))
		return
	case h2.Lost:
		r.Reason = a.Err.Error()
		j.sick(now)
		if j.lost[index] = true; j.s.o.Retry.KeepLost {
			j.finally(index, r, Unknown)
			return
		}
		j.fail(index, r, now, 0)
		return
	}
	v := j.s.vendor.judge(a, r, now)
	if v.sick {
		j.sick(now)
	} else if j.well++; j.s.breaker.open.Load() {
		j.tell()
	}
	k := a.Head.Tag.(*credential)
	if v.kind != renew && v.kind != stopped && !k.proven.Load() {
		k.proven.Store(true)
	}
	switch v.kind {
	case accepted:
		r.Reason = ""
		j.finally(index, r, Accepted)
	case dead:
		j.finally(index, r, Dead)
	case rejected:
		j.finally(index, r, Rejected)
	case again:
		j.fail(index, r, now, v.wait)
	case gated:
		if j.s.queue.gate.close(now, now.Add(v.wait)) {
			j.s.o.Log.Warn("the gateway asks to wait", "gateway", j.s.authority, "reason", r.Reason, "for", v.wait)
			j.s.pool.kick()
		}
		j.repeat(index, r, now, v.wait)
	case renew:
		if r.Reason == tooSoon {
			if j.s.credentials.fallBack(k) {
				j.repeat(index, r, now, 0)
			} else {
				j.fail(index, r, now, v.wait)
			}
			return
		}
		if err := j.s.credentials.refuse(k, r.Reason); err != nil {
			j.halt(index, err)
			return
		}
		j.repeat(index, r, now, 0)
	case stopped:
		j.halt(index, v.err)
	}
}

// finally is the end of a message. A copy that may have been taken makes another's failure Unknown.
func (j *job) finally(index int, r *Result, o Outcome) {
	if j.lost[index] && o == GaveUp {
		o = Unknown
	}
	r.Outcome = o
	j.done++
}

// halt stops the job; the message itself stays unsent.
func (j *job) halt(_ int, err error) {
	if j.stop == nil || j.stop == errEnding {
		j.stop = err
	}
}

// fail sends a message again after a wait that grows, and that is least at least, unless it failed too often.
func (j *job) fail(index int, r *Result, now time.Time, least time.Duration) {
	if j.failures[index]++; int(j.failures[index]) >= j.s.o.Retry.Attempts {
		j.finally(index, r, GaveUp)
		return
	}
	j.repeat(index, r, now, least+j.s.o.Retry.wait(int(j.failures[index]), j.s.o.Random()))
}

// refusedFree is how often a message that was refused is sent again at once: a GOAWAY, then perhaps another.
const refusedFree = 3

// pauseOfRefused is how long a message waits that was not looked at.
func (j *job) pauseOfRefused(r *Result) time.Duration {
	if r.Attempts <= refusedFree {
		return 0
	}
	return j.s.o.Retry.wait(min(r.Attempts-refusedFree, 20), j.s.o.Random())
}

// repeat sends a message again after a wait, unless that would be too long after its trouble began.
func (j *job) repeat(index int, r *Result, now time.Time, wait time.Duration) {
	at, gate := now.Add(wait), &j.s.queue.gate
	if j.troubled == nil {
		j.troubled = make([]int64, len(j.results))
	}
	if j.troubled[index] == 0 {
		j.troubled[index] = gate.clock(now)
	}
	if gate.clock(at)-j.troubled[index] >= int64(j.s.o.Retry.GiveUpAfter) {
		j.finally(index, r, GaveUp)
		return
	}
	i, _ := slices.BinarySearchFunc(j.again, at, func(r repeat, at time.Time) int {
		if r.at.After(at) {
			return 1
		}
		return -1
	})
	j.again = slices.Insert(j.again, i, repeat{at, int32(index)})
}

// sick tells the circuit breaker of trouble.
func (j *job) sick(now time.Time) {
	if j.s.breaker.failed(now) {
		j.s.o.Log.Warn("the gateway fails: it is left alone for a while", "gateway", j.s.authority)
		j.s.pool.kick()
	}
}

// giveUpQueued gives up what has been queued for too long: no connection took it. It says when that will be so of what is queued now,
// the zero time for never.
func (j *job) giveUpQueued(now time.Time) time.Time {
	if j.queued == 0 {
		return time.Time{}
	}
	gate, patience := &j.s.queue.gate, int64(j.s.o.Retry.GiveUpAfter)
	if at := gate.when(j.queued + patience); at.After(now) {
		return at
	}
	late, oldest := j.s.queue.retract(j, gate.clock(now)-patience)
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range late {
		j.inHand -= s.len()
		for i := range s.len() {
			index := s.at(i)
			r := &j.results[index]
			if r.Reason == "" {
				r.Reason = j.s.pool.excuse()
			}
			j.finally(index, r, GaveUp)
		}
	}
	if j.queued = oldest; oldest == 0 {
		return time.Time{}
	}
	return gate.when(oldest + patience)
}
