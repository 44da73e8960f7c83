package purgerun_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

var takeCoins = purge.Spec{Match: ".coins >= 100", Update: ".coins -= 100"}

// calm is a world in which nothing happens but the run.
func calm(t *testing.T, spec purge.Spec, coins ...int) *storm {
	s := newStorm(t, 1, 0, spec)
	s.w.fail, s.w.writes, s.w.view = 0, 0, false
	for i, c := range coins {
		s.w.put(fmt.Sprintf("user-%d", i), c)
	}
	return s
}

func (s *storm) memory() *memory { return s.journal.(*memory) }

func (s *storm) coins() string {
	var all []string
	for i := range len(s.w.docs) {
		all = append(all, fmt.Sprint(coinsOf(s.w.docs[fmt.Sprintf("user-%d", i)].body)))
	}
	return strings.Join(all, " ")
}

// hooked is a source that does something before the nth selection.
type hooked struct {
	purgerun.Source
	before func(round int)
	round  int
}

func (h *hooked) Candidates(ctx context.Context, p *purge.Purge, each func(string) error) error {
	h.round++
	h.before(h.round)
	return h.Source.Candidates(ctx, p, each)
}

func TestRun(t *testing.T) {
	s := calm(t, takeCoins, 50, 100, 250, 0)
	result, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, s.options())
	if err != nil || s.coins() != "50 0 150 0" {
		t.Fatalf("%v, coins %s", err, s.coins())
	}
	want := purge.Counts{Done: 2, Round: 2, Candidates: 4, Unmatched: 2, Before: 2}
	if result.Run.State != purge.Done || result.Run.Counts != want {
		t.Errorf("%+v", result.Run)
	}
	if _, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, s.options()); !errors.As(err, new(*purge.OverError)) {
		t.Errorf("a second time: %v", err)
	}
	other := compiled(t, purge.Spec{Match: ".coins >= 1", Update: ".coins -= 100"})
	if _, err := purgerun.Run(t.Context(), other, s.w, s.w, s.journal, s.options()); !errors.As(err, new(*purge.ChangedError)) {
		t.Errorf("with another match: %v", err)
	}
}

func TestRunSelectsUntilNothingIsNew(t *testing.T) {
	s := calm(t, takeCoins, 100)
	source := &hooked{Source: s.w, before: func(round int) {
		if round == 2 || round == 3 {
			s.w.put(fmt.Sprintf("user-%d", round-1), 150)
		}
	}}
	result, err := purgerun.Run(t.Context(), s.p, source, s.w, s.journal, s.options())
	if err != nil || s.coins() != "0 50 50" || result.Run.Counts.Round != 4 || result.Run.Counts.Done != 3 {
		t.Errorf("%v, coins %s, %+v", err, s.coins(), result.Run)
	}
	endless := calm(t, takeCoins)
	more := &hooked{Source: endless.w, before: func(round int) { endless.w.put(fmt.Sprintf("user-%d", round), 150) }}
	o := endless.options()
	o.Rounds = 3
	if result, err := purgerun.Run(t.Context(), endless.p, more, endless.w, endless.journal, o); err == nil || result.Run.State != purge.Paused || result.Run.Counts.Done != 3 {
		t.Errorf("%v %+v", err, result.Run)
	}
}

// A document that the game removed and made anew is not changed a second time, although its mark is gone.
func TestRunKnowsDocumentsThatWereMadeAnew(t *testing.T) {
	s := calm(t, takeCoins, 150, 300)
	source := &hooked{Source: s.w, before: func(round int) {
		if round == 2 {
			s.w.put("user-1", 500)
		}
	}}
	result, err := purgerun.Run(t.Context(), s.p, source, s.w, s.journal, s.options())
	if err != nil || s.coins() != "50 500" || result.Run.Counts.Done != 2 {
		t.Errorf("%v, coins %s, %+v", err, s.coins(), result.Run)
	}
}

