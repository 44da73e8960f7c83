package capacity

import (
	"math"
	"slices"
	"testing"
)

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		base   int
		factor float64
		want   int
	}{{100, 2, 200}, {100, 1, 100}, {100, 1.1, 110}, {3, 1.5, 5}, {7, 1.01, 8}, {1000, 1.005, 1005}, {0, 2, 0}, {math.MaxInt32, 100, math.MaxInt32}} {
		if got := needs(c.base, c.factor); got != c.want {
			t.Errorf("%v times %d: %d, want %d", c.factor, c.base, got, c.want)
		}
	}
}

func TestStand(t *testing.T) {
	added := Lease{Run: "a", State: Added, Call: 1, From: 100, To: 200, Own: 100, Floor: 100}
	wanted := Lease{Run: "a", State: Wanted, Call: 1, From: 100, To: 200, Own: 100, Floor: 100}
	returned := Lease{Run: "b", State: Returned, Call: 2, From: 300, To: 200, Own: 110, Floor: 120}
	returning := Lease{Run: "a", State: Returning, Call: 2, From: 200, To: 100, Own: 100, Floor: 100}
	for _, c := range []struct {
		name       string
		leases     book
		total      int
		own, floor int
	}{
		{"nothing was added", nil, 100, 100, 100},
		{"all was given back", book{returned}, 150, 150, 150},
		{"as liveops set it", book{added}, 200, 100, 100},
		{"the policy added", book{added}, 210, 110, 210},
		{"the policy took of what liveops added", book{added}, 150, 100, 150},
		{"the policy took more than that", book{added}, 80, 80, 80},
		{"the call was not made", book{wanted}, 100, 100, 100},
		{"the call was made", book{wanted}, 200, 100, 100},
		{"made or not, and then another number", book{wanted}, 150, 100, 150},
		{"made or not, and then a higher one", book{wanted}, 210, 110, 210},
		{"made or not, and then a lower one", book{wanted}, 90, 90, 90},
		{"the way back was not made", book{returning}, 200, 100, 100},
		{"the way back was made", book{returning}, 100, 100, 100},
		{"the last call is another run's", book{added, returned}, 200, 110, 120},
	} {
		if own, floor := stand(c.leases, c.total); own != c.own || floor != c.floor {
			t.Errorf("%s: own %d, floor %d, want %d, %d", c.name, own, floor, c.own, c.floor)
		}
	}
}

func TestLowerTo(t *testing.T) {
	a := Lease{Environment: "production", Run: "a", State: Added, Need: 150}
	b := Lease{Environment: "production", Run: "b", State: Added, Need: 180}
	for _, c := range []struct {
		name      string
		s         standing
		remaining []Lease
		want      int
	}{
		{"to what there was", standing{total: 200, floor: 100}, nil, 100},
		{"to what another needs", standing{total: 200, floor: 100}, []Lease{a}, 150},
		{"to the larger need", standing{total: 200, floor: 100}, []Lease{a, b}, 180},
		{"to the group's minimum", standing{total: 200, floor: 100, least: 120}, nil, 120},
		{"never up", standing{total: 120, floor: 100}, []Lease{a}, 120},
		{"what the policy set stays", standing{total: 210, floor: 210}, nil, 210},
		{"nothing that is not liveops's", standing{total: 5, floor: 3, ours: servers("x", "x")}, nil, 3},
		{"nothing of a run that remains", standing{total: 300, floor: 1, ours: servers(b.id(), b.id(), "x")}, []Lease{b}, 299},
		{"nothing of liveops's is there", standing{total: 300, floor: 300, ours: []server{}}, nil, 300},
	} {
		if got := c.s.lowerTo(c.remaining); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func servers(leases ...string) (all []server) {
	for _, l := range leases {
		all = append(all, server{lease: l})
	}
	return all
}

func TestSurplusIsTheLatest(t *testing.T) {
	l := Lease{Environment: "production", Run: "a"}
	s := standing{ours: []server{{"i-1", "x", 10}, {"i-2", l.id(), 30}, {"i-3", "x", 20}, {"i-4", "x", 10}}}
	want := []server{{"i-3", "x", 20}, {"i-4", "x", 10}, {"i-1", "x", 10}}
	if got := s.surplus([]Lease{l}); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTokens holds that no two launches have the same token, and that each fits EC2's limit.
func TestTokens(t *testing.T) {
	game, other := []Tag{{"game", "crystals"}}, []Tag{{"game", "cookies"}}
	l := Lease{Environment: "production", Run: "a", Call: 1}
	next, staging, b := l, l, l
	next.Call, staging.Environment, b.Run = 2, "staging", "b"
	seen := map[string]bool{}
	for _, token := range []string{l.token(game, 0), l.token(game, 1), l.token(other, 0), next.token(game, 0), staging.token(game, 0), b.token(game, 0)} {
		if seen[token] || len(token) > 64 {
			t.Errorf("%s: seen %t, %d characters", token, seen[token], len(token))
		}
		seen[token] = true
	}
	again := l
	again.State, again.Until = Added, l.Until.Add(1)
	if again.token(game, 0) != l.token(game, 0) {
		t.Error("the same call has two tokens")
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		from, to int
		want     []int
	}{{100, 100, nil}, {100, 101, []int{1}}, {100, 200, []int{100}}, {100, 350, []int{100, 100, 50}}} {
		if got := parts(Lease{From: c.from, To: c.to}); !slices.Equal(got, c.want) {
			t.Errorf("%d to %d: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}
