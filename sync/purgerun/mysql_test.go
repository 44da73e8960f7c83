package purgerun_test

import (
	"context"
	"fmt"
	"testing"

	"liveops/sandbox/mariadb"
	"liveops/sync/mysqlstore"
	"liveops/sync/purge"
	"liveops/sync/purgerun"
)

func TestMain(m *testing.M) { mariadb.Main(m) }

// cutOff is a journal on a real server that a crash of the world cuts off, before or after a statement.
type cutOff struct {
	w *world
	purgerun.Archive
}

func (c *cutOff) around(do func() error) error {
	c.w.mu.Lock()
	err := c.w.moment()
	c.w.mu.Unlock()
	if err != nil {
		return err
	}
	err = do()
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if moment := c.w.moment(); moment != nil {
		return moment
	}
	return err
}

func (c *cutOff) Begin(ctx context.Context, r purge.Run) (out purge.Run, err error) {
	err = c.around(func() error { out, err = c.Archive.Begin(ctx, r); return err })
	return out, err
}

func (c *cutOff) Settle(ctx context.Context, r purge.Run, images []purge.Image) (out purge.Run, err error) {
	err = c.around(func() error { out, err = c.Archive.Settle(ctx, r, images); return err })
	return out, err
}

func (c *cutOff) End(ctx context.Context, r purge.Run) error {
	return c.around(func() error { return c.Archive.End(ctx, r) })
}

func (c *cutOff) Keep(ctx context.Context, r purge.Run, images []purge.Image) error {
	return c.around(func() error { return c.Archive.Keep(ctx, r, images) })
}

// The same storm, with the run's record in MariaDB.
func TestStormOnMariaDB(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newStorm(t, seed, 40, purge.Spec{Match: ".coins >= 100", Update: ".coins -= 100"})
			store, err := mysqlstore.Open(t.Context(), "staging", mariadb.NewDatabase(t), mysqlstore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			s.journal = &cutOff{s.w, store.Purges()}
			s.takeUp = func() purge.Run {
				r, err := store.Purges().TakeUp(t.Context(), s.p.Name, "mina")
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			s.crashes = 6
			result := s.run()
			s.checkChanged()
			s.w.crashed, s.w.countdown = false, -1
			if left, err := s.journal.Page(t.Context(), result.Run, purge.ImagePending, "", 1); err != nil || len(left) > 0 {
				t.Errorf("the run is done, and this is pending: %v %v", left, err)
			}
			s.undoAndCheck()
		})
	}
}