func TestWishes(t *testing.T) {
	for wish, state := range map[purge.Wish]purge.RunState{purge.WishPause: purge.Paused, purge.WishCancel: purge.Canceled} {
		s := calm(t, takeCoins, 100, 100, 100)
		source := &hooked{Source: s.w, before: func(round int) {
			if round == 1 {
				s.memory().run.Wish = wish
			}
		}}
		o := s.options()
		o.Batch = 1
		result, err := purgerun.Run(t.Context(), s.p, source, s.w, s.journal, o)
		if err != nil || result.Run.State != state || result.Run.Counts.Done == 0 {
			t.Errorf("%s: %v %+v", wish, err, result.Run)
		}
		result, err = purgerun.Run(t.Context(), s.p, source, s.w, s.journal, o)
		if again := errors.As(err, new(*purge.OverError)); again != (wish == purge.WishCancel) {
			t.Errorf("%s, then run: %v", wish, err)
		} else if !again && (result.Run.State != purge.Done || s.coins() != "0 0 0") {
			t.Errorf("%s, then run: %+v, coins %s", wish, result.Run, s.coins())
		}
	}
}

func TestLimit(t *testing.T) {
	spec := takeCoins
	spec.Limit = 2
	s := calm(t, spec, 100, 100, 100)
	o := s.options()
	o.Batch, o.Parallel = 1, 1
	result, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o)
	if !errors.As(err, new(*purge.LimitError)) || result.Run.State != purge.Paused || result.Run.Counts.Done > 2 {
		t.Fatalf("%v %+v", err, result.Run)
	}
	result, err = purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o)
	if !errors.As(err, new(*purge.LimitError)) || result.Run.Counts.Done != 2 {
		t.Fatalf("again: %v %+v", err, result.Run)
	}
	o.Limit = -1
	if result, err = purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o); err != nil || result.Run.Counts.Done != 3 {
		t.Errorf("without it: %v %+v", err, result.Run)
	}
}

// racing lets the game take a document's coins right before it is changed.
type racing struct {
	purgerun.Documents
	w    *world
	id   string
	once sync.Once
}

func (d *racing) Replace(ctx context.Context, doc purge.Document, run, mark string) error {
	if doc.ID == d.id {
		d.once.Do(func() {
			d.w.mu.Lock()
			defer d.w.mu.Unlock()
			d.w.put(doc.ID, 5)
		})
	}
	return d.Documents.Replace(ctx, doc, run, mark)
}

func TestADocumentThatTheGameChangesFirstIsSkippedAndGivesItsRoomBack(t *testing.T) {
	spec := takeCoins
	spec.Limit = 2
	s := calm(t, spec, 100, 50, 100)
	made := false
	source := &hooked{Source: s.w, before: func(round int) {
		if round == 2 {
			made = true
			s.w.put("user-3", 100)
		}
	}}
	result, err := purgerun.Run(t.Context(), s.p, source, &racing{Documents: s.w, w: s.w, id: "user-0"}, s.journal, s.options())
	if err != nil || !made || result.Run.Counts.Skipped != 1 || result.Run.Counts.Done != 2 || s.coins() != "5 50 0 0" {
		t.Errorf("%v %+v coins %s", err, result.Run, s.coins())
	}
}

func TestExpired(t *testing.T) {
	spec := takeCoins
	spec.Expires = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	s := calm(t, spec, 100)
	o := s.options()
	o.Now = func() time.Time { return spec.Expires }
	if _, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o); !errors.As(err, new(*purge.ExpiredError)) || s.coins() != "100" || s.memory().run != nil {
		t.Errorf("%v", err)
	}
}

// refusing refuses one document until it is told otherwise.
type refusing struct {
	purgerun.Documents
	id string
}

func (d *refusing) Replace(ctx context.Context, doc purge.Document, run, mark string) error {
	if doc.ID == d.id {
		return fmt.Errorf("%w: too long", purge.ErrRefused)
	}
	return d.Documents.Replace(ctx, doc, run, mark)
}

