package engine

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
)

// Lane is a class of jobs that does not wait for the other classes. Each is several queues side by side; a job's
// Key says which of them it goes to.
type Lane string

// The lanes.
const (
	Plans    Lane = "plan"    // what concerns one pull request; its Key is that pull request
	Releases Lane = "release" // what changes environments; its Key is the repository
	Commands Lane = "command" // what must be answered soon, whatever else goes on
	Waits    Lane = "wait"    // what waits for somebody else for up to a minute, and holds no command up meanwhile
)

// lanes lists the lanes, and width is how many queues each has. They are the same in every version that has the lane and every
// process: a job lies in the queue that its Key had when it was enqueued, until a process works it off that knows the lane.
func lanes() []Lane { return []Lane{Plans, Releases, Commands, Waits} }

func (l Lane) width() int {
	if l == Plans {
		return 8
	}
	return 4
}

// Job is a piece of work. Jobs of one Key in one Lane are done in the order in which they were enqueued, one at a
// time over all processes that share a server. Jobs of different keys may wait for each other, where their keys come
// to the same queue; jobs of different lanes never do.
type Job struct {
	// ID names the job within its lane: the same id twice within Remembered is one job. A job that a delivery
	// leads to may have the delivery's id, so that Retry with that id finds whichever of them is parked.
	ID         string
	Lane       Lane
	Key        string    // what order is kept for, such as studio/game-data#12
	Kind       string    // what is to be done, in a word of the handler's
	Repository string    // owner/name, or ""
	About      string    // what people call it, for those who look at Jobs and Parked
	Asked      time.Time // when it was enqueued; kept to the nanosecond, in UTC
	Body       []byte
	// Supersede, where it is set, lets a newer job of the same Lane, Key and Supersede take this one's place: a job
	// that such a one waits behind is dropped unworked, and counts as done. One that is in hand already runs to
	// its end, so that a stream of new ones cannot keep all of them from ever being done.
	Supersede string
}

// check refuses what could not be read back as it was written.
func (j Job) check() error {
	if j.ID == "" || j.Key == "" {
		return errors.New("the job has no id or no key")
	}
	if !slices.Contains(lanes(), j.Lane) {
		return fmt.Errorf("the job's lane %q is none", j.Lane)
	}
	if len(j.Body) > MaxBody {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(j.Body), MaxBody)
	}
	return checkFields("job", field{"id", j.ID}, field{"key", j.Key}, field{"kind", j.Kind}, field{"repository", j.Repository},
		field{"about", j.About}, field{"supersede", j.Supersede})
}

// Enqueue stores a job for Work, and returns when it is synced to disk. An id that its lane has had in the last 72
// hours is a duplicate, which is not stored again. A zero Asked is the present. A malformed job and ErrTooLarge are
// for good, and marked by Park, so that a handler may return them as they are; after any other error the job may or may
// not be stored, and may be enqueued again.
//
// A handler that enqueues what its job leads to, and then returns nil, loses nothing and does nothing twice,
// wherever it is interrupted.
func (e *Engine) Enqueue(ctx context.Context, j Job) (duplicate bool, err error) {
	end, err := e.begin()
	if err != nil {
		return false, err
	}
	defer end()
	if j.Asked.IsZero() {
		j.Asked = e.options.Now()
	}
	if err := j.check(); err != nil {
		return false, Park(err)
	}
	duplicate, err = e.publish(ctx, j.message(), string(j.Lane)+" "+j.ID)
	if errors.Is(err, ErrTooLarge) {
		err = Park(err)
	}
	if err != nil {
		return false, fmt.Errorf("store job %s: %w", j.ID, err)
	}
	return duplicate, nil
}

// A job's headers, beside those that it shares with a delivery. Its kind stands where a delivery has its event.
const (
	headerLane      = "Liveops-Lane"
	headerKey       = "Liveops-Key"
	headerAbout     = "Liveops-About"
	headerSupersede = "Liveops-Supersede"
)

// message is the job as its queue has it; of a job of no lane, the delivery.
func (j Job) message() *nats.Msg {
	d := Delivery{ID: j.ID, Event: j.Kind, Repository: j.Repository, Received: j.Asked, Body: j.Body}
	if j.Lane == "" {
		return d.message(deliveriesSubject)
	}
	m := d.message(j.subject())
	for header, value := range map[string]string{headerLane: string(j.Lane), headerKey: j.Key, headerAbout: j.About, headerSupersede: j.Supersede} {
		m.Header.Set(header, value)
	}
	return m
}

// jobOf reads a job, or a delivery as one of no lane.
func jobOf(h nats.Header, body []byte) Job {
	d := deliveryOf(h, body)
	return Job{ID: d.ID, Lane: Lane(h.Get(headerLane)), Key: h.Get(headerKey), Kind: d.Event, Repository: d.Repository,
		About: h.Get(headerAbout), Asked: d.Received, Body: d.Body, Supersede: h.Get(headerSupersede)}
}

// subject is that of the job's queue, and below it one for each thing that a newer job supersedes it in.
func (j Job) subject() string {
	last := "-" // which is the base64 of nothing
	if j.Supersede != "" {
		last = base64.RawURLEncoding.EncodeToString([]byte(j.Key + " " + j.Supersede))
	}
	return jobsSubject + queueName(j.Lane, slot(j.Key, j.Lane.width())) + "." + last
}

// slot is which of n queues a key comes to.
func slot(key string, n int) int {
	h := fnv.New32a()
	h.Write([]byte(key))
	return int(h.Sum32() % uint32(n))
}

func queueName(l Lane, slot int) string { return string(l) + "-" + strconv.Itoa(slot) }
