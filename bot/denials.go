package bot

import (
	"strings"
	"sync"
	"time"
)

// Whoever may do nothing is told so a few times an hour: each answer costs writes, of which GitHub allows the bot 500 an hour for
// all that it does. What they write beyond that is not looked at.
const (
	mostDenied   = 5
	deniedWithin = time.Hour
	mostDeniers  = 1_000 // logins that are remembered, before those of the last hour alone are kept
)

// denials remembers whose comments led to nothing but refusals for want of a permission.
type denials struct {
	mu sync.Mutex
	of map[string][]time.Time // by login in small letters; the newest mostDenied
}

// add takes down one comment.
func (d *denials) add(login string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of == nil {
		d.of = map[string][]time.Time{}
	}
	if len(d.of) >= mostDeniers {
		for who, times := range d.of {
			if now.Sub(times[len(times)-1]) >= deniedWithin {
				delete(d.of, who)
			}
		}
	}
	key := strings.ToLower(login)
	times := append(d.of[key], now)
	d.of[key] = times[max(0, len(times)-mostDenied):]
}

// tooMany says whether a login has used up its refusals.
func (d *denials) tooMany(login string, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	times := d.of[strings.ToLower(login)]
	return len(times) == mostDenied && now.Sub(times[0]) < deniedWithin
}