func TestFailedDocumentsAreNamedAndTriedAgain(t *testing.T) {
	s := calm(t, takeCoins, 100, 200, 300)
	s.w.docs["user-2"].body = []byte(`{"coins":"x"}`) // jq orders texts after numbers, and takes no number from one
	documents := &refusing{s.w, "user-1"}
	result, err := purgerun.Run(t.Context(), s.p, s.w, documents, s.journal, s.options())
	if err != nil || result.Run.State != purge.Failed || len(result.Failures) != 2 || result.Failures[0].ID != "user-1" || result.Run.Counts.Done != 1 {
		t.Fatalf("%v %+v", err, result)
	}
	if !strings.HasPrefix(result.Run.Error, "2 documents could not be changed, the first user-1: the server refuses") {
		t.Errorf("%s", result.Run.Error)
	}
	documents.id = ""
	s.w.docs["user-2"].body = coinsBody(3)
	result, err = purgerun.Run(t.Context(), s.p, s.w, documents, s.journal, s.options())
	if err != nil || result.Run.State != purge.Done || s.coins() != "0 100 3" {
		t.Errorf("%v %+v coins %s", err, result, s.coins())
	}
}

// stopping cancels the context at a document.
type stopping struct {
	purgerun.Documents
	cancel context.CancelFunc
	once   sync.Once
}

func (d *stopping) Replace(ctx context.Context, doc purge.Document, run, mark string) error {
	d.once.Do(d.cancel)
	return d.Documents.Replace(ctx, doc, run, mark)
}

func TestInterrupted(t *testing.T) {
	s := calm(t, takeCoins, 100, 100, 100, 100)
	ctx, cancel := context.WithCancel(t.Context())
	o := s.options()
	o.Batch = 1
	result, err := purgerun.Run(ctx, s.p, s.w, &stopping{Documents: s.w, cancel: cancel}, s.journal, o)
	if !errors.Is(err, context.Canceled) || result.Run.State != purge.Paused || result.Run.Error != "interrupted" || s.memory().run.State != purge.Paused {
		t.Fatalf("%v %+v", err, result.Run)
	}
	if result, err = purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o); err != nil || result.Run.Counts.Done != 4 || s.coins() != "0 0 0 0" {
		t.Errorf("%v %+v", err, result.Run)
	}
}

func TestAnotherRunTakesOver(t *testing.T) {
	s := calm(t, takeCoins, 100, 100)
	source := &hooked{Source: s.w, before: func(round int) {
		if round == 1 {
			s.memory().run.Epoch++
		}
	}}
	if _, err := purgerun.Run(t.Context(), s.p, source, s.w, s.journal, s.options()); !errors.Is(err, purge.ErrLost) || s.coins() != "100 100" {
		t.Errorf("%v, coins %s", err, s.coins())
	}
	if s.memory().run.State != purge.Running {
		t.Errorf("who lost the run wrote its state: %+v", s.memory().run)
	}
}

func TestServerThatDoesNotAnswerPauses(t *testing.T) {
	s := calm(t, takeCoins, 100)
	s.w.fail = 1
	o := s.options()
	o.Attempts = 5
	result, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o)
	if !errors.Is(err, purge.ErrTemporary) || result.Run.State != purge.Paused || !strings.Contains(result.Run.Error, "user-0") {
		t.Errorf("%v %+v", err, result.Run)
	}
}

func TestRate(t *testing.T) {
	spec := takeCoins
	spec.Rate = 10
	s := calm(t, spec, 100, 100, 100, 100, 100)
	o := s.options()
	var mu sync.Mutex
	var longest time.Duration
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return start }
	o.Wait = func(_ context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		longest = max(longest, d)
		return nil
	}
	if _, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o); err != nil || longest != 400*time.Millisecond {
		t.Errorf("%v, the fifth document waited %s", err, longest)
	}
}

func TestPlan(t *testing.T) {
	spec := takeCoins
	spec.Limit, spec.Rate = 1, 2
	s := calm(t, spec, 50, 100, 250, 300)
	s.w.docs["user-0"].body = []byte(`{"coins":{}}`)
	source := listing{"user-9", "user-2", "user-0", "user-1", "user-2", "user-3"}
	pl, err := purgerun.MakePlan(t.Context(), s.p, source, s.w, purgerun.PlanOptions{Examples: 2, Parallel: 2, Wait: noWait})
	if err != nil {
		t.Fatal(err)
	}
	if pl.Matches != 3 || pl.Missing != 1 || pl.Failed != 1 || pl.OverBy != 2 || pl.Takes != 1500*time.Millisecond || len(pl.Failures) != 1 || pl.Failures[0].ID != "user-0" {
		t.Errorf("%+v", pl)
	}
	if len(pl.Examples) != 2 || pl.Examples[0].ID != "user-2" || pl.Examples[1].ID != "user-1" || coinsOf(pl.Examples[0].After) != 150 {
		t.Errorf("%+v", pl.Examples)
	}
	if len(s.w.puts) != 0 || coinsOf(s.w.docs["user-2"].body) != 250 {
		t.Error("a plan wrote")
	}
}

