package capacity

import (
	"math"
	"slices"
)

// A standing is how an environment's servers stand at one moment.
type standing struct {
	total     int // that are there or asked for
	inService int
	own       int // of total, those that are not liveops's
	floor     int // where the way back ends
	least     int // the group's bounds
	most      int
	ours      []server // that liveops launched itself; none in an Auto Scaling group
}

// A server is an instance that liveops launched.
type server struct {
	id, lease string
	launched  int64 // seconds since 1970
}

// needs is how many servers a factor of a base makes, rounded up: 10 % more than 100 are 110, whatever binary fractions
// make of 1.1.
func needs(base int, factor float64) int {
	return int(min(math.Ceil(float64(base)*factor-1e-6), math.MaxInt32))
}

// stand says how many of the total are not liveops's, and where the way back ends, in a group that has one number
// for all of its servers. The last call that was recorded says what liveops set. A total that is neither that nor, while
// it is not known whether the call was made, what was there before it, was set by somebody else.
func stand(leases book, total int) (own, floor int) {
	if len(leases.others("")) == 0 {
		return total, total // what is there is the group's own, however it came about
	}
	last := leases[len(leases)-1]
	set := []int{last.To}
	if last.open() {
		set = append(set, last.From)
	}
	if slices.Contains(set, total) {
		return last.Own, last.Floor
	}
	own = total
	for _, s := range set { // what the other one added is its own; what it took away was first of all liveops's
		own = min(own, max(total-s, 0)+last.Own)
	}
	return own, total
}

// raiseTo is the total that a lease asks for: never less than there is.
func (s standing) raiseTo(l Lease) int { return max(s.total, min(l.Need, s.most)) }

// lowerTo is the total that is left when only these leases remain: never more than there is.
func (s standing) lowerTo(remaining []Lease) int {
	to := max(s.floor, s.least)
	for _, l := range remaining {
		to = max(to, l.Need)
	}
	if s.ours != nil {
		to = max(to, s.total-len(s.surplus(remaining)))
	}
	return min(to, s.total)
}

// surplus are the servers that liveops launched for none of these leases, the latest first: those that players
// had the least time to come to.
func (s standing) surplus(remaining []Lease) (all []server) {
	for _, one := range s.ours {
		if !slices.ContainsFunc(remaining, func(l Lease) bool { return l.id() == one.lease }) {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b server) int {
		if a.launched != b.launched {
			return int(b.launched - a.launched)
		}
		if a.id > b.id {
			return -1
		}
		return 1
	})
	return all
}
