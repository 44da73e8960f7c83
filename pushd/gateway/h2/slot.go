package h2

import (
	"sync/atomic"
	"time"
)

// taken marks a slot whose message is about to be told its end.
const taken = 1 << 31

// A slot is a stream in flight. The writer fills in a free one and then stores its stream; whoever swaps the stream
// for taken, reader or writer, tells the end and then frees it.
type slot struct {
	stream atomic.Uint32 // 0 for free
	owner  Owner
	index  int
	head   *Head
	sent   int64 // nanoseconds since 1970
}

// slots is a ring of them by stream: streams are odd, and go up.
type slots struct {
	ring []slot
	mask uint32
}

// newSlots makes room for so many streams, and as many again so that one slow answer seldom stands in the way.
func newSlots(streams int) slots {
	n := 16
	for n < 2*streams {
		n *= 2
	}
	return slots{make([]slot, n), uint32(n - 1)}
}

func (s *slots) of(stream uint32) *slot { return &s.ring[stream>>1&s.mask] }

// holds says whether a stream is in flight.
func (s *slots) holds(stream uint32) bool { return stream != 0 && s.of(stream).stream.Load() == stream }

// end tells the owner of a stream how it ended, once; false if it has ended before.
func (s *slots) end(stream uint32, a *Answer) (sent int64, ok bool) {
	slot := s.of(stream)
	if stream == 0 || !slot.stream.CompareAndSwap(stream, taken) {
		return 0, false
	}
	owner, index, sent := slot.owner, slot.index, slot.sent
	a.Head = slot.head
	slot.owner, slot.head = nil, nil
	slot.stream.Store(0)
	owner.Ended(index, a)
	return sent, true
}

// endWhere ends all streams in flight for which why gives an error, and says how many.
func (s *slots) endWhere(now time.Time, why func(stream uint32, sent time.Time) (End, error), each func(stream uint32)) (ended int) {
	for i := range s.ring {
		stream := s.ring[i].stream.Load()
		if stream == 0 || stream == taken {
			continue
		}
		end, err := why(stream, time.Unix(0, s.ring[i].sent))
		if err == nil {
			continue
		}
		if _, ok := s.end(stream, &Answer{End: end, Err: err, At: now}); ok {
			ended++
			if each != nil {
				each(stream)
			}
		}
	}
	return ended
}
