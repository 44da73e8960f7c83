package purgerun_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"liveops/sync/purge"
)

// errCrash is what everything answers to a process that has crashed.
var errCrash = errors.New("crashed")

// stored is a document of the world.
type stored struct {
	body   []byte
	cas    uint64
	expiry time.Time
	flags  uint32
	marks  map[string]string // go with the document, and stay when the game writes its body

	start, game int    // the coins it was made with, and what the game added
	remade      bool   // the game removed it and made it anew
	found       []byte // as the run found it when it changed it; nil where it did not
	touched     bool   // the game wrote it after that
	wrote       uint64 // the CAS that the game gave it last
}

// world is a bucket in which the game goes on, and whose server and network fail as told. Every operation is one
// moment: the game's own writes stand between.
type world struct {
	mu   sync.Mutex
	rand *rand.Rand
	docs map[string]*stored
	gone map[string]*stored // removed by the run, as they were
	cas  uint64

	writes    int     // that the game still makes
	fail      float64 // the part of operations that fail
	countdown int     // operations until the process crashes; below 0 for never
	crashed   bool
	late      []func() // operations that reached the server and are slow

	selected uint64 // the CAS when candidates were selected last

	view bool

	puts map[string]int // changes by a run, by document
}

func newWorld(seed uint64) *world {
	return &world{rand: rand.New(rand.NewPCG(seed, 1)), docs: map[string]*stored{}, gone: map[string]*stored{}, puts: map[string]int{}, countdown: -1}
}

func (w *world) nextCAS() uint64 { w.cas++; return w.cas }

func coinsBody(coins int) []byte {
	return fmt.Appendf(nil, `{"name":"<m>","coins": %d,"big":9007199254740993}`, coins)
}

func coinsOf(body []byte) int {
	var d struct{ Coins int }
	if err := json.Unmarshal(body, &d); err != nil {
		panic(err)
	}
	return d.Coins
}

func (w *world) put(id string, coins int) *stored {
	d := &stored{body: coinsBody(coins), cas: w.nextCAS(), flags: 0x02000006, start: coins, wrote: w.cas}
	if w.rand.IntN(2) == 0 {
		d.expiry = time.Date(2099, 1, 1, 0, 0, w.rand.IntN(60), 0, time.UTC)
	}
	w.docs[id] = d
	return d
}

// moment lets the game and slow operations have their turn, and says whether the process still lives.
func (w *world) moment() error {
	if w.crashed {
		return errCrash
	}
	if w.countdown--; w.countdown == 0 {
		w.crashed = true
		return errCrash
	}
	w.play()
	return nil
}

func (w *world) play() {
	if len(w.late) > 0 && w.rand.IntN(3) == 0 {
		w.late[0]()
		w.late = w.late[1:]
	}
	if w.writes <= 0 || w.rand.IntN(2) == 0 {
		return
	}
	w.writes--
	ids := slices.Sorted(maps.Keys(w.docs))
	if len(ids) == 0 {
		return
	}
	id := ids[w.rand.IntN(len(ids))]
	switch d := w.docs[id]; w.rand.IntN(20) {
	case 0:
		delete(w.docs, id)
	case 1:
		w.put(id, w.rand.IntN(400)).remade = true
	default:
		delta := w.rand.IntN(200) - 100
		d.game += delta
		d.body, d.cas, d.touched = coinsBody(coinsOf(d.body)+delta), w.nextCAS(), true
		d.wrote = d.cas
	}
}

// answer does an operation of a process: it may fail before, after, or both at once.
func (w *world) answer(do func() error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.moment(); err != nil {
		return err
	}
	if w.rand.Float64() < w.fail {
		switch w.rand.IntN(4) {
		case 0:
			return purge.ErrTemporary
		case 1: // lost on the way
			return purge.ErrAmbiguous
		case 2: // done, and the answer is lost
			do()
			return purge.ErrAmbiguous
		default: // slow: done later, if it still can be
			w.late = append(w.late, func() { do() })
			return purge.ErrAmbiguous
		}
	}
	err := do()
	if w.countdown == 1 && w.rand.IntN(2) == 0 { // crashed before the answer was read
		w.crashed = true
		return errCrash
	}
	return err
}

func (w *world) Get(_ context.Context, id, run string) (purge.Document, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.moment(); err != nil {
		return purge.Document{}, err
	}
	if w.rand.Float64() < w.fail {
		return purge.Document{}, purge.ErrTemporary
	}
	d, ok := w.docs[id]
	if !ok {
		return purge.Document{}, purge.ErrNotFound
	}
	return purge.Document{ID: id, Body: d.body, CAS: d.cas, Expiry: d.expiry, Flags: d.flags, Mark: d.marks[run]}, nil
}

// swap finds a document that still has a CAS.
func (w *world) swap(id string, cas uint64) (*stored, error) {
	d, ok := w.docs[id]
	switch {
	case !ok:
		return nil, purge.ErrNotFound
	case d.cas != cas:
		return nil, purge.ErrConflict
	}
	return d, nil
}

func (w *world) Replace(_ context.Context, doc purge.Document, run, mark string) error {
	return w.answer(func() error {
		d, err := w.swap(doc.ID, doc.CAS)
		if err != nil {
			return err
		}
		if mark != purge.MarkUndone {
			d.found, d.touched = d.body, false
			w.puts[doc.ID]++
		}
		d.body, d.cas = doc.Body, w.nextCAS()
		if d.marks == nil {
			d.marks = map[string]string{}
		}
		d.marks[run] = mark
		return nil
	})
}

func (w *world) Remove(_ context.Context, id string, cas uint64) error {
	return w.answer(func() error {
		d, err := w.swap(id, cas)
		if err == nil {
			w.gone[id] = d
			w.puts[id]++
			delete(w.docs, id)
		}
		return err
	})
}

func (w *world) Insert(_ context.Context, doc purge.Document) error {
	return w.answer(func() error {
		if _, there := w.docs[doc.ID]; there {
			return purge.ErrConflict
		}
		w.docs[doc.ID] = &stored{body: doc.Body, cas: w.nextCAS(), expiry: doc.Expiry, flags: doc.Flags}
		return nil
	})
}

// Candidates lists in any order, some twice, all documents, or as a view would those alone that match.
func (w *world) Candidates(_ context.Context, _ *purge.Purge, each func(string) error) error {
	w.mu.Lock()
	w.selected = w.cas
	ids := slices.Sorted(maps.Keys(w.docs))
	if w.view {
		ids = slices.DeleteFunc(ids, func(id string) bool { return coinsOf(w.docs[id].body) < 100 })
	}
	w.rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	if len(ids) > 3 {
		ids = append(ids, ids[:3]...)
	}
	w.mu.Unlock()
	for _, id := range ids {
		if err := each(id); err != nil {
			return err
		}
	}
	return nil
}
