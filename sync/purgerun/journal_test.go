package purgerun_test

import (
	"context"
	"maps"
	"slices"

	"liveops/sync/purge"
)

// memory is a journal that outlives the world's crashes, and is cut off by them.
type memory struct {
	w      *world
	run    *purge.Run
	images map[string]purge.Image
}

func newMemory(w *world) *memory { return &memory{w: w, images: map[string]purge.Image{}} }

// at does something unless the process has crashed; it may crash right after.
func (m *memory) at(epoch int64, do func() error) error {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	if err := m.w.moment(); err != nil {
		return err
	}
	if epoch >= 0 && epoch != m.run.Epoch {
		return purge.ErrLost
	}
	err := do()
	if m.w.countdown == 1 && m.w.rand.IntN(2) == 0 {
		m.w.crashed = true
		return errCrash
	}
	return err
}

func (m *memory) Begin(_ context.Context, r purge.Run) (out purge.Run, err error) {
	err = m.at(-1, func() error {
		switch {
		case m.run == nil:
			m.run = &r
		case m.run.Fingerprint != r.Fingerprint:
			return &purge.ChangedError{Name: r.Name, Released: m.run.Fingerprint}
		case m.run.State.Over():
			return &purge.OverError{Run: *m.run}
		}
		m.run.State, m.run.Wish = purge.Running, purge.WishNone
		m.run.Epoch++
		out = *m.run
		return nil
	})
	return out, err
}

// takeUpFor takes the run up to undo some documents.
func (m *memory) takeUpFor() purge.Run {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.run.Epoch++
	if m.run.State == purge.Running {
		m.run.State = purge.Paused
	}
	return *m.run
}

// takeUp takes the run up for an undo.
func (m *memory) takeUp() purge.Run {
	m.w.mu.Lock()
	defer m.w.mu.Unlock()
	m.run.Epoch++
	if m.run.State != purge.Done && m.run.State != purge.Undone {
		m.run.State = purge.Canceled
	}
	return *m.run
}

func (m *memory) Settle(_ context.Context, r purge.Run, images []purge.Image) (out purge.Run, err error) {
	err = m.at(r.Epoch, func() error {
		done, skipped := m.run.Counts.Done, m.run.Counts.Skipped
		for _, i := range images {
			was := m.images[i.ID]
			switch {
			case i.State == purge.ImageDone && was.State == purge.ImagePending:
				done++
			case i.State == purge.ImageSkipped && was.State == purge.ImagePending:
				skipped++
			case i.State == purge.ImageUndone && was.State != purge.ImageUndone:
			default:
				continue
			}
			was.State, was.Unsure = i.State, i.Unsure
			m.images[i.ID] = was
		}
		m.run.Counts = r.Counts
		m.run.Counts.Done, m.run.Counts.Skipped = done, skipped
		out = *m.run
		return nil
	})
	return out, err
}

func (m *memory) End(_ context.Context, r purge.Run) error {
	return m.at(r.Epoch, func() error {
		counts := m.run.Counts
		*m.run = r
		m.run.Counts.Done, m.run.Counts.Skipped = counts.Done, counts.Skipped
		return nil
	})
}

func (m *memory) Find(_ context.Context, r purge.Run, ids []string) (found map[string]purge.Image, err error) {
	found = map[string]purge.Image{}
	err = m.at(-1, func() error {
		for _, id := range ids {
			if i, there := m.images[id]; there {
				i.Body = nil
				found[id] = i
			}
		}
		return nil
	})
	return found, err
}

func (m *memory) Recall(_ context.Context, _ purge.Run, ids []string) (found map[string]purge.Image, err error) {
	found = map[string]purge.Image{}
	err = m.at(-1, func() error {
		for _, id := range ids {
			if i, there := m.images[id]; there {
				found[id] = i
			}
		}
		return nil
	})
	return found, err
}

func (m *memory) Keep(_ context.Context, r purge.Run, images []purge.Image) error {
	return m.at(r.Epoch, func() error {
		for _, i := range images {
			if was, there := m.images[i.ID]; !there || was.State == purge.ImagePending || was.State == purge.ImageSkipped {
				m.images[i.ID] = i
			}
		}
		return nil
	})
}

func (m *memory) Page(_ context.Context, r purge.Run, state purge.ImageState, after string, most int) (page []purge.Image, err error) {
	err = m.at(-1, func() error {
		for _, id := range slices.Sorted(maps.Keys(m.images)) {
			if id > after && m.images[id].State == state && len(page) < most {
				page = append(page, m.images[id])
			}
		}
		return nil
	})
	return page, err
}
