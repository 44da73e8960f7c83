package bot_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"liveops/sandbox/github"
	"liveops/sync/release"
	"liveops/sync/report"
)

// The size of the storm. Every pull request that is merged has a table of its own, the others have some together.
const (
	stormPulls      = 40
	stormMerges     = 12 // the first ones
	stormTables     = stormMerges + 8
	stormDeliveries = 2000
	stormPatience   = 10 * time.Minute // half a minute is enough where nothing else goes on, and the race detector is not on
)

// storm is many people at work on many pull requests, while the bot is killed now and then.
type storm struct {
	*world
	random  *rand.Rand
	courier *courier
	bot     *child
	setting childSettings

	value  [stormPulls]int    // that each pull request's newest head wants of its row
	merged [stormPulls]string // the merge commits
	number [stormPulls]int
	plans  atomic.Int64 // how often a comment with a plan was written
}

func newStorm(t *testing.T, seed uint64) *storm {
	s := &storm{random: rand.New(rand.NewPCG(seed, 0))}
	first := files{itemsPath: nil, levelsPath: nil}
	for i := range stormTables {
		first[stormPath(i)] = stormSheet(0)
	}
	s.world = newWorld(t, options{plain: true, files: first, clock: &clock{}, limits: github.DocumentedLimits()})
	s.setting = childSettings{Dir: s.dir, Clock: s.clock.serve(t), DSNs: map[string]string{}}
	for name, e := range s.envs {
		for i := range stormTables {
			e.exec(t, fmt.Sprintf("CREATE TABLE t%02d (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)", i))
		}
		s.setting.DSNs[name] = e.dsnOf(t, e.admin.Net, e.admin.Addr)
	}
	s.releaseFirst()
	s.setting.GitHub = s.way()
	s.courier = newCourier(t, seed)
	s.github.SetWebhook(s.courier.URL, secret)
	return s
}

// way is the bot's way to GitHub, on which its writes are kept and its plans counted.
func (s *storm) way() string {
	s.Helper()
	return s.watched(func(r *http.Request, body string) {
		if strings.Contains(r.URL.Path, "/comments") && strings.Contains(body, "liveops:plan") {
			s.plans.Add(1)
		}
	})
}

// stormPath is the file of a pull request's table.
func stormPath(i int) string {
	if i >= stormTables {
		i = stormMerges + i%(stormTables-stormMerges)
	}
	return fmt.Sprintf("datasheets/t%02d.csv", i)
}

// stormSheet is a sheet whose second row has a value.
func stormSheet(value int) []byte { return fmt.Appendf(nil, "id,v\n1,5\n2,%d\n3,7\n", value) }

// begin starts the bot, at first or again.
func (s *storm) begin() {
	s.bot = s.spawn(s.setting)
	s.courier.moveTo(s.bot.url)
}

// pushTo pushes another value to a pull request's branch.
func (s *storm) pushTo(i int) {
	s.value[i]++
	s.commit(stormBranch(i), fmt.Sprintf("Value %d", s.value[i]), files{stormPath(i): stormSheet(s.value[i])})
}

func stormBranch(i int) string { return fmt.Sprintf("change-%02d", i) }

// act does one thing to one of the pull requests that are open.
func (s *storm) act() {
	s.Helper()
	i := s.random.IntN(stormPulls)
	if s.merged[i] != "" {
		i = stormMerges + s.random.IntN(stormPulls-stormMerges)
	}
	n := s.number[i]
	switch dice := s.random.IntN(100); {
	case dice < 30:
		s.pushTo(i)
	case dice < 40: // a series
		for range 2 + s.random.IntN(3) {
			s.pushTo(i)
		}
	case dice < 45:
		s.must(s.repo.ClosePull(n, "mina"))
		s.must(s.repo.ReopenPull(n, "mina"))
	case dice < 60:
		_, err := s.repo.Review(n, "jun", github.Commented, "Is this right?")
		s.must(err)
	default:
		_, err := s.repo.AddComment(n, "jun", "Looks good, but <!-- liveops:plan --> is not mine.")
		s.must(err)
	}
}

