package pushd

import (
	"context"
	"slices"
	"time"

	"liveops/pushd/runs"
)

// A batch is claimed before anything of it is sent: another worker may have it in hand, or have sent it. An engine that was
// killed hands over anew what it does not know any more that workers have; one that could not be reached hands over what they
// have and go on with; and a worker that was cut off comes back with batches that others have taken over. So the leader
// knows of each batch that has no result who claimed it, and hears from each worker what it has in hand.

// claim asks for a batch.
type claim struct {
	Worker string
	Run    int64
	Seq    int
}

// claimed is the answer.
type claimed string

const (
	yours claimed = "yours"
	done  claimed = "done" // it has its result
	held  claimed = "held" // another one has it in hand, or may have: ask again later
)

const (
	// settleIn is after how long without a word, and after a new leader's first, everybody that is there has been heard: connections
	// are made anew within two or three seconds.
	settleIn = 5 * time.Second
	// claimAgain is when a batch that is held is asked for again.
	claimAgain = 2 * time.Second
)

// owner is who has a batch in hand, as far as the leader knows.
type owner struct {
	worker string
	at     time.Time // when it claimed it; zero where it is known by its words
}

// claim answers a claim: the batch is given to whoever asks first, unless another one may have it in hand. That it has its result,
// the record says alone, by which the engine forgets it.
func (l *leader) claim(ctx context.Context, c *claim) (claimed, error) {
	answer := l.grant(c, l.o.Clock.Now())
	if answer != done {
		return answer, nil
	}
	is, err := l.o.Runs.IsSettled(ctx, c.Run, c.Seq)
	if err == nil && !is {
		answer = held
	}
	return answer, err
}

// grant is claim by what the leader knows itself.
func (l *leader) grant(c *claim, now time.Time) claimed {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.led[c.Run]
	if d == nil || !l.ready {
		return held
	}
	earlier := c.Seq <= d.before // somebody may have it in hand since an earlier term, whose words this leader has not heard
	if !d.open[c.Seq] {
		if earlier && !d.known {
			return held
		}
		return done
	}
	unheard := l.listening.IsZero() || now.Sub(l.listening) < settleIn
	o, owned := d.owners[c.Seq]
	switch {
	case owned && o.worker != c.Worker && (unheard || l.holds(o, c.Run, c.Seq, now)):
		return held
	case !owned && earlier && unheard:
		return held
	}
	d.owners[c.Seq] = owner{c.Worker, now}
	return yours
}

// holds says whether an owner still has a batch in hand. l.mu must be held.
func (l *leader) holds(o owner, run int64, seq int, now time.Time) bool {
	w := l.workers[o.worker]
	if w == nil || now.Sub(w.heard) > gone {
		return false
	}
	// What was just claimed is in none of its words yet.
	return slices.Contains(w.hands[run], seq) || now.Sub(o.at) <= gone
}

// listen takes note of a word, and of what the worker has in hand; it tells which of that others have taken over. l.mu must be held.
func (l *leader) listen(c *contact, now time.Time) (lost map[int64][]int) {
	if now.Sub(l.heard) > silence {
		l.listening = now
	}
	l.heard = now
	before := l.workers[c.Worker]
	w := &worker{heard: now, n: c.N, hands: c.Hands, lacks: c.Lacks}
	// A run that this answer lets it send is not still any more, whatever the worker did before.
	w.still = slices.DeleteFunc(c.Still, func(run int64) bool { d := l.led[run]; return d != nil && d.State == runs.Running })
	l.workers[c.Worker] = w
	lost = map[int64][]int{}
	for run, d := range l.led {
		if before != nil {
			d.leave(c.Worker, before.hands[run], c.Hands[run])
		}
		for _, seq := range c.Hands[run] {
			o, owned := d.owners[seq]
			switch {
			case !d.open[seq] && (d.known || seq > d.before), owned && o.worker != c.Worker && l.holds(o, run, seq, now):
				lost[run] = append(lost[run], seq)
			case !owned || o.worker != c.Worker:
				d.owners[seq] = owner{worker: c.Worker}
			}
		}
	}
	return lost
}

// leave takes note of what a worker has no more in hand.
func (d *led) leave(worker string, before, now []int) {
	for _, seq := range before {
		if d.owners[seq].worker == worker && !slices.Contains(now, seq) {
			delete(d.owners, seq)
		}
	}
}