// A plan of a run that has begun passes over what that has changed, though it matches still.
func TestPlanOfABegunRun(t *testing.T) {
	s := calm(t, takeCoins, 300, 50)
	s.run()
	s.w.put("user-2", 400)
	for run, want := range map[string][2]int{"": {2, 0}, s.memory().run.ID: {1, 1}} {
		pl, err := purgerun.MakePlan(t.Context(), s.p, s.w, s.w, purgerun.PlanOptions{Wait: noWait, Run: run})
		if err != nil || pl.Matches != want[0] || pl.Before != want[1] || pl.Unmatched != 1 {
			t.Errorf("%q: %+v %v", run, pl, err)
		}
	}
}

// The room that liveops.yaml gives holds beside the file's own limit, and none is none.
func TestRoom(t *testing.T) {
	for room, done := range map[int]int{0: 3, 2: 2, -1: 0} {
		s := calm(t, takeCoins, 100, 100, 100)
		o := s.options()
		o.Batch, o.Parallel, o.Room = 1, 1, room
		result, err := purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o)
		if result.Run.Counts.Done > done || result.Run.Counts.Room != room {
			t.Errorf("room %d: %+v", room, result.Run)
		}
		limit := (*purge.LimitError)(nil)
		if stopped := errors.As(err, &limit) && limit.Policy && limit.Limit == max(room, 0) && result.Run.State == purge.Paused; stopped != (room != 0) {
			t.Errorf("room %d: %v %+v", room, err, result.Run)
		}
		o.Room = 0
		if result, err = purgerun.Run(t.Context(), s.p, s.w, s.w, s.journal, o); room != 0 && (err != nil || result.Run.Counts.Done != 3) {
			t.Errorf("without it: %v %+v", err, result.Run)
		}
	}
}

type listing []string

func (l listing) Candidates(_ context.Context, _ *purge.Purge, each func(string) error) error {
	for _, id := range l {
		if err := each(id); err != nil {
			return err
		}
	}
	return nil
}

// many is a store of a million documents that do not match, made as they are read.
type many struct {
	purgerun.Documents
	count int
	peak  uint64
}

func (m *many) Candidates(_ context.Context, _ *purge.Purge, each func(string) error) error {
	for i := range m.count {
		if err := each(fmt.Sprintf("user-%07d", i)); err != nil {
			return err
		}
		if i%(m.count/10) == m.count/10-1 {
			var s runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&s)
			m.peak = max(m.peak, s.HeapAlloc)
		}
	}
	return nil
}

func (m *many) Get(_ context.Context, id, _ string) (purge.Document, error) {
	return purge.Document{ID: id, Body: []byte(`{"coins":1}`), CAS: 1}, nil
}

// A million candidates do not stand in memory.
func TestMemoryIsFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a million documents")
	}
	peak := map[int]uint64{}
	for _, n := range []int{10_000, 1_000_000} {
		m := &many{count: n}
		s := calm(t, purge.Spec{Match: ".coins >= 100", Delete: true})
		o := s.options()
		o.Batch, o.Parallel = 256, 16
		result, err := purgerun.Run(t.Context(), s.p, m, m, s.journal, o)
		if err != nil || result.Run.Counts.Unmatched != n {
			t.Fatalf("%v %+v", err, result.Run)
		}
		peak[n] = m.peak
	}
	m := &many{count: 100_000}
	s := calm(t, purge.Spec{Match: ".coins >= 100", Delete: true})
	pl, err := purgerun.MakePlan(t.Context(), s.p, m, m, purgerun.PlanOptions{})
	if err != nil || pl.Unmatched != m.count {
		t.Fatalf("%v %+v", err, pl)
	}
	peak[1_000_000] = max(peak[1_000_000], m.peak)
	if peak[1_000_000] > peak[10_000]+8<<20 {
		t.Errorf("10,000 candidates took %d bytes, a million %d", peak[10_000], peak[1_000_000])
	}
}
