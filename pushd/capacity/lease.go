package capacity

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"
)

// A State is how far a lease is.
type State string

// The states of a lease, in the order in which it goes through them. Wanted: the run needs more servers than there are,
// or it is not known yet whether there are as many. Added: as many were there, or were asked for. Returning: they are being
// given back. Returned: they were.
const (
	Wanted    State = "wanted"
	Added     State = "added"
	Returning State = "returning"
	Returned  State = "returned"
)

// A Lease is what one run has of an environment's servers: a row of the ledger, whose key is Environment with Run. Numbers are of
// servers (of a group with weights: of its units).
type Lease struct {
	Environment string
	Run         string
	// Base is how many there were without those that liveops had added, when the run asked first, and Need how many
	// there shall be in all. Neither changes.
	Base, Need int
	State      State
	// Call numbers the calls that change the servers of an environment, from 1 on; this lease recorded the one of this
	// number last. No two leases of an environment have the same.
	Call int64
	// From and To are how many servers there were before that call, and shall be after it. They are equal where none
	// was necessary, and where it is known that it came to nothing.
	From, To int
	// Own is how many of From are not liveops's, and Floor where the way back from To ends.
	Own, Floor int
	// Until is when the servers are given back. Changed is when the row was written last. Both are in UTC, to the second or better.
	Until, Changed time.Time
}

// A Ledger keeps leases where they survive the process: in the environment's MySQL, as a table with a column for each
// field of Lease. The package ledgertest has what each implementation must pass.
type Ledger interface {
	// Exclusively runs do while no other caller, in any process, is in Exclusively for the same environment. It waits
	// for its turn. The context that do gets ends when that cannot be kept up. It returns the error of do.
	Exclusively(ctx context.Context, environment string, do func(context.Context) error) error
	// Leases are, ordered by Call, the environment's leases that are not Returned, and also the one with the highest Call whatever its
	// state. It may have more that are Returned.
	Leases(ctx context.Context, environment string) ([]Lease, error)
	// Save records a lease, in place of the one with the same Environment and Run if there is one. When it has returned
	// nil, the row is there whatever fails.
	Save(ctx context.Context, l Lease) error
}

// live says whether the lease still counts.
func (l Lease) live() bool { return l.State != "" && l.State != Returned }

// open says whether a call was recorded of which it isn't known that it was made.
func (l Lease) open() bool { return l.From != l.To && (l.State == Wanted || l.State == Returning) }

// id names the lease in a tag of the servers that were launched for it: 20 hexadecimal digits.
func (l Lease) id() string { return digest(l.Environment, l.Run)[:20] }

// token is the client token for a part of the lease's last call: 56 of the 64 characters that EC2 allows
// (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html). Servers tells two games apart
// whose environments and campaigns have the same names.
func (l Lease) token(servers []Tag, part int) string {
	var of []string
	for _, t := range servers {
		of = append(of, t.Key, t.Value)
	}
	of = append(of, l.Environment, l.Run, strconv.FormatInt(l.Call, 10), strconv.Itoa(part))
	return "liveops-" + digest(of...)[:48]
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A book is the leases of an environment while they are worked on, ordered by Call.
type book []Lease

// put has a lease in the book in place of the one of the same run.
func (b *book) put(l Lease) {
	*b = slices.DeleteFunc(*b, func(other Lease) bool { return other.Run == l.Run })
	*b = append(*b, l)
	slices.SortFunc(*b, func(a, b Lease) int { return cmp.Compare(a.Call, b.Call) })
}

// find is the live lease of a run.
func (b book) find(run string) (Lease, bool) {
	at := slices.IndexFunc(b, func(l Lease) bool { return l.Run == run && l.live() })
	if at < 0 {
		return Lease{}, false
	}
	return b[at], true
}

// others are the live leases of all other runs.
func (b book) others(run string) (all []Lease) {
	for _, l := range b {
		if l.live() && l.Run != run {
			all = append(all, l)
		}
	}
	return all
}

// next is the number of the next call.
func (b book) next() int64 {
	if len(b) == 0 {
		return 1
	}
	return b[len(b)-1].Call + 1
}