// mergeNext merges a pull request as soon as its newest head is planned, as somebody does who reads the plan.
func (s *storm) mergeNext(ctx context.Context, i int) {
	s.Helper()
	head := s.repo.Tip(stormBranch(i))
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !s.shows(ctx, i, head) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.Fatalf("#%d is not planned\n%s", s.number[i], s.log)
		}
	}
	s.merged[i] = s.merge(s.number[i])
}

// shows says whether a pull request shows its plan of a head, which is recorded for its merge.
func (s *storm) shows(ctx context.Context, i int, head string) bool {
	s.Helper()
	for name := range s.envs {
		store, err := s.Store(ctx, name)
		s.must(err)
		shown, err := store.Review(ctx, repository, s.number[i])
		s.must(err)
		if shown == nil || shown.Head != head {
			return false
		}
	}
	return true
}

// Two thousand deliveries, one in five of them twice, out of order, over forty pull requests of which twelve are merged,
// to a bot that is killed twice meanwhile and that keeps to GitHub's limits: every pull request ends with its one right
// comment, and every merge is applied exactly once.
func TestStorm(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("the storm's seed is %d", seed)
	s := newStorm(t, seed)
	ctx, cancel := context.WithTimeout(t.Context(), stormPatience)
	defer cancel()
	s.begin()
	for i := range stormPulls {
		s.value[i] = 1000 * (i + 1)
		s.number[i] = s.open(stormBranch(i), files{stormPath(i): stormSheet(s.value[i])})
	}
	kills := []int{stormDeliveries/5 + s.random.IntN(stormDeliveries/5), stormDeliveries/2 + s.random.IntN(stormDeliveries/5)}
	merges := 0
	for done := 0; done < stormDeliveries; done = len(s.github.Deliveries()) * 6 / 5 { // one in five is sent twice
		if len(kills) > 0 && done > kills[0] {
			kills = kills[1:]
			s.bot.kill()
			s.begin()
		}
		if merges < stormMerges && done > stormDeliveries/8+merges*stormDeliveries/20 {
			s.mergeNext(ctx, merges)
			merges++
			continue
		}
		s.act()
	}
	s.must(s.github.WaitDelivered(ctx))
	s.courier.again(stormDeliveries)
	s.must(s.courier.await(ctx, stormDeliveries))
	s.bot.idle(ctx)
	t.Logf("%s; %d plans written; GitHub refused %d requests; %s went by", s.courier, s.plans.Load(), s.github.Throttled(s.self),
		time.Until(s.clock.now()).Round(time.Second))
	if len(kills) > 0 || merges < stormMerges {
		t.Fatalf("%d kills and %d merges are left", len(kills), stormMerges-merges)
	}
	if most := s.causes(); int(s.plans.Load()) > most {
		t.Errorf("%d plans were written, and there are %d reasons for one", s.plans.Load(), most)
	}
	const unaware = 30 // a bot that is started does not know what the one before it has spent
	if n := s.github.Throttled(s.self); n > unaware {
		t.Errorf("GitHub had to refuse %d requests", n)
	}
	s.check()
}

// causes is how many reasons there were to plan a pull request: a newer one takes the place of those that wait.
func (s *storm) causes() int {
	n := stormMerges * (stormPulls - 1)
	for _, d := range s.github.Deliveries() {
		if d.Event == "pull_request" && d.Action != "closed" {
			n++
		}
	}
	return n
}

// check looks at all that came of it.
func (s *storm) check() {
	if strings.Contains(s.log.all(), "DATA RACE") {
		s.Errorf("the bot has a race:\n%s", s.log)
	}
	main := s.repo.Tip("main")
	for i := range stormPulls {
		s.Run(fmt.Sprintf("#%d", s.number[i]), func(t *testing.T) {
			if commit := s.merged[i]; commit != "" {
				s.checkMerge(t, i, commit)
			} else {
				s.checkPlan(t, i, main)
			}
		})
	}
	for name, e := range s.envs {
		s.checkEnvironment(name, e, main)
	}
}

func (s *storm) checkMerge(t *testing.T, i int, commit string) {
	n := s.number[i]
	list := s.comments(n, mergeMarker)
	if len(list) != 1 || len(s.comments(n, "")) != 2 {
		t.Fatalf("it has %d comments on its merge, and %d of the bot's in all, want 1 and 2", len(list), len(s.comments(n, "")))
	}
	if body := list[0].Body; !report.MergeDone(commit, body) || !strings.Contains(body, "is live in staging and production") ||
		!strings.Contains(body, fmt.Sprintf("0 → %d", s.value[i])) && strings.Count(body, "✓ applied") != 2 {
		t.Errorf("its merge %s is told so:\n%s", commit, body)
	}
	if state, said := s.shown(commit); state != "success" {
		t.Errorf("the merge shows %s (%s)", state, said)
	}
}

func (s *storm) checkPlan(t *testing.T, i int, main string) {
	n, head := s.number[i], s.repo.Tip(stormBranch(i))
	list := s.comments(n, "")
	if len(list) != 1 {
		t.Fatalf("it has %d comments of the bot's, want 1", len(list))
	}
	body := list[0].Body
	for _, want := range []string{pullMarker, head[:8], main[:8], fmt.Sprintf("v: 0 → %d", s.value[i]), "1 table changes"} {
		if !strings.Contains(body, want) {
			t.Errorf("want %q in its comment:\n%s", want, body)
		}
	}
	if state, said := s.shown(head); state != "success" {
		t.Errorf("the head shows %s (%s)", state, said)
	}
	for name := range s.envs {
		store, err := s.Store(t.Context(), name)
		s.must(err)
		shown, err := store.Review(t.Context(), repository, n)
		s.must(err)
		p := s.planOf(t, fmt.Sprintf("refs/pull/%d/merge", n), name)
		if shown == nil || shown.Head != head || shown.Base != main || shown.Digest != p.Digest {
			t.Errorf("recorded of %s is %+v, want the head %s on %s with the digest %s", name, shown, head, main, p.Digest)
		}
	}
}

// planOf makes a plan directly.
func (s *storm) planOf(t *testing.T, ref, environment string) *release.Plan {
	t.Helper()
	_, remote, err := s.botOptions(nil).Hub.Repository(t.Context(), repository)
	s.must(err)
	c, err := remote.Fetch(t.Context(), ref)
	s.must(err)
	defer c.Close()
	desired, err := release.Read(t.Context(), c.ID, c.Files)
	s.must(err)
	store, err := s.Store(t.Context(), environment)
	s.must(err)
	snap, err := store.Snapshot(t.Context())
	s.must(err)
	defer snap.Close()
	p, err := release.MakePlan(t.Context(), desired, environment, snap, nil)
	s.must(err)
	return p
}

func (s *storm) checkEnvironment(name string, e *environment, main string) {
	if p := s.planOf(s.T, "refs/heads/main", name); p.Count().Total() != 0 || len(p.Problems) > 0 {
		s.Errorf("%s is not as main is: %+v, %v", name, p.Count(), p.Problems)
	}
	s.equal("the commit of "+name, e.text(s, "SELECT commit_id FROM liveops_environment"), main)
	s.equal("the hold of "+name, e.hold(s), "")
	want := slices.Sorted(slices.Values(s.merged[:stormMerges]))
	got := e.text(s, "SELECT GROUP_CONCAT(commit_id ORDER BY commit_id SEPARATOR ' ') FROM liveops_releases WHERE id > 1")
	s.equal("what the ledger of "+name+" has", got, strings.Join(want, " "))
	s.equal("not applied in "+name, e.text(s, "SELECT COUNT(*) FROM liveops_releases WHERE state <> 'applied'"), "0")
}
